"""The chat status that an agent chose. Whether the agent is reachable is another matter."""

from collections.abc import Mapping

from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from agents import audit
from agents.chat_permission import permitted_agents
from agents.models import Agent
from contiple.base.errors import Closed, Invalid

# What is stored for the reasons that are offered, so that everybody reads them in the own language.
BREAK_REASONS: Mapping[str, Promise] = {
    "lunch": _("Lunch"),
    "rest": _("Short break"),
    "meeting": _("Meeting"),
    "training": _("Training"),
    "work": _("Follow-up work"),
}
REASON_LENGTH_MAX: int = Agent._meta.get_field("break_reason").max_length or 0


@transaction.atomic
def set_chat_status(agent: Agent, status: str, *, reason: str | None = None) -> None:
    """Sets what the agent chose, and why the agent is on a break; a status that is set already changes nothing else.

    ``reason`` is as ``Agent.break_reason`` has it, masked by the caller. ``None`` keeps that of a break that goes on;
    an empty one removes it.

    The permission is read by the very statement that changes the row, so that an agent who loses it at the same moment
    doesn't end up Online. Raises ``Closed`` without permission or Chat, ``Invalid`` for a status that doesn't exist.
    """
    if status not in Agent.ChatStatus.values:
        raise Invalid(_("There is no such chat status."))
    reason = reason if status == Agent.ChatStatus.BREAK else None
    permitted = permitted_agents().filter(pk=agent.pk)
    begun = permitted.exclude(chat_status=status).update(**_fields(status), break_reason=reason or "")
    goes_on = permitted.filter(chat_status=status)
    if begun or (reason is not None and goes_on.exclude(break_reason=reason).update(break_reason=reason)):
        agent.chat_status = status
        why = {"reason": reason} if reason or (reason == "" and not begun) else {}
        audit.record(agent.service_id, "agent.status", f"agent:{agent.pk}", agent=agent, chat_status=status, **why)
    elif not permitted.exists():
        raise Closed(_("You no longer have the chat permission."))


def reason_in_words(reason: str) -> str:
    """Returns a reason for a break as people read it."""
    return str(BREAK_REASONS.get(reason, reason))


def _fields(status: str) -> dict:
    now = timezone.now()
    idle = {"chat_idle_since": now} if status == Agent.ChatStatus.ONLINE else {}
    return {"chat_status": status, "chat_status_since": now, **idle}
