"""Search in one conversation, for every agent of its service: what was found, the days, and the part around a place."""

from functools import cache
from zoneinfo import ZoneInfo, available_timezones

import msgspec
from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from agents.access import for_agents
from agents.models import Agent
from chat import access
from chat.conversation import entries, rendering, searching
from chat.conversation.paging import number
from chat.masking.concealing import conceal
from chat.operating_hours import zone_of


@require_safe
@for_agents
def search(request: HttpRequest, agent: Agent, chat: int) -> HttpResponse:
    """The places of the messages that contain ``q``. It is masked as messages are: no query has personal numbers."""
    found = access.chat_for_agent(agent, chat)
    text = request.GET.get("q", "")[: searching.TEXT_LENGTH_MAX].replace("\0", "").strip()
    return _json(searching.find_places(found, conceal(agent.service, text) if text else ""))


@require_safe
@for_agents
def days(request: HttpRequest, agent: Agent, chat: int) -> HttpResponse:
    """The days of the chat in the reader's ``zone``, else in the service's."""
    found = access.chat_for_agent(agent, chat)
    return _json(searching.days_of(found, _zone(request.GET.get("zone", "")) or zone_of(agent.service)))


@require_safe
@for_agents
def around(request: HttpRequest, agent: Agent, chat: int) -> HttpResponse:
    """A page of messages in the middle of which is place ``seq``."""
    found = access.chat_for_agent(agent, chat)
    page = entries.page_around(found, number(request.GET.get("seq", ""), least=1))
    return HttpResponse(rendering.messages_html(page, get_language()))


def _zone(name: str) -> ZoneInfo | None:
    return ZoneInfo(name) if name in _zones() else None


@cache
def _zones() -> set[str]:
    return available_timezones()


def _json(answer: object) -> HttpResponse:
    return HttpResponse(msgspec.json.encode(answer), content_type="application/json")
