"""Says whether the master keys at hand open what is there: at a start, which is refused if not, and to ``ready``.

After a restore or a mistake in ``MASKING_KEYS`` originals can't be opened. Nothing is destroyed by that, but it should
be known at once. ``MASKING_KEYS_LOST`` names master keys that are lost for good: then it starts without them.
"""

from typing import Any, NamedTuple

from django.conf import settings

from chat.masking import vault
from chat.masking.models import DataKey


class Missing(NamedTuple):
    """Data keys that can't be opened, though so many name this master key."""

    master: str
    data_keys: int
    services: int


def missing(cursor: Any) -> list[Missing]:
    """Returns the master keys that are not at hand, or are others by the same name, but for those named as lost.

    One query; the oldest and the newest data key under each master key are tried.
    """
    cursor.execute(_OLDEST_AND_NEWEST)
    closed = set()
    for master, data_keys, services, *columns in cursor.fetchall():
        key = DataKey(master=master, **dict(zip(_COLUMNS, columns, strict=True)))
        if master not in settings.MASKING_KEYS_LOST and not vault.opens(key):
            closed.add(Missing(master, data_keys, services))
    return sorted(closed)


def complaint(found: list[Missing]) -> str:
    """Returns one line for the operator: what can't be opened, and what to do."""
    parts = "; ".join(f"key {it.master!r}: {it.data_keys} data keys of {it.services} services" for it in found)
    names = ",".join(it.master for it in found)
    return (
        f"MASKING_KEYS can't open masked originals that are in the database ({parts}). Put the keys back that wrapped "
        f"them. If they are lost for good, give new keys names of their own and set MASKING_KEYS_LOST={names}."
    )


_COLUMNS = ("service_id", "kind", "number", "wrapped")
_OLDEST_AND_NEWEST = f"""
SELECT key.master, data_keys, services, {", ".join(f"key.{name}" for name in _COLUMNS)}
FROM (
    SELECT count(*) AS data_keys, count(DISTINCT service_id) AS services, min(id) AS oldest, max(id) AS newest
    FROM chat_chatkey GROUP BY master
) AS found
JOIN chat_chatkey AS key ON key.id IN (oldest, newest)
"""  # noqa: S608 - a constant
