"""Asks a person again: before unmasking, exports and destroying, and before a factor changes. Once in ten minutes.

A session's beginning counts. The person proves it by a factor, or without one by the password.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRedirect

from agents.models import Agent
from agents.next_page import page_of

VALID_FOR = timedelta(minutes=10)
CONFIRMED_AT = "confirmed_at"  # session key: seconds since 1970
HEADER = "X-Confirm"  # names the address at which a script asks the person, before it tries again


def note(request: HttpRequest, *, now: datetime) -> None:
    request.session[CONFIRMED_AT] = now.timestamp()


def is_recent(request: HttpRequest, *, now: datetime) -> bool:
    return 0 <= now.timestamp() - request.session.get(CONFIRMED_AT, 0) < VALID_FOR.total_seconds()


def asks_again(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Asks an agent who has a second factor, if the service wants it. Stands below ``for_agents``."""

    @wraps(view)
    def guarded(request: HttpRequest, agent: Agent, *args: Any, **kwargs: Any) -> HttpResponse:
        asks = agent.service.asks_again and agent.user.second_factor
        if asks and not is_recent(request, now=timezone.now()):
            return ask(request)
        return view(request, agent, *args, **kwargs)

    return guarded


def confirmed(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Asks anybody, with a second factor or without."""

    @login_required
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return view(request, *args, **kwargs) if is_recent(request, now=timezone.now()) else ask(request)

    return guarded


def ask(request: HttpRequest) -> HttpResponse:
    """Answers a script with 403 and ``HEADER``; leads a page to the question, and from there back to the page."""
    address = reverse("agents:confirm")
    if request.headers.get("X-Requested-With") == "fetch":
        text = _("Confirm that it’s you, and try again.")
        return HttpResponse(text, status=403, headers={HEADER: address}, content_type="text/plain; charset=utf-8")
    question = f"{address}?{urlencode({'next': page_of(request)})}"
    # It is a page of its own: inside the desk's page it would be out of place.
    return HttpResponseClientRedirect(question) if request.htmx else redirect(question)  # type: ignore[attr-defined]
