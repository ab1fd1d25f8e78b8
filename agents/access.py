"""Access to services: fetches services and memberships for a person, and guards views. Nothing else does.

What is forbidden looks like what doesn't exist: 404.
"""

from collections.abc import Callable
from functools import wraps

from django.contrib.auth.views import redirect_to_login
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from agents.models import Agent, Service, User
from agents.next_page import page_of
from agents.second_factor.requirement import lacks_factor, lead_to_set_up
from contiple.base import log_ids
from contiple.base.errors import Closed

LAST_SERVICE = "service"  # session key: the slug of the service whose desk was opened last


def memberships(user: User) -> QuerySet[Agent]:
    """The person's memberships in running services, by the service's name."""
    return (
        Agent.objects.filter(user=user, is_active=True, user__is_active=True, service__is_stopped=False)
        .select_related("service__contract", "service__help_center", "user")
        .order_by("service__name", "pk")
    )


def agent_for(user: User, service_slug: str) -> Agent | None:
    """The person's membership in that service, read now; ``None`` if there is none (any more)."""
    return memberships(user).filter(service__slug=service_slug).first() if user.is_authenticated else None


def running_service(slug: str) -> Service:
    """The service of a public page. Raises ``Http404`` if there is none or it is stopped."""
    service = Service.objects.select_related("contract", "help_center").filter(slug=slug, is_stopped=False).first()
    if service is None:
        raise Http404
    log_ids.about(service=service.pk)
    return service


def may_unmask(agent: Agent) -> bool:
    """Says whether the agent may see originals of masked text: by a permission of its own, if the contract has it."""
    return agent.is_active and agent.unmask_permission and agent.service.contract.security_service


def may_export(agent: Agent) -> bool:
    """Says whether the agent may export chats: an admin, or by a permission of its own."""
    return agent.is_active and (agent.is_admin or agent.export_permission)


def active_admins(service_id: int) -> QuerySet[Agent]:
    """The agents who can manage the service now."""
    return Agent.objects.filter(service=service_id, is_active=True, user__is_active=True, role=Agent.Role.ADMIN)


def require_admin(agent: Agent) -> None:
    """Raises ``Closed`` unless ``agent`` manages the service, read now. Under the contract's lock it stays true."""
    if not active_admins(agent.service_id).filter(pk=agent.pk).exists():
        raise Closed(_("You are no longer an admin of this service."))


def signed_in(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Asks for a sign-in first. After it the person is back on the page, also if it was a form that was sent."""

    @wraps(view)
    def guarded(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        if request.user.is_authenticated:
            return view(request, *args, **kwargs)
        return redirect_to_login(page_of(request))

    return guarded


def for_agents(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Gives the view ``agent`` in place of the service's slug. Strangers get 404; without a session: sign in.

    Without a second factor that the service requires: set it up.
    """

    @signed_in
    @wraps(view)
    def guarded(request: HttpRequest, service: str, *args, **kwargs) -> HttpResponse:
        agent = agent_for(request.user, service)
        if agent is None:
            raise Http404
        log_ids.about(service=agent.service_id, agent=agent.pk)
        if lacks_factor(agent):
            return lead_to_set_up(request, page_of(request))
        request.agent = agent
        _remember(request, service)
        return view(request, agent, *args, **kwargs)

    return guarded


def for_admins(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """As ``for_agents``, but only for the service's admins."""

    @for_agents
    @wraps(view)
    def guarded(request: HttpRequest, agent: Agent, *args, **kwargs) -> HttpResponse:
        if not agent.is_admin:
            raise Http404
        return view(request, agent, *args, **kwargs)

    return guarded


def _remember(request: HttpRequest, service: str) -> None:
    """Remembers the service when a page is opened; a tab's background requests don't say where a person went."""
    opened = request.method == "GET" and "text/html" in request.headers.get("Accept", "") and not request.htmx
    if opened and request.session.get(LAST_SERVICE) != service:
        request.session[LAST_SERVICE] = service
