"""The page of an invitation's link. Opening it changes nothing, because mail scanners open links too."""

from datetime import datetime

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from agents import invitations
from agents.forms import NewAccountForm
from agents.models import Agent, Invitation
from agents.models_accounts import AccountEntry
from agents.sign_in import begin_session
from contiple.base.email_addresses import canonical
from contiple.base.errors import DomainError


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def accept_invitation(request: HttpRequest, secret: str) -> HttpResponse:
    now = timezone.now()
    invitation = invitations.find_invitation(secret)
    if invitation is None or not invitations.usable_invitations(now).filter(pk=invitation.pk).exists():
        return render(request, "agents/invitation_gone.html", status=410 if invitation else 404)
    if request.user.is_authenticated and request.user.email != canonical(invitation.email):
        return render(request, "agents/invitation_other.html", {"invitation": invitation})
    if invitations.account_of(invitation) is None:
        return _with_new_account(request, invitation, now)
    return _with_account(request, invitation, now)


def _with_account(request: HttpRequest, invitation: Invitation, now: datetime) -> HttpResponse:
    if request.method != "POST":
        return render(request, "agents/invitation.html", {"invitation": invitation})
    if not request.user.is_authenticated:
        return redirect_to_login(request.path)
    return _joined(request, invitation, invitations.accept_invitation(invitation, user=request.user, now=now))


def _with_new_account(request: HttpRequest, invitation: Invitation, now: datetime) -> HttpResponse:
    form = NewAccountForm(request.POST if request.method == "POST" else None, email=invitation.email)
    if form.is_valid():
        try:
            agent = invitations.accept_as_new_user(invitation, **form.cleaned_data, now=now)
        except DomainError as error:
            form.accept_error(error)
        else:
            begin_session(request, agent.user, by=AccountEntry.Factor.LINK)
            return _joined(request, invitation, agent)
    return render(request, "agents/invitation.html", {"invitation": invitation, "form": form})


def _joined(request: HttpRequest, invitation: Invitation, agent: Agent) -> HttpResponse:
    messages.success(request, _("You joined %(service)s.") % {"service": invitation.service.name})
    if invitation.chat_permission and not agent.chat_permission:
        messages.warning(request, _("There is no free chat seat, so you have no chat permission yet. Ask an admin."))
    return redirect("agents:desk", invitation.service.slug)
