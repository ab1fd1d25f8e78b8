"""How a service handles its tickets: groups of agents, and times in which customers are to be answered."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

TARGET_MINUTES_MAX = 365 * 24 * 60


class Group(models.Model):
    """Agents who share tickets. A deleted group stays a row: the timelines of tickets name it."""

    service = models.ForeignKey("agents.Service", models.CASCADE, related_name="ticket_groups")
    name = models.CharField(_("Name"), max_length=40)
    members = models.ManyToManyField("agents.Agent", blank=True, related_name="ticket_groups")
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        app_label = "tickets"
        verbose_name = _("Group")
        verbose_name_plural = _("Groups")
        constraints = [
            models.UniqueConstraint("service", Lower("name"), condition=Q(deleted_at=None), name="group_name_once")
        ]

    def __str__(self) -> str:
        return self.name


class TicketTarget(models.Model):
    """In how many minutes tickets of a priority get their first answer, and their solution; NULL is no target."""

    service = models.ForeignKey("agents.Service", models.CASCADE, related_name="ticket_targets")
    priority = models.CharField(max_length=8)
    answer_minutes = models.PositiveIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(TARGET_MINUTES_MAX)]
    )
    solve_minutes = models.PositiveIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(TARGET_MINUTES_MAX)]
    )

    class Meta:
        app_label = "tickets"
        constraints = [models.UniqueConstraint(fields=["service", "priority"], name="target_priority_once")]

    def __str__(self) -> str:
        return f"target {self.priority}"
