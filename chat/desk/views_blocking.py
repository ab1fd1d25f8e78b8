"""What an admin does against abuse: block, unblock, end many chats at once. For admins."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from agents.access import for_admins
from agents.models import Agent
from chat import access
from chat.desk.forms import BlockForm
from chat.lifecycle import blocking
from contiple.base.errors import DomainError

SHOWN_MAX = 500


@require_http_methods(["GET", "HEAD", "POST"])
@for_admins
def block(request: HttpRequest, agent: Agent, chat: int) -> HttpResponse:
    found = access.chat_for_agent(agent, chat)
    form = BlockForm(request.POST if request.method == "POST" else None, chat=found)
    if form.is_valid():
        try:
            ended = blocking.block(agent, found, **form.cleaned_data)
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
    return render(request, "chat/blocked.html", {"section": "blocked", "blocks": blocking.blocks_of(agent)[:SHOWN_MAX]})


@require_POST
@for_admins
def unblock(request: HttpRequest, agent: Agent, block: int) -> HttpResponse:
    blocking.unblock(agent, block)
    messages.success(request, _("Unblocked."))
    return redirect("chat:blocked", agent.service.slug)


@require_http_methods(["GET", "HEAD", "POST"])
@for_admins
def end_chats(request: HttpRequest, agent: Agent) -> HttpResponse:
    """The service's open chats to choose from; with ``like`` only those of that chat's customer or address, chosen."""
    if request.method == "POST":
        if chosen := _ids(request.POST.getlist("chat")):
            messages.success(request, _ended(blocking.end_all(agent, chosen)))
        else:
            messages.error(request, _("Select the chats to end first."))
        return redirect("chat:end_chats", agent.service.slug)
    like = next(iter(_ids([request.GET.get("like", "")])), None)
    alike = access.chat_for_agent(agent, like) if like else None
    found = blocking.open_chats_like(agent, alike) if alike else blocking.open_chats(agent)
    context = {"section": "blocked", "like": alike, "chats": found[:SHOWN_MAX]}
    return render(request, "chat/end_chats.html", context)


def _ids(texts: list[str]) -> list[int]:
    return [int(text) for text in texts[:SHOWN_MAX] if text.isdecimal() and len(text) <= 10]


def _ended(count: int) -> str:
    return ngettext("%(count)d chat ended.", "%(count)d chats ended.", count) % {"count": count}
