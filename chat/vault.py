"""The originals of masked text: sealed under a data key for each chat, which a master key from the environment wraps.

An original is bound to service, chat, message and span (as associated data), so that a row moved elsewhere does not
open. Deleting a chat's key destroys all of its originals for good. The first master key wraps the keys of new chats;
``rotate_keys`` brings the others under it.
"""

from collections.abc import Iterable
from typing import NamedTuple

from django.conf import settings
from django.db import transaction
from django.db.models import Count, QuerySet

from chat.models import Chat, ChatKey, Mask
from contiple import crypto

# Keys re-wrapped in one transaction: some 0.1 s, which is how long the destruction of one of them may have to wait.
BATCH = 200


class Gone(Exception):
    """The original was destroyed, or can't be opened with the keys at hand."""


class Rotation(NamedTuple):
    """What came of a rotation, in keys of chats. ``unreadable`` may be under any master key, the newest too."""

    rewrapped: int
    already_new: int
    unreadable: int


def seal_original(chat: Chat, seq: int, span: tuple[int, int], original: str) -> bytes:
    """Needs the chat's row lock where the chat may not have a key yet."""
    return crypto.seal(_data_key(chat), original.encode(), _bound_to(chat, seq, span))


def open_original(mask: Mask) -> str:
    """The text under a mask (with its message and chat fetched). Raises ``Gone``."""
    message = mask.message
    key = ChatKey.objects.filter(chat_id=message.chat_id).first()
    if key is None or not mask.sealed:
        raise Gone
    try:
        data_key = _unwrap(message.chat, key)
        sealed = bytes(mask.sealed)
        return crypto.unseal(data_key, sealed, _bound_to(message.chat, message.seq, (mask.start, mask.end))).decode()
    except crypto.Unreadable as error:
        raise Gone from error


def original_or_none(mask: Mask) -> str | None:
    try:
        return open_original(mask)
    except Gone:
        return None


def rotate_keys(*, batch: int = BATCH) -> Rotation:
    """Wraps every chat's data key again, under the newest master key, while chats go on.

    May be interrupted, repeated, and run by two at once. What can't be opened is left as it is. Not for use within a
    transaction, which would keep what it has locked.
    """
    already_new = ChatKey.objects.filter(master=_newest()[0]).count()
    rewrapped = _rewrap_in_batches(batch)
    # Then what somebody had locked, each by itself: who waits for a row holds no other, so nobody waits in a circle.
    rewrapped += _rewrap_each(_older_keys().iterator())
    return Rotation(rewrapped, already_new, count_unreadable())


def rewrap(key: ChatKey) -> bool:
    """Wraps ``key`` (with its chat fetched) under the newest master key. Raises ``crypto.Unreadable``.

    False, and nothing is done, where its row has changed since it was read or is gone: a key that was destroyed must
    not come back.
    """
    master, master_key = _newest()
    wrapped = crypto.seal(master_key, _unwrap(key.chat, key), _key_of(key.chat))
    row = ChatKey.objects.filter(pk=key.pk, master=key.master, wrapped=bytes(key.wrapped))
    return bool(row.update(master=master, wrapped=wrapped))


def count_by_master() -> dict[str, int]:
    """How many chats' keys each master key wraps, by its id; those that are not configured, too."""
    return dict(ChatKey.objects.values_list("master").annotate(Count("pk")))


def count_unreadable() -> int:
    """How many chats' keys the master keys at hand don't open. Tries each one."""
    return sum(not _opens(key) for key in ChatKey.objects.select_related("chat").iterator())


def _rewrap_in_batches(size: int) -> int:
    """Goes once through the keys under older master keys; what is locked just now is left out."""
    free = _older_keys().select_for_update(no_key=True, skip_locked=True, of=("self",))
    after, rewrapped = 0, 0
    while True:
        with transaction.atomic():
            keys = list(free.filter(pk__gt=after)[:size])
            rewrapped += _rewrap_each(keys)
        if not keys:
            return rewrapped
        after = keys[-1].pk


def _older_keys() -> QuerySet[ChatKey]:
    older = list(settings.MASKING_KEYS)[1:]
    return ChatKey.objects.filter(master__in=older).select_related("chat").order_by("pk")


def _rewrap_each(keys: Iterable[ChatKey]) -> int:
    return sum(rewrap(key) for key in keys if _opens(key))


def _opens(key: ChatKey) -> bool:
    try:
        _unwrap(key.chat, key)
    except crypto.Unreadable:
        return False
    return True


def _data_key(chat: Chat) -> bytes:
    key = ChatKey.objects.filter(chat=chat).first()
    if key is not None:
        return _unwrap(chat, key)
    data_key = crypto.new_key()
    master, master_key = _newest()
    ChatKey.objects.create(chat=chat, master=master, wrapped=crypto.seal(master_key, data_key, _key_of(chat)))
    return data_key


def _newest() -> tuple[str, bytes]:
    """Id and master key. It wraps what is wrapped from now on."""
    return next(iter(settings.MASKING_KEYS.items()))


def _unwrap(chat: Chat, key: ChatKey) -> bytes:
    master_key = settings.MASKING_KEYS.get(key.master)
    if master_key is None:
        raise crypto.Unreadable
    return crypto.unseal(master_key, bytes(key.wrapped), _key_of(chat))


def _key_of(chat: Chat) -> bytes:
    return f"key:{chat.service_id}:{chat.pk}".encode()


def _bound_to(chat: Chat, seq: int, span: tuple[int, int]) -> bytes:
    return f"original:{chat.service_id}:{chat.pk}:{seq}:{span[0]}:{span[1]}".encode()
