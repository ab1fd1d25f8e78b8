"""The agent's pages of a chat: in the chat dialog and in Chat History. Messages go through the socket."""

from collections.abc import Callable
from functools import partial

import msgspec
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from agents.access import for_admins, for_agents
from agents.chat_permission import may_chat, require_chat
from agents.models import Agent
from chat import access
from chat.conversation import drafts, entries, evaluations, rendering
from chat.conversation.paging import before, number
from chat.filing.choosing import filing_of
from chat.follow_ups import registered
from chat.lifecycle import editing, ending, handing_over, transitions
from chat.lifecycle import transfer as transfers
from chat.lifecycle.trail import chat_trail, routing_trail
from chat.models import Chat
from chat.routing.standing import in_words
from contiple.base.errors import DomainError, Invalid


@require_safe
@for_agents
def conversation(request: HttpRequest, agent: Agent, chat: int) -> HttpResponse:
    """The chat in the dialog; with a composer if it is this agent's."""
    return conversation_page(request, agent, access.chat_for_agent(agent, chat))


@require_POST
@for_agents
def open_chat(request: HttpRequest, agent: Agent, chat: int) -> HttpResponse:
    """The chat that the agent selected in Active Chats; if it rings, the agent answers it."""
    require_chat(agent)
    transitions.answer_chat(agent, access.chat_for_agent(agent, chat).pk)
    return conversation_page(request, agent, access.chat_for_agent(agent, chat))


@require_http_methods(["GET", "HEAD", "POST"])
@for_agents
def end_chat(request: HttpRequest, agent: Agent, chat: int) -> HttpResponse:
    """Asks first, and for a category if the service has some."""
    require_chat(agent)
    found = access.chat_for_agent(agent, chat)
    act = partial(ending.end_chat, agent, found.pk, category=request.POST.get("category"))
    return _handing_over(request, agent, found, "end", act)


@require_POST
@for_agents
def ask_evaluation(request: HttpRequest, agent: Agent, chat: int) -> HttpResponse:
    require_chat(agent)
    evaluations.ask(agent, access.chat_for_agent(agent, chat).pk)
    return HttpResponse(status=204)


@require_POST
@for_agents
def change_status(request: HttpRequest, agent: Agent) -> HttpResponse:
    """Changes the agent's chat status. Before Offline, asks what becomes of the agent's open chats."""
    require_chat(agent)
    chosen = request.POST.get("status", "")
    if chosen not in Agent.ChatStatus.values:
        raise Invalid(_("There is no such chat status."))
    choice = request.POST.get("open_chats", "")
    must_choose = chosen == Agent.ChatStatus.OFFLINE and choice not in {"keep", "pass_on"}
    if must_choose and (count := Chat.objects.filter(agent=agent, state=Chat.State.ACTIVE).count()):
        return render(request, "chat/_going_offline.html", {"count": count})
    reason = request.POST.get("reason")
    transitions.change_status(agent, chosen, pass_on_open=choice == "pass_on", reason=reason)
    return HttpResponse(status=204)


@require_http_methods(["GET", "HEAD", "POST"])
@for_agents
def transfer(request: HttpRequest, agent: Agent, chat: int) -> HttpResponse:
    """Asks for a colleague or a queue, and for a note, and hands the chat over."""
    require_chat(agent)
    found, sent = access.chat_for_agent(agent, chat), request.POST
    act = partial(handing_over.hand_over, agent, found.pk, sent.get("to", ""), sent.get("note", ""))
    return _handing_over(request, agent, found, "transfer", act)


@require_http_methods(["GET", "HEAD", "POST"])
@for_agents
def give_back(request: HttpRequest, agent: Agent, chat: int) -> HttpResponse:
    """The address by which pages of the release before return a chat to a queue; it asks as ``transfer``."""
    require_chat(agent)
    found, sent = access.chat_for_agent(agent, chat), request.POST
    to = handing_over.TO_QUEUE + sent.get("queue", "")
    act = partial(handing_over.hand_over, agent, found.pk, to, sent.get("note", ""))
    return _handing_over(request, agent, found, "transfer", act)


@require_POST
@for_admins
def take_over(request: HttpRequest, agent: Agent, chat: int) -> HttpResponse:
    require_chat(agent)
    transfers.take_over(agent, access.chat_for_agent(agent, chat).pk)
    return conversation_page(request, agent, access.chat_for_agent(agent, chat))


@require_safe
@for_agents
def history(request: HttpRequest, agent: Agent, chat: int) -> HttpResponse:
    """The conversation to read: a fragment for scripts, which other pages include, else a page of its own."""
    found = access.chat_for_agent(agent, chat)
    context = _reading(agent, found) | {"section": "chats", "made": registered().made_from([found]).get(found.pk)}
    if agent.is_admin:
        context["trail"] = chat_trail(found)
        context["choices"] = routing_trail(found)
        context["can_destroy"] = True
    template = "chat/_history.html" if is_script(request) else "chat/history.html"
    return render(request, template, context)


@require_safe
@for_agents
def earlier(request: HttpRequest, agent: Agent, chat: int) -> HttpResponse:
    page = entries.page_before(access.chat_for_agent(agent, chat), before(request.GET))
    return HttpResponse(rendering.messages_html(page, get_language()))


@require_safe
@for_agents
def changes(request: HttpRequest, agent: Agent, chat: int) -> HttpResponse:
    """Messages that changed after ``rev``, as frames. For readers without a socket, who may not chat."""
    found = entries.changes_since(access.chat_for_agent(agent, chat).pk, number(request.GET.get("rev", "")))
    frames = [rendering.message_frame(entry, get_language()) for entry in found]
    return HttpResponse(msgspec.json.encode(frames), content_type="application/json")


@require_safe
@for_agents
def widget(request: HttpRequest, agent: Agent) -> HttpResponse:
    """The Chat Widget, for a page that was opened before the agent had the chat permission; 204 without it."""
    return render(request, "chat/_widget.html") if may_chat(agent) else HttpResponse(status=204)


def conversation_page(request: HttpRequest, agent: Agent, chat: Chat) -> HttpResponse:
    if not is_script(request):
        return redirect("chat:history", agent.service.slug, chat.pk)
    mine = chat.agent_id == agent.pk and chat.state == Chat.State.ACTIVE
    context = _reading(agent, chat) | {"mine": mine, "can_ask_evaluation": mine and evaluations.can_ask(chat)}
    context |= {"now": timezone.now(), "changeable_minutes": int(editing.CHANGEABLE_FOR.total_seconds() // 60)}
    if mine or (chat.is_open and may_chat(agent)):  # the others write notes
        unsent = drafts.unsent(agent, chat, context["entries"])
        context["drafts"] = msgspec.json.encode(unsent).decode()
    return render(request, "chat/_conversation.html", context)


def _handing_over(request: HttpRequest, agent: Agent, chat: Chat, page: str, act: Callable[[], object]) -> HttpResponse:
    """The form; once sent, the chat as it is now, or the form again with what was typed and why it was refused."""
    error = None
    if request.method == "POST":
        try:
            act()
            return conversation_page(request, agent, access.chat_for_agent(agent, chat.pk))
        except DomainError as refused:
            error = refused
    context = {"chat": chat, "error": error, "section": "chats"} | _asked[page](agent, chat)
    template = f"chat/_{page}.html" if is_script(request) else f"chat/{page}.html"
    return render(request, template, context, status=error.status if error else 200)


def _targets(agent: Agent, chat: Chat) -> dict:
    colleagues = handing_over.colleagues_of(agent)
    return {
        "colleagues": [(each, in_words(each)) for each in colleagues],
        "is_nobody_free": not any(each.is_free for each in colleagues),
        "queues": handing_over.queues_of(chat, colleagues),
    }


_asked: dict[str, Callable[[Agent, Chat], dict]] = {
    "transfer": _targets,
    "end": lambda agent, chat: {"filing": filing_of(chat, agent)},
}


def is_script(request: HttpRequest) -> bool:
    """Whether a script asks for a part. A link that htmx follows (boosted) asks for the page."""
    if request.htmx:
        return not request.htmx.boosted
    return request.headers.get("X-Requested-With") == "fetch"


def _reading(agent: Agent, chat: Chat) -> dict:
    page = entries.latest_page(chat)
    return {
        "chat": chat,
        "entries": page,
        "messages_html": rendering.messages_html(page, get_language()),
        "has_earlier": bool(page) and page[0].seq > 1,
        "can_mask": agent.service.contract.security_service,
        "is_open": chat.is_open,
        "filing": filing_of(chat, agent),
    }
