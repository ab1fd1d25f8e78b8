"""Removes files: by hand as a text is masked, with what a person's originals are destroyed with, and by the clock.

The row and its message say so first, in one transaction; then the bytes are deleted, now or by the worker. The message
keeps the file's name, which can be masked as any text.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import msgspec
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from agents import audit
from agents.models import Agent
from chat import access
from chat.conversation.entries import shown_file
from chat.conversation.message_masks import CHAT, Messages
from chat.file import ChatFile
from chat.files import upkeep
from chat.masking import destroying
from chat.masking.concealing import require_masking
from chat.masking.holders import Holder
from chat.models import Chat, Message
from chat.service_settings import ChatSettings
from contiple.base.clock import database_now
from contiple.base.errors import DomainError
from helpcenter.models import Customer

State = ChatFile.State
DEFAULT_DAYS = ChatSettings._meta.get_field("files_kept_days").default


def remove(agent: Agent, file_id: int) -> None:
    """Removes one file for good. Whoever sees the chat may, as with a mask.

    Raises ``Http404``, and ``Closed`` without Security Service. A file that is removed already stays so.
    """
    require_masking(agent.service)
    file = access.file_for_agent(agent, file_id, removed_too=True)
    chat = Chat.objects.get(files=file)
    with transaction.atomic():
        for message in _remove(chat.pk, Q(pk=file.pk)):
            audit.record(agent.service, "chat.file_removed", chat.subject, agent=agent, seq=message.seq)


def remove_with(message: Message) -> None:
    """Removes the file of a message that is deleted. Needs the chat's row lock."""
    _remove_rows(Q(chat=message.chat_id, client_id=message.client_id))


def register() -> None:
    """Lets files go with the originals of a chat, and of a person, that an admin destroys."""
    destroying.with_holder.append(_remove_of_holder)
    destroying.with_customer.append(_remove_of_customer)


def remove_expired(now: datetime | None = None) -> int:
    """Removes the files of chats that ended so many days ago as their services keep files. Returns their number."""
    now = now or database_now()
    days = set(ChatSettings.objects.values_list("files_kept_days", flat=True).distinct()) | {DEFAULT_DAYS}
    return sum(_remove_expired(kept, now - timedelta(days=kept)) for kept in days if kept)


def _remove_expired(days: int, before: datetime) -> int:
    kept = Q(chat__service__chat_settings__files_kept_days=days)
    if days == DEFAULT_DAYS:
        kept |= Q(chat__service__chat_settings=None)
    due = ChatFile.objects.filter(kept, state=State.READY, chat__closed_at__lt=before)
    chats = Chat.objects.filter(pk__in=due.order_by("pk").values("chat")[: upkeep.AT_ONCE]).order_by("pk")
    for chat in chats:
        with transaction.atomic():
            count = len(_remove(chat.pk, Q()))
            audit.record(chat.service_id, "chat.files_destroyed", chat.subject, files=count, reason="retention")
    return len(chats)


def _remove_of_holder(admin: Agent, holder: Holder) -> None:
    if holder.kind == CHAT:
        _remove_of(admin, Chat.objects.filter(pk=holder.number, service=holder.service))


def _remove_of_customer(admin: Agent, customer: Customer) -> None:
    _remove_of(admin, customer.chats.all())


def _remove_of(admin: Agent, chats: Iterable[Chat]) -> None:
    for chat in sorted(chats, key=lambda chat: chat.pk):
        if removed := _remove(chat.pk, Q()):
            audit.record(admin.service, "chat.files_destroyed", chat.subject, agent=admin, files=len(removed))


def _remove(chat_id: int, which: Q) -> Sequence[Message]:
    """Removes the chat's files that are shown, and returns their messages. Call it in a transaction."""
    messages = Messages(Chat.objects.only("service_id").get(pk=chat_id))
    messages.lock()
    rows = _remove_rows(which & Q(chat=chat_id))
    sent = Message.objects.filter(chat=chat_id, client_id__in=[row.client_id for row in rows])
    changed = list(sent.order_by("seq"))
    for message in changed:
        shown = shown_file(message)
        message.file = msgspec.to_builtins(msgspec.structs.replace(shown, removed=True)) if shown else None
        messages.save(message)
    return changed


def _remove_rows(which: Q) -> list[ChatFile]:
    """Says in the rows of files that are shown that they are removed. Their bytes go once that is committed."""
    rows = list(ChatFile.objects.select_for_update().filter(which, state=State.READY).order_by("pk"))
    ChatFile.objects.filter(pk__in=[row.pk for row in rows]).update(state=State.REMOVED)
    transaction.on_commit(lambda: _destroy_bytes(rows))
    return rows


def _destroy_bytes(rows: Sequence[ChatFile]) -> None:
    """What fails here is the worker's: the rows say that the bytes are to go."""
    try:
        for row in rows:
            upkeep.destroy(row, timezone.now())
    except DomainError:
        return
