"""Somebody is reachable while a lease lasts, whatever was chosen; leases run by the database's clock."""

import uuid
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from agents.models import Agent
from chat.models import Chat, Lease
from chat.routing import presence, queue
from contiple.base import clock
from tests.chat.comings import be_here, come_online, leave, make_queue
from tests.make import make_chat


def seconds_left(socket: uuid.UUID) -> float:
    return (Lease.objects.get(pk=socket).expires_at - clock.database_now()).total_seconds()


def expire(socket: uuid.UUID, ago_s: float) -> None:
    Lease.objects.filter(pk=socket).update(expires_at=clock.database_now() - timedelta(seconds=ago_s))


@pytest.fixture
def socket(agent) -> uuid.UUID:
    socket = uuid.uuid4()
    presence.take_lease(socket, agent_id=agent.pk)
    return socket


def test_a_lease_outlives_three_lost_heartbeats(socket) -> None:
    assert 3 * presence.HEARTBEAT_S - 5 < seconds_left(socket) <= presence.LEASE_S
    assert presence.LEASE_S >= 3 * presence.HEARTBEAT_S


def test_a_heartbeat_renews_it(socket) -> None:
    expire(socket, ago_s=-3)

    assert presence.renew_leases([socket]) == {socket}

    assert seconds_left(socket) > presence.LEASE_S - 5


def test_what_was_taken_away_is_not_renewed(socket) -> None:
    Lease.objects.all().delete()

    assert presence.renew_leases([socket]) == set()
    assert not Lease.objects.exists()


def test_a_closed_socket_counts_until_the_page_could_load_again(agent, socket) -> None:
    Agent.objects.filter(pk=agent.pk).update(chat_status=Agent.ChatStatus.ONLINE)

    presence.let_lease_run_out(socket)

    assert 0 < seconds_left(socket) <= presence.RELOAD_GRACE_S
    assert presence.somebody_online(agent.service)


def test_a_socket_that_is_closed_because_nobody_answered_brings_nobody_back_to_life(agent, socket) -> None:
    Agent.objects.filter(pk=agent.pk).update(chat_status=Agent.ChatStatus.ONLINE)
    expire(socket, ago_s=20)

    presence.let_lease_run_out(socket)

    assert seconds_left(socket) < -15
    assert not presence.somebody_online(agent.service)


def test_another_tab_keeps_the_agent_reachable(agent, socket) -> None:
    come_online(agent)
    expire(socket, ago_s=100)

    assert presence.somebody_online(agent.service)
    assert agent not in presence.agents_gone_for(0)


def test_reachable_is_not_online_and_online_is_not_reachable(agent, colleague) -> None:
    be_here(agent=agent)
    Agent.objects.filter(pk=colleague.pk).update(chat_status=Agent.ChatStatus.ONLINE)

    assert not presence.reachable_agents(agent.service).exists()

    come_online(agent)
    assert list(presence.reachable_agents(agent.service)) == [agent]


def test_the_outsider_makes_nobody_online_here(service, outsider) -> None:
    come_online(outsider)

    assert not presence.somebody_online(service)
    assert presence.somebody_online(outsider.service)


def test_an_agent_without_any_lease_is_gone(agent) -> None:
    assert agent in presence.agents_gone_for(3600)


@pytest.mark.parametrize(("ago_s", "gone"), [(29, False), (31, True)])
def test_gone_for_so_long_means_so_long_after_the_last_lease(agent, ago_s, gone) -> None:
    leave(agent=agent, ago_s=ago_s)

    assert (agent in presence.agents_gone_for(30)) == gone


def test_only_open_chats_have_gone_customers(service) -> None:
    long_ago = clock.database_now() - timedelta(hours=1)
    lost = make_chat(service, created_at=long_ago, connected=False)
    make_chat(service, created_at=long_ago, state=Chat.State.CLOSED)
    here = make_chat(service, created_at=long_ago)
    be_here(chat=here)
    make_chat(service)

    assert list(presence.customers_gone_for(60)) == [lost]


def test_old_leases_are_swept_and_living_ones_kept(socket) -> None:
    old = uuid.uuid4()
    Lease.objects.create(socket=old, agent=Agent.objects.get(), expires_at=clock.database_now())
    expire(old, ago_s=3700)

    presence.drop_expired_leases()

    assert [lease.socket for lease in Lease.objects.all()] == [socket]


def test_a_lease_is_an_agent_s_or_a_customer_s(service, agent) -> None:
    for wrong in ({}, {"agent": agent, "chat": make_chat(service)}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Lease.objects.create(expires_at=clock.database_now(), **wrong)


def test_places_in_the_queue_are_counted_from_one_in_each_service(service, outsider) -> None:
    make_queue(outsider.service, 2)
    now = clock.database_now()
    chats = [*make_queue(service, 2), make_chat(service, waiting_since=now), make_chat(service, waiting_since=now)]

    assert [queue.queue_place(chat) for chat in chats] == [1, 2, 3, 4]
