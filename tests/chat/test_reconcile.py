"""Once a second every open chat is brought in line with the gates and the clocks, whatever changed them."""

from datetime import timedelta

import pytest

from agents.models import Agent, AuditEntry, Contract, Service
from chat.conversation import live
from chat.lifecycle import upkeep
from chat.lifecycle.upkeep import reconcile
from chat.models import Chat, Lease, Ring
from chat.routing import assignment
from chat.routing.assignment import RING_REST_S
from chat.routing.presence import LEASE_S
from contiple.base.clock import database_now
from tests.agents.race import at_once
from tests.chat.comings import be_here, come_online, committed, leave, make_queue, make_ringing, state_of
from tests.make import make_agent, make_chat

State = Chat.State


@pytest.fixture
def tick():
    """One turn of the worker, with what follows its commits."""

    def ticked() -> None:
        with committed():
            reconcile()

    return ticked


# Rings


def test_a_ring_that_is_not_answered_in_time_goes_to_the_next_agent(agent, colleague, tick) -> None:
    come_online(agent)
    come_online(colleague)
    chat = make_ringing(agent, for_s=assignment.RING_TIMEOUT_S + 1)

    tick()

    assert state_of(chat) == (State.RINGING, colleague.pk)
    assert chat.rings.get(agent=agent).outcome == Ring.Outcome.MISSED


def test_a_ring_within_its_time_goes_on(agent, colleague, tick) -> None:
    come_online(agent)
    come_online(colleague)
    chat = make_ringing(agent, for_s=assignment.RING_TIMEOUT_S - 5)

    tick()

    assert state_of(chat) == (State.RINGING, agent.pk)


def test_it_never_rings_at_once_again_at_the_same_agent(agent, tick) -> None:
    come_online(agent)
    chat = make_ringing(agent, for_s=assignment.RING_TIMEOUT_S + 1)
    be_here(chat=chat)

    tick()
    tick()
    assert state_of(chat) == (State.WAITING, None)

    chat.rings.update(ended_at=database_now() - timedelta(seconds=RING_REST_S + 1))
    tick()
    assert state_of(chat) == (State.RINGING, agent.pk)


def test_two_agents_who_don_t_answer_are_asked_in_turn(agent, colleague, tick) -> None:
    come_online(agent)
    come_online(colleague)
    chat = make_ringing(agent, for_s=assignment.RING_TIMEOUT_S + 1)
    be_here(chat=chat)
    tick()
    Chat.objects.filter(pk=chat.pk).update(
        ringing_since=database_now() - timedelta(seconds=assignment.RING_TIMEOUT_S + 1)
    )

    tick()

    assert state_of(chat) == (State.WAITING, None)  # both rest
    assert list(chat.rings.order_by("id").values_list("agent", "outcome")) == [
        (agent.pk, Ring.Outcome.MISSED), (colleague.pk, Ring.Outcome.MISSED)
    ]  # fmt: skip


def gone(agent: Agent) -> None:
    leave(agent=agent)


def offline(agent: Agent) -> None:
    Agent.objects.filter(pk=agent.pk).update(chat_status=Agent.ChatStatus.OFFLINE)


def no_permission(agent: Agent) -> None:
    Agent.objects.filter(pk=agent.pk).update(chat_permission=False)


def left_the_service(agent: Agent) -> None:
    Agent.objects.filter(pk=agent.pk).update(is_active=False)


def account_closed(agent: Agent) -> None:
    agent.user.is_active = False
    agent.user.save(update_fields=["is_active"])


@pytest.mark.parametrize("hinder", [gone, offline, no_permission, left_the_service, account_closed])
def test_a_chat_does_not_ring_at_somebody_who_is_gone(agent, colleague, tick, hinder) -> None:
    come_online(agent)
    come_online(colleague)
    chat = make_ringing(agent)
    hinder(agent)

    tick()

    assert state_of(chat) == (State.RINGING, colleague.pk)
    assert chat.rings.get(agent=agent).outcome == Ring.Outcome.GONE


# Agents


def test_an_open_chat_outlives_the_lease_for_a_while(service, agent, colleague, tick) -> None:
    come_online(colleague)
    leave(agent=agent, ago_s=upkeep.AGENT_GRACE_S - 5)
    chat = make_chat(service, agent=agent)

    tick()

    assert state_of(chat) == (State.ACTIVE, agent.pk)


def test_after_that_it_goes_to_somebody_else(service, agent, colleague, tick) -> None:
    come_online(colleague)
    leave(agent=agent, ago_s=upkeep.AGENT_GRACE_S + 1)
    chat = make_chat(service, agent=agent)

    tick()

    assert state_of(chat) == (State.RINGING, colleague.pk)
    assert chat.messages.get().event == "passed_on"


def test_one_living_tab_of_several_keeps_an_agent_s_chats(service, agent, colleague, tick) -> None:
    come_online(colleague)
    leave(agent=agent, ago_s=upkeep.OFFLINE_AFTER_S + 1)
    come_online(agent)
    chat, ringing = make_chat(service, agent=agent), make_ringing(agent)

    tick()

    assert state_of(chat) == (State.ACTIVE, agent.pk)
    assert state_of(ringing) == (State.RINGING, agent.pk)


@pytest.mark.parametrize("take_away", [no_permission, left_the_service, account_closed])
def test_taking_the_permission_takes_sockets_and_chats(service, agent, colleague, told, tick, take_away) -> None:
    come_online(agent)
    come_online(colleague)
    chat = make_chat(service, agent=agent)
    take_away(agent)

    tick()

    assert state_of(chat) == (State.RINGING, colleague.pk)
    assert not Lease.objects.filter(agent=agent).exists()
    assert Lease.objects.filter(agent=colleague).exists()
    assert (live.agent_topic(agent.pk), live.Touched()) in told


def test_without_anybody_else_it_waits(service, agent, tick) -> None:
    come_online(agent)
    chat = make_chat(service, agent=agent)
    be_here(chat=chat)
    no_permission(agent)

    tick()

    assert state_of(chat) == (State.WAITING, None)


def test_nobody_stays_online_who_has_not_been_there_for_long(agent, colleague, tick) -> None:
    come_online(agent, idle_for_s=upkeep.OFFLINE_AFTER_S + 60)
    come_online(colleague, idle_for_s=upkeep.OFFLINE_AFTER_S + 60)
    leave(agent=agent, ago_s=upkeep.OFFLINE_AFTER_S + 1)
    leave(agent=colleague, ago_s=upkeep.OFFLINE_AFTER_S - 60)

    tick()

    assert Agent.objects.get(pk=agent.pk).chat_status == Agent.ChatStatus.OFFLINE
    assert Agent.objects.get(pk=colleague.pk).chat_status == Agent.ChatStatus.ONLINE


def test_who_has_just_come_online_is_not_set_offline_before_the_socket_is_there(agent, tick) -> None:
    come_online(agent)
    Lease.objects.all().delete()

    tick()

    assert Agent.objects.get(pk=agent.pk).chat_status == Agent.ChatStatus.ONLINE


# Gates one and three, and the service itself


def close_contract(service: Service) -> None:
    Contract.objects.filter(service=service).update(chat=False)


def delete_contract(service: Service) -> None:
    Contract.objects.filter(service=service).delete()


def stop(service: Service) -> None:
    Service.objects.filter(pk=service.pk).update(is_stopped=True)


@pytest.mark.parametrize("close", [close_contract, delete_contract, stop])
def test_without_contract_every_chat_ends(service, agent, outsider, tick, close) -> None:
    come_online(agent)
    [waiting], ringing, active = make_queue(service, 1), make_ringing(agent), make_chat(service, agent=agent)
    others = make_chat(outsider.service, agent=outsider)
    come_online(outsider)
    close(service)

    tick()

    for chat in (waiting, ringing, active):
        chat.refresh_from_db()
        assert (chat.state, chat.closed_by) == (State.CLOSED, Chat.ClosedBy.SERVICE)
    assert state_of(others) == (State.ACTIVE, outsider.pk)
    assert AuditEntry.objects.filter(action="chat.closed").count() == 3


def test_chats_go_on_though_the_help_center_closes_its_chat(service, agent, tick) -> None:
    come_online(agent)
    chat = make_chat(service, agent=agent)
    [waiting] = make_queue(service, 1)
    service.help_center.chat_enabled = False
    service.help_center.save(update_fields=["chat_enabled"])

    tick()

    assert state_of(chat) == (State.ACTIVE, agent.pk)
    assert state_of(waiting) == (State.RINGING, agent.pk)


# Customers


@pytest.mark.parametrize(
    ("state", "grace_s"),
    [
        (State.WAITING, upkeep.WAITING_CUSTOMER_GRACE_S),
        (State.RINGING, upkeep.WAITING_CUSTOMER_GRACE_S),
        (State.ACTIVE, upkeep.ACTIVE_CUSTOMER_GRACE_S),
    ],
)
def test_a_customer_who_does_not_come_back_ends_the_chat(service, agent, tick, state, grace_s) -> None:
    created = database_now() - timedelta(hours=2)
    agent = come_online(agent) if state != State.WAITING else None

    def make(ago_s: float) -> Chat:
        if state == State.RINGING:
            chat = make_ringing(agent, created_at=created)
        else:
            chat = make_chat(service, agent=agent, created_at=created)
        leave(chat=chat, ago_s=ago_s)
        return chat

    left, back_soon = make(grace_s + 1), make(grace_s - 5)

    tick()

    left.refresh_from_db()
    assert (left.state, left.closed_by) == (State.CLOSED, Chat.ClosedBy.TIMEOUT)
    assert left.messages.get().event == "closed_timeout"
    assert state_of(back_soon)[0] == state


def test_nobody_is_rung_for_a_customer_who_has_left(service, agent, tick) -> None:
    come_online(agent)
    created = database_now() - timedelta(hours=2)
    chats = [make_ringing(agent, created_at=created), *make_queue(service, 3, created_at=created)]
    for chat in chats:
        leave(chat=chat, ago_s=upkeep.WAITING_CUSTOMER_GRACE_S + 1)

    tick()

    assert {state_of(chat)[0] for chat in chats} == {State.CLOSED}
    assert Ring.objects.count() == 1  # the one that was there


def test_a_chat_whose_customer_has_not_arrived_yet_is_left_alone(service, tick) -> None:
    chat = make_chat(service)

    tick()

    assert state_of(chat) == (State.WAITING, None)


def test_a_customer_in_a_second_tab_is_there(service, tick) -> None:
    chat = make_chat(service, created_at=database_now() - timedelta(hours=2))
    leave(chat=chat, ago_s=7200)
    be_here(chat=chat)

    tick()

    assert state_of(chat) == (State.WAITING, None)


# The queue


def test_whoever_waits_is_given_out_in_every_service(service, agent, outsider, tick) -> None:
    come_online(agent)
    come_online(outsider)
    [here], [there] = make_queue(service, 1), make_queue(outsider.service, 1)

    tick()

    assert state_of(here) == (State.RINGING, agent.pk)
    assert state_of(there) == (State.RINGING, outsider.pk)


def test_where_all_is_well_nothing_happens_and_nobody_is_told(service, agent, told, tick) -> None:
    come_online(agent)
    chat = make_chat(service, agent=agent)
    be_here(chat=chat)
    before = list(Chat.objects.values())

    tick()

    assert list(Chat.objects.values()) == before
    assert told == []
    assert not AuditEntry.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_several_workers_at_once_are_harmless(service, agent) -> None:
    colleagues = [come_online(make_agent(service)) for _ in range(2)]
    come_online(agent)
    missed = [make_ringing(agent, for_s=assignment.RING_TIMEOUT_S + 1) for _ in range(3)]
    long_ago = database_now() - timedelta(hours=2)
    gone_customers = [make_chat(service, created_at=long_ago, connected=False) for _ in range(2)]

    results = at_once(*[reconcile] * 4)
    reconcile()  # what one has left to another, who had just gone

    assert results == [None] * 4
    assert {state_of(chat)[1] for chat in missed} == {colleague.pk for colleague in colleagues}
    assert Ring.objects.count() == 6
    for chat in gone_customers:
        assert state_of(chat) == (State.CLOSED, None)
        assert chat.messages.count() == 1


def test_the_graces_relate() -> None:
    assert assignment.RING_TIMEOUT_S < RING_REST_S
    assert upkeep.OFFLINE_AFTER_S > LEASE_S + upkeep.AGENT_GRACE_S
    assert upkeep.ACTIVE_CUSTOMER_GRACE_S > upkeep.WAITING_CUSTOMER_GRACE_S > LEASE_S
