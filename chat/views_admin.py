"""What an admin of the service has besides an agent's pages: any chat to take over, and why nobody gets chats."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from agents.access import for_admins
from agents.models import Agent
from chat import access, transfer
from chat.checklist import checks_of, look_now
from chat.seats import in_words, nearness
from chat.views_agent import conversation_page, require_chat


@require_POST
@for_admins
def take_over(request: HttpRequest, agent: Agent, chat: int) -> HttpResponse:
    require_chat(agent)
    transfer.take_over(agent, access.chat_for_agent(agent, chat).pk)
    return conversation_page(request, agent, access.chat_for_agent(agent, chat))


@require_safe
@for_admins
def checklist(request: HttpRequest, agent: Agent) -> HttpResponse:
    now = look_now(agent.service)
    checks = checks_of(agent.service, now)
    context = {
        "section": "checklist",
        "now": now,
        "checks": checks,
        "first": next((check for check in checks if not check.is_done), None),
        "seats": [(seat, in_words(seat)) for seat in sorted(now.seats, key=nearness)],
    }
    return render(request, "chat/checklist.html", context)
