"""Online and Offline, as the agent chooses them."""

from datetime import timedelta
from functools import partial

import pytest
from django.utils import timezone

from agents.membership import change_agent
from agents.models import Agent, AuditEntry, Contract, Service, User
from agents.status import set_chat_status
from contiple.base.errors import Closed, Invalid
from tests.agents.race import at_once
from tests.make import make_agent

pytestmark = pytest.mark.django_db

ONLINE, OFFLINE = Agent.ChatStatus.ONLINE, Agent.ChatStatus.OFFLINE


def test_coming_online_begins_to_wait_now_and_is_on_record(agent):
    before = timezone.now()
    Agent.objects.filter(pk=agent.pk).update(chat_idle_since=before - timedelta(days=1))

    set_chat_status(agent, ONLINE)

    assert agent.chat_status == ONLINE
    agent.refresh_from_db()
    assert agent.chat_status == ONLINE
    assert agent.chat_idle_since >= before
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.subject, entry.agent) == ("agent.status", f"agent:{agent.pk}", agent)
    assert entry.details == {"chat_status": "online"}


def test_going_offline_keeps_the_time_of_the_last_chat(service):
    agent = make_agent(service, online=True)
    since = agent.chat_idle_since

    set_chat_status(agent, OFFLINE)

    agent.refresh_from_db()
    assert (agent.chat_status, agent.chat_idle_since) == (OFFLINE, since)


def test_the_same_status_again_changes_nothing(service):
    agent = make_agent(service, online=True)
    since = agent.chat_idle_since

    set_chat_status(agent, ONLINE)

    agent.refresh_from_db()
    assert agent.chat_idle_since == since
    assert not AuditEntry.objects.exists()


def close_contract(agent):
    Contract.objects.filter(service=agent.service).update(chat=False)


def take_permission(agent):
    Agent.objects.filter(pk=agent.pk).update(chat_permission=False)


def deactivate(agent):
    Agent.objects.filter(pk=agent.pk).update(is_active=False)


def deactivate_person(agent):
    User.objects.filter(pk=agent.user_id).update(is_active=False)


def stop_service(agent):
    Service.objects.filter(pk=agent.service_id).update(is_stopped=True)


@pytest.mark.parametrize("close", [close_contract, take_permission, deactivate, deactivate_person, stop_service])
def test_a_gate_that_has_closed_meanwhile_refuses(agent, close):
    close(agent)

    with pytest.raises(Closed):
        set_chat_status(agent, ONLINE)

    agent.refresh_from_db()
    assert agent.chat_status == OFFLINE
    assert not AuditEntry.objects.exists()


def test_a_status_that_does_not_exist_is_refused(agent):
    with pytest.raises(Invalid):
        set_chat_status(agent, "busy")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("attempt", range(5))
def test_who_loses_the_permission_at_the_same_moment_is_not_online(admin, agent, attempt):
    at_once(
        partial(set_chat_status, agent, ONLINE),
        partial(change_agent, agent, by=admin, values={"chat_permission": False}),
    )

    agent.refresh_from_db()
    assert (agent.chat_permission, agent.chat_status) == (False, OFFLINE)
