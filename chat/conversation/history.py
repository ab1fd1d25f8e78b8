"""Chat History: finds a service's chats by customer, agent, outcome and day; never by what was said."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet, TextChoices
from django.utils.translation import gettext_lazy as _

from chat.models import Chat, Message
from contiple.base.months import KOREA

TEXT_LENGTH_MAX = 200
# Days that anybody means. Beyond them a day's begin in Korea is no moment in UTC.
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2999, 12, 31)


class Outcome(TextChoices):
    """Processed, if an agent wrote to the customer: a chat that was only opened, with its greeting, is not."""

    PROCESSED = "processed", _("Processed")
    UNPROCESSED = "unprocessed", _("Unprocessed")


def outcome_of(chat: Chat) -> Outcome:
    """Reads ``is_processed``, which ``narrow`` adds."""
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


def narrow(chats: QuerySet[Chat], filters: Filters) -> QuerySet[Chat]:
    """The chats that fit every filter, with ``is_processed``."""
    chats = chats.annotate(is_processed=_answered())
    if filters.agent:
        chats = chats.filter(agent=filters.agent)
    if filters.outcome:
        chats = chats.filter(is_processed=filters.outcome == Outcome.PROCESSED)
    if filters.since:
        chats = chats.filter(created_at__gte=_begin_of(filters.since))
    if filters.until:
        chats = chats.filter(created_at__lt=_begin_of(filters.until) + timedelta(days=1))
    if text := filters.text.strip():
        chats = chats.filter(Q(customer__name__icontains=text) | Q(customer__email__icontains=text))
    return chats


def _answered() -> Exists:
    words = Message.objects.filter(chat=OuterRef("pk"), author=Message.Author.AGENT, internal=False)
    return Exists(words)


def _begin_of(day: date) -> datetime:
    return datetime.combine(min(max(day, FIRST_DAY), LAST_DAY), time.min, KOREA)
