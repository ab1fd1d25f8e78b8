"""A service's rules about the second factor: for whom it is required, and whether it is asked for again."""

from typing import Any

from django.db import transaction

from agents import audit
from agents.access import require_admin
from agents.changes import apply_changes, refuse_outdated, stamp
from agents.contracts import lock_contract
from agents.models import Agent, Service

FIELDS = ("second_factor", "asks_again")


@transaction.atomic
def change_requirement(*, by: Agent, values: dict[str, Any], seen: str) -> dict[str, Any]:
    """Sets the rules; returns what differs. Raises ``Closed`` (no admin any more) or ``Conflict`` (outdated)."""
    lock_contract(by.service_id)
    require_admin(by)
    service = Service.objects.select_for_update(no_key=True).get(pk=by.service_id)
    refuse_outdated(service, FIELDS, seen)
    changed = apply_changes(service, values)
    if changed:
        audit.record(service, "service.second_factor", f"service:{service.pk}", agent=by, **changed)
    return changed


def requirement_stamp(service: Service) -> str:
    return stamp(service, FIELDS)
