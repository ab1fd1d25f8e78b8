"""The originals of masked text: sealed under a data key for each holder, which a master key from the environment wraps.

An original is bound to service, holder, text and span (as associated data): a row moved elsewhere does not open.
Deleting a holder's key destroys all of its originals for good. The first master key wraps new data keys;
``rotate_keys`` brings the others under it.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import NamedTuple

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from chat.masking.holders import Holder, kind_of
from chat.masking.models import DataKey
from contiple.base import crypto

# Keys re-wrapped in one transaction: some 0.1 s, which is how long the destruction of one of them may have to wait.
BATCH = 200


class Gone(Exception):
    """The original was destroyed, or can't be opened with the keys at hand."""


class Rotation(NamedTuple):
    """The result of a rotation, in data keys. ``unreadable`` may be under any master key, the newest too."""

    rewrapped: int
    already_new: int
    unreadable: int


def seal_all(holder: Holder, originals: Sequence[tuple[str, str]]) -> list[bytes]:
    """Seals each ``(spot, original)``; the key is read once.

    Needs the lock of the holder's row if the holder may not have a key yet.
    """
    data_key = _data_key(holder) if originals else b""
    return [crypto.seal(data_key, text.encode(), _bound_to(holder, spot)) for spot, text in originals]


def unseal(holder: Holder, spot: str, sealed: bytes) -> str:
    """Returns the original that was sealed at ``spot``. Raises ``Gone``."""
    opened = unseal_all(holder, [(spot, sealed)])
    if not opened:
        raise Gone
    return opened[0]


def unseal_all(holder: Holder, kept: Iterable[tuple[str, bytes]]) -> list[str]:
    """Returns the originals that can be opened of several ``(spot, sealed)``; the key is read once."""
    opened: list[str] = []
    with suppress(crypto.Unreadable):
        data_key = _key_at_hand(holder)
        for spot, sealed in kept:
            with suppress(crypto.Unreadable):
                opened.append(crypto.unseal(data_key, sealed, _bound_to(holder, spot)).decode())
    return opened


def has_key(holder: Holder) -> bool:
    return _keys_of(holder).exists()


def destroy(keys: Q) -> list[DataKey]:
    """Destroys for good what is sealed under these data keys; returns the deleted keys.

    To be sure that nothing is being sealed under one at the moment, hold the lock of its holder's row.
    """
    found = list(DataKey.objects.filter(keys).select_for_update().order_by("pk"))
    DataKey.objects.filter(pk__in=[key.pk for key in found]).delete()
    return found


def rotate_keys(*, batch: int = BATCH) -> Rotation:
    """Wraps every data key again, under the newest master key, while chats go on.

    May be interrupted, repeated, and run by two at once. A key that can't be opened is left as it is. Not for use
    within a transaction, which would keep its locks.
    """
    already_new = DataKey.objects.filter(master=_newest()[0]).count()
    rewrapped = _rewrap_in_batches(batch)
    # Then the keys that somebody had locked, one by one: this holds no row while it waits, so nobody waits in a circle.
    rewrapped += _rewrap_each(_older_keys().iterator())
    return Rotation(rewrapped, already_new, count_unreadable())


def rewrap(key: DataKey) -> bool:
    """Wraps ``key`` under the newest master key. Raises ``crypto.Unreadable``.

    Returns False and does nothing if its row has changed since it was read or is gone: a key that was destroyed must
    not come back.
    """
    holder, (master, master_key) = holder_of(key), _newest()
    wrapped = crypto.seal(master_key, _unwrap(holder, key), _key_of(holder))
    row = DataKey.objects.filter(pk=key.pk, master=key.master, wrapped=bytes(key.wrapped))
    return bool(row.update(master=master, wrapped=wrapped))


def holder_of(key: DataKey) -> Holder:
    return Holder(key.service_id, key.kind, key.number)


def count_by_master() -> dict[str, int]:
    """Counts the data keys that each master key wraps, by its id; also for master keys that are not configured."""
    return dict(DataKey.objects.values_list("master").annotate(Count("pk")))


def count_unreadable() -> int:
    """Counts the data keys that the master keys at hand don't open. Tries each one."""
    return sum(not _opens(key) for key in DataKey.objects.iterator())


def _rewrap_in_batches(size: int) -> int:
    """Goes once through the keys under older master keys; those that are locked just now are left out."""
    free = _older_keys().select_for_update(no_key=True, skip_locked=True)
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
    return DataKey.objects.filter(master__in=older).order_by("pk")


def _rewrap_each(keys: Iterable[DataKey]) -> int:
    return sum(rewrap(key) for key in keys if _opens(key))


def _opens(key: DataKey) -> bool:
    try:
        _unwrap(holder_of(key), key)
    except crypto.Unreadable:
        return False
    return True


def _keys_of(holder: Holder) -> QuerySet[DataKey]:
    return DataKey.objects.filter(kind=holder.kind, number=holder.number)


def _key_at_hand(holder: Holder) -> bytes:
    """Raises ``crypto.Unreadable`` if the key was destroyed, or can't be opened."""
    key = _keys_of(holder).first()
    if key is None:
        raise crypto.Unreadable
    return _unwrap(holder, key)


def _data_key(holder: Holder) -> bytes:
    """Returns the holder's key to seal with; makes one if there is none."""
    key = _keys_of(holder).first()
    if key is None:
        return _new_key(holder)
    if kind_of(holder.kind).kept_by_last_use:
        _keys_of(holder).update(used_at=timezone.now())
    return _unwrap(holder, key)


def _new_key(holder: Holder) -> bytes:
    data_key, (master, master_key) = crypto.new_key(), _newest()
    DataKey.objects.create(
        kind=holder.kind,
        number=holder.number,
        service_id=holder.service,
        customer_id=holder.customer,
        master=master,
        wrapped=crypto.seal(master_key, data_key, _key_of(holder)),
    )
    return data_key


def _newest() -> tuple[str, bytes]:
    """Returns id and key of the master key that wraps everything from now on."""
    return next(iter(settings.MASKING_KEYS.items()))


def _unwrap(holder: Holder, key: DataKey) -> bytes:
    master_key = settings.MASKING_KEYS.get(key.master)
    if master_key is None:
        raise crypto.Unreadable
    return crypto.unseal(master_key, bytes(key.wrapped), _key_of(holder))


def _key_of(holder: Holder) -> bytes:
    return f"key:{holder.service}:{holder.sealed_name}".encode()


def _bound_to(holder: Holder, spot: str) -> bytes:
    return f"original:{holder.service}:{holder.sealed_name}:{spot}".encode()
