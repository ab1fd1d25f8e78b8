"""Who gets a chat, in which order; none is given twice and no agent gets one too many, also by many at once."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import partial

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from agents.membership import change_agent
from agents.models import Agent, AuditEntry
from chat.conversation import live
from chat.lifecycle import transitions, upkeep
from chat.models import Chat, Lease, Ring
from chat.routing import assignment, recent
from chat.routing.assignment import RING_REST_S, Candidate, assign_waiting_chats, choose
from contiple.base.clock import database_now
from tests.agents.race import at_once
from tests.chat.comings import come_online, connect, leave, make_queue, make_ringing, state_of, wait_until_blocked
from tests.make import make_agent, make_chat, make_customer

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
State = Chat.State

candidates = st.lists(
    st.builds(
        Candidate,
        agent_id=st.integers(1, 10**6),
        load=st.integers(0, 12),
        limit=st.integers(1, 10),
        idle_since=st.integers(0, 5).map(lambda seconds: EPOCH + timedelta(seconds=seconds)),
    ),
    unique_by=lambda candidate: candidate.agent_id,
    max_size=12,
)


# The choice, by numbers


@given(candidates)
def test_chosen_is_the_least_loaded_in_proportion_and_of_those_who_waited_longest(everybody: list[Candidate]) -> None:
    free = [candidate for candidate in everybody if candidate.load < candidate.limit]
    chosen = choose(everybody)

    assert (chosen is None) == (not free)
    if chosen:
        assert chosen in free
        least = min(Fraction(candidate.load, candidate.limit) for candidate in free)
        assert Fraction(chosen.load, chosen.limit) == least
        equals = [candidate for candidate in free if Fraction(candidate.load, candidate.limit) == least]
        assert chosen.idle_since == min(candidate.idle_since for candidate in equals)


@given(candidates, st.randoms(use_true_random=False))
def test_the_choice_does_not_depend_on_the_order_of_the_candidates(everybody, random) -> None:
    shuffled = random.sample(everybody, len(everybody))

    assert choose(shuffled) == choose(everybody)


def test_three_of_ten_is_less_than_one_of_three() -> None:
    big, small = Candidate(1, 3, 10, EPOCH + timedelta(seconds=9)), Candidate(2, 1, 3, EPOCH)

    assert choose([small, big]) == big


# Who gets one


def test_a_waiting_chat_rings_at_an_online_agent(service, agent, told, django_capture_on_commit_callbacks) -> None:
    come_online(agent)
    [chat] = make_queue(service, 1)

    with django_capture_on_commit_callbacks(execute=True):
        assert assign_waiting_chats(service.pk) == 1

    chat.refresh_from_db()
    assert (chat.state, chat.agent) == (State.RINGING, agent)
    assert chat.ringing_since is not None
    ring = chat.rings.get()
    assert (ring.agent, ring.ended_at, ring.outcome) == (agent, None, "")
    entry = AuditEntry.objects.get(subject=chat.subject)
    assert (entry.action, entry.agent, entry.details) == ("chat.assigned", None, {"to": "Mina"})
    assert {topic for topic, _ in told} == {
        live.chat_topic(chat.pk), live.agent_topic(agent.pk), live.service_topic(service.pk)
    }  # fmt: skip


def test_first_come_first_served(service, agent) -> None:
    come_online(Agent.objects.get(pk=agent.pk))
    chats = make_queue(service, 5)
    late, early = chats[-1], make_chat(service, waiting_since=database_now() - timedelta(hours=1))

    assert assign_waiting_chats(service.pk) == 3

    assert [state_of(chat)[0] for chat in (early, chats[0], chats[1])] == [State.RINGING] * 3
    assert state_of(late) == (State.WAITING, None)


def test_a_long_queue_is_taken_from_its_head_in_turns(service, agent, monkeypatch) -> None:
    monkeypatch.setattr(assignment, "BATCH", 2)
    come_online(agent)
    late = make_chat(service)
    chats = make_queue(service, 3)

    with CaptureQueriesContext(connection) as queries:
        assert assign_waiting_chats(service.pk) == 3

    assert [state_of(chat)[0] for chat in (*chats, late)] == [State.RINGING] * 3 + [State.WAITING]
    assert sum("pg_advisory_xact_lock" in query["sql"] for query in queries) == 2


@pytest.mark.parametrize("blocked", [5, 260])
def test_chats_that_everybody_let_ring_block_nobody_behind_them(service, agent, monkeypatch, blocked) -> None:
    monkeypatch.setattr(assignment, "BATCH", 2)
    monkeypatch.setattr(assignment, "NOTED_AHEAD", 0)
    come_online(agent)
    for chat in make_queue(service, blocked):
        miss(chat, agent, ago_s=1)
    free = [make_chat(service) for _ in range(4)]

    assert assign_waiting_chats(service.pk) == 3

    assert [state_of(chat)[0] for chat in free] == [State.RINGING] * 3 + [State.WAITING]


def test_the_queries_do_not_grow_with_the_queue_or_the_desk(service, agent) -> None:
    def queries_of(chats: int) -> int:
        make_queue(service, chats)
        with CaptureQueriesContext(connection) as queries:
            assert assign_waiting_chats(service.pk) == chats
        return len(queries)

    come_online(agent)
    few = queries_of(2)
    for _ in range(8):
        come_online(make_agent(service, chat_limit=10))
    assert queries_of(30) == few


def test_of_two_who_came_at_the_same_moment_the_first_row_is_first(service, agent) -> None:
    agent.chat_limit = 1
    agent.save(update_fields=["chat_limit"])
    come_online(agent)
    now = database_now()
    first, second = (make_chat(service, waiting_since=now) for _ in range(2))

    assign_waiting_chats(service.pk)

    assert state_of(first) == (State.RINGING, agent.pk)
    assert state_of(second) == (State.WAITING, None)


def test_who_has_waited_longest_is_first_among_equals(service, agent, colleague) -> None:
    come_online(agent, idle_for_s=10)
    come_online(colleague, idle_for_s=20)
    first, second, third = make_queue(service, 3)

    assign_waiting_chats(service.pk)

    assert [state_of(chat)[1] for chat in (first, second, third)] == [colleague.pk, agent.pk, colleague.pk]


def test_getting_a_chat_ends_the_wait(service, agent, colleague) -> None:
    come_online(agent, idle_for_s=20)
    come_online(colleague, idle_for_s=10)
    [first] = make_queue(service, 1)
    assign_waiting_chats(service.pk)
    transitions.close_chat(first.pk, by=Chat.ClosedBy.CUSTOMER)
    [second] = make_queue(service, 1)

    assign_waiting_chats(service.pk)

    assert state_of(first)[1] == agent.pk
    assert state_of(second)[1] == colleague.pk


def test_chats_are_shared_in_proportion_to_the_limits(service) -> None:
    small, big = make_agent(service, "Small", chat_limit=2), make_agent(service, "Big", chat_limit=4)
    come_online(small)
    come_online(big)
    make_queue(service, 3)

    assign_waiting_chats(service.pk)
    assert Counter(Chat.objects.values_list("agent", flat=True)) == {small.pk: 1, big.pk: 2}

    make_queue(service, 6)
    assign_waiting_chats(service.pk)
    assert Counter(Chat.objects.values_list("agent", flat=True)) == {small.pk: 2, big.pk: 4, None: 3}


def test_ringing_and_active_chats_count_and_closed_ones_do_not(service, agent) -> None:
    come_online(agent)  # limit 3
    make_ringing(agent)
    make_chat(service, agent=agent)
    make_chat(service, agent=agent, state=State.CLOSED)
    make_queue(service, 2)

    assert assign_waiting_chats(service.pk) == 1


def test_the_contract_limits_every_agent(agent, service) -> None:
    service.contract.chats_at_once = 2
    service.contract.save(update_fields=["chats_at_once"])
    come_online(agent)
    make_queue(service, 3)

    assert assign_waiting_chats(service.pk) == 2


def test_nobody_gets_one_more_than_the_limit_though_it_was_lowered(service, agent) -> None:
    come_online(agent)
    for _ in range(3):
        make_chat(service, agent=agent)
    Agent.objects.filter(pk=agent.pk).update(chat_limit=2)
    make_queue(service, 1)

    assert assign_waiting_chats(service.pk) == 0


# Who never gets one


def no_lease(agent: Agent) -> None:
    Lease.objects.filter(agent=agent).delete()


def offline(agent: Agent) -> None:
    Agent.objects.filter(pk=agent.pk).update(chat_status=Agent.ChatStatus.OFFLINE)


def no_permission(agent: Agent) -> None:
    Agent.objects.filter(pk=agent.pk).update(chat_permission=False)


def not_active(agent: Agent) -> None:
    Agent.objects.filter(pk=agent.pk).update(is_active=False)


def no_account(agent: Agent) -> None:
    agent.user.is_active = False
    agent.user.save(update_fields=["is_active"])


def no_contract(agent: Agent) -> None:
    agent.service.contract.chat = False
    agent.service.contract.save(update_fields=["chat"])


def stopped(agent: Agent) -> None:
    agent.service.is_stopped = True
    agent.service.save(update_fields=["is_stopped"])


@pytest.mark.parametrize(
    "hinder",
    [no_lease, lambda agent: leave(agent=agent), offline, no_permission, not_active, no_account, no_contract, stopped],
    ids=[
        "never there",
        "lease ran out",
        "Offline",
        "not permitted",
        "left",
        "account closed",
        "no contract",
        "stopped",
    ],
)
def test_who_is_not_there_or_not_allowed_gets_none(service, agent, hinder) -> None:
    come_online(agent)
    [chat] = make_queue(service, 1)
    hinder(agent)

    assert assign_waiting_chats(service.pk) == 0
    assert state_of(chat) == (State.WAITING, None)


def test_one_living_socket_of_several_is_enough(service, agent) -> None:
    leave(agent=agent)
    come_online(agent)
    make_queue(service, 1)

    assert assign_waiting_chats(service.pk) == 1


def test_another_service_s_agent_never_gets_one(service, outsider) -> None:
    come_online(outsider)
    [chat] = make_queue(service, 1)

    assert assign_waiting_chats(service.pk) == 0
    assert assign_waiting_chats(outsider.service_id) == 0
    assert state_of(chat) == (State.WAITING, None)


# Who let it ring


def miss(chat: Chat, agent: Agent, *, ago_s: float, outcome: str = Ring.Outcome.MISSED) -> None:
    ended = database_now() - timedelta(seconds=ago_s)
    Ring.objects.create(chat=chat, agent=agent, started_at=ended, ended_at=ended, outcome=outcome)


def test_who_let_it_ring_is_not_asked_again_at_once(service, agent) -> None:
    come_online(agent)
    chat, other = make_queue(service, 2)
    miss(chat, agent, ago_s=RING_REST_S - 5)

    assert assign_waiting_chats(service.pk) == 1

    assert state_of(chat) == (State.WAITING, None)
    assert state_of(other) == (State.RINGING, agent.pk)


def test_it_goes_to_somebody_else_though_that_one_has_more_to_do(service, agent, colleague) -> None:
    come_online(agent)
    come_online(colleague)
    make_chat(service, agent=colleague)
    [chat] = make_queue(service, 1)
    miss(chat, agent, ago_s=1)

    assign_waiting_chats(service.pk)

    assert state_of(chat) == (State.RINGING, colleague.pk)


def test_after_the_rest_the_same_agent_is_asked_again(service, agent) -> None:
    come_online(agent)
    [chat] = make_queue(service, 1)
    miss(chat, agent, ago_s=RING_REST_S + 1)

    assign_waiting_chats(service.pk)

    assert state_of(chat) == (State.RINGING, agent.pk)


def test_who_was_only_gone_is_asked_as_soon_as_back(service, agent) -> None:
    come_online(agent)
    [chat] = make_queue(service, 1)
    miss(chat, agent, ago_s=1, outcome=Ring.Outcome.GONE)

    assign_waiting_chats(service.pk)

    assert state_of(chat) == (State.RINGING, agent.pk)


# Assign Chat


@pytest.fixture
def assign_chat(service) -> None:
    service.chat_settings.assign_recent_agent = True
    service.chat_settings.save(update_fields=["assign_recent_agent"])


def had_a_chat(agent: Agent, customer, *, ago_days: float = 1, outcome: str = Ring.Outcome.OPENED) -> Chat:
    then = database_now() - timedelta(days=ago_days)
    chat = make_chat(agent.service, customer=customer, agent=agent, state=State.CLOSED)
    Ring.objects.create(chat=chat, agent=agent, started_at=then, ended_at=then, outcome=outcome)
    return chat


def busy_and_free(agent: Agent, colleague: Agent) -> None:
    """By the rule alone, the colleague gets the next chat."""
    come_online(agent)
    come_online(colleague)
    make_chat(agent.service, agent=agent)


def test_the_agent_with_recent_history_comes_first(service, agent, colleague, customer, assign_chat) -> None:
    busy_and_free(agent, colleague)
    had_a_chat(colleague, customer, ago_days=9)
    had_a_chat(agent, customer, ago_days=3)
    chat = make_chat(service, customer=customer)

    assign_waiting_chats(service.pk)

    assert state_of(chat) == (State.RINGING, agent.pk)


def test_off_only_the_rule_counts(service, agent, colleague, customer) -> None:
    busy_and_free(agent, colleague)
    had_a_chat(agent, customer)
    chat = make_chat(service, customer=customer)

    assign_waiting_chats(service.pk)

    assert state_of(chat) == (State.RINGING, colleague.pk)


def test_the_same_e_mail_is_the_same_customer_and_none_is_not(service, agent, colleague, assign_chat) -> None:
    busy_and_free(agent, colleague)
    had_a_chat(agent, make_customer(service, "Jun", email="Jun@Example.com"))
    had_a_chat(agent, make_customer(service, "Anon", email=""))
    known = make_chat(service, customer=make_customer(service, "Jun Kim", email="jun@example.COM"))
    unknown = make_chat(service, customer=make_customer(service, "Other", email=""))

    assign_waiting_chats(service.pk)

    assert state_of(known) == (State.RINGING, agent.pk)
    assert state_of(unknown) == (State.RINGING, colleague.pk)


def test_history_in_another_service_does_not_count(service, agent, colleague, outsider, assign_chat) -> None:
    busy_and_free(agent, colleague)
    come_online(outsider)
    had_a_chat(outsider, make_customer(outsider.service, "Jun", email="jun@example.com"))
    chat = make_chat(service, customer=make_customer(service, "Jun", email="jun@example.com"))

    assign_waiting_chats(service.pk)

    assert state_of(chat) == (State.RINGING, colleague.pk)


@pytest.mark.parametrize("ago_days", [recent.RECENT_DAYS + 1])
def test_history_long_ago_does_not_count(service, agent, colleague, customer, assign_chat, ago_days) -> None:
    busy_and_free(agent, colleague)
    had_a_chat(agent, customer, ago_days=ago_days)
    chat = make_chat(service, customer=customer)

    assign_waiting_chats(service.pk)

    assert state_of(chat) == (State.RINGING, colleague.pk)


def test_a_ring_that_was_not_opened_is_no_history(service, agent, colleague, customer, assign_chat) -> None:
    busy_and_free(agent, colleague)
    had_a_chat(agent, customer, outcome=Ring.Outcome.GONE)
    chat = make_chat(service, customer=customer)

    assign_waiting_chats(service.pk)

    assert state_of(chat) == (State.RINGING, colleague.pk)


def full(agent: Agent) -> None:
    for _ in range(3):
        make_chat(agent.service, agent=agent)


def on_a_break(agent: Agent) -> None:
    Agent.objects.filter(pk=agent.pk).update(chat_status=Agent.ChatStatus.BREAK)


@pytest.mark.parametrize(
    "hinder", [no_lease, offline, on_a_break, no_permission, full], ids=lambda hinder: hinder.__name__
)
def test_recent_history_makes_nobody_eligible(service, agent, colleague, customer, assign_chat, hinder) -> None:
    come_online(agent)
    come_online(colleague)
    had_a_chat(agent, customer)
    hinder(agent)
    chat = make_chat(service, customer=customer)

    assign_waiting_chats(service.pk)

    assert state_of(chat) == (State.RINGING, colleague.pk)


def test_recent_history_does_not_ring_again_at_who_let_it_ring(
    service, agent, colleague, customer, assign_chat
) -> None:
    come_online(agent)
    come_online(colleague)
    had_a_chat(agent, customer)
    chat = make_chat(service, customer=customer)
    miss(chat, agent, ago_s=1)

    assign_waiting_chats(service.pk)

    assert state_of(chat) == (State.RINGING, colleague.pk)


def test_nothing_to_do_costs_three_queries(service, agent) -> None:
    come_online(agent)
    with CaptureQueriesContext(connection) as queries:
        assert assign_waiting_chats(service.pk) == 0

    assert len([query for query in queries if "SAVEPOINT" not in query["sql"]]) <= 3


# Many at once


def load_of(agent: Agent) -> int:
    return Chat.objects.filter(agent=agent).exclude(state=State.CLOSED).count()


@pytest.mark.django_db(transaction=True)
def test_many_routers_at_once_fill_every_agent_to_the_limit_and_no_further(service) -> None:
    agents = [come_online(make_agent(service, chat_limit=3)) for _ in range(3)]
    chats = make_queue(service, 20)

    given_out = at_once(*[partial(assign_waiting_chats, service.pk)] * 8)

    assert sum(given_out) == 9
    assert [load_of(agent) for agent in agents] == [3, 3, 3]
    assert [state_of(chat)[0] for chat in chats] == [State.RINGING] * 9 + [State.WAITING] * 11
    assert Counter(Ring.objects.values_list("chat", flat=True)) == {chat.pk: 1 for chat in chats[:9]}


@pytest.mark.django_db(transaction=True)
def test_many_customers_at_once_are_given_out_while_there_is_room(service) -> None:
    agents = [come_online(make_agent(service, chat_limit=3)) for _ in range(2)]
    policy = service.help_center.policies.get(language="en")
    customers = [make_customer(service, f"C{number}") for number in range(12)]

    def come(customer) -> None:
        connect(transitions.start_chat(customer, policy=policy, language="en"))

    at_once(*[partial(come, customer) for customer in customers])

    assert [load_of(agent) for agent in agents] == [3, 3]
    assert Counter(Chat.objects.values_list("state", flat=True)) == {State.RINGING: 6, State.WAITING: 6}


@pytest.mark.django_db(transaction=True)
def test_room_made_and_taken_at_the_same_moment_stays_within_the_limit(service) -> None:
    agents = [come_online(make_agent(service, chat_limit=2)) for _ in range(2)]
    active = [make_chat(service, agent=agent) for agent in agents for _ in range(2)]
    make_queue(service, 6)

    at_once(
        *[partial(transitions.close_chat, chat.pk, by=Chat.ClosedBy.CUSTOMER) for chat in active],
        *[partial(assign_waiting_chats, service.pk)] * 4,
    )

    assert [load_of(agent) for agent in agents] == [2, 2]
    assert Chat.objects.filter(state=State.WAITING).count() == 2


@pytest.mark.django_db(transaction=True)
def test_who_goes_offline_while_chats_are_given_out_has_none_that_ring(service, agent, colleague) -> None:
    come_online(colleague)
    for _ in range(4):
        come_online(agent)
        chats = make_queue(service, 3)

        at_once(
            *[partial(assign_waiting_chats, service.pk)] * 3,
            partial(transitions.change_status, agent, Agent.ChatStatus.OFFLINE),
        )

        assert load_of(agent) == 0
        assert {state_of(chat) for chat in chats} == {(State.RINGING, colleague.pk)}
        for chat in chats:
            transitions.close_chat(chat.pk, by=Chat.ClosedBy.CUSTOMER)
        agent.refresh_from_db()


@pytest.mark.django_db(transaction=True)
def test_a_router_that_waits_for_a_row_sees_the_permission_taken_away(service, agent) -> None:
    come_online(agent)
    [chat] = make_queue(service, 1)

    def take_away() -> None:
        with transaction.atomic():
            Agent.objects.filter(pk=agent.pk).update(chat_permission=False)
            wait_until_blocked()

    assert at_once(take_away, partial(wait_and_assign, agent)) == [None, 0]
    assert state_of(chat) == (State.WAITING, None)


def wait_and_assign(agent: Agent) -> int:
    """Assigns as soon as somebody holds the agent's row."""
    held = False
    while not held:
        with transaction.atomic():
            held = not Agent.objects.filter(pk=agent.pk).select_for_update(skip_locked=True).exists()
    return assign_waiting_chats(agent.service_id)


@pytest.mark.django_db(transaction=True)
def test_chats_given_while_the_permission_is_taken_away_are_taken_again(service, agent, colleague, admin) -> None:
    come_online(agent)
    come_online(colleague)
    chats = make_queue(service, 3)

    at_once(
        *[partial(assign_waiting_chats, service.pk)] * 3,
        partial(change_agent, agent, by=admin, values={"chat_permission": False}),
    )
    upkeep.reconcile()

    assert {state_of(chat) for chat in chats} == {(State.RINGING, colleague.pk)}


@pytest.mark.django_db(transaction=True)
def test_a_chat_that_ends_while_it_is_given_out_rings_nowhere(service, agent) -> None:
    for _ in range(4):
        come_online(agent)
        chats = make_queue(service, 3)

        results = at_once(
            *[partial(transitions.close_chat, chat.pk, by=Chat.ClosedBy.CUSTOMER) for chat in chats],
            *[partial(assign_waiting_chats, service.pk)] * 3,
        )

        assert not [result for result in results if isinstance(result, Exception)]
        assert {state_of(chat)[0] for chat in chats} == {State.CLOSED}
        assert not Ring.objects.filter(ended_at=None).exists()
