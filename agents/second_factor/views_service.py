"""Service Management / Agents / Two-step verification. For admins."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from agents.access import for_admins
from agents.models import Agent
from agents.second_factor.forms import ServiceRulesForm
from agents.second_factor.service_rules import change_requirement, requirement_stamp
from contiple.base.errors import DomainError


@require_http_methods(["GET", "HEAD", "POST"])
@for_admins
def rules(request: HttpRequest, agent: Agent) -> HttpResponse:
    form = ServiceRulesForm(request.POST if request.method == "POST" else None, service=agent.service)
    if form.is_valid():
        try:
            changed = change_requirement(by=agent, values=form.values(), seen=form.cleaned_data["seen"])
        except DomainError as error:
            form.accept_error(error)
            agent.service.refresh_from_db()
            form.stamp_again(requirement_stamp(agent.service))
        else:
            messages.success(request, _("Saved.") if changed else _("No changes were made."))
            return redirect("agents:agents", agent.service.slug)
    return render(request, "agents/two_step_rules.html", {"section": "agents", "two_step": form})
