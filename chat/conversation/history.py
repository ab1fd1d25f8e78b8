"""Chat History: finds a service's chats by customer, agent, outcome and day; never by what was said."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import (
    BooleanField,
    ExpressionWrapper,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextChoices,
    Value,
)
from django.db.models.functions import Coalesce
from django.db.models.lookups import Exact, IsNull
from django.utils.translation import gettext_lazy as _

from agents.models import Agent
from chat import access
from chat.categories import tree_of
from chat.evaluation import Evaluation
from chat.models import Chat, Message
from chat.operating_hours import zone_of
from contiple.base import paging
from contiple.base.paging import Page, Position
from helpcenter.models import Customer

TEXT_LENGTH_MAX = 200
FEW = 1_000  # customers whose chats are fetched by their ids
FEW_TAGGED = 10_000  # chats with a tag, among which others are not looked at
BY = "created_at"
# Values of filters that are no id, no score and no ``ClosedBy``.
NONE, OPEN, WAITING, WITH_AGENT = "none", "open", "waiting", "with_agent"
# Days that anybody means. Beyond them a day's begin in a zone is no moment in UTC.
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2999, 12, 31)


Tagging = Chat.tags.through
# How a chat ended, in words.
ENDS = {
    OPEN: _("Not ended"),
    WAITING: _("Not ended: waiting"),
    WITH_AGENT: _("Not ended: with an agent"),
    Chat.ClosedBy.CUSTOMER: _("By the customer"),
    Chat.ClosedBy.AGENT: _("By the agent"),
    Chat.ClosedBy.TIMEOUT: _("Customer was gone"),
    Chat.ClosedBy.IDLE: _("Customer stopped answering"),
    Chat.ClosedBy.SERVICE: _("Chat was closed"),
    Chat.ClosedBy.BLOCKED: _("Customer was blocked"),
    Chat.ClosedBy.ADMIN: _("By an admin"),
}


class Outcome(TextChoices):
    """Processed, if an agent wrote to the customer: a chat that was only opened, with its greeting, is not."""

    PROCESSED = "processed", _("Processed")
    UNPROCESSED = "unprocessed", _("Unprocessed")


class Spam(TextChoices):
    """Whether chats that are marked as spam are shown."""

    WITHOUT = "without", _("Without spam")
    ONLY = "only", _("Spam only")


def outcome_of(chat: Chat) -> Outcome:
    """Reads ``is_processed``, which ``find`` adds."""
    return Outcome.PROCESSED if chat.is_processed else Outcome.UNPROCESSED  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Filters:
    """Filters of the list; an empty value fits every chat. ``text`` is in the customer's name or e-mail address.

    ``category`` is an id, which stands for those below it too, or ``none``; ``score`` is 1 to 5 or ``none``; ``ended``
    is a key of ``ENDS``. Days are the service's, and ``until`` is the last of them.
    """

    agent: int | None = None
    topic: int | None = None
    category: str = ""
    tag: int | None = None
    outcome: str = ""
    score: str = ""
    ended: str = ""
    language: str = ""
    spam: str = ""
    since: date | None = None
    until: date | None = None
    text: str = ""


@dataclass(frozen=True)
class Found:
    """The ``chats`` that fit, with ``is_processed``. They are among those of ``among``, which an index leads to."""

    chats: QuerySet[Chat]
    among: QuerySet[Chat]


def find(agent: Agent, filters: Filters) -> Found:
    """The chats that fit every filter, in no order; ``agent`` is who looks for them."""
    chats = access.chats_seen_by(agent).select_related("evaluation").prefetch_related("tags")
    among = _by_index(chats.annotate(is_processed=answered()), agent, filters)
    fits = _fitting(filters)
    found = among.filter(fits) if fits else among
    return _named(_tagged(Found(found, among), filters.tag), agent, filters.text.strip())


def page_of(found: Found, *, before: Position | None = None, after: Position | None = None) -> Page[Chat]:
    """A page of the found chats, newest first.

    If neither an index nor ``FEW`` customers lead to them, it looks at a part of the list (``paging.page_among``).
    """
    if found.chats is found.among:
        return paging.page_of(found.chats, by=BY, before=before, after=after)
    return paging.page_among(found.chats, found.among, by=BY, before=before, after=after)


def count(found: Found) -> str:
    """The number of chats as shown to people (``paging.count_among``)."""
    return paging.count_among(found.chats, found.among, by=BY)


def _by_index(chats: QuerySet[Chat], agent: Agent, filters: Filters) -> QuerySet[Chat]:
    if filters.agent:
        chats = chats.filter(agent=filters.agent)
    if filters.topic:
        chats = chats.filter(topic=filters.topic)
    if filters.category and filters.category != NONE:
        chats = chats.filter(category__in=tree_of(agent.service_id).below(int(filters.category)))
    if filters.spam == Spam.ONLY:
        chats = chats.filter(is_spam=True)
    if filters.since or filters.until:
        zone = zone_of(agent.service)
        chats = chats.filter(created_at__gte=_begin_of(filters.since or FIRST_DAY, zone))
        chats = chats.filter(created_at__lt=_begin_of(filters.until or LAST_DAY, zone) + timedelta(days=1))
    return chats


_OF_OPEN = {
    OPEN: ~Q(state=Chat.State.CLOSED),
    WAITING: Q(state=Chat.State.WAITING),
    WITH_AGENT: Q(state__in=[Chat.State.RINGING, Chat.State.ACTIVE]),
}


def _fitting(filters: Filters) -> Q:
    """The conditions that no index has, on chats with ``is_processed``.

    Each is looked up for a chat, so that none leads away from the list's order.
    """
    fits = Q()
    if filters.category == NONE:
        fits &= Q(category=None)
    if filters.outcome:
        fits &= Q(is_processed=filters.outcome == Outcome.PROCESSED)
    if filters.score:
        score = Subquery(Evaluation.objects.filter(chat=OuterRef("pk")).values("score"))
        fits &= Q(IsNull(score, rhs=True) if filters.score == NONE else Exact(score, int(filters.score)))
    if filters.ended:
        fits &= _OF_OPEN.get(filters.ended) or Q(closed_by=filters.ended)
    if filters.spam == Spam.WITHOUT:
        fits &= Q(is_spam=False)
    if filters.language:
        fits &= Q(language=filters.language)
    return fits


def _tagged(found: Found, tag: int | None) -> Found:
    """Those with the tag: by their ids if there are few, else looked at down the list."""
    if tag is None:
        return found
    on = Tagging.objects.filter(chattag=tag)
    if on[: FEW_TAGGED + 1].count() > FEW_TAGGED:
        bears = on.filter(chat=OuterRef("pk")).values(fits=Value(value=True))
        return Found(found.chats.filter(Coalesce(Subquery(bears), Value(value=False))), found.among)
    chats = found.chats.filter(pk__in=on.values("chat"))
    return Found(chats, chats)


def _named(found: Found, agent: Agent, text: str) -> Found:
    """Those whose customer is named so: by their ids if there are few, else looked at down the list."""
    if not text:
        return found
    named = Q(name__icontains=text) | Q(email__icontains=text)
    people = Customer.objects.filter(named, service=agent.service).order_by().values_list("pk", flat=True)
    ids = list(people[: FEW + 1])
    if len(ids) > FEW:
        return Found(found.chats.filter(_of_anyone(named)), found.among)
    chats = found.chats.filter(customer__in=ids)
    return Found(chats, chats)


def _of_anyone(named: Q) -> Coalesce:
    """The chat's customer is ``named`` so: looked up for each chat. Joined, all such customers would come first."""
    customer = Customer.objects.filter(pk=OuterRef("customer")).annotate(fits=ExpressionWrapper(named, BooleanField()))
    return Coalesce(Subquery(customer.values("fits")), Value(value=False), output_field=BooleanField())


def answered() -> Coalesce:
    """Whether an agent wrote to the customer of a chat.

    It is looked up for each chat: as EXISTS, the database may join the chats with all messages of everybody.
    """
    words = Message.objects.filter(chat=OuterRef("pk"), author=Message.Author.AGENT, internal=False, event="")
    found = words.annotate(fits=Value(value=True)).values("fits")[:1]
    return Coalesce(Subquery(found), Value(value=False), output_field=BooleanField())


def _begin_of(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(min(max(day, FIRST_DAY), LAST_DAY), time.min, zone)
