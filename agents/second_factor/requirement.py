"""Who must have a second factor: a service's rule for its agents, and the installation's for operators.

Somebody without one is led to set it up, and until then can do nothing else there: pages, forms and sockets.
"""

from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRedirect

from agents.models import Agent, Service, User
from contiple.base.errors import Closed

For = Service.SecondFactor


def lacks_factor(agent: Agent) -> bool:
    """Says whether the agent, as loaded with user and service, must set up a second factor first."""
    wanted = agent.service.second_factor
    return not agent.user.second_factor and (wanted == For.ALL or (wanted == For.ADMINS and agent.is_admin))


# The same for a query that joins the tables as ``agent``, ``person`` and ``service``.
HAS_FACTOR_SQL = (
    f"(person.second_factor OR service.second_factor = '{For.NOBODY}'"
    f" OR (service.second_factor = '{For.ADMINS}' AND agent.role <> '{Agent.Role.ADMIN}'))"
)


def operator_lacks_factor(user: User) -> bool:
    return settings.OPERATOR_SECOND_FACTOR and user.is_staff and not user.second_factor


def services_that_require(user: User) -> list[Service]:
    """Returns the services in which the person must have a second factor, whether or not there is one."""
    members = Agent.objects.filter(user=user, is_active=True, service__is_stopped=False).select_related("service")
    wanted = members.exclude(service__second_factor=For.NOBODY).order_by("service__name")
    return [it.service for it in wanted if it.is_admin or it.service.second_factor == For.ALL]


def lead_to_set_up(request: HttpRequest, target: str) -> HttpResponse:
    """Leads a page to *Two-step verification*. Raises ``Closed`` for forms and scripts."""
    address = f"{reverse('agents:two_step')}?{urlencode({'next': target})}"
    if getattr(request, "htmx", False):
        return HttpResponseClientRedirect(address)
    if request.method not in {"GET", "HEAD"} or request.headers.get("X-Requested-With") == "fetch":
        raise Closed(_("Set up two-step verification first."))
    return redirect(address)
