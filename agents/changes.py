"""Changing settings that people see on a form: what differs, for the trail; and whether the form was out of date."""

import json
from collections.abc import Iterable
from typing import Any

from django.db.models import Model
from django.utils.translation import gettext_lazy as _

from contiple.base.errors import Conflict


def stamp(row: Model, names: Iterable[str]) -> str:
    """What a form showed, to be sent back with it."""
    return json.dumps([getattr(row, name) for name in names], separators=(",", ":"))


def refuse_outdated(row: Model, names: Iterable[str], seen: str) -> None:
    """Raises ``Conflict`` where ``row``, locked, is not any more what the form showed. ``""`` passes."""
    if seen and seen != stamp(row, names):
        raise Conflict(_("Someone else changed this in the meantime. Check what you entered and save again."))


def apply_changes(row: Model, values: dict[str, Any]) -> dict[str, Any]:
    """Saves what differs of ``values``; returns it as ``{name: [old, new]}``."""
    changed = {name: [getattr(row, name), new] for name, new in values.items() if getattr(row, name) != new}
    for name, (_old, new) in changed.items():
        setattr(row, name, new)
    if changed:
        row.save(update_fields=list(changed))
    return changed
