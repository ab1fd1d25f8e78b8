"""What a socket was let in with is read again in one query for many, which must say what ``may_chat`` says of one."""

import itertools
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from agents.access import agent_for
from agents.chat_permission import may_chat
from agents.credentials import Credential, chatting_agents, user_of_session
from agents.models import Agent, Contract, Service, User
from tests.make import make_agent


def credential(agent: Agent, key: str = "key") -> Credential:
    Session.objects.get_or_create(
        session_key=key, defaults={"session_data": "", "expire_date": timezone.now() + timedelta(hours=1)}
    )
    return Credential(agent.pk, agent.service_id, key, agent.user.password, agent.user.second_factor)


@pytest.mark.parametrize("flags", list(itertools.product([True, False], repeat=5)))
def test_it_says_what_may_chat_says(agent, flags) -> None:
    is_active, permission, account, running, contract = flags
    Agent.objects.filter(pk=agent.pk).update(is_active=is_active, chat_permission=permission)
    User.objects.update(is_active=account)
    Service.objects.update(is_stopped=not running)
    Contract.objects.update(chat=contract)

    found = agent_for(agent.user, agent.service.slug)
    asked = credential(agent)
    assert (asked in chatting_agents([asked])) == bool(found and may_chat(found))


def test_many_at_once_each_for_itself(agent, colleague, outsider) -> None:
    asked = [credential(agent, "one"), credential(colleague, "two"), credential(outsider, "three")]
    Agent.objects.filter(pk=colleague.pk).update(chat_permission=False)
    assert chatting_agents(asked) == {asked[0]: "Mina", asked[2]: "Oscar"}
    assert chatting_agents([]) == {}


def test_a_service_that_is_not_the_agent_s_own(agent, outsider) -> None:
    assert chatting_agents([credential(agent)._replace(service_id=outsider.service_id)]) == {}


@pytest.mark.parametrize("change", [{"session_key": "another"}, {"password": "another"}])
def test_another_session_or_password(agent, change) -> None:
    assert chatting_agents([credential(agent)._replace(**change)]) == {}


def test_a_session_that_has_run_out(agent) -> None:
    asked = credential(agent)
    Session.objects.update(expire_date=timezone.now())
    assert chatting_agents([asked]) == {}


def test_who_has_no_name_is_called_by_the_address(service) -> None:
    agent = make_agent(service, "Somebody")
    User.objects.filter(pk=agent.user_id).update(name="")
    assert list(chatting_agents([credential(agent)]).values()) == [agent.user.email]


def test_whose_session_it_is(agent, sign_in) -> None:
    key = sign_in(agent).session.session_key
    assert user_of_session(key) == agent.user
    assert user_of_session("") is None
    assert user_of_session("another") is None


def test_a_changed_password_ends_a_session(agent, sign_in) -> None:
    key = sign_in(agent).session.session_key
    agent.user.set_password("another horse battery")
    agent.user.save(update_fields=["password"])
    assert user_of_session(key) is None


def test_a_closed_account_has_no_session(agent, sign_in) -> None:
    key = sign_in(agent).session.session_key
    User.objects.update(is_active=False)
    assert user_of_session(key) is None
