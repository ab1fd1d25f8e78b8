"""How an agent is told of chats, and whether keys are shortcuts."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from agents.access import for_agents
from agents.chat_permission import require_chat
from agents.models import Agent
from chat.alerts import AlertSettings
from chat.conversation import live
from chat.desk.forms import AlertSettingsForm
from contiple.base.errors import Invalid


@require_POST
@for_agents
def alerts(request: HttpRequest, agent: Agent) -> HttpResponse:
    """Changes the agent's own settings, and tells every tab of the agent."""
    form = AlertSettingsForm(request.POST)
    if not form.is_valid():
        raise Invalid(_("That didn’t work. Try again."))
    return _set(agent, **form.cleaned_data)


@require_POST
@for_agents
def shortcuts(request: HttpRequest, agent: Agent) -> HttpResponse:
    """Switches the agent's shortcuts on or off, in every tab."""
    return _set(agent, shortcuts="shortcuts" in request.POST)


def _set(agent: Agent, **settings: Any) -> HttpResponse:
    require_chat(agent)
    AlertSettings.objects.update_or_create(agent=agent, defaults=settings)
    live.publish(live.agent_topic(agent.pk), live.Touched())
    return HttpResponse(status=204)
