"""Memberships and their permissions: a seat is never given twice, and an admin is always left."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from agents import audit
from agents.access import active_admins, require_admin
from agents.changes import apply_changes, refuse_outdated, stamp
from agents.contracts import has_free_seat, lock_contract, refuse_chat_permission
from agents.models import Agent, Contract, User
from contiple.base.errors import Invalid

FIELDS = ("role", "chat_permission", "chat_limit", "unmask_permission", "export_permission", "is_active")


@transaction.atomic
def change_agent(agent: Agent, *, by: Agent, values: dict[str, Any], seen: str = "") -> dict[str, Any]:
    """Sets what ``values`` names of ``FIELDS``; returns what differs. ``seen`` is the form's ``agent_stamp``.

    Deactivating takes the permissions, and an agent without the chat permission is Offline. The chat permission brings
    the one to unmask, unless ``values`` says otherwise. Raises ``Closed`` (``by`` is no admin any more, or the contract
    has no Chat), ``Conflict`` (the form was out of date), ``Invalid``; code: the field.
    """
    contract = lock_contract(by.service_id)
    require_admin(by)
    agent = Agent.objects.select_for_update(no_key=True).get(pk=agent.pk, service=by.service_id)
    refuse_outdated(agent, FIELDS, seen)
    values = _with_consequences(agent, values)
    _refuse_change(agent, values, contract)
    changed = apply_changes(agent, values)
    if changed:
        audit.record(by.service_id, "agent.change", f"agent:{agent.pk}", agent=by, **changed)
    return changed


def agent_stamp(agent: Agent) -> str:
    return stamp(agent, FIELDS)


def join_service(user: User, *, contract: Contract, role: str, chat_permission: bool) -> Agent:
    """Makes ``user`` an agent, or active again. Needs the contract's lock.

    Without a free seat, or without Chat in the contract, the agent joins without the chat permission. An agent who is
    active already stays unchanged.
    """
    agent, _is_new = Agent.objects.get_or_create(
        service_id=contract.service_id, user=user, defaults={"is_active": False}
    )
    if agent.is_active:
        return agent
    permitted = chat_permission and contract.chat and has_free_seat(contract)
    limit = min(agent.chat_limit, contract.chats_at_once)
    permissions = {"chat_permission": permitted, "unmask_permission": permitted, "export_permission": False}
    changed = apply_changes(agent, {"is_active": True, "role": role, **permissions, "chat_limit": limit})
    audit.record(contract.service_id, "agent.join", f"agent:{agent.pk}", agent=agent, **changed)
    return agent


def _with_consequences(agent: Agent, values: dict[str, Any]) -> dict[str, Any]:
    after = {name: values.get(name, getattr(agent, name)) for name in FIELDS}
    if not after["is_active"]:
        after["chat_permission"] = after["unmask_permission"] = after["export_permission"] = False
    if not after["chat_permission"]:
        after["chat_status"] = Agent.ChatStatus.OFFLINE
    elif not agent.chat_permission and "unmask_permission" not in values:
        after["unmask_permission"] = True
    return after


def _refuse_change(agent: Agent, after: dict[str, Any], contract: Contract) -> None:
    if after["chat_permission"] and not (agent.chat_permission and agent.is_active):
        refuse_chat_permission(contract)
    if after["chat_limit"] != agent.chat_limit and not 1 <= after["chat_limit"] <= contract.chats_at_once:
        text = _("The contract allows at most %(most)s chats at once.") % {"most": contract.chats_at_once}
        raise Invalid(text, code="chat_limit")
    if not after["is_active"]:
        refuse_losing_last_admin(agent, field="is_active")
    elif after["role"] != Agent.Role.ADMIN:
        refuse_losing_last_admin(agent, field="role")


def refuse_losing_last_admin(agent: Agent, *, field: str = "") -> None:
    """Raises ``Invalid`` if nobody else can manage the service. Stays true under the contract's lock."""
    admins = active_admins(agent.service_id)
    if admins.filter(pk=agent.pk).exists() and not admins.exclude(pk=agent.pk).exists():
        raise Invalid(_("This is the last admin. Make another agent an admin first."), code=field)


def refuse_deactivating_last_admin(user: User) -> None:
    """Raises ``Invalid`` if the person is a running service's last admin. Locks the contracts of those services."""
    managed = Agent.objects.filter(user=user, is_active=True, role=Agent.Role.ADMIN, service__is_stopped=False)
    for agent in managed.order_by("service"):
        lock_contract(agent.service_id)
        refuse_losing_last_admin(agent)
