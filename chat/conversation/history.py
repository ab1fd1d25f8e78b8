"""Chat History: a service's chats, to be found again, by who it was and when; never by what was said."""

from datetime import date, datetime, time, timedelta

from django.db.models import Q, QuerySet, TextChoices
from django.utils.translation import gettext_lazy as _

from chat.models import Chat
from contiple.base.months import KOREA

TEXT_LENGTH_MAX = 200


class Outcome(TextChoices):
    """Whether an agent answered."""

    PROCESSED = "processed", _("Processed")
    UNPROCESSED = "unprocessed", _("Unprocessed")


def outcome_of(chat: Chat) -> Outcome:
    return Outcome.PROCESSED if chat.answered_at else Outcome.UNPROCESSED


def narrow(
    chats: QuerySet[Chat],
    *,
    agent: int | None = None,
    outcome: str = "",
    since: date | None = None,
    until: date | None = None,
    text: str = "",
) -> QuerySet[Chat]:
    """The chats that fit every filter; an empty one fits all.

    ``text`` is in the customer's name or e-mail address. Days are Korean, as in the record of unmasking; ``until`` is
    one of them.
    """
    if agent:
        chats = chats.filter(agent=agent)
    if outcome:
        chats = chats.filter(answered_at__isnull=outcome == Outcome.UNPROCESSED)
    if since:
        chats = chats.filter(created_at__gte=_begin_of(since))
    if until:
        chats = chats.filter(created_at__lt=_begin_of(until) + timedelta(days=1))
    if text.strip():
        text = text.strip()
        chats = chats.filter(Q(customer__name__icontains=text) | Q(customer__email__icontains=text))
    return chats


def ticket_number_of(chat: Chat) -> int | None:
    """Of the ticket that was made from it. Tickets are an app's above this one: only their numbers are known here."""
    return Chat.objects.filter(pk=chat.pk).values_list("ticket__number", flat=True).first()


def _begin_of(day: date) -> datetime:
    return datetime.combine(day, time.min, KOREA)
