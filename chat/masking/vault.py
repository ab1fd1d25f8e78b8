"""The originals of masked text: sealed under a data key for each holder, which a master key from the environment wraps.

A holder is a chat, or a ticket with what was masked in its comments. An original is bound to service, holder, message
and span (as associated data), so that a row moved elsewhere does not open. Deleting a holder's key destroys all of its
originals for good. The first master key wraps new data keys; ``rotate_keys`` brings the others under it.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import NamedTuple

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from chat.models import Chat, DataKey, Mask
from contiple.base import crypto

# Keys re-wrapped in one transaction: some 0.1 s, which is how long the destruction of one of them may have to wait.
BATCH = 200


class Gone(Exception):
    """The original was destroyed, or can't be opened with the keys at hand."""


class Holder(NamedTuple):
    """Whose data key it is: a chat's or a ticket's. ``customer`` is the ticket's requester; a chat says its own."""

    service: int
    chat: int | None = None
    ticket: int | None = None
    customer: int | None = None

    @property
    def name(self) -> str:
        """How associated data names it. Chats, which were first, by their number alone."""
        return f"ticket:{self.ticket}" if self.ticket else str(self.chat)


class Rotation(NamedTuple):
    """What came of a rotation, in data keys. ``unreadable`` may be under any master key, the newest too."""

    rewrapped: int
    already_new: int
    unreadable: int


def seal_originals(chat: Chat, seq: int, originals: Iterable[tuple[tuple[int, int], str]]) -> list[bytes]:
    """Each ``(span, original)`` of a message, sealed. Needs the chat's row lock where it may not have a key yet."""
    return seal_all(_held_by(chat), [(_place(seq, span), original) for span, original in originals])


def open_original(mask: Mask) -> str:
    """The text under a mask (with its message and chat fetched). Raises ``Gone``."""
    return unseal(*kept_for(mask))


def originals_in(chat: Chat, masks: Iterable[Mask]) -> list[str]:
    """What stood under those masks (with their messages fetched) in messages of ``chat`` that can be opened."""
    kept = [(_place(mask.message.seq, (mask.start, mask.end)), bytes(mask.sealed)) for mask in masks]
    return unseal_all(_held_by(chat), kept)


def kept_for(mask: Mask) -> tuple[Holder, str, bytes]:
    """By whom, at which place and as what the original of a mask is kept: what ``unseal`` asks for."""
    message = mask.message
    return _held_by(message.chat), _place(message.seq, (mask.start, mask.end)), bytes(mask.sealed)


def seal_all(holder: Holder, originals: Sequence[tuple[str, str]]) -> list[bytes]:
    """Seals each ``(place, original)``; the key is read once.

    Needs the lock of the holder's row where it may not have a key yet.
    """
    data_key = _data_key(holder) if originals else b""
    return [crypto.seal(data_key, text.encode(), _bound_to(holder, place)) for place, text in originals]


def unseal(holder: Holder, place: str, sealed: bytes) -> str:
    """What stood at ``place``. Raises ``Gone``."""
    opened = unseal_all(holder, [(place, sealed)])
    if not opened:
        raise Gone
    return opened[0]


def unseal_all(holder: Holder, kept: Iterable[tuple[str, bytes]]) -> list[str]:
    """What can be opened of several ``(place, sealed)``: the key is read once."""
    opened: list[str] = []
    with suppress(crypto.Unreadable):
        data_key = _key_at_hand(holder)
        for place, sealed in kept:
            with suppress(crypto.Unreadable):
                opened.append(crypto.unseal(data_key, sealed, _bound_to(holder, place)).decode())
    return opened


def has_key(holder: Holder) -> bool:
    return _keys_of(holder).exists()


def destroy(keys: Q) -> list[DataKey]:
    """Destroys for good what is sealed under these data keys; returns what they were.

    To be sure that nothing is being sealed under one at the moment, hold the lock of its holder's row.
    """
    found = list(DataKey.objects.filter(keys).select_related("chat").select_for_update(of=("self",)).order_by("pk"))
    DataKey.objects.filter(pk__in=[key.pk for key in found]).delete()
    return found


def rotate_keys(*, batch: int = BATCH) -> Rotation:
    """Wraps every data key again, under the newest master key, while chats go on.

    May be interrupted, repeated, and run by two at once. What can't be opened is left as it is. Not for use within a
    transaction, which would keep what it has locked.
    """
    already_new = DataKey.objects.filter(master=_newest()[0]).count()
    rewrapped = _rewrap_in_batches(batch)
    # Then what somebody had locked, each by itself: who waits for a row holds no other, so nobody waits in a circle.
    rewrapped += _rewrap_each(_older_keys().iterator())
    return Rotation(rewrapped, already_new, count_unreadable())


def rewrap(key: DataKey) -> bool:
    """Wraps ``key`` (with its chat fetched) under the newest master key. Raises ``crypto.Unreadable``.

    False, and nothing is done, where its row has changed since it was read or is gone: a key that was destroyed must
    not come back.
    """
    holder, (master, master_key) = holder_of(key), _newest()
    wrapped = crypto.seal(master_key, _unwrap(holder, key), _key_of(holder))
    row = DataKey.objects.filter(pk=key.pk, master=key.master, wrapped=bytes(key.wrapped))
    return bool(row.update(master=master, wrapped=wrapped))


def holder_of(key: DataKey) -> Holder:
    """Of a key with its chat fetched."""
    if key.ticket is not None:
        return Holder(key.service_id or 0, ticket=key.ticket, customer=key.customer_id)
    assert key.chat is not None, "the database holds that"
    return _held_by(key.chat)


def count_by_master() -> dict[str, int]:
    """How many data keys each master key wraps, by its id; those that are not configured, too."""
    return dict(DataKey.objects.values_list("master").annotate(Count("pk")))


def count_unreadable() -> int:
    """How many data keys the master keys at hand don't open. Tries each one."""
    return sum(not _opens(key) for key in DataKey.objects.select_related("chat").iterator())


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


def _older_keys() -> QuerySet[DataKey]:
    older = list(settings.MASKING_KEYS)[1:]
    return DataKey.objects.filter(master__in=older).select_related("chat").order_by("pk")


def _rewrap_each(keys: Iterable[DataKey]) -> int:
    return sum(rewrap(key) for key in keys if _opens(key))


def _opens(key: DataKey) -> bool:
    try:
        _unwrap(holder_of(key), key)
    except crypto.Unreadable:
        return False
    return True


def _keys_of(holder: Holder) -> QuerySet[DataKey]:
    if holder.ticket:
        return DataKey.objects.filter(ticket=holder.ticket)
    return DataKey.objects.filter(chat=holder.chat)


def _key_at_hand(holder: Holder) -> bytes:
    """Raises ``crypto.Unreadable`` where it was destroyed, or can't be opened."""
    key = _keys_of(holder).first()
    if key is None:
        raise crypto.Unreadable
    return _unwrap(holder, key)


def _data_key(holder: Holder) -> bytes:
    key = _keys_of(holder).first()
    if key is not None:
        if holder.ticket:  # a chat's originals are kept by its end, a ticket's by their last use
            _keys_of(holder).update(used_at=timezone.now())
        return _unwrap(holder, key)
    data_key = crypto.new_key()
    master, master_key = _newest()
    DataKey.objects.create(
        chat_id=holder.chat,
        ticket=holder.ticket,
        service_id=holder.service if holder.ticket else None,
        customer_id=holder.customer,
        master=master,
        wrapped=crypto.seal(master_key, data_key, _key_of(holder)),
    )
    return data_key


def _newest() -> tuple[str, bytes]:
    """Id and master key. It wraps what is wrapped from now on."""
    return next(iter(settings.MASKING_KEYS.items()))


def _unwrap(holder: Holder, key: DataKey) -> bytes:
    master_key = settings.MASKING_KEYS.get(key.master)
    if master_key is None:
        raise crypto.Unreadable
    return crypto.unseal(master_key, bytes(key.wrapped), _key_of(holder))


def _held_by(chat: Chat) -> Holder:
    return Holder(chat.service_id, chat.pk)


def _place(seq: int, span: tuple[int, int]) -> str:
    return f"{seq}:{span[0]}:{span[1]}"


def _key_of(holder: Holder) -> bytes:
    return f"key:{holder.service}:{holder.name}".encode()


def _bound_to(holder: Holder, place: str) -> bytes:
    return f"original:{holder.service}:{holder.name}:{place}".encode()
