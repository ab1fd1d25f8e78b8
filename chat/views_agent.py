"""The agent's side: a chat in the dialog, in a ticket, its masks. Messages go through the socket."""

import msgspec
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.cache import add_never_cache_headers
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from agents.access import for_agents, may_chat
from agents.models import Agent
from chat import access, entries, lifecycle, masking, rendering
from chat.models import Chat, Mask
from chat.trail import chat_trail
from chat.views_customer import before, number
from contiple.addresses import client_address
from contiple.errors import Closed, Invalid

_selections = msgspec.json.Decoder(list[masking.Selection])


@require_safe
@for_agents
def conversation(request: HttpRequest, agent: Agent, chat: int) -> HttpResponse:
    """A chat as the dialog shows it: with a composer where it is this agent's."""
    return _conversation(request, agent, access.chat_for_agent(agent, chat))


@require_POST
@for_agents
def open_chat(request: HttpRequest, agent: Agent, chat: int) -> HttpResponse:
    """The agent selects an entry of Active Chats: a ringing one becomes the agent's."""
    _require_chat(agent)
    lifecycle.answer_chat(agent, access.chat_for_agent(agent, chat).pk)
    return _conversation(request, agent, access.chat_for_agent(agent, chat))


@require_POST
@for_agents
def end_chat(request: HttpRequest, agent: Agent, chat: int) -> HttpResponse:
    _require_chat(agent)
    lifecycle.close_chat(access.chat_for_agent(agent, chat).pk, by=Chat.ClosedBy.AGENT, agent=agent)
    return _conversation(request, agent, access.chat_for_agent(agent, chat))


@require_POST
@for_agents
def change_status(request: HttpRequest, agent: Agent) -> HttpResponse:
    _require_chat(agent)
    chosen = request.POST.get("status", "")
    if chosen not in Agent.ChatStatus.values:
        raise Invalid(_("There is no such chat status."))
    lifecycle.change_status(agent, chosen)
    return HttpResponse(status=204)


@require_safe
@for_agents
def history(request: HttpRequest, agent: Agent, chat: int) -> HttpResponse:
    """The conversation to read, as in a ticket's Quick Menu; a page of its own where no script asks for it."""
    found = access.chat_for_agent(agent, chat)
    context = _reading(agent, found) | {"section": "tickets"}
    if agent.is_admin:
        context["trail"] = chat_trail(found)
    template = "chat/_history.html" if request.htmx else "chat/history.html"
    return render(request, template, context)


@require_safe
@for_agents
def earlier(request: HttpRequest, agent: Agent, chat: int) -> HttpResponse:
    page = entries.page_before(access.chat_for_agent(agent, chat), before(request.GET))
    return HttpResponse(rendering.messages_html(page, get_language()))


@require_safe
@for_agents
def changes(request: HttpRequest, agent: Agent, chat: int) -> HttpResponse:
    """What changed after ``rev``, as the frames of the socket: for readers who have none (no chat permission)."""
    found = entries.changes_since(access.chat_for_agent(agent, chat).pk, number(request.GET.get("rev", "")))
    frames = [rendering.message_frame(entry, get_language()) for entry in found]
    return HttpResponse(msgspec.json.encode(frames), content_type="application/json")


@require_POST
@for_agents
def mask(request: HttpRequest, agent: Agent, chat: int) -> HttpResponse:
    """Masks a selection: a list of ``masking.Selection``, as JSON."""
    found = access.chat_for_agent(agent, chat)
    _require_chat(agent)
    try:
        selections = _selections.decode(request.body)
    except msgspec.DecodeError:
        raise Invalid(_("Select text in a message first.")) from None
    return JsonResponse({"masked": masking.mask_selection(agent, found.pk, selections)})


@require_POST
@for_agents
def reveal(request: HttpRequest, agent: Agent, mask: int) -> HttpResponse:
    """The original, in this answer only, as plain text."""
    try:
        text = masking.reveal(agent, mask, address=client_address(request) or None)
    except Mask.DoesNotExist:
        raise Http404 from None
    response = HttpResponse(text, content_type="text/plain; charset=utf-8")
    add_never_cache_headers(response)
    return response


def _require_chat(agent: Agent) -> None:
    if not may_chat(agent):
        raise Closed(_("You are not permitted to chat any more."))


def _conversation(request: HttpRequest, agent: Agent, chat: Chat) -> HttpResponse:
    if not request.htmx and request.headers.get("X-Requested-With") != "fetch":
        return redirect("chat:history", agent.service.slug, chat.pk)
    mine = chat.agent_id == agent.pk and chat.state == Chat.State.ACTIVE
    return render(request, "chat/_conversation.html", _reading(agent, chat) | {"mine": mine})


def _reading(agent: Agent, chat: Chat) -> dict:
    page = entries.latest_page(chat)
    return {
        "chat": chat,
        "messages_html": rendering.messages_html(page, get_language()),
        "has_earlier": bool(page) and page[0].seq > 1,
        "can_mask": may_chat(agent) and agent.service.contract.security_service,
        "is_open": chat.is_open,
    }
