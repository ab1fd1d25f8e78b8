"""The variables of the agent pages' frame: the service, the agent, the agent's other services, the permissions."""

from functools import partial

from django.http import HttpRequest

from agents import access
from agents.chat_permission import may_chat
from agents.first_page import is_getting_started
from chat.masking.record import count_limits_reached_today
from tickets.access import count_answers


def desk(request: HttpRequest) -> dict:
    """Returns nothing unless the page was opened through ``agents.access``."""
    agent = getattr(request, "agent", None)
    if agent is None:
        return {}
    return {
        "agent": agent,
        "service": agent.service,
        "memberships": access.memberships(request.user),
        "getting_started": is_getting_started(agent),
        "chat_permitted": may_chat(agent),
        "unmask_permitted": access.may_unmask(agent),
        # Functions: only the navigation shows them, the second to admins, and fragments have no navigation.
        "count_answers": partial(count_answers, agent),
        "count_limits": partial(count_limits_reached_today, agent.service),
    }
