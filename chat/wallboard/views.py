"""The Wallboard, and moving several chats from it. For admins."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from agents.access import for_admins
from agents.models import Agent
from chat.lifecycle.moving import Moved, move_chats
from chat.wallboard.board import board_of
from chat.wallboard.forms import MoveForm, queues_offered


@require_safe
@for_admins
def wallboard(request: HttpRequest, agent: Agent) -> HttpResponse:
    """The page; its script asks for the part that changes."""
    return _page(request, agent)


@require_safe
@for_admins
def screen(request: HttpRequest, agent: Agent) -> HttpResponse:
    """The same for a large screen that everybody in the room sees: without customers' names, and nothing to press."""
    context = {"board": board_of(agent), "is_screen": True}
    template = "chat/_wallboard.html" if _is_script(request) else "chat/wallboard_screen.html"
    return render(request, template, context)


@require_POST
@for_admins
def move(request: HttpRequest, agent: Agent) -> HttpResponse:
    """Moves the chosen chats. What was typed stays if none could be moved."""
    form = MoveForm(request.POST, service=agent.service)
    if not form.is_valid():
        return _page(request, agent, form=form, problems=form.problems())
    moved = move_chats(agent, form.cleaned_data["chat"], form.move())
    if not moved.number:
        return _page(request, agent, form=form, problems=_refusals(moved) or [_("These chats have ended.")])
    text = ngettext("%(count)d chat moved.", "%(count)d chats moved.", moved.number) % {"count": moved.number}
    messages.success(request, text)
    for refusal in _refusals(moved):
        messages.warning(request, refusal)
    return redirect("chat:wallboard", agent.service.slug)


def _page(request: HttpRequest, agent: Agent, **more: Any) -> HttpResponse:
    board, queues = board_of(agent), queues_offered(agent.service)
    form: MoveForm | None = more.get("form")
    kept = form.target_kept(board, queues) if form else None
    context = {"section": "wallboard", "board": board, "queues": queues, "kept": kept, **more}
    return render(request, "chat/_wallboard.html" if _is_script(request) else "chat/wallboard.html", context)


def _refusals(moved: Moved) -> list[str]:
    """Says whose chats were not moved, and why: a line for each reason."""
    words = _("Not moved: %(names)s. %(why)s")
    return [words % {"names": ", ".join(names), "why": why} for why, names in moved.refused.items()]


def _is_script(request: HttpRequest) -> bool:
    return request.headers.get("X-Requested-With") == "fetch"
