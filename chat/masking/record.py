"""The record of looks under masks, by month, for the review by a service's admins.

It says who looked at whose data, when, from where, and with what result; and what else happened to originals. It is
read from the trail (``agents.audit``), which never has what was seen. Every function here is about one service.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import Count, Max, Q, QuerySet, TextChoices
from django.db.models.fields.json import KT
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agents import audit
from agents.models import Agent, AuditEntry, Service
from chat.masking import holders, kinds
from chat.masking.destroying import PERSON, RETENTION
from chat.masking.holders import Link
from contiple.base.months import Month, months_from
from contiple.base.paging import Page, Position, page_of
from helpcenter.models import Customer

TODAY, LATELY = timedelta(hours=24), timedelta(days=7)
SHOWN_LATELY = 5


class Outcome(TextChoices):
    """The second half of an action in the trail."""

    SHOWN = "revealed", gettext_lazy("Shown")
    REFUSED = "reveal_refused", gettext_lazy("Refused: not permitted")
    LIMITED = "reveal_limited", gettext_lazy("Refused: limit reached")
    GONE = "reveal_gone", gettext_lazy("Not shown: original destroyed")
    LOCKED = "reveal_locked", gettext_lazy("Not shown: can’t be opened now")
    LIFTED = "lifted", gettext_lazy("Mask removed")
    NOT_LIFTED = "lift_refused", gettext_lazy("Mask kept: also masked in the chat")
    DESTROYED = "originals_destroyed", gettext_lazy("Originals destroyed")
    LIMIT = "unmask_limit", gettext_lazy("Limit reached")
    EXPORTED = "record_exported", gettext_lazy("Record exported")


LOOKS = [
    Outcome.SHOWN,
    Outcome.REFUSED,
    Outcome.LIMITED,
    Outcome.GONE,
    Outcome.LOCKED,
    Outcome.LIFTED,
    Outcome.NOT_LIFTED,
]
REFUSED_LOOKS = [Outcome.REFUSED, Outcome.LIMITED]


def actions_of(outcomes: Iterable[Outcome]) -> list[str]:
    """Returns how the trail names these outcomes, for every kind of subject that has them."""
    return [f"{subject}.{it}" for it in outcomes for subject in _subjects_of(it)]


def _subjects_of(outcome: Outcome) -> tuple[str, ...]:
    if outcome == Outcome.DESTROYED:
        return (*holders.names(), PERSON)
    return {Outcome.LIMIT: ("agent",), Outcome.EXPORTED: ("service",)}.get(outcome, holders.names())


class Filters(NamedTuple):
    """An empty filter fits every entry. ``customer`` is a part of a customer's name or e-mail address."""

    agent: int | None = None
    outcome: str = ""
    kind: str = ""
    customer: str = ""


NO_FILTERS = Filters()


class Summary(NamedTuple):
    """Counts of looks, of agents who looked, and of refused looks; ``entries`` counts every kind of entry."""

    entries: int
    looks: int
    agents: int
    refused: int


class LimitReached(NamedTuple):
    """One agent reached the limit so many times. The name is as it was then."""

    agent: int | None
    name: str
    times: int
    last: datetime

    @property
    def month(self) -> Month:
        return Month.of(self.last)


@dataclass(frozen=True)
class Row:
    """An entry as people read it: ``actor`` is "" for the system, ``link`` is ``None`` if it is about no holder."""

    at: datetime
    actor: str
    address: str
    outcome: Outcome
    kind: str
    customer: str
    link: Link | None
    note: str


def entries_of(service: Service, month: Month, filters: Filters = NO_FILTERS) -> QuerySet[AuditEntry]:
    """Returns the month's entries that fit every filter."""
    agent, outcome, kind, customer = filters
    actions = actions_of([Outcome(outcome)] if outcome else Outcome)
    entries = audit.entries(service, actions).filter(created_at__gte=month.begin, created_at__lt=month.end)
    if agent:
        entries = entries.filter(agent=agent)
    if kind:
        entries = entries.filter(details__kind=kind)
    if customer.strip():
        named = _named(service, entries, customer.strip())
        entries = entries.annotate(whose=KT("details__customer")).filter(whose__in=named)
    return entries


def read_page(
    entries: QuerySet[AuditEntry], *, before: Position | None = None, after: Position | None = None, **options: Any
) -> Page[AuditEntry]:
    return page_of(entries, by="created_at", before=before, after=after, **options)


def summary_of(entries: QuerySet[AuditEntry]) -> Summary:
    looks = Q(action__in=actions_of(LOOKS))
    found = entries.order_by().aggregate(
        entries=Count("pk"),
        looks=Count("pk", filter=looks),
        agents=Count("agent", filter=looks, distinct=True),
        refused=Count("pk", filter=Q(action__in=actions_of(REFUSED_LOOKS))),
    )
    return Summary(**found)


def months_with_entries(service: Service, now: datetime) -> list[Month]:
    """Returns the months in which something is on record, the latest first."""
    months = months_from(Month.of(service.created_at), Month.of(now))
    periods = [(month.begin, month.end) for month in months]
    return [months[index] for index in audit.periods_with_entries(service, actions_of(Outcome), periods)]


def limits_reached_lately(service: Service, now: datetime) -> list[LimitReached]:
    """Returns who reached the limit in the last seven days, the latest first; at most ``SHOWN_LATELY`` agents."""
    found = _limits_reached(service, since=now - LATELY).order_by().values("agent")
    found = found.annotate(name=Max("actor"), times=Count("pk"), last=Max("created_at")).order_by("-last")
    return [LimitReached(*row) for row in found.values_list("agent", "name", "times", "last")[:SHOWN_LATELY]]


def count_limits_reached_today(service: Service) -> int:
    """Counts how often the limit was reached in the last 24 hours."""
    return _limits_reached(service, since=timezone.now() - TODAY).count()


def rows_of(service: Service, entries: Collection[AuditEntry]) -> list[Row]:
    """Returns the entries as people read them; one query for the customers, and one at most for each kind of holder."""
    customers = {entry.details["customer"] for entry in entries if entry.details.get("customer")}
    names = dict(Customer.objects.filter(service=service, pk__in=customers).values_list("pk", "name"))
    links = _links(service, {entry.subject for entry in entries})
    return [_row(entry, names, links) for entry in entries]


def record_export(admin: Agent, month: Month, filters: Filters, *, address: str | None) -> None:
    """Writes into the trail which filters were in force; not their values, which may be a name."""
    used = sorted(name for name, value in filters._asdict().items() if value)
    subject = f"service:{admin.service_id}"
    (action,) = actions_of([Outcome.EXPORTED])
    audit.record(admin.service, action, subject, agent=admin, address=address, month=str(month), filters=used)


def _limits_reached(service: Service, *, since: datetime) -> QuerySet[AuditEntry]:
    return audit.entries(service, actions_of([Outcome.LIMIT])).filter(created_at__gt=since)


def _named(service: Service, entries: QuerySet[AuditEntry], text: str) -> list[str]:
    """Returns the ids of these customers as text, which is how the trail's details have them.

    Only customers of the ``entries`` are looked through: a service may have many more.
    """
    whose = entries.order_by().values_list(KT("details__customer"), flat=True).distinct()
    found = Customer.objects.filter(Q(name__icontains=text) | Q(email__icontains=text), service=service)
    return [str(pk) for pk in found.filter(pk__in=[int(key) for key in whose if key]).values_list("pk", flat=True)]


def _links(service: Service, subjects: Iterable[str]) -> dict[str, Link]:
    """Returns the links of the holders among ``subjects``, by subject."""
    numbers: dict[str, set[int]] = defaultdict(set)
    for subject in subjects:
        kind, _colon, number = subject.partition(":")
        numbers[kind].add(int(number))
    return {
        f"{kind.name}:{number}": link
        for kind in holders.registered()
        if kind.name in numbers
        for number, link in kind.links(service, numbers[kind.name]).items()
    }


def _row(entry: AuditEntry, names: Mapping[int, str], links: Mapping[str, Link]) -> Row:
    details = entry.details
    return Row(
        at=entry.created_at,
        actor=entry.actor,
        address=entry.address or "",
        outcome=_outcome_of(entry),
        kind=str(kinds.NAMES.get(details.get("kind", ""), "")),
        customer=names.get(details.get("customer", 0), ""),
        link=links.get(entry.subject),
        note=_note(entry),
    )


def _note(entry: AuditEntry) -> str:
    """Returns what else people want to know about an entry that is no look."""
    details, outcome = entry.details, _outcome_of(entry)
    if outcome == Outcome.LIMIT:
        return _("%(limit)s times in an hour") % {"limit": details["limit"]}
    if outcome == Outcome.EXPORTED:
        month = Month.parse(details["month"])
        return month.name if month else ""
    if details.get("reason") == RETENTION:
        return _("Retention period over")
    return _("In all chats and tickets") if entry.subject.startswith(f"{PERSON}:") else ""


def _outcome_of(entry: AuditEntry) -> Outcome:
    return Outcome(entry.action.partition(".")[2])
