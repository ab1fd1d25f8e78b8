"""Clears away bytes that nobody is shown any more: of tries that became no message, of removed files, of chats that
are gone. Any number of workers may do it at once.
"""

from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils import timezone

from chat.file import ChatFile
from chat.files import storing
from contiple.base import pools

State = ChatFile.State
ARRIVES_WITHIN = timedelta(hours=1)  # after its row: the server ends a request sooner, unless its process hangs
AT_ONCE = 500  # a run's share; the next one goes on


def clear_away(now: datetime | None = None) -> int:
    """Returns how many files' bytes are gone. Bytes first, then the row: a worker that is killed leaves the row."""
    now = now or timezone.now()
    _give_up(ChatFile.objects.filter(created_at__lt=now - ARRIVES_WITHIN))
    return _drop_nobodys() + _destroy_removed(now)


def discard(row: ChatFile) -> None:
    """Clears away a try that became no message, and leaves alone what has become one."""
    _give_up(ChatFile.objects.filter(pk=row.pk))
    if not ChatFile.objects.filter(pk=row.pk).exclude(chat=None).exists():
        _drop(row)


def destroy(row: ChatFile, now: datetime) -> None:
    """Deletes the bytes of a removed file, and notes it. Raises ``Busy`` if that fails: the worker repeats it."""
    pools.let_go()
    storing.delete(row.key)
    ChatFile.objects.filter(pk=row.pk, destroyed_at=None).update(destroyed_at=now)


def _give_up(rows: QuerySet[ChatFile]) -> None:
    """Takes tries from their chats, so that none becomes a message any more. Then bytes are deleted without a lock."""
    rows.filter(state=State.ARRIVING).update(chat=None)


def _drop_nobodys() -> int:
    nobodys = list(ChatFile.objects.filter(chat=None).order_by("pk")[:AT_ONCE])
    for row in nobodys:
        _drop(row)
    return len(nobodys)


def _drop(row: ChatFile) -> None:
    pools.let_go()
    storing.delete(row.key)
    ChatFile.objects.filter(pk=row.pk).delete()


def _destroy_removed(now: datetime) -> int:
    removed = list(ChatFile.objects.filter(state=State.REMOVED, destroyed_at=None).order_by("pk")[:AT_ONCE])
    for row in removed:
        destroy(row, now)
    return len(removed)
