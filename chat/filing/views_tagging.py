"""An agent puts tags on a chat and takes them off. A script gets the tags as they are then, a form the conversation."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.html import format_html_join
from django.views.decorators.http import require_POST, require_safe

from agents.access import for_agents
from agents.models import Agent
from chat.access import chat_for_agent
from chat.filing.choosing import filing_of
from chat.filing.tagging import add_tag, remove_tag
from chat.models import Chat
from chat.tag import tags_in_use


@require_POST
@for_agents
def add(request: HttpRequest, agent: Agent, chat: int) -> HttpResponse:
    found = chat_for_agent(agent, chat)
    add_tag(agent, found.pk, request.POST.get("tag", ""))
    return _tags(request, agent, found)


@require_POST
@for_agents
def remove(request: HttpRequest, agent: Agent, chat: int, tag: int) -> HttpResponse:
    found = chat_for_agent(agent, chat)
    remove_tag(agent, found.pk, tag)
    return _tags(request, agent, found)


@require_safe
@for_agents
def names(_request: HttpRequest, agent: Agent) -> HttpResponse:
    """The service's tags as options, for the box to write one in."""
    offered = tags_in_use(agent.service).values_list("name")
    return HttpResponse(format_html_join("", '<option value="{}"></option>', offered))


def _tags(request: HttpRequest, agent: Agent, chat: Chat) -> HttpResponse:
    if request.headers.get("X-Requested-With") == "fetch":
        return render(request, "chat/_tags_on.html", {"chat": chat, "filing": filing_of(chat, agent)})
    return redirect("chat:history", agent.service.slug, chat.pk)
