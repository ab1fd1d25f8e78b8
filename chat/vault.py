"""The originals of masked text: sealed under a data key for each chat, which a master key from the environment wraps.

An original is bound to service, chat, message and span (as associated data), so that a row moved elsewhere does not
open. Deleting a chat's key destroys all of its originals for good.
"""

from django.conf import settings

from chat.models import Chat, ChatKey, Mask
from contiple import crypto


class Gone(Exception):
    """The original was destroyed, or can't be opened with the keys at hand."""


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


def _data_key(chat: Chat) -> bytes:
    key = ChatKey.objects.filter(chat=chat).first()
    if key is not None:
        return _unwrap(chat, key)
    data_key = crypto.new_key()
    master, master_key = next(iter(settings.MASKING_KEYS.items()))
    ChatKey.objects.create(chat=chat, master=master, wrapped=crypto.seal(master_key, data_key, _key_of(chat)))
    return data_key


def _unwrap(chat: Chat, key: ChatKey) -> bytes:
    master_key = settings.MASKING_KEYS.get(key.master)
    if master_key is None:
        raise crypto.Unreadable
    return crypto.unseal(master_key, bytes(key.wrapped), _key_of(chat))


def _key_of(chat: Chat) -> bytes:
    return f"key:{chat.service_id}:{chat.pk}".encode()


def _bound_to(chat: Chat, seq: int, span: tuple[int, int]) -> bytes:
    return f"original:{chat.service_id}:{chat.pk}:{seq}:{span[0]}:{span[1]}".encode()
