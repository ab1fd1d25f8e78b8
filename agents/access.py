"""Who may see and do what in a service. Nobody else fetches services and memberships.

Forbidden and absent look the same: 404.
"""

from collections.abc import Callable
from functools import wraps

from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from agents.models import Agent, Service, User
from contiple.base.errors import Closed

LAST_SERVICE = "service"  # in the session: the slug of the service whose desk was opened last


def memberships(user: User) -> QuerySet[Agent]:
    """The services this person works in, by name."""
    return (
        Agent.objects.filter(user=user, is_active=True, user__is_active=True, service__is_stopped=False)
        .select_related("service", "service__contract", "user")
        .order_by("service__name", "pk")
    )


def agent_for(user: User, service_slug: str) -> Agent | None:
    """The person's membership in that service, read now; ``None`` where there is none (any more)."""
    return memberships(user).filter(service__slug=service_slug).first() if user.is_authenticated else None


def running_service(slug: str) -> Service:
    """The service of a public page. Raises ``Http404`` where there is none or it is stopped."""
    service = Service.objects.select_related("contract", "help_center").filter(slug=slug, is_stopped=False).first()
    if service is None:
        raise Http404
    return service


def may_chat(agent: Agent) -> bool:
    """Gates one and three for this agent: the contract has Chat, and the agent has the permission."""
    return agent.is_active and agent.chat_permission and agent.service.contract.chat


def may_unmask(agent: Agent) -> bool:
    """Whether this agent is shown originals of masked text: by a permission of its own, where the contract has it."""
    return agent.is_active and agent.unmask_permission and agent.service.contract.security_service


def active_admins(service_id: int) -> QuerySet[Agent]:
    """Who can manage the service now."""
    return Agent.objects.filter(service=service_id, is_active=True, user__is_active=True, role=Agent.Role.ADMIN)


def require_admin(agent: Agent) -> None:
    """Reads again whether ``agent`` manages the service. Raises ``Closed``. Under the contract's lock it stays true."""
    if not active_admins(agent.service_id).filter(pk=agent.pk).exists():
        raise Closed(_("You are no longer an admin of this service."))


def for_agents(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """The view gets ``agent`` in place of the service's slug. Strangers get 404; nobody goes to sign in."""

    @login_required
    @wraps(view)
    def guarded(request: HttpRequest, service: str, *args, **kwargs) -> HttpResponse:
        agent = agent_for(request.user, service)
        if agent is None:
            raise Http404
        request.agent = agent
        _remember(request, service)
        return view(request, agent, *args, **kwargs)

    return guarded


def for_admins(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """As ``for_agents``, for the service's admins alone."""

    @for_agents
    @wraps(view)
    def guarded(request: HttpRequest, agent: Agent, *args, **kwargs) -> HttpResponse:
        if not agent.is_admin:
            raise Http404
        return view(request, agent, *args, **kwargs)

    return guarded


def _remember(request: HttpRequest, service: str) -> None:
    """Only where a page is opened: what runs in the background of a tab says nothing about where the person went."""
    opened = request.method == "GET" and "text/html" in request.headers.get("Accept", "") and not request.htmx
    if opened and request.session.get(LAST_SERVICE) != service:
        request.session[LAST_SERVICE] = service
