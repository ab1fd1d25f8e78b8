"""Pages for signing in and out, changing the password, and choosing a service."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from agents import account_trail
from agents.access import LAST_SERVICE, for_agents, memberships, signed_in
from agents.first_page import first_page
from agents.forms import OwnPasswordForm, SignInForm
from agents.models import Agent
from agents.models_accounts import AccountEntry
from agents.next_page import safe_next
from agents.outbox.server import has_mail_server
from agents.second_factor import passkeys
from agents.second_factor.views_sign_in import enter
from agents.sessions import go_on_alone
from agents.sign_in import finish_session, verify_password
from contiple.base.errors import TooMany


@require_safe
@signed_in
def start(request: HttpRequest) -> HttpResponse:
    """Leads to the desk that was opened last, or to the first one."""
    own = {agent.service.slug: agent for agent in memberships(request.user)}
    if not own:
        return redirect("agents:services")
    return redirect(first_page(own.get(request.session.get(LAST_SERVICE)) or next(iter(own.values()))))


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    target = safe_next(request)
    if request.method != "POST" and request.user.is_authenticated:
        return redirect(target)
    form = SignInForm(request.POST or None)
    status = 200
    if form.is_valid():
        try:
            user = verify_password(request, **form.cleaned_data, now=timezone.now())
        except TooMany as error:
            form.add_error(None, error.text)
            if has_mail_server():
                form.add_error(None, _("To sign in now, set a new password by e-mail."))
            status = error.status
        else:
            if user is not None:
                return enter(request, user, target)
            form.add_error(None, _("The e-mail or password is incorrect."))
    context = {"form": form, "next": target, "passkeys_available": passkeys.available()}
    return render(request, "agents/sign_in.html", context, status=status)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    target = safe_next(request, "")
    finish_session(request)
    return redirect(f"{reverse('agents:sign_in')}{target and f'?next={target}'}")


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def password(request: HttpRequest) -> HttpResponse:
    """Changes the password. This session goes on; the person's others end, since their hash of it is out of date."""
    form = OwnPasswordForm(request.user, request.POST if request.method == "POST" else None)
    if form.is_valid():
        go_on_alone(request, form.save())
        account_trail.record(request, request.user, AccountEntry.Action.PASSWORD_CHANGED)
        messages.success(request, _("Your password was changed. You’ve been signed out everywhere else."))
        return redirect("agents:password")
    return render(request, "agents/password.html", {"form": form})


@require_safe
@signed_in
def services(request: HttpRequest) -> HttpResponse:
    return render(request, "agents/services.html", {"own": memberships(request.user)})


@require_safe
@for_agents
def desk(request: HttpRequest, agent: Agent) -> HttpResponse:
    request.session[LAST_SERVICE] = agent.service.slug
    return redirect(first_page(agent))
