"""Reminds a customer who has fallen silent, once, and then ends the chat, as the settings of chat say.

Both appear in the chat. Minutes are counted from the agent's last message (``Chat.unanswered_since``), by the
database's clock.
"""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

from django.db import transaction
from django.db.models import DurationField, ExpressionWrapper, F, QuerySet, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Now

from chat.conversation import messages
from chat.lifecycle import transitions
from chat.models import Chat
from chat.routing import jobs
from chat.routing.jobs import Job, Memory
from chat.service_settings import ChatSettings
from contiple.base import prepared

_REMINDER = "service__chat_settings__idle_reminder_minutes"
_CLOSE = "service__chat_settings__idle_close_minutes"


def break_silences(memory: Memory | None = None) -> None:
    """Sends each reminder and ends each chat that is due. Run it every second; each is done once by many workers."""
    memory = memory or Memory()
    jobs.run(_each(_due_reminders, _remind), memory)
    jobs.run(_each(_due_ends, _end), memory)


def _each(find: Callable[[], QuerySet[Chat]], act: Callable[[int], None]) -> list[Job]:
    found = prepared.fetch_found(find, "service", "pk")
    return [Job(service_id, partial(act, chat_id)) for service_id, chat_id in found]


def _due_reminders() -> QuerySet[Chat]:
    silent = Chat.objects.filter(state=Chat.State.ACTIVE, reminded_at=None)
    return silent.filter(unanswered_since__lt=Now() - _minutes(F(_REMINDER)), **{f"{_REMINDER}__gt": 0})


def _due_ends() -> QuerySet[Chat]:
    """Chats are due only after a reminder, and not before the time that it named, even if no worker ran meanwhile."""
    reminded = Chat.objects.filter(state=Chat.State.ACTIVE, reminded_at__lt=Now() - _minutes(F(_CLOSE) - F(_REMINDER)))
    return reminded.filter(
        unanswered_since__lt=Now() - _minutes(F(_CLOSE)), **{f"{_REMINDER}__gt": 0, f"{_CLOSE}__gt": F(_REMINDER)}
    )


def _remind(chat_id: int) -> None:
    with transaction.atomic():
        chat = _locked(_due_reminders(), chat_id)
        if chat is None or not Chat.objects.filter(pk=chat_id, reminded_at=None).update(reminded_at=Now()):
            return
        left = _minutes_left(chat.service.chat_settings)
        messages.append_event(chat, "reminded_end" if left else "reminded", name=str(left or ""))


def _end(chat_id: int) -> None:
    with transaction.atomic():
        if _locked(_due_ends(), chat_id) is not None:
            transitions.close_chat(chat_id, by=Chat.ClosedBy.IDLE)


def _locked(due: QuerySet[Chat], chat_id: int) -> Chat | None:
    """The chat, locked, if it is still due: a customer who answers just now has answered in time."""
    chats = due.select_related("service__chat_settings").select_for_update(no_key=True, of=("self",))
    return chats.filter(pk=chat_id).first()


def _minutes_left(found: ChatSettings) -> int:
    """Minutes from the reminder to the end; 0 if the chat doesn't end."""
    return max(0, found.idle_close_minutes - found.idle_reminder_minutes) if found.idle_close_minutes else 0


def _minutes(count: Combinable) -> ExpressionWrapper:
    return ExpressionWrapper(count * Value(timedelta(minutes=1)), output_field=DurationField())
