"""What is done against abuse. For admins; a chat is marked as spam by the agent who has it, too."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from agents.access import for_admins, for_agents
from agents.models import Agent
from chat import access
from chat.desk.forms import BlockForm
from chat.desk.views import conversation_page, is_script
from chat.lifecycle import blocking, spam
from chat.models import Chat
from contiple.base.errors import DomainError

SHOWN_MAX = 500
SPAM_SHOWN = 50


@require_http_methods(["GET", "HEAD", "POST"])
@for_admins
def block(request: HttpRequest, agent: Agent, chat: int) -> HttpResponse:
    found = access.chat_for_agent(agent, chat)
    form = BlockForm(request.POST if request.method == "POST" else None, chat=found)
    if form.is_valid():
        try:
            ended = _block(agent, found, **form.cleaned_data)
        except DomainError as error:
            form.accept_error(error)
        else:
            messages.success(request, " ".join([_("Blocked."), _ended(ended)] if ended else [_("Blocked.")]))
            return redirect("chat:blocked", agent.service.slug)
    context = {"section": "blocked", "chat": found, "form": form}
    return render(request, "chat/block.html", context | {"open": blocking.open_chats_like(agent, found).count()})


@require_safe
@for_admins
def blocked(request: HttpRequest, agent: Agent) -> HttpResponse:
    """Who is blocked, and the last chats that were marked as spam; Chat History has them all."""
    marked = list(spam.spam_of(agent)[: SPAM_SHOWN + 1])
    context = {
        "section": "blocked",
        "blocks": blocking.blocks_of(agent)[:SHOWN_MAX],
        "spam": marked[:SPAM_SHOWN],
        "has_more": len(marked) > SPAM_SHOWN,
    }
    return render(request, "chat/blocked.html", context)


@require_POST
@for_admins
def unblock(request: HttpRequest, agent: Agent, block: int) -> HttpResponse:
    blocking.unblock(agent, block)
    messages.success(request, _("Unblocked."))
    return redirect("chat:blocked", agent.service.slug)


@require_POST
@for_agents
def mark_spam(request: HttpRequest, agent: Agent, chat: int) -> HttpResponse:
    """Marks the chat as spam, or as none, and shows again where that was pressed: a page, or the chat in the dialog."""
    found, is_spam = access.chat_for_agent(agent, chat), request.POST.get("spam") == "1"
    if not spam.may_mark(agent, found):
        raise Http404
    is_changed = spam.mark_spam(agent, found.pk, is_spam=is_spam)
    if is_script(request):
        return conversation_page(request, agent, access.chat_for_agent(agent, chat))
    if is_changed:
        messages.success(request, _("Marked as spam.") if is_spam else _("Marked as no spam."))
    if request.POST.get("page") == "blocked":
        return redirect("chat:blocked", agent.service.slug)
    return redirect("chat:history", agent.service.slug, found.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@for_admins
def end_chats(request: HttpRequest, agent: Agent) -> HttpResponse:
    """The service's open chats to choose from; with ``like`` only those of that chat's customer or address, chosen."""
    if request.method == "POST":
        if chosen := _ids(request.POST.getlist("chat")):
            messages.success(request, _ended(blocking.end_all(agent, chosen, is_spam="spam" in request.POST)))
        else:
            messages.error(request, _("Select the chats to end first."))
        page = "wallboard" if request.POST.get("page") == "wallboard" else "end_chats"
        return redirect(f"chat:{page}", agent.service.slug)
    like = next(iter(_ids([request.GET.get("like", "")])), None)
    alike = access.chat_for_agent(agent, like) if like else None
    found = blocking.open_chats_like(agent, alike) if alike else blocking.open_chats(agent)
    context = {"section": "blocked", "like": alike, "chats": found[:SHOWN_MAX]}
    return render(request, "chat/end_chats.html", context)


def _block(agent: Agent, chat: Chat, *, is_spam: bool, **how: Any) -> int:
    """Blocks, and marks the chats that end by it and the one at hand as spam. Returns how many end."""
    ended = blocking.block(agent, chat, **how)
    if is_spam:
        spam.mark_all_spam(agent, [chat.pk, *ended])
    return len(ended)


def _ids(texts: list[str]) -> list[int]:
    return [int(text) for text in texts[:SHOWN_MAX] if text.isdecimal() and len(text) <= 10]


def _ended(count: int) -> str:
    return ngettext("%(count)d chat ended.", "%(count)d chats ended.", count) % {"count": count}
