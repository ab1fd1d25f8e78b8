"""Changes a service's rules and own patterns: Service Management / Personal Information Masking.

The contract's row is the lock of these settings too: under it an admin's role can't change, and patterns are counted.
Each change counts ``version`` up in its own transaction, so that every process searches the next message by it. In
such a transaction nothing may call ``rules_of``: the process would remember rules that are perhaps rolled back.
"""

import unicodedata
from collections.abc import Mapping
from typing import Any

import regex
from django.db import transaction
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _

from agents import audit
from agents.access import require_admin
from agents.changes import apply_changes, refuse_outdated, stamp
from agents.contracts import lock_contract
from agents.models import Agent, Service
from chat.masking import detectors
from chat.masking.concealing import require_masking
from chat.masking.models import MaskingRules, OwnPattern
from chat.masking.rules import Action, Rule, kind_rules
from contiple.base.errors import Conflict, Invalid

REVEALS_PER_HOUR_MAX = 1_000
# Together they have 3 ms of the processor for a message (``detectors.custom``). Measured: so many typical ones take
# 0.08 ms on a typical message, and 0.8 ms on the longest message of letters that have to be folded.
PATTERNS_MAX = 30
FIELDS = ("kinds", "reveals_per_hour")
PATTERN_FIELDS = ("form", "source", "action", "keep")


@transaction.atomic
def change_rules(*, by: Agent, kinds: Mapping[str, Rule], reveals_per_hour: int, seen: str = "") -> dict[str, Any]:
    """Sets the rules of ``kinds``; others stay. Returns the changes, by kind, as ``[old, new]``.

    ``seen`` is the form's ``rules_stamp``. Raises ``Closed`` (not an admin any more, or no Security Service) and
    ``Conflict`` (the form was out of date).
    """
    row = _lock_rules(by)
    refuse_outdated(row, FIELDS, seen)
    before = kind_rules(row)
    after = {**before, **kinds}
    changed: dict[str, Any] = {kind: [before[kind], rule] for kind, rule in after.items() if before[kind] != rule}
    if reveals_per_hour != row.reveals_per_hour:
        changed["reveals_per_hour"] = [row.reveals_per_hour, reveals_per_hour]
    if changed:
        row.kinds, row.reveals_per_hour = {kind: list(rule) for kind, rule in after.items()}, reveals_per_hour
        _save_as_next_version(row)
        audit.record(by.service_id, "masking_rules.change", f"masking_rules:{row.pk}", agent=by, **changed)
    return changed


def add_pattern(*, by: Agent, values: Mapping[str, Any], sample: str) -> OwnPattern:
    """Adds a word or pattern, which must be found in ``sample``. ``values`` are all of ``PATTERN_FIELDS``.

    Raises as ``change_rules``, and ``Invalid`` (code: the field) if ``detectors.compile_custom`` refuses it, if it is
    not found in the sample, is a duplicate, or is one too many. Not for use in a transaction: trying it takes a while.
    """
    values = _clean(values)
    try_out(values, sample)
    with transaction.atomic():
        row = _lock_rules(by)
        _refuse_duplicate(by.service_id, values)
        if OwnPattern.objects.filter(service=by.service_id).count() >= PATTERNS_MAX:
            raise Invalid(_("There are already %(count)d. Delete one first.") % {"count": PATTERNS_MAX}, code="source")
        own = OwnPattern.objects.create(service_id=by.service_id, **values)
        _save_as_next_version(row)
        _record(by, "add", own, form=own.form, rule=[own.action, own.keep])
    return own


def change_pattern(own: OwnPattern, *, by: Agent, values: Mapping[str, Any], sample: str, seen: str = "") -> list[str]:
    """Changes a pattern, as ``add_pattern``; returns the changed fields' names. ``seen`` is its ``pattern_stamp``.

    The sample matters only if the word or pattern itself changes. Raises ``Conflict`` also if somebody else has deleted
    it.
    """
    values = _clean(values)
    if (own.form, own.source) != (values["form"], values["source"]):
        try_out(values, sample)
    with transaction.atomic():
        row = _lock_rules(by)
        own = _as_it_is_now(own, by)
        refuse_outdated(own, PATTERN_FIELDS, seen)
        _refuse_duplicate(by.service_id, values, but=own)
        changed = apply_changes(own, values)
        if changed:
            _save_as_next_version(row)
            if "source" in changed:
                changed["source"] = "changed"  # the pattern is as private as what it finds
            _record(by, "change", own, changes=changed)
    return list(changed)


@transaction.atomic
def remove_pattern(own: OwnPattern, *, by: Agent) -> None:
    """Removes a pattern; its masks stay. Raises as ``change_pattern``."""
    row = _lock_rules(by)
    own = _as_it_is_now(own, by)
    _record(by, "remove", own, form=own.form)
    own.delete()
    _save_as_next_version(row)


def rules_row(service: Service) -> MaskingRules:
    """Returns the saved row, or an unsaved one with the defaults if the service has chosen nothing yet."""
    return MaskingRules.objects.filter(service=service).first() or MaskingRules(service=service, version=0)


def rules_stamp(row: MaskingRules) -> str:
    return stamp(row, FIELDS)


def pattern_stamp(own: OwnPattern) -> str:
    return stamp(own, PATTERN_FIELDS)


def loosened(before: Mapping[str, Rule], after: Mapping[str, Rule]) -> list[str]:
    """Returns the kinds destroyed at once by default and until now, which would no longer be after the change."""
    destroyed = Rule(Action.MASK, keep=False)
    return [
        kind
        for kind, rule in after.items()
        if kind in detectors.DESTROYED_BY_DEFAULT and before[kind] == destroyed != rule
    ]


def own_patterns_of(admin: Agent) -> QuerySet[OwnPattern]:
    """Returns the words and patterns of the admin's own service."""
    return OwnPattern.objects.filter(service=admin.service)


def own_pattern_for(admin: Agent, pattern_id: int) -> OwnPattern:
    """Returns the service's own pattern. Raises ``Http404`` if there is none, or if it is another service's."""
    return get_object_or_404(own_patterns_of(admin), pk=pattern_id)


def try_out(values: Mapping[str, Any], sample: str) -> regex.Pattern[str]:
    """Returns the word or pattern compiled. Raises ``Invalid`` as ``add_pattern`` does. Takes up to a second."""
    values = _clean(values)
    try:
        pattern = detectors.compile_custom(values["form"], values["source"], sample=sample)
    except Invalid as error:
        raise Invalid(error.text, code="source") from None
    if not detectors.find_custom(sample, [pattern]):
        raise Invalid(_("Not found in this text. Paste a text that contains it."), code="sample")
    return pattern


def _lock_rules(by: Agent) -> MaskingRules:
    contract = lock_contract(by.service_id)
    require_admin(by)
    require_masking(contract.service)
    return rules_row(contract.service)


def _save_as_next_version(row: MaskingRules) -> None:
    row.version += 1
    row.save(update_fields=["version", *FIELDS] if row.pk else None)


def _clean(values: Mapping[str, Any]) -> dict[str, Any]:
    """Composes the text (NFC), as messages are: Hangul typed on any system is the same."""
    return {**values, "source": unicodedata.normalize("NFC", values["source"]).strip()}


def _as_it_is_now(own: OwnPattern, by: Agent) -> OwnPattern:
    found = OwnPattern.objects.filter(pk=own.pk, service=by.service_id).first()
    if found is None:
        raise Conflict(_("Someone else deleted this in the meantime."))
    return found


def _refuse_duplicate(service_id: int, values: Mapping[str, Any], *, but: OwnPattern | None = None) -> None:
    same = OwnPattern.objects.filter(service=service_id, form=values["form"], source=values["source"])
    if any(own != but for own in same):
        raise Invalid(_("This word or pattern already exists."), code="source")


def _record(by: Agent, act: str, own: OwnPattern, **details: Any) -> None:
    audit.record(by.service_id, f"own_pattern.{act}", f"own_pattern:{own.pk}", agent=by, **details)
