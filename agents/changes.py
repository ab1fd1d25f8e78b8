"""Changes settings that are edited on a form: says what differs, for the trail, and refuses an outdated form."""

import json
from collections.abc import Iterable
from typing import Any

from django.db.models import Model
from django.utils.translation import gettext_lazy as _

from contiple.base.errors import Conflict


def stamp(row: Model, names: Iterable[str]) -> str:
    """The values that a form shows, in one string that the form sends back."""
    return json.dumps([getattr(row, name) for name in names], separators=(",", ":"))


def refuse_outdated(row: Model, names: Iterable[str], seen: str) -> None:
    """Raises ``Conflict`` if ``row``, locked, is no longer as the form showed it. ``""`` passes."""
    if seen and seen != stamp(row, names):
        raise Conflict(_("Someone else changed this in the meantime. Check what you entered and save again."))


def apply_changes(row: Model, values: dict[str, Any]) -> dict[str, Any]:
    """Saves the ``values`` that differ; returns them as ``{name: [old, new]}``."""
    changed = {name: [getattr(row, name), new] for name, new in values.items() if getattr(row, name) != new}
    for name, (_old, new) in changed.items():
        setattr(row, name, new)
    if changed:
        row.save(update_fields=list(changed))
    return changed
