"""Chat History: finds a service's chats by customer, agent, outcome and day; never by what was said."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import (
    BooleanField,
    Exists,
    ExpressionWrapper,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextChoices,
    Value,
)
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from agents.models import Agent
from chat import access
from chat.models import Chat, Message
from contiple.base.months import KOREA
from contiple.base.paging import Page, Position, page_among, page_of
from helpcenter.models import Customer

TEXT_LENGTH_MAX = 200
FEW = 1_000  # customers whose chats are fetched by their ids
# Days that anybody means. Beyond them a day's begin in Korea is no moment in UTC.
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2999, 12, 31)


class Outcome(TextChoices):
    """Processed, if an agent wrote to the customer: a chat that was only opened, with its greeting, is not."""

    PROCESSED = "processed", _("Processed")
    UNPROCESSED = "unprocessed", _("Unprocessed")


def outcome_of(chat: Chat) -> Outcome:
    """Reads ``is_processed``, which ``page_for`` adds."""
    return Outcome.PROCESSED if chat.is_processed else Outcome.UNPROCESSED  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Filters:
    """Filters of the list; an empty value fits every chat. ``text`` is in the customer's name or e-mail address.

    Days are Korean, as in the record of unmasking; ``until`` is the last of them.
    """

    agent: int | None = None
    outcome: str = ""
    since: date | None = None
    until: date | None = None
    text: str = ""


def page_for(
    agent: Agent, filters: Filters, *, before: Position | None = None, after: Position | None = None
) -> Page[Chat]:
    """A page of the chats that fit every filter, newest first, with ``is_processed``.

    If neither an index nor ``FEW`` customers lead to them, it looks at a part of the list (``paging.page_among``).
    """
    chats = access.chats_seen_by(agent).select_related("evaluation")
    among = _by_index(chats.annotate(is_processed=_answered()), filters)
    found = among
    if text := filters.text.strip():
        named = Q(name__icontains=text) | Q(email__icontains=text)
        people = Customer.objects.filter(named, service=agent.service).order_by().values_list("pk", flat=True)
        ids = list(people[: FEW + 1])
        is_few = len(ids) <= FEW
        found = found.filter(customer__in=ids) if is_few else found.filter(_of_anyone(named))
        among = found if is_few else among
    if filters.outcome:
        found = found.filter(_answered() if filters.outcome == Outcome.PROCESSED else ~_answered())
    if found is among:
        return page_of(found, by="created_at", before=before, after=after)
    return page_among(found, among, by="created_at", before=before, after=after)


def _by_index(chats: QuerySet[Chat], filters: Filters) -> QuerySet[Chat]:
    if filters.agent:
        chats = chats.filter(agent=filters.agent)
    if filters.since:
        chats = chats.filter(created_at__gte=_begin_of(filters.since))
    if filters.until:
        chats = chats.filter(created_at__lt=_begin_of(filters.until) + timedelta(days=1))
    return chats


def _of_anyone(named: Q) -> Coalesce:
    """The chat's customer is ``named`` so: looked up for each chat. Joined, all such customers would come first."""
    customer = Customer.objects.filter(pk=OuterRef("customer")).annotate(fits=ExpressionWrapper(named, BooleanField()))
    return Coalesce(Subquery(customer.values("fits")), Value(value=False), output_field=BooleanField())


def _answered() -> Exists:
    words = Message.objects.filter(chat=OuterRef("pk"), author=Message.Author.AGENT, internal=False)
    return Exists(words)


def _begin_of(day: date) -> datetime:
    return datetime.combine(min(max(day, FIRST_DAY), LAST_DAY), time.min, KOREA)
