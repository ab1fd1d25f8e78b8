"""The chat status: what an agent chose. Whether the agent is reachable is another matter."""

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from agents import audit
from agents.models import Agent, Service, User
from contiple.base.errors import Closed, Invalid


@transaction.atomic
def set_chat_status(agent: Agent, status: str) -> None:
    """Sets what the agent chose; nothing happens where it is so already.

    The permission is read by the very statement that changes the row, so that an agent who loses it at the same moment
    doesn't end up Online. Raises ``Closed`` without permission or Chat, ``Invalid`` for a status that doesn't exist.
    """
    if status not in Agent.ChatStatus.values:
        raise Invalid(_("There is no such chat status."))
    changed = _permitted(agent).exclude(chat_status=status).update(**_fields(status))
    if changed:
        agent.chat_status = status
        audit.record(agent.service_id, "agent.status", f"agent:{agent.pk}", agent=agent, chat_status=status)
    elif not _permitted(agent).exists():
        raise Closed(_("You no longer have the chat permission."))


def _permitted(agent: Agent) -> QuerySet[Agent]:
    """As ``access.may_chat``, read now. Other tables stand in subqueries: the UPDATE then checks its own row again."""
    service = Service.objects.filter(pk=OuterRef("service"), is_stopped=False, contract__chat=True)
    user = User.objects.filter(pk=OuterRef("user"), is_active=True)
    return Agent.objects.filter(Exists(service), Exists(user), pk=agent.pk, is_active=True, chat_permission=True)


def _fields(status: str) -> dict:
    since = {"chat_idle_since": timezone.now()} if status == Agent.ChatStatus.ONLINE else {}
    return {"chat_status": status, **since}
