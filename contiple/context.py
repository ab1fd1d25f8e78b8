"""What the Contiple screen's frame shows on every page: the service, the agent, the agent's other services."""

from functools import partial

from django.http import HttpRequest

from agents import access
from agents.chat_permission import may_chat
from chat.masking.record import count_limits_reached_today


def desk(request: HttpRequest) -> dict:
    """Empty unless the page was opened through ``agents.access``."""
    agent = getattr(request, "agent", None)
    if agent is None:
        return {}
    return {
        "agent": agent,
        "service": agent.service,
        "memberships": access.memberships(request.user),
        "chat_permitted": may_chat(agent),
        "unmask_permitted": access.may_unmask(agent),
        # Called where it is shown: in the navigation of admins, which a part of a page is drawn without.
        "count_limits": partial(count_limits_reached_today, agent.service),
    }
