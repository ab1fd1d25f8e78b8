"""A person's own page *Two-step verification*. Each change asks first who it is (``step_up.confirmed``)."""

import segno
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from agents.next_page import safe_next
from agents.second_factor import codes, factors, passkeys, step_up
from agents.second_factor.forms import AppCodeForm, NameForm, NewPasskeyForm
from agents.second_factor.requirement import operator_lacks_factor, services_that_require
from agents.second_factor.step_up import confirmed
from agents.sessions import go_on_alone
from contiple.base.errors import DomainError, Invalid

SEALED = "app_to_set_up"  # session key: the encrypted secret of an app whose first code has not come yet


@require_safe
@login_required
def overview(request: HttpRequest) -> HttpResponse:
    user = request.user
    context = {
        "passkeys": user.passkeys.order_by("created_at", "pk"),
        "app": getattr(user, "authenticator_app", None),
        "codes_left": user.recovery_codes.count(),
        "required_by": services_that_require(user),
        "operator_lacks_factor": operator_lacks_factor(user),
        "passkeys_available": passkeys.available(),
        "next": safe_next(request),
    }
    return render(request, "agents/two_step.html", context)


@require_POST
@confirmed
def new_challenge(request: HttpRequest) -> HttpResponse:
    return JsonResponse(passkeys.begin_registration(request.user))


@require_http_methods(["GET", "HEAD", "POST"])
@confirmed
def add_passkey(request: HttpRequest) -> HttpResponse:
    if not passkeys.available():
        raise Http404
    form = NewPasskeyForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        answer, state = form.cleaned_data["credential"], form.cleaned_data["state"]
        try:
            made = passkeys.registered(request.user, answer, state, now=timezone.now())
            factors.add_passkey(request.user, made, name=form.cleaned_data["name"])
        except DomainError as error:
            form.add_error(None, error.text)
        else:
            messages.success(request, _("The passkey was added."))
            return _after_adding(request)
    return render(request, "agents/add_passkey.html", {"form": form, "next": safe_next(request)})


@require_http_methods(["GET", "HEAD", "POST"])
@confirmed
def passkey(request: HttpRequest, pk: int) -> HttpResponse:
    """Renames a passkey."""
    own = get_object_or_404(request.user.passkeys, pk=pk)
    form = NameForm(request.POST if request.method == "POST" else None, initial={"name": own.name})
    if form.is_valid():
        own.name = form.cleaned_data["name"]
        own.save(update_fields=["name"])
        messages.success(request, _("Saved."))
        return redirect("agents:two_step")
    return render(request, "agents/passkey.html", {"form": form, "passkey": own})


@require_POST
@confirmed
def remove_passkey(request: HttpRequest, pk: int) -> HttpResponse:
    if not factors.remove_passkey(request.user, pk):
        raise Http404
    return _after_removing(request, _("The passkey was removed."))


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@confirmed
def set_up_app(request: HttpRequest) -> HttpResponse:
    """Shows a new secret until its first code proves that an app has it."""
    form = AppCodeForm(request.POST if request.method == "POST" else None)
    sealed = _sealed(request)
    if form.is_valid():
        try:
            factors.set_up_app(request.user, sealed, form.cleaned_data["code"], now=timezone.now())
        except DomainError as error:
            form.accept_error(error)
        else:
            del request.session[SEALED]
            messages.success(request, _("The authenticator app was set up."))
            return _after_adding(request)
    secret = codes.open_secret(request.user, sealed)
    picture = segno.make(codes.address_for_app(request.user, secret), error="m").svg_inline(border=4, omitsize=True)
    context = {
        "form": form,
        "picture": mark_safe(picture),  # noqa: S308 - drawn here, and holds no text
        "secret": codes.secret_as_text(secret),
        "next": safe_next(request),
    }
    return render(request, "agents/set_up_app.html", context)


@require_POST
@confirmed
def remove_app(request: HttpRequest) -> HttpResponse:
    if not factors.remove_app(request.user):
        raise Http404
    return _after_removing(request, _("The authenticator app was removed."))


@require_http_methods(["GET", "HEAD", "POST"])
@confirmed
def recovery_codes(request: HttpRequest) -> HttpResponse:
    """Answers the POST with the only page that shows the codes."""
    if request.method != "POST" or not request.user.second_factor:
        return redirect("agents:two_step")
    made = factors.make_recovery_codes(request.user)
    return render(request, "agents/recovery_codes.html", {"codes": "\n".join(made), "next": safe_next(request)})


def _sealed(request: HttpRequest) -> bytes:
    """Returns the secret to set up: a new one for a new page, the same one for its code."""
    if request.method != "POST":
        secret = codes.seal_secret(request.user, codes.new_secret())
        request.session[SEALED] = signing.b64_encode(secret).decode()
    if SEALED not in request.session:
        raise Invalid(_("This page is out of date. Start again."))
    return signing.b64_decode(request.session[SEALED].encode())


def _after_adding(request: HttpRequest) -> HttpResponse:
    """Makes the first recovery codes at once: a person who loses the only device needs them."""
    if not request.user.open_sessions.filter(session_key=request.session.session_key).exists():
        go_on_alone(request, request.user)
    step_up.note(request, now=timezone.now())
    if not request.user.recovery_codes.exists():
        made = factors.make_recovery_codes(request.user)
        return render(request, "agents/recovery_codes.html", {"codes": "\n".join(made), "next": safe_next(request)})
    return redirect(f"{reverse('agents:two_step')}?{urlencode({'next': safe_next(request)})}")


def _after_removing(request: HttpRequest, text: str) -> HttpResponse:
    if not request.user.second_factor:
        go_on_alone(request, request.user)
    messages.success(request, text)
    return redirect("agents:two_step")
