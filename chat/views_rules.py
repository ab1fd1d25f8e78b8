"""Service Management / Personal Information Masking: what is masked, offered and left alone. For admins."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from agents.access import for_admins
from agents.models import Agent


@require_safe
@for_admins
def rules(request: HttpRequest, agent: Agent) -> HttpResponse:
    return render(request, "chat/rules.html", {"section": "masking", "tab": "rules"})
