"""The targets of a service, as its admins set them."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from agents import audit
from agents.access import require_admin
from agents.models import Agent, Service
from tickets.models_settings import TicketTarget


@transaction.atomic
def set_targets(by: Agent, minutes: Mapping[str, Mapping[str, int | None]]) -> bool:
    """Sets the targets of each priority in ``minutes``; says whether any differs. They count for tickets from now on.

    Raises ``Closed`` if ``by`` is no admin any more. Locks the Service's row.
    """
    require_admin(by)
    Service.objects.select_for_update(no_key=True).values_list("pk").get(pk=by.service_id)
    known = {row.priority: row for row in TicketTarget.objects.filter(service=by.service)}
    changed: dict[str, Any] = {}
    for priority, values in minutes.items():
        row = known.get(priority) or TicketTarget(service=by.service, priority=priority)
        old = {name: getattr(row, name) for name in values}
        if old != dict(values):
            changed[priority] = [list(old.values()), list(values.values())]
            TicketTarget.objects.update_or_create(service=by.service, priority=priority, defaults=values)
    if changed:
        audit.record(by.service_id, "ticket_targets.change", f"service:{by.service_id}", agent=by, **changed)
    return bool(changed)
