"""Whether a service's chat is open now, by its operating hours; who may change them, and word of it when they pass.

A chat that has begun goes on outside of the hours. Every change is by an admin, and on record.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from agents import audit
from agents.access import require_admin
from agents.changes import apply_changes, refuse_outdated, stamp
from agents.models import Agent
from chat.conversation import live
from chat.models import Chat
from chat.operating_hours import ClosedUntil, OperatingHours, SpecialDay
from chat.rings import Lease
from chat.routing import jobs
from chat.routing.hours import Schedule, Span
from chat.routing.jobs import Job, Memory
from contiple.base import clock, prepared
from contiple.base.errors import Conflict, Invalid

FIELDS = ("is_on", "zone", "week")
DAYS_MAX = 400  # special days that are still to come


def schedule_of(service_id: int) -> Schedule | None:
    """Returns the service's hours; ``None`` if it has none, and is always open."""
    row = OperatingHours.objects.filter(service=service_id, is_on=True).first()
    return schedule_from(row) if row else None


def schedule_from(row: OperatingHours) -> Schedule:
    days = SpecialDay.objects.filter(service=row.service_id).values_list("day", "spans")
    week = tuple(_spans(day) for day in row.week) or ((),) * 7
    special = {day: _spans(spans) for day, spans in days}
    return Schedule(ZoneInfo(row.zone), week, special, row.override, row.override_until)


def closed_until(service_id: int) -> ClosedUntil | None:
    """Says until when the service is closed by its hours; ``None`` if it is open now."""
    schedule = schedule_of(service_id)
    if schedule is None or schedule.is_open(now := clock.database_now()):
        return None
    return ClosedUntil(schedule.next_edge(now), schedule.zone)


def closed_for(chat: Chat) -> ClosedUntil | None:
    """As ``closed_until``, for a customer who is told that nobody is there."""
    return closed_until(chat.service_id) if chat.inquiry_offer == Chat.InquiryOffer.ABSENT else None


def hours_of(service_id: int) -> OperatingHours:
    """Returns the service's row; one that is not saved yet if there is none."""
    return OperatingHours.objects.filter(service=service_id).first() or OperatingHours(
        service_id=service_id, week=[[[540, 1080]]] * 5 + [[], []]
    )


def hours_stamp(row: OperatingHours) -> str:
    return stamp(row, FIELDS)


@transaction.atomic
def set_hours(by: Agent, values: Mapping[str, Any], *, seen: str = "") -> dict[str, Any]:
    """Sets ``FIELDS``; returns what differs. An override ends if the hours are switched off.

    Raises ``Closed`` (not an admin any more) or ``Conflict`` (the form was out of date).
    """
    row = _lock(by)
    refuse_outdated(row, FIELDS, seen)
    new = dict(values) if values["is_on"] else {**values, "override": None, "override_until": None}
    changed = apply_changes(row, new)
    if changed:
        _note(row, by, "operating_hours.change", {name: changed[name] for name in FIELDS if name in changed})
    return changed


@transaction.atomic
def set_special_day(by: Agent, day: date, *, name: str, spans: Sequence[Sequence[int]]) -> None:
    """Gives a day hours of its own, or none. Raises ``Closed``, or ``Invalid`` if there are too many special days."""
    row = _lock(by)
    _require_room(row, [day])
    values = {"name": name, "spans": [list(span) for span in spans]}
    SpecialDay.objects.update_or_create(service=by.service, day=day, defaults=values)
    _note(row, by, "special_day.set", {"day": day.isoformat(), "spans": values["spans"]})


@transaction.atomic
def close_on(by: Agent, days: Mapping[date, str]) -> None:
    """Closes the service on these days, each with its name; days that are special already stay as they are."""
    row = _lock(by)
    _require_room(row, days)
    SpecialDay.objects.bulk_create(
        [SpecialDay(service=by.service, day=day, name=name) for day, name in days.items()], ignore_conflicts=True
    )
    _note(row, by, "special_day.closed", {"days": [day.isoformat() for day in days]})


@transaction.atomic
def remove_special_day(by: Agent, day: date) -> None:
    row = _lock(by)
    SpecialDay.objects.filter(service=by.service, day=day).delete()
    _note(row, by, "special_day.removed", {"day": day.isoformat()})


@transaction.atomic
def override_until_edge(by: Agent, is_open: bool | None) -> None:
    """Opens or closes the service until the next edge of its hours; ``None`` goes back to the hours.

    Raises ``Closed`` (not an admin any more) or ``Conflict`` (there are no hours, or none that end).
    """
    row = _lock(by)
    until = schedule_from(row).scheduled_edge(clock.database_now()) if is_open is not None and row.is_on else None
    if is_open is not None and until is None:
        raise Conflict(_("There are no hours that this could end with."))
    row.override, row.override_until = is_open, until
    row.save(update_fields=["override", "override_until"])
    _note(row, by, "operating_hours.override", {"open": is_open, "until": until.isoformat() if until else None})


def pass_edges(memory: Memory | None = None) -> None:
    """Tells everybody who looks at a service that it has just opened or closed. Run it every second."""
    due = prepared.fetch_found(_passed, "service")
    jobs.run([Job(service_id, partial(_pass_edge, service_id)) for (service_id,) in due], memory or Memory())


def _passed() -> QuerySet[OperatingHours]:
    return OperatingHours.objects.filter(next_edge_at__lte=Now())


def _pass_edge(service_id: int) -> None:
    row = OperatingHours.objects.select_for_update(no_key=True).filter(service=service_id).first()
    if row:
        _look_ahead(row)


def _lock(by: Agent) -> OperatingHours:
    first = hours_of(by.service_id)
    values = {name: getattr(first, name) for name in FIELDS}
    OperatingHours.objects.get_or_create(service=by.service, defaults=values)
    require_admin(by)
    return OperatingHours.objects.select_for_update(no_key=True).get(service=by.service)


def _require_room(row: OperatingHours, days: Collection[date]) -> None:
    coming = SpecialDay.objects.filter(service=row.service_id, day__gte=clock.database_now().date())
    if coming.exclude(day__in=list(days)).count() + len(days) > DAYS_MAX:
        raise Invalid(_("There are too many special days."), code="day")


def _note(row: OperatingHours, by: Agent, action: str, details: Mapping[str, Any]) -> None:
    audit.record(row.service_id, action, f"service:{row.service_id}", agent=by, **details)
    _look_ahead(row)


def _look_ahead(row: OperatingHours) -> None:
    """Notes when the worker has to look again, and tells everybody to look now. Needs the row's lock."""
    now = clock.database_now()
    if row.override_until and row.override_until <= now:
        row.override = row.override_until = None
    row.next_edge_at = schedule_from(row).next_edge(now) if row.is_on else None
    row.save(update_fields=["override", "override_until", "next_edge_at"])
    for topic in _onlookers(row.service_id):
        live.publish_on_commit(topic, live.Touched())


def _onlookers(service_id: int) -> Iterator[str]:
    """Agents' desks, and waiting customers who were told that nobody is there."""
    leases = Lease.objects.filter(agent__service=service_id, expires_at__gt=Now())
    for agent_id in leases.values_list("agent", flat=True).distinct():
        yield live.agent_topic(agent_id)
    told = Chat.objects.filter(service=service_id, state=Chat.State.WAITING, inquiry_offer=Chat.InquiryOffer.ABSENT)
    for chat_id in told.values_list("pk", flat=True):
        yield live.chat_topic(chat_id)


def _spans(stored: Sequence[Sequence[int]]) -> tuple[Span, ...]:
    return tuple((start, end) for start, end in stored)
