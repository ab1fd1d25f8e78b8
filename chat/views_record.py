"""Service Management / Personal Information Masking / Unmasking record: who looked under which mask. For admins."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from agents.access import for_admins
from agents.models import Agent


@require_safe
@for_admins
def record(request: HttpRequest, agent: Agent) -> HttpResponse:
    return render(request, "chat/record.html", {"section": "masking", "tab": "record"})
