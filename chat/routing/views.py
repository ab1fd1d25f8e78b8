"""Chat check: why nobody gets chats. For admins."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from agents.access import for_admins
from agents.models import Agent
from chat.routing.checklist import checks_of, look_now
from chat.routing.standing import in_words, nearness


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
