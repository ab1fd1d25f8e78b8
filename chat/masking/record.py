"""The record of looks under masks, by the month, for the review by a service's admins: who looked at whose data, when,
from where, and what came of it; and what else happened to originals. Read from the trail (``agents.audit``).

Never what was seen: the trail doesn't have it. Every function here is about one service.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import Count, Max, Q, QuerySet, TextChoices, TextField
from django.db.models.fields.json import KT
from django.db.models.functions import Cast
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agents import audit
from agents.models import Agent, AuditEntry, Service
from chat.masking import kinds
from chat.masking.destroying import RETENTION
from contiple.base.months import Month, months_from
from contiple.base.paging import Page, Position, page_of
from helpcenter.models import Customer

TODAY, LATELY = timedelta(hours=24), timedelta(days=7)
SHOWN_LATELY = 5


class Outcome(TextChoices):
    """What happened, as the second half of an action in the trail names it."""

    SHOWN = "revealed", gettext_lazy("Shown")
    REFUSED = "reveal_refused", gettext_lazy("Refused: not permitted")
    LIMITED = "reveal_limited", gettext_lazy("Refused: limit reached")
    GONE = "reveal_gone", gettext_lazy("Not shown: original destroyed")
    LIFTED = "lifted", gettext_lazy("Mask removed")
    DESTROYED = "originals_destroyed", gettext_lazy("Originals destroyed")
    LIMIT = "unmask_limit", gettext_lazy("Limit reached")
    EXPORTED = "record_exported", gettext_lazy("Record exported")


_PLACES: dict[Outcome, tuple[str, ...]] = {
    Outcome.DESTROYED: ("chat", "ticket", "customer"),
    Outcome.LIMIT: ("agent",),
    Outcome.EXPORTED: ("service",),
}
_ACTIONS = {it: [f"{place}.{it}" for place in _PLACES.get(it, ("chat", "ticket"))] for it in Outcome}


def _actions(outcomes: Iterable[Outcome]) -> list[str]:
    return [action for outcome in outcomes for action in _ACTIONS[outcome]]


LOOKS = _actions([Outcome.SHOWN, Outcome.REFUSED, Outcome.LIMITED, Outcome.GONE, Outcome.LIFTED])
REFUSED_LOOKS = _actions([Outcome.REFUSED, Outcome.LIMITED])
EVERYTHING = _actions(Outcome)


class Summary(NamedTuple):
    """Of looks: how many, by how many agents, and how many were refused; ``entries`` of every kind."""

    entries: int
    looks: int
    agents: int
    refused: int


class LimitReached(NamedTuple):
    """By one agent, so many times. The name is as it was then."""

    agent: int | None
    name: str
    times: int
    last: datetime

    @property
    def month(self) -> Month:
        return Month.of(self.last)


@dataclass(frozen=True)
class Row:
    """An entry as people read it. ``chat`` is an id and ``ticket`` a number, for a link; at most one of them is there.

    ``actor`` is "" for the system.
    """

    at: datetime
    actor: str
    address: str
    outcome: Outcome
    kind: str
    customer: str
    chat: int | None
    ticket: int | None
    note: str

    @property
    def place(self) -> str:
        if self.chat:
            return _("Chat %(number)s") % {"number": self.chat}
        return _("Ticket #%(number)s") % {"number": self.ticket} if self.ticket else ""


def entries_of(
    service: Service, month: Month, *, agent: int | None = None, outcome: str = "", kind: str = "", customer: str = ""
) -> QuerySet[AuditEntry]:
    """The month's entries that fit every filter; an empty one fits all. ``customer``: in the name or e-mail address."""
    actions = _ACTIONS[Outcome(outcome)] if outcome else EVERYTHING
    entries = audit.entries(service, actions).filter(created_at__gte=month.begin, created_at__lt=month.end)
    if agent:
        entries = entries.filter(agent=agent)
    if kind:
        entries = entries.filter(details__kind=kind)
    if customer.strip():
        entries = entries.annotate(whose=KT("details__customer")).filter(whose__in=_named(service, customer.strip()))
    return entries


def read_page(
    entries: QuerySet[AuditEntry], *, before: Position | None = None, after: Position | None = None, **options: Any
) -> Page[AuditEntry]:
    return page_of(entries, by="created_at", before=before, after=after, **options)


def summary_of(entries: QuerySet[AuditEntry]) -> Summary:
    looks = Q(action__in=LOOKS)
    found = entries.order_by().aggregate(
        entries=Count("pk"),
        looks=Count("pk", filter=looks),
        agents=Count("agent", filter=looks, distinct=True),
        refused=Count("pk", filter=Q(action__in=REFUSED_LOOKS)),
    )
    return Summary(**found)


def months_with_entries(service: Service, now: datetime) -> list[Month]:
    """The latest first."""
    months = months_from(Month.of(service.created_at), Month.of(now))
    periods = [(month.begin, month.end) for month in months]
    return [months[place] for place in audit.periods_with_entries(service, EVERYTHING, periods)]


def limits_reached_lately(service: Service, now: datetime) -> list[LimitReached]:
    """In the last seven days, by agent; who did it last comes first. At most ``SHOWN_LATELY``."""
    found = _limits_reached(service, since=now - LATELY).order_by().values("agent")
    found = found.annotate(name=Max("actor"), times=Count("pk"), last=Max("created_at")).order_by("-last")
    return [LimitReached(*row) for row in found.values_list("agent", "name", "times", "last")[:SHOWN_LATELY]]


def count_limits_reached_today(service: Service) -> int:
    """In the last 24 hours."""
    return _limits_reached(service, since=timezone.now() - TODAY).count()


def rows_of(service: Service, entries: Collection[AuditEntry]) -> list[Row]:
    """Two queries, however many there are."""
    customers = {entry.details["customer"] for entry in entries if entry.details.get("customer")}
    names = dict(Customer.objects.filter(service=service, pk__in=customers).values_list("pk", "name"))
    tickets = [_number(entry) for entry in entries if _place(entry) == "ticket"]
    # An app above this one has the tickets; their numbers are what people know.
    numbers = dict(service.tickets.filter(pk__in=tickets).values_list("pk", "number"))
    return [_row(entry, names, numbers) for entry in entries]


def record_export(admin: Agent, month: Month, filters: Mapping[str, Any], *, address: str | None) -> None:
    """Which filters were in force is on record, not what was looked for: that may be a name."""
    used = sorted(name for name, value in filters.items() if value)
    subject = f"service:{admin.service_id}"
    action = _ACTIONS[Outcome.EXPORTED][0]
    audit.record(admin.service, action, subject, agent=admin, address=address, month=str(month), filters=used)


def _limits_reached(service: Service, *, since: datetime) -> QuerySet[AuditEntry]:
    return audit.entries(service, _ACTIONS[Outcome.LIMIT]).filter(created_at__gt=since)


def _named(service: Service, text: str) -> QuerySet[Any, Any]:
    """Ids, as the trail's details have them: in text."""
    found = Customer.objects.filter(Q(name__icontains=text) | Q(email__icontains=text), service=service)
    return found.annotate(key=Cast("pk", TextField())).values("key")


def _row(entry: AuditEntry, names: Mapping[int, str], numbers: Mapping[int, int]) -> Row:
    place, details = _place(entry), entry.details
    return Row(
        at=entry.created_at,
        actor=entry.actor,
        address=entry.address or "",
        outcome=Outcome(entry.action.partition(".")[2]),
        kind=str(kinds.NAMES.get(details.get("kind", ""), "")),
        customer=names.get(details.get("customer", 0), ""),
        chat=_number(entry) if place == "chat" else None,
        ticket=numbers.get(_number(entry)) if place == "ticket" else None,
        note=_note(entry),
    )


def _note(entry: AuditEntry) -> str:
    """What else is to be known of what is no look."""
    details = entry.details
    if entry.action in _ACTIONS[Outcome.LIMIT]:
        return _("%(limit)s times in an hour") % {"limit": details["limit"]}
    if entry.action in _ACTIONS[Outcome.EXPORTED]:
        month = Month.parse(details["month"])
        return month.name if month else ""
    if details.get("reason") == RETENTION:
        return _("Retention period over")
    return _("In all chats and tickets") if entry.action == "customer.originals_destroyed" else ""


def _place(entry: AuditEntry) -> str:
    return entry.subject.partition(":")[0]


def _number(entry: AuditEntry) -> int:
    return int(entry.subject.partition(":")[2])
