"""The rows of operating hours. ``routing.opening`` reads and changes them, ``routing.hours`` computes with them."""

from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import Q, Value

from agents.models import Service


class ClosedUntil(NamedTuple):
    """A service is closed until then; ``None`` if it isn't known when it opens. ``zone`` is the service's."""

    opens_at: datetime | None
    zone: ZoneInfo


class OperatingHours(models.Model):
    """A service's hours. Without a row, or with one that is off, chat is always open.

    ``week`` has seven lists, Monday first, of spans ``[start, end]`` in minutes of the day; an end past 1440 is on the
    next day. ``override`` says open or closed, whatever the hours say, before ``override_until``.
    """

    service = models.OneToOneField(Service, models.CASCADE, related_name="operating_hours")
    is_on = models.BooleanField(default=False, db_default=False)
    zone = models.CharField(max_length=64, default="Asia/Seoul", db_default="Asia/Seoul")
    week = models.JSONField(default=list, db_default=Value([], models.JSONField()))
    override = models.BooleanField(null=True, blank=True)
    override_until = models.DateTimeField(null=True, blank=True)
    next_edge_at = models.DateTimeField(null=True, blank=True)  # when the worker has to tell those who look at it

    class Meta:
        app_label = "chat"
        indexes = [
            models.Index(fields=["next_edge_at"], condition=Q(next_edge_at__isnull=False), name="operating_hours_edge")
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(override=None, override_until=None)
                | Q(override__isnull=False, override_until__isnull=False),
                name="operating_hours_override_ends",
            )
        ]

    def __str__(self) -> str:
        return f"operating hours of {self.service_id}"


class SpecialDay(models.Model):
    """A day of the service's zone with hours of its own, in place of the weekday's. Without spans it is closed."""

    service = models.ForeignKey(Service, models.CASCADE, related_name="special_days")
    day = models.DateField()
    name = models.CharField(max_length=60, blank=True)
    spans = models.JSONField(default=list)

    class Meta:
        app_label = "chat"
        constraints = [models.UniqueConstraint(fields=["service", "day"], name="special_day_once")]

    def __str__(self) -> str:
        return f"{self.day} of {self.service_id}"


def zone_of(service: Service | int) -> ZoneInfo:
    """Returns the zone in which the service counts its days: that of its hours, whether or not they are on."""
    name = OperatingHours.objects.filter(service=service).values_list("zone", flat=True).first()
    return ZoneInfo(name or OperatingHours._meta.get_field("zone").default)
