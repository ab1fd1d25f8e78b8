"""Who may chat is one rule, read in many ways: where one of its conditions is broken, every way says no."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from agents import chat_permission
from agents.chat_permission import CONDITIONS, may_chat, permitted_agents
from agents.credentials import Credential, chatting_agents
from agents.models import Agent
from agents.status import set_chat_status
from chat.routing import presence
from chat.routing.standing import standings_of
from chat.sockets.agent_socket import AgentSocket
from chat.sockets.connection import AGAIN
from contiple.base.clock import database_now
from contiple.base.errors import Closed
from tests.chat.comings import come_online

# Written out, so that a condition that gets lost is missed.
BROKEN = {
    "is_active": False,
    "chat_permission": False,
    "user__is_active": False,
    "service__is_stopped": True,
    "service__contract__chat": False,
}


def credential(agent: Agent) -> Credential:
    until = timezone.now() + timedelta(hours=1)
    Session.objects.get_or_create(session_key="key", defaults={"session_data": "", "expire_date": until})
    return Credential(agent.pk, agent.service_id, "key", agent.user.password, agent.user.second_factor)


def loaded(agent: Agent) -> bool:
    return may_chat(Agent.objects.select_related("service__contract", "user").get(pk=agent.pk))


def by_query(agent: Agent) -> bool:
    return permitted_agents().filter(pk=agent.pk).exists()


def by_credential(agent: Agent) -> bool:
    return bool(chatting_agents([credential(agent)]))


def by_presence(agent: Agent) -> bool:
    return presence.reachable_agents(agent.service_id).filter(pk=agent.pk).exists()


def by_standing(agent: Agent) -> bool:
    return any(each.is_free for each in standings_of(agent.service_id, database_now()) if each.agent_id == agent.pk)


def by_status(agent: Agent) -> bool:
    try:
        set_chat_status(agent, Agent.ChatStatus.ONLINE)
    except Closed:
        return False
    return True


def by_socket(agent: Agent) -> bool:
    """A socket whose session is gone may come back if its agent may chat."""
    socket = AgentSocket({"cookies": {}, "url_route": {"kwargs": {"service": "demo"}}}, print)
    socket.agent_id, socket.credential = agent.pk, credential(agent)._replace(session_key="gone")
    return socket._refusal() == AGAIN


WAYS: list[Callable[[Agent], bool]] = [
    loaded,
    by_query,
    by_credential,
    by_presence,
    by_standing,
    by_status,
    by_socket,
]


def break_condition(agent: Agent, path: str) -> None:
    """Turns one column of the rule around, in the row that it is about."""
    row = agent
    *relations, name = path.split("__")
    for relation in relations:
        row = getattr(row, relation)
    type(row).objects.filter(pk=row.pk).update(**{name: BROKEN.get(path, False)})


def test_every_condition_is_tried_here() -> None:
    assert {path: not value for path, value in CONDITIONS.items()} == BROKEN


@pytest.mark.parametrize("way", WAYS)
def test_with_every_condition_met_it_says_yes(agent, way) -> None:
    come_online(agent)
    assert way(agent)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("path", BROKEN)
def test_with_one_condition_broken_it_says_no(agent, path, way) -> None:
    come_online(agent)
    break_condition(agent, path)
    assert not way(agent)


def test_a_new_condition_holds_everywhere_at_once(agent, monkeypatch) -> None:
    monkeypatch.setitem(chat_permission.CONDITIONS, "unmask_permission", True)
    come_online(agent)
    break_condition(agent, "unmask_permission")

    assert not loaded(agent)
    assert not by_query(agent)
    assert not by_presence(agent)
    assert not by_standing(agent)
    assert not by_status(agent)
    assert "agent.unmask_permission" in chat_permission.chat_permitted_sql()
