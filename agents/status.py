"""The chat status that an agent chose. Whether the agent is reachable is another matter."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from agents import audit
from agents.chat_permission import permitted_agents
from agents.models import Agent
from contiple.base.errors import Closed, Invalid


@transaction.atomic
def set_chat_status(agent: Agent, status: str) -> None:
    """Sets what the agent chose; a status that is set already changes nothing.

    The permission is read by the very statement that changes the row, so that an agent who loses it at the same moment
    doesn't end up Online. Raises ``Closed`` without permission or Chat, ``Invalid`` for a status that doesn't exist.
    """
    if status not in Agent.ChatStatus.values:
        raise Invalid(_("There is no such chat status."))
    permitted = permitted_agents().filter(pk=agent.pk)
    changed = permitted.exclude(chat_status=status).update(**_fields(status))
    if changed:
        agent.chat_status = status
        audit.record(agent.service_id, "agent.status", f"agent:{agent.pk}", agent=agent, chat_status=status)
    elif not permitted.exists():
        raise Closed(_("You no longer have the chat permission."))


def _fields(status: str) -> dict:
    since = {"chat_idle_since": timezone.now()} if status == Agent.ChatStatus.ONLINE else {}
    return {"chat_status": status, **since}
