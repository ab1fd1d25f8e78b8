"""Service Management / Ticket settings: targets, and groups of agents. For admins."""

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from agents.access import for_admins
from agents.models import Agent
from contiple.base.errors import DomainError
from tickets.models import DONE, Ticket
from tickets.models_settings import Group
from tickets.triage import groups, targets
from tickets.triage.forms import GroupSettingsForm, TargetsForm

_ACTIVE = Q(members__is_active=True, members__user__is_active=True)


@require_http_methods(["GET", "HEAD", "POST"])
@for_admins
def settings(request: HttpRequest, agent: Agent) -> HttpResponse:
    form = TargetsForm(request.POST if request.method == "POST" else None, service=agent.service)
    if form.is_valid():
        changed = targets.set_targets(agent, form.minutes())
        messages.success(request, _("Saved.") if changed else _("No changes were made."))
        return redirect("tickets:settings", agent.service.slug)
    shown = groups.groups_of(agent.service).annotate(people=Count("members", filter=_ACTIVE))
    return render(request, "tickets/settings.html", {"section": "ticket_settings", "form": form, "groups": shown})


@require_http_methods(["GET", "HEAD", "POST"])
@for_admins
def new_group(request: HttpRequest, agent: Agent) -> HttpResponse:
    return _group_page(request, agent, None)


@require_http_methods(["GET", "HEAD", "POST"])
@for_admins
def edit_group(request: HttpRequest, agent: Agent, pk: int) -> HttpResponse:
    return _group_page(request, agent, get_object_or_404(groups.groups_of(agent.service), pk=pk))


@require_http_methods(["GET", "HEAD", "POST"])
@for_admins
def delete_group(request: HttpRequest, agent: Agent, pk: int) -> HttpResponse:
    """Asks first, and says what happens to the group's tickets."""
    group = get_object_or_404(groups.groups_of(agent.service), pk=pk)
    if request.method == "POST":
        groups.delete_group(agent, group)
        messages.success(request, _("The group was deleted."))
        return redirect("tickets:settings", agent.service.slug)
    open_tickets = Ticket.objects.filter(group=group).exclude(state__in=DONE)
    context = {"group": group, "open": open_tickets.count(), "section": "ticket_settings"}
    context["unassigned"] = open_tickets.filter(assignee=None).count()
    return render(request, "tickets/delete_group.html", context)


def _group_page(request: HttpRequest, agent: Agent, group: Group | None) -> HttpResponse:
    data = request.POST if request.method == "POST" else None
    form = GroupSettingsForm(data, service=agent.service, group=group)
    if form.is_valid() and _saved(agent, group, form):
        messages.success(request, _("Saved."))
        return redirect("tickets:settings", agent.service.slug)
    return render(request, "tickets/group.html", {"section": "ticket_settings", "form": form, "group": group})


def _saved(agent: Agent, group: Group | None, form: GroupSettingsForm) -> bool:
    try:
        groups.save_group(agent, group, **form.cleaned_data)
    except DomainError as error:
        form.accept_error(error)
        return False
    return True
