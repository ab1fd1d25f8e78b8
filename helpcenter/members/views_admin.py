"""Service Management / Help Center / Member Interlink. For admins."""

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from agents.access import for_admins
from agents.models import Agent, Service
from agents.second_factor.step_up import asks_again
from contiple.base.errors import DomainError
from helpcenter.access import help_center_of
from helpcenter.members import shared_secrets, vector

SAMPLES = {"python": "Python", "javascript": "JavaScript (Node.js)", "java": "Java", "php": "PHP"}


@require_safe
@for_admins
def interlink(request: HttpRequest, agent: Agent) -> HttpResponse:
    return _page(request, agent)


@require_POST
@for_admins
@asks_again
def switch(request: HttpRequest, agent: Agent) -> HttpResponse:
    changed = shared_secrets.switch(agent, on=request.POST.get("on") == "1")
    messages.success(request, _("Saved.") if changed else _("No changes were made."))
    return redirect("helpcenter:members", agent.service.slug)


@require_POST
@for_admins
@asks_again
def make_secret(request: HttpRequest, agent: Agent) -> HttpResponse:
    """Shows the new secret in the answer, and never again."""
    try:
        _secret, text = shared_secrets.make(agent)
    except DomainError as error:
        messages.error(request, str(error))
        return redirect("helpcenter:members", agent.service.slug)
    return _page(request, agent, made=text)


@require_POST
@for_admins
@asks_again
def end_secret(request: HttpRequest, agent: Agent, pk: int) -> HttpResponse:
    if not agent.service.member_secrets.filter(pk=pk).exists():
        raise Http404
    shared_secrets.end(agent, pk)
    messages.success(request, _("The secret was ended. Who signed in by it is unverified now."))
    return redirect("helpcenter:members", agent.service.slug)


def sample(service: Service, name: str) -> str:
    """Returns the code of a site that makes member tokens for this service."""
    return render_to_string(f"helpcenter/members/{name}.txt", {"service": service.slug}).strip()


def _page(request: HttpRequest, agent: Agent, made: str = "") -> HttpResponse:
    service = agent.service
    secrets = list(shared_secrets.valid_secrets(service))
    context = {
        "section": "members",
        "is_on": help_center_of(service).member_interlink,
        "secrets": secrets,
        "may_make": len(secrets) < shared_secrets.VALID_MAX,
        "made": made,
        "samples": [(name, label, sample(service, name)) for name, label in SAMPLES.items()],
        "vector": vector,
        "page_sample": render_to_string("helpcenter/members/page.txt").strip(),
        "center_sample": settings.PUBLIC_ORIGIN + reverse("chat:enter_member", args=[service.slug]) + "?token=…",
    }
    return render(request, "helpcenter/members.html", context)
