"""An agent sets a chat's category."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from agents.access import for_agents
from agents.models import Agent
from chat.access import chat_for_agent
from chat.filing.choosing import file_chat


@require_POST
@for_agents
def set_category(request: HttpRequest, agent: Agent, chat: int) -> HttpResponse:
    """Answers a script with nothing, since its page shows what was chosen; leads a form back to the conversation."""
    found = chat_for_agent(agent, chat)
    file_chat(agent, found.pk, request.POST.get("category", ""))
    if request.headers.get("X-Requested-With") == "fetch":
        return HttpResponse(status=204)
    return redirect("chat:history", agent.service.slug, found.pk)
