"""The originals of masked text: sealed under the holder's data key, which a master key from the environment wraps.

A holder gets a further data key if none of its own can be opened now: what is said goes on being masked and kept, and
what is under the other keys opens again when their master key is back.

An original is bound to service, holder, text and span (as associated data): a row moved elsewhere does not open.
Deleting a holder's key destroys all of its originals for good. The first master key wraps new data keys;
``rotate_keys`` brings the others under it.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import NamedTuple

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from chat.masking.holders import Holder, kind_of
from chat.masking.models import DataKey
from contiple.base import crypto

# Keys re-wrapped in one transaction: some 0.1 s, which is how long the destruction of one of them may have to wait.
BATCH = 200


class Gone(Exception):
    """The original was destroyed: no key opens it."""


class Locked(Exception):
    """The original can't be opened now: a data key that may open it is under a master key that is not at hand."""


class Rotation(NamedTuple):
    """The result of a rotation, in data keys. ``unreadable`` may be under any master key, the newest too."""

    rewrapped: int
    already_new: int
    unreadable: int


def seal_all(holder: Holder, originals: Sequence[tuple[str, str]]) -> list[bytes]:
    """Seals each ``(spot, original)``; the key is read once. Never fails for want of a master key.

    Needs the lock of the holder's row if the holder may need a new data key.
    """
    data_key = _data_key(holder) if originals else b""
    return [crypto.seal(data_key, text.encode(), _bound_to(holder, spot)) for spot, text in originals]


def unseal(holder: Holder, spot: str, sealed: bytes) -> str:
    """Returns the original that was sealed at ``spot``. Raises ``Gone`` and ``Locked``."""
    opened = unseal_all(holder, [(spot, sealed)])
    if not opened:
        raise Gone
    return opened[0]


def unseal_all(holder: Holder, kept: Iterable[tuple[str, bytes]], *, locked_too: bool = True) -> list[str]:
    """Returns the originals of several ``(spot, sealed)`` that are not destroyed; keys are read once.

    Raises ``Locked`` if one can't be opened now; without ``locked_too`` it leaves those out.
    """
    keys = list(_keys_of(holder))
    at_hand = [data_key for key in keys if (data_key := _opened(key)) is not None]
    opened = [_unsealed(at_hand, sealed, _bound_to(holder, spot)) for spot, sealed in kept if sealed]
    if locked_too and None in opened and len(at_hand) < len(keys):
        raise Locked
    return [text for text in opened if text is not None]


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
    already_new = sum(_needs(key) == _newest()[0] for key in DataKey.objects.iterator())
    rewrapped = _rewrap_in_batches(batch)
    # Then the keys that somebody had locked, one by one: this holds no row while it waits, so nobody waits in a circle.
    # And keys under another master key than they say.
    others = (key for key in DataKey.objects.order_by("pk").iterator() if _needs(key) not in (None, _newest()[0]))
    rewrapped += _rewrap_each(others)
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


def opens(key: DataKey) -> bool:
    """Whether a master key at hand opens this data key."""
    return _opened(key) is not None


def count_by_master() -> dict[str | None, int]:
    """Counts the data keys that each master key at hand opens, by its id; ``None`` has those that none opens."""
    return dict(Counter(_needs(key) for key in DataKey.objects.iterator()))


def count_unreadable() -> int:
    """Counts the data keys that the master keys at hand don't open. Tries each one."""
    return sum(_opened(key) is None for key in DataKey.objects.iterator())


def _needs(key: DataKey) -> str | None:
    """Returns the id of the master key that opens ``key``; ``None`` if none does."""
    named = settings.MASKING_KEYS.get(key.master)
    for master, master_key in [(key.master, named), *settings.MASKING_KEYS.items()]:
        with suppress(crypto.Unreadable):
            crypto.unseal(master_key or b"", bytes(key.wrapped), _key_of(holder_of(key)))
            return master
    return None


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
    return sum(rewrap(key) for key in keys if _opened(key) is not None)


def _opened(key: DataKey) -> bytes | None:
    """Returns the data key; ``None`` if its master key is not at hand."""
    try:
        return _unwrap(holder_of(key), key)
    except crypto.Unreadable:
        return None


def _unsealed(data_keys: Iterable[bytes], sealed: bytes, bound_to: bytes) -> str | None:
    for data_key in data_keys:
        with suppress(crypto.Unreadable):
            return crypto.unseal(data_key, sealed, bound_to).decode()
    return None


def _keys_of(holder: Holder) -> QuerySet[DataKey]:
    """Returns the holder's keys, the newest first."""
    return DataKey.objects.filter(kind=holder.kind, number=holder.number).order_by("-generation")


def _data_key(holder: Holder) -> bytes:
    """Returns the holder's newest key that can be opened, to seal with; makes one if there is none."""
    keys = list(_keys_of(holder))
    if keys and kind_of(holder.kind).kept_by_last_use:
        _keys_of(holder).update(used_at=timezone.now())
    for key in keys:
        if (data_key := _opened(key)) is not None:
            return data_key
    return _new_key(holder, generation=keys[0].generation + 1 if keys else 0)


def _new_key(holder: Holder, generation: int) -> bytes:
    data_key, (master, master_key) = crypto.new_key(), _newest()
    DataKey.objects.create(
        kind=holder.kind,
        number=holder.number,
        generation=generation,
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
    """Tries the master key of that name first; another process may have had other keys by these names."""
    named = settings.MASKING_KEYS.get(key.master, b"")
    for master_key in (named, *settings.MASKING_KEYS.values()):
        with suppress(crypto.Unreadable):
            return crypto.unseal(master_key, bytes(key.wrapped), _key_of(holder))
    raise crypto.Unreadable


def _key_of(holder: Holder) -> bytes:
    return f"key:{holder.service}:{holder.sealed_name}".encode()


def _bound_to(holder: Holder, spot: str) -> bytes:
    return f"original:{holder.service}:{holder.sealed_name}:{spot}".encode()
