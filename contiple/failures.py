"""Answers to what went wrong, in the reader's language: a page, or for htmx and scripts the sentence alone."""

import sys

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import RequestDataTooBig
from django.db import DatabaseError, InterfaceError, InternalError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import Resolver404, resolve, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from agents.access import agent_for, running_service
from agents.models import Agent
from agents.next_page import safe_next
from helpcenter.pages import public_page

TOKEN_HEADER = "X-CSRF-Token"  # noqa: S105 - a header's name
USER_HEADER = "X-Signed-In"
# The database is away, or what is asked for is locked or too slow (`contiple.base.deadlines`).
UNAVAILABLE = (OperationalError, InterfaceError, InternalError)
RETRY_AFTER_S = 5


def is_script(request: HttpRequest) -> bool:
    return bool(request.headers.get("HX-Request")) or request.headers.get("X-Requested-With") == "fetch"


def sentence(text: str, status: int) -> HttpResponse:
    return HttpResponse(text, status=status, content_type="text/plain; charset=utf-8")


def page(request: HttpRequest, text: str | Promise, status: int) -> HttpResponse:
    return render(request, "error.html", {"text": text, "is_public": is_public(request)}, status=status)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answers a form with an old token: a sign-in elsewhere has changed it. What was typed can be sent again.

    Only a form of our own pages gets a new token, and only its words are shown again: a browser says from where a
    form came, and another site can't read an answer's headers.
    """
    own = request.headers.get("Origin", "") in settings.SOCKET_ORIGINS
    if is_script(request):
        return _with_new_token(request, own)
    if own and request.path == reverse("agents:sign_in"):
        return _sign_in_again(request)
    is_secret = any("password" in name for name in request.POST)
    fields = [(name, value) for name, values in request.POST.lists() for value in values if name != _TOKEN_FIELD]
    context = {"fields": fields if own and not is_secret else [], "page": request.path}
    return render(request, "403_csrf.html", context, status=403)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if isinstance(exception, RequestDataTooBig):
        return _failure(request, _("This is too large to be sent. Shorten it and try again."), 413)
    return _failure(request, _("The request couldn’t be understood. Go back and try again."), 400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _failure(request, _("You can’t do this."), 403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The frame of the help center or of the desk stays: it has a search, and the ways to go on."""
    if is_script(request) and not request.headers.get("HX-Boosted"):
        return sentence(_("There is nothing here, or you have no access to it."), 404)
    area, _sep, rest = request.path.removeprefix("/").partition("/")
    slug = rest.partition("/")[0]
    try:
        if area == "hc":
            return render(request, "helpcenter/404.html", public_page(request, running_service(slug)), status=404)
        if area == "desk" and (agent := _agent_of(request, slug)):
            setattr(request, "agent", agent)  # noqa: B010 - the frame of the desk reads it
            return render(request, "desk_404.html", status=404)
    except Http404:
        pass  # there is no such help center: a page of nobody's
    return render(request, "404.html", {"is_public": area == "hc"}, status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answers an error that nobody has caught: 503 if the database does not serve this page now, else 500.

    Nothing here asks the database.
    """
    text, status = _("The error is on our side and has been recorded. Try again in a moment."), 500
    if _is_unavailable(sys.exc_info()[1]):
        text, status = _("This can’t be opened right now. Try again in a moment."), 503
    if is_script(request):
        answer = sentence(text, status)
    else:  # without a request: whatever has failed may fail again in a context processor
        failure = {"title": _("Something went wrong"), "text": text, "may_retry": True}
        body = render_to_string("bare.html", {**failure, "is_public": is_public(request)})
        answer = HttpResponse(body, status=status)
    if status == 503:
        answer["Retry-After"] = str(RETRY_AFTER_S)
    return answer


def _is_unavailable(error: BaseException | None) -> bool:
    """A database error in a transaction that had failed before comes as another one; the first one decides."""
    while isinstance(error, DatabaseError | InterfaceError):
        if isinstance(error, UNAVAILABLE):
            return True
        error = error.__context__
    return False


def page_above(path: str) -> str:
    """Returns the nearest page above an address that only takes forms."""
    while path != "/":
        path = path.rstrip("/").rpartition("/")[0] + "/"
        try:
            resolve(path)
        except Resolver404:
            continue
        return path
    return "/"


def forms_addresses_lead_to_pages(get_response):
    """Leads a person who opens the address of a form, after signing in say, to the page above it."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        is_visit = request.method == "GET" and "text/html" in request.headers.get("Accept", "")
        if response.status_code == 405 and is_visit and not is_script(request):
            return redirect(page_above(request.path))
        return response

    return middleware


_TOKEN_FIELD = "csrfmiddlewaretoken"  # noqa: S105 - a field's name


def _agent_of(request: HttpRequest, slug: str) -> Agent | None:
    return agent_for(request.user, slug) if request.user.is_authenticated else None


def _with_new_token(request: HttpRequest, own: bool) -> HttpResponse:
    answer = sentence(_("This page was out of date. Send it again: what you typed is still here."), 403)
    if own:
        answer[TOKEN_HEADER] = get_token(request)
        answer[USER_HEADER] = str(request.user.pk or "")
    return answer


def _sign_in_again(request: HttpRequest) -> HttpResponse:
    target = safe_next(request)
    if request.user.is_authenticated:
        return redirect(target)
    messages.info(request, _("The sign-in page was out of date. Please sign in again."))
    return redirect_to_login(target)


def _failure(request: HttpRequest, text: str, status: int) -> HttpResponse:
    return sentence(text, status) if is_script(request) else page(request, text, status)


def is_public(request: HttpRequest) -> bool:
    """Whether customers read the page: the start page is the agents' sign-in."""
    return request.path.startswith("/hc/")
