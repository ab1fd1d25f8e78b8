"""Service Management / Agents, with invitations. For admins."""

from django.contrib import messages
from django.db.models import QuerySet
from django.db.models.functions import Lower
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from agents.access import for_admins
from agents.contracts import seats_used
from agents.forms import AgentForm, InvitationForm
from agents.invitation_mail import invitation_link
from agents.invitations import NewInvitation, invite_agent, open_invitations, revoke_invitation, usable_invitations
from agents.membership import agent_stamp, change_agent
from agents.models import Agent, Contract, Service
from agents.second_factor.forms import ServiceRulesForm
from contiple.base.errors import DomainError


@require_safe
@for_admins
def agents(request: HttpRequest, agent: Agent) -> HttpResponse:
    return _agents_page(request, agent, InvitationForm(None, contract=agent.service.contract))


@require_http_methods(["GET", "HEAD", "POST"])
@for_admins
def invite(request: HttpRequest, agent: Agent) -> HttpResponse:
    """Has the link mailed. Without a mail server it answers with the only page that shows the link."""
    if request.method != "POST":
        return redirect("agents:agents", agent.service.slug)
    form = InvitationForm(request.POST, contract=agent.service.contract)
    if form.is_valid():
        try:
            new = invite_agent(by=agent, **form.cleaned_data, now=timezone.now())
        except DomainError as error:
            form.accept_error(error)
        else:
            return _invited(request, agent, new)
    return _agents_page(request, agent, form)


@require_POST
@for_admins
def invite_again(request: HttpRequest, agent: Agent, pk: int) -> HttpResponse:
    """Has a new link mailed, or shows it; the one before stops working."""
    old = get_object_or_404(open_invitations(agent.service), pk=pk)
    chat, now = old.chat_permission, timezone.now()
    try:
        new = invite_agent(by=agent, email=old.email, role=old.role, chat_permission=chat, now=now)
    except DomainError as error:
        messages.error(request, str(error))
        return redirect("agents:agents", agent.service.slug)
    return _invited(request, agent, new)


@require_POST
@for_admins
def revoke(request: HttpRequest, agent: Agent, pk: int) -> HttpResponse:
    invitation = get_object_or_404(open_invitations(agent.service), pk=pk)
    revoke_invitation(invitation, by=agent)
    messages.success(request, _("The invitation was revoked."))
    return redirect("agents:agents", agent.service.slug)


@require_http_methods(["GET", "HEAD", "POST"])
@for_admins
def edit(request: HttpRequest, agent: Agent, pk: int) -> HttpResponse:
    member = get_object_or_404(_agents_of(agent.service), pk=pk)
    data = request.POST if request.method == "POST" else None
    form = AgentForm(data, member=member, contract=Contract.objects.get(service=agent.service))
    if form.is_valid() and _saved(request, agent, member, form):
        return redirect(_after(agent, member, form))
    context = {"section": "agents", "form": form, "member": member, "is_self": member.pk == agent.pk}
    return render(request, "agents/agent.html", context)


def _invited(request: HttpRequest, agent: Agent, new: NewInvitation) -> HttpResponse:
    """Shows the link to nobody if it can be mailed: whoever follows it then has read the mail."""
    if not new.invitation.mail:
        context = {"section": "agents", "invitation": new.invitation, "link": invitation_link(new.secret)}
        return render(request, "agents/invited.html", context)
    messages.success(request, _("The invitation is on its way to %(email)s.") % {"email": new.invitation.email})
    return redirect("agents:agents", agent.service.slug)


def _agents_page(request: HttpRequest, agent: Agent, form: InvitationForm) -> HttpResponse:
    service = agent.service
    usable = set(usable_invitations(timezone.now()).filter(service=service).values_list("pk", flat=True))
    context = {
        "section": "agents",
        "form": form,
        "two_step": ServiceRulesForm(None, service=service),
        "agents": _agents_of(service).order_by("-is_active", Lower("user__name"), "pk"),
        "invitations": [(invitation, invitation.pk in usable) for invitation in open_invitations(service)],
        "contract": service.contract,
        "used": seats_used(service),
    }
    return render(request, "agents/agents.html", context)


def _agents_of(service: Service) -> QuerySet[Agent]:
    return service.agents.select_related("user")


def _saved(request: HttpRequest, agent: Agent, member: Agent, form: AgentForm) -> bool:
    try:
        changed = change_agent(member, by=agent, values=form.values(), seen=form.cleaned_data["seen"])
    except DomainError as error:
        form.accept_error(error)
        member.refresh_from_db()
        form.stamp_again(agent_stamp(member))
        return False
    messages.success(request, _("Saved.") if changed else _("No changes were made."))
    return True


def _after(agent: Agent, member: Agent, form: AgentForm) -> str:
    """Returns the next page: admins who have just given up their role can't go back to the list."""
    values = form.cleaned_data
    if member.pk == agent.pk and not (values["is_active"] and values["role"] == Agent.Role.ADMIN):
        return reverse("agents:start")
    return reverse("agents:agents", args=[agent.service.slug])
