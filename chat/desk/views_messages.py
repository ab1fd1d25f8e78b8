"""An agent edits and deletes own messages, and sees whom a note can name. New messages go through the socket."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from agents.access import for_agents
from agents.chat_permission import require_chat
from agents.models import Agent
from chat import access
from chat.conversation.mentions import mentionable as mentionable_agents
from chat.conversation.paging import number
from chat.lifecycle import editing


@require_POST
@for_agents
def edit(request: HttpRequest, agent: Agent, chat: int, seq: int) -> HttpResponse:
    _require_reader(agent, chat)
    rev, body = number(request.POST.get("rev", "")), request.POST.get("body", "")
    editing.edit_message(agent, chat, seq, rev=rev, body=body)
    return HttpResponse(status=204)


@require_POST
@for_agents
def delete(request: HttpRequest, agent: Agent, chat: int, seq: int) -> HttpResponse:
    _require_reader(agent, chat)
    editing.delete_message(agent, chat, seq)
    return HttpResponse(status=204)


@require_safe
@for_agents
def mentionable(request: HttpRequest, agent: Agent) -> HttpResponse:
    """The colleagues as options of the composer's list."""
    require_chat(agent)
    agents = mentionable_agents(agent.service_id, but=agent.pk)
    return render(request, "chat/_mention_options.html", {"agents": agents})


def _require_reader(agent: Agent, chat: int) -> None:
    """Raises ``Http404`` for a chat of another service, and ``Closed`` if the agent may not chat any more."""
    access.chat_for_agent(agent, chat)
    require_chat(agent)
