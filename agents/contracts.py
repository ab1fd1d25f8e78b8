"""Contract Details: the options and limits that a service has bought, and how much of them is in use.

The contract's row is the lock under which a service's seats and admins are counted. It is taken before agents' rows.
"""

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from agents import audit
from agents.access import require_admin
from agents.changes import apply_changes, refuse_outdated, stamp
from agents.models import Agent, Contract, Service
from contiple.base.errors import Closed, Invalid

OPTIONS = ("chat", "security_service", "chat_widget", "customer_information")
FIELDS = (*OPTIONS, "chat_seats", "chats_at_once", "originals_kept_days")


@transaction.atomic
def change_contract(*, by: Agent, values: dict[str, Any], seen: str = "") -> dict[str, Any]:
    """Sets the options and limits named in ``values``; returns what differs. ``seen`` is the form's ``contract_stamp``.

    Agents may have more chats at once than a lowered limit: the limit holds for them, their own number stays.
    Raises ``Closed`` (not an admin any more), ``Conflict`` (the form was out of date), ``Invalid`` (code: the field).
    """
    contract = lock_contract(by.service_id)
    require_admin(by)
    refuse_outdated(contract, FIELDS, seen)
    refuse_seats_in_use(contract, values.get("chat_seats", contract.chat_seats))
    changed = apply_changes(contract, values)
    if changed:
        audit.record(by.service_id, "contract.change", f"contract:{contract.pk}", agent=by, **changed)
    if "chat" in changed:
        turn_everybody_offline(contract)
    return changed


def contract_stamp(contract: Contract) -> str:
    return stamp(contract, FIELDS)


def lock_contract(service_id: int) -> Contract:
    """Locks the contract: take it before counting seats or admins, so that two don't count at the same moment."""
    return Contract.objects.select_for_update(no_key=True).get(service=service_id)


def seats_used(service: Service | int) -> int:
    return _seated(service).count()


def refuse_seats_in_use(contract: Contract, seats: int) -> None:
    """Raises ``Invalid`` if ``seats`` are fewer than are in use."""
    used = seats_used(contract.service_id)
    if seats < used and seats != contract.chat_seats:
        text = ngettext(
            "%(used)s chat seat is in use. Remove the chat permission from agents first.",
            "%(used)s chat seats are in use. Remove the chat permission from agents first.",
            used,
        )
        raise Invalid(text % {"used": used}, code="chat_seats")


def refuse_chat_permission(contract: Contract) -> None:
    """Raises ``Closed`` or ``Invalid`` if one more agent can't chat. Stays true under the contract's lock."""
    if not contract.chat:
        raise Closed(
            _("Chat is off in Contract Details, so the chat permission can’t be granted."), code="chat_permission"
        )
    if not has_free_seat(contract):
        raise Invalid(_("All chat seats are in use, so the chat permission can’t be granted."), code="chat_permission")


def has_free_seat(contract: Contract) -> bool:
    return seats_used(contract.service_id) < contract.chat_seats


def limited_agents(contract: Contract) -> int:
    """Counts the agents whose own limit is above the contract's."""
    return _seated(contract.service_id).filter(chat_limit__gt=contract.chats_at_once).count()


def turn_everybody_offline(contract: Contract) -> None:
    """Sets every agent Offline when Chat ends, so that nobody is Online unawares when it begins again."""
    online = Agent.objects.filter(service=contract.service_id).exclude(chat_status=Agent.ChatStatus.OFFLINE)
    locked = list(online.order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True))
    Agent.objects.filter(pk__in=locked).update(chat_status=Agent.ChatStatus.OFFLINE)


def _seated(service: Service | int) -> QuerySet[Agent]:
    return Agent.objects.filter(service=service, is_active=True, chat_permission=True)
