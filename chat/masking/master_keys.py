"""Says whether the master keys at hand open what is there: at a start, which is refused if not, and to ``ready``.

After a restore or a mistake in ``MASKING_KEYS`` originals can't be opened. Nothing is destroyed by that, but it should
be known at once. ``MASKING_KEYS_LOST`` names master keys that are lost for good: then it starts without them.
"""

from typing import NamedTuple

from django.conf import settings
from django.db.models import Count, Max, Min

from chat.masking import vault
from chat.masking.models import DataKey


class Missing(NamedTuple):
    """Data keys that can't be opened, though so many name this master key."""

    master: str
    data_keys: int
    services: int


def missing() -> list[Missing]:
    """Returns the master keys that are not at hand, or are others by the same name, but for those named as lost.

    One query over all data keys, and one for the oldest and the newest of each master key, which are tried.
    """
    groups = DataKey.objects.values("master").order_by("master")
    groups = groups.annotate(keys=Count("pk"), services=Count("service", distinct=True), old=Min("pk"), new=Max("pk"))
    found = [group for group in groups if group["master"] not in settings.MASKING_KEYS_LOST]
    tried = DataKey.objects.in_bulk({group[name] for group in found for name in ("old", "new")})
    closed = {key.master for key in tried.values() if not vault.opens(key)}
    return [Missing(group["master"], group["keys"], group["services"]) for group in found if group["master"] in closed]


def complaint(found: list[Missing]) -> str:
    """Returns one line for the operator: what can't be opened, and what to do."""
    parts = "; ".join(f"key {it.master!r}: {it.data_keys} data keys of {it.services} services" for it in found)
    names = ",".join(it.master for it in found)
    return (
        f"MASKING_KEYS can't open masked originals that are in the database ({parts}). Put the keys back that wrapped "
        f"them. If they are lost for good, give new keys names of their own and set MASKING_KEYS_LOST={names}."
    )
