"""Chat History: finds a service's chats by customer, agent, outcome and day; never by what was said."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Q, QuerySet, TextChoices
from django.utils.translation import gettext_lazy as _

from chat.models import Chat
from contiple.base.months import KOREA

TEXT_LENGTH_MAX = 200


class Outcome(TextChoices):
    """Processed, if an agent answered the chat."""

    PROCESSED = "processed", _("Processed")
    UNPROCESSED = "unprocessed", _("Unprocessed")


def outcome_of(chat: Chat) -> Outcome:
    return Outcome.PROCESSED if chat.answered_at else Outcome.UNPROCESSED


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


def narrow(chats: QuerySet[Chat], filters: Filters) -> QuerySet[Chat]:
    """The chats that fit every filter."""
    if filters.agent:
        chats = chats.filter(agent=filters.agent)
    if filters.outcome:
        chats = chats.filter(answered_at__isnull=filters.outcome == Outcome.UNPROCESSED)
    if filters.since:
        chats = chats.filter(created_at__gte=_begin_of(filters.since))
    if filters.until:
        chats = chats.filter(created_at__lt=_begin_of(filters.until) + timedelta(days=1))
    if text := filters.text.strip():
        chats = chats.filter(Q(customer__name__icontains=text) | Q(customer__email__icontains=text))
    return chats


def _begin_of(day: date) -> datetime:
    return datetime.combine(day, time.min, KOREA)
