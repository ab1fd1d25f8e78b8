"""The second step of signing in, signing in by a passkey alone, and the question that confirms who is signed in."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from agents import account_trail, throttle
from agents.models import User
from agents.models_accounts import AccountEntry
from agents.next_page import safe_next
from agents.second_factor import passkeys, pending, step_up
from agents.second_factor.forms import PasskeyForm, ProofForm
from agents.sign_in import begin_session, count_passkey
from contiple.base.errors import Invalid

Action, Factor = AccountEntry.Action, AccountEntry.Factor


def enter(request: HttpRequest, user: User, target: str) -> HttpResponse:
    """Signs in a person who has given the password, or asks for the second factor first. Leads to ``target``."""
    if not user.second_factor:
        begin_session(request, user, by=Factor.PASSWORD)
        return redirect(target)
    pending.begin(request, user, now=timezone.now())
    account_trail.record(request, user, Action.PASSWORD_GIVEN, factor=Factor.PASSWORD)
    return redirect(f"{reverse('agents:second_step')}?{urlencode({'next': target})}")


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def second_step(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    user = pending.person(request, now=now)
    if user is None:
        if pending.is_over(request):
            messages.info(request, _("Too much time has passed, or your password has changed. Sign in again."))
        return redirect(f"{reverse('agents:sign_in')}?{urlencode({'next': safe_next(request)})}")
    form = ProofForm(request.POST if request.method == "POST" else None, user=user)
    if request.method == "POST":
        if form.prove(request, now=now):
            pending.end(request, user, by=form.factor)
            return redirect(safe_next(request))
        account_trail.record(request, user, Action.SIGN_IN_FAILED, factor=form.factor)
    return render(request, "agents/second_step.html", {"form": form, "next": safe_next(request)})


@never_cache
@require_POST
def passkey_challenge(request: HttpRequest) -> HttpResponse:
    """Returns what the browser needs to ask for a passkey: of who is signed in or has given the password, or any."""
    user = request.user if request.user.is_authenticated else pending.person(request, now=timezone.now())
    return JsonResponse(passkeys.begin_proof(user))


@never_cache
@require_POST
def sign_in_by_passkey(request: HttpRequest) -> HttpResponse:
    """A passkey that has verified the person (PIN, finger, face) is two factors: no password is asked for."""
    form = PasskeyForm(request.POST)
    if not form.is_valid():
        raise Invalid(_("The passkey wasn’t accepted. Try again."))
    answer, now = _answer(form), timezone.now()
    owner = passkeys.owner(answer["answer"])
    counted = count_passkey(request, owner, now=now)
    try:
        user = passkeys.prove(None, **answer, now=now)
    except Invalid:
        account_trail.record(request, owner, Action.SIGN_IN_FAILED, factor=Factor.PASSKEY)
        raise
    throttle.forget(counted)
    request.session.flush()
    begin_session(request, user, by=Factor.PASSKEY, proved=True)
    return redirect(safe_next(request))


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def confirm(request: HttpRequest) -> HttpResponse:
    """Asks who is signed in to prove it again. For a dialog: only the form, and 204 once it is proved."""
    in_dialog = request.headers.get("X-Requested-With") == "fetch"
    form = ProofForm(request.POST if request.method == "POST" else None, user=request.user)
    if request.method == "POST":
        if form.prove(request, now=timezone.now()):
            step_up.note(request, now=timezone.now())
            account_trail.record(request, request.user, Action.CONFIRMED, factor=form.factor)
            return HttpResponse(status=204) if in_dialog else redirect(safe_next(request))
        if form.factor != Factor.PASSWORD:  # of which each failure is recorded already
            account_trail.record(request, request.user, Action.SIGN_IN_FAILED, factor=form.factor)
    template = "agents/_proof_form.html" if in_dialog else "agents/confirm.html"
    context = {"form": form, "next": safe_next(request), "action": reverse("agents:confirm")}
    return render(request, template, context)


def _answer(form: PasskeyForm) -> dict[str, str]:
    return {"answer": form.cleaned_data["credential"], "state": form.cleaned_data["state"]}
