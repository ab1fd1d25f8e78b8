"""The queue as an agent sees it, and taking a chat out of it by hand; what the agent is told of chats that went on."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from agents.access import for_agents
from agents.chat_permission import require_chat
from agents.models import Agent
from chat import access
from chat.conversation import desk_notices
from chat.desk.views import conversation_page, is_script
from chat.lifecycle import transfer as transfers
from chat.routing.waiting_list import waiting_list


@require_safe
@for_agents
def waiting(request: HttpRequest, agent: Agent) -> HttpResponse:
    """The chats that this agent may take. The Chat Widget shows it; without a script, Chat History has them."""
    require_chat(agent)
    if not is_script(request):
        return redirect("chat:chats", agent.service.slug)
    return render(request, "chat/_waiting_chats.html", {"queue": waiting_list(agent)})


@require_POST
@for_agents
def take(request: HttpRequest, agent: Agent, chat: int) -> HttpResponse:
    require_chat(agent)
    transfers.take(agent, access.chat_for_agent(agent, chat).pk)
    return conversation_page(request, agent, access.chat_for_agent(agent, chat))


@require_POST
@for_agents
def dismiss_notice(request: HttpRequest, agent: Agent, notice: int) -> HttpResponse:
    require_chat(agent)
    desk_notices.dismiss(agent, notice)
    return HttpResponse(status=204)
