"""*Getting started*, the first page of a new service. For admins."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from agents.access import for_admins
from agents.models import Agent
from contiple.first_day.progress import progress_of
from contiple.first_day.showing import end_when_complete, show

STEPS = "first-day-steps"  # what the page asks for again by itself


@never_cache
@require_safe
@for_admins
def start(request: HttpRequest, agent: Agent) -> HttpResponse:
    progress = progress_of(agent)
    end_when_complete(agent, progress)
    context = {"section": "first_day", "progress": progress}
    is_part = request.headers.get("X-Part") == STEPS
    return render(request, "first_day/_steps.html" if is_part else "first_day/start.html", context)


@require_POST
@for_admins
def shown(request: HttpRequest, agent: Agent) -> HttpResponse:
    """Closes *Getting started* for all admins of the service, or brings it back."""
    if request.POST.get("shown") == "1":
        show(agent, is_shown=True)
        return redirect("first_day:start", agent.service.slug)
    show(agent, is_shown=False)
    messages.success(request, _("Getting started is closed. Chat check brings it back."))
    return redirect("tickets:list", agent.service.slug)
