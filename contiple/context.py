"""What the Contiple screen's frame shows on every page: the service, the agent, the agent's other services."""

from django.http import HttpRequest

from agents import access


def desk(request: HttpRequest) -> dict:
    """Empty unless the page was opened through ``agents.access``."""
    agent = getattr(request, "agent", None)
    if agent is None:
        return {}
    return {
        "agent": agent,
        "service": agent.service,
        "memberships": access.memberships(request.user),
        "chat_permitted": access.may_chat(agent),
        "unmask_permitted": access.may_unmask(agent),
    }
