"""The table of a chat's states, and a desk on which everything happens in every order."""

import contextlib
import itertools
import uuid
from collections import Counter
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from agents.models import Agent, AuditEntry, Contract, Service
from chat.conversation import messages
from chat.lifecycle import transfer, transitions, upkeep
from chat.models import Chat, Lease, Message, Ring
from chat.routing import assignment, due_queues
from chat.routing.assignment import assign_waiting_chats
from chat.routing.jobs import Memory
from chat.states import TRANSITIONS, State, move_chat
from chat.topics import Topic
from contiple.base.errors import Closed, Conflict
from tests.chat.comings import be_here, leave, make_ringing
from tests.make import make_agent, make_chat, make_customer, send_as_agent

# Written out again, on purpose: whoever changes the table changes what the product does.
ALLOWED = {
    ("waiting", "ringing"),
    ("waiting", "closed"),
    ("ringing", "active"),
    ("ringing", "waiting"),
    ("ringing", "closed"),
    ("active", "waiting"),
    ("active", "ringing"),
    ("active", "closed"),
}


def fields_for(state: str, agent: Agent) -> dict:
    held = {"agent": agent} if state in {"ringing", "active"} else {"agent": None}
    return held | ({"closed_at": timezone.now()} if state == "closed" else {})


def test_the_table_is_the_one_of_the_product() -> None:
    assert {(old, new) for old, allowed in TRANSITIONS.items() for new in allowed} == ALLOWED
    assert set(TRANSITIONS) == set(State.values)


@pytest.mark.parametrize(("old", "new"), list(itertools.product(State.values, State.values)))
def test_only_what_the_table_allows_happens(service, agent, old, new) -> None:
    chat = make_chat(service, state=old, **fields_for(old, agent))

    if (old, new) in ALLOWED:
        move_chat(chat, new, **fields_for(new, agent))
        assert Chat.objects.get(pk=chat.pk).state == chat.state == new
    else:
        with pytest.raises(Conflict):
            move_chat(chat, new, **fields_for(new, agent))
        assert Chat.objects.get(pk=chat.pk).state == chat.state == old


def test_who_is_second_changes_nothing(service, agent, colleague) -> None:
    chat = make_chat(service)
    first, second = Chat.objects.get(pk=chat.pk), Chat.objects.get(pk=chat.pk)
    move_chat(first, State.RINGING, agent=agent)

    with pytest.raises(Conflict):
        move_chat(second, State.RINGING, agent=colleague)

    chat.refresh_from_db()
    assert chat.agent == agent
    assert second.state == State.WAITING


def broken(change) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        change()


def test_the_database_refuses_what_must_never_be(service, agent, customer) -> None:
    chat = make_ringing(agent, customer=customer)
    rows = Chat.objects.filter(pk=chat.pk)

    broken(lambda: rows.update(agent=None))  # rings at nobody
    broken(lambda: rows.update(state=State.WAITING))  # waits, and has an agent
    broken(lambda: rows.update(state=State.CLOSED))  # closed, nobody knows when
    broken(lambda: rows.update(closed_at=timezone.now()))  # open, and closed at some time
    broken(lambda: Ring.objects.create(chat=chat, agent=agent))  # rings twice
    broken(lambda: make_chat(service, customer=customer))  # two open chats of one customer


# Everything in every order

AGENTS, CUSTOMERS = 3, 5
agents = st.integers(0, AGENTS - 1)
customers = st.integers(0, CUSTOMERS - 1)
AFTER = {  # of an entry in the trail, the state that it leaves behind
    "chat.started": State.WAITING,
    "chat.assigned": State.RINGING,
    "chat.opened": State.ACTIVE,
    "chat.passed_on": State.WAITING,
    "chat.transferred": State.RINGING,
    "chat.returned": State.WAITING,
    "chat.taken": State.ACTIVE,
    "chat.taken_over": State.ACTIVE,
    "chat.closed": State.CLOSED,
}
IN_ONE = {  # besides what the table allows: what passes through several states in one transaction, and from where
    "chat.started": {None},
    "chat.taken": {State.WAITING},
    "chat.taken_over": {State.WAITING, State.RINGING, State.ACTIVE},
}


class Desk(RuleBasedStateMachine):
    """One service with three agents and five customers, on committed rows."""

    def __init__(self, service: Service, staff: list[Agent], visitors: list) -> None:
        super().__init__()
        self.service, self.staff, self.visitors = service, staff, visitors
        self.policy = service.help_center.policies.get(language="en")
        start_over(service)
        keys = ["delivery", "refunds"]
        self.topics = [Topic.objects.get_or_create(service=service, key=key)[0] for key in keys]
        Topic.agents.through.objects.all().delete()

    def agent(self, number: int) -> Agent:
        return Agent.objects.select_related("user", "service__contract").get(pk=self.staff[number].pk)

    def open_chat(self, number: int) -> Chat | None:
        return Chat.objects.exclude(state=State.CLOSED).filter(customer=self.visitors[number]).first()

    def chat_with(self, number: int, state: str) -> Chat | None:
        return Chat.objects.filter(agent=self.staff[number], state=state).order_by("pk").first()

    @initialize()
    def the_day_begins(self) -> None:
        for number in range(AGENTS - 1):
            self.an_agent_comes(number)
        for number in range(CUSTOMERS - 2):
            self.a_customer_starts(number)

    @rule(number=customers)
    def a_customer_starts(self, number: int) -> None:
        there = self.open_chat(number)
        try:
            coming = transitions.Coming(topic=[None, *self.topics][number % 3])
            chat = transitions.start_chat(self.visitors[number], policy=self.policy, language="en", coming=coming)
        except Closed:
            return
        if there:
            assert chat.pk == there.pk
        else:
            be_here(chat=chat)

    @rule(number=agents)
    def an_agent_comes(self, number: int) -> None:
        agent = self.agent(number)
        be_here(agent=agent)
        try:
            transitions.change_status(agent, Agent.ChatStatus.ONLINE)
        except Closed:
            assert not agent.chat_permission or not agent.service.contract.chat

    @rule(number=agents)
    def an_agent_chooses_offline(self, number: int) -> None:
        try:
            transitions.change_status(self.agent(number), Agent.ChatStatus.OFFLINE)
        except Closed:
            return
        assert self.chat_with(number, State.RINGING) is None

    @rule(number=agents, ago_s=st.sampled_from([1, upkeep.AGENT_GRACE_S + 1, upkeep.OFFLINE_AFTER_S + 1]))
    def an_agent_s_browser_is_gone(self, number: int, ago_s: int) -> None:
        leave(agent=self.staff[number], ago_s=ago_s)

    @rule(number=agents, assigned=st.sets(st.integers(0, 1)))
    def an_agent_is_assigned(self, number: int, assigned: set[int]) -> None:
        self.staff[number].topics.set([self.topics[each] for each in assigned])

    @rule(number=agents)
    def the_permission_is_given(self, number: int) -> None:
        Agent.objects.filter(pk=self.staff[number].pk).update(chat_permission=True)

    @rule(number=agents)
    def the_permission_is_taken_away(self, number: int) -> None:
        Agent.objects.filter(pk=self.staff[number].pk).update(chat_permission=False)
        self.the_worker_ticks()

    @rule(open_=st.booleans())
    def the_contract_is_changed(self, open_: bool) -> None:
        Contract.objects.filter(service=self.service).update(chat=open_)

    @rule(number=agents)
    def an_agent_opens_what_rings(self, number: int) -> None:
        chat = self.chat_with(number, State.RINGING)
        if chat:
            assert transitions.answer_chat(self.agent(number), chat.pk).state == State.ACTIVE

    @rule(number=agents, whose=customers)
    def an_agent_tries_to_open_any_chat(self, number: int, whose: int) -> None:
        chat = self.open_chat(whose)
        if chat and chat.agent_id != self.staff[number].pk:
            with pytest.raises(Conflict):
                transitions.answer_chat(self.agent(number), chat.pk)

    @rule(number=customers)
    def a_ring_is_not_heard(self, number: int) -> None:
        chat = self.open_chat(number)
        if chat and chat.ringing_since:
            earlier = chat.ringing_since - timedelta(seconds=assignment.RING_TIMEOUT_S + 1)
            Chat.objects.filter(pk=chat.pk).update(ringing_since=earlier)

    @rule(number=customers)
    def a_chat_is_passed_on(self, number: int) -> None:
        chat = self.open_chat(number)
        if chat:
            assert transitions.pass_on(chat.pk, outcome=Ring.Outcome.GONE) == (chat.state != State.WAITING)

    @rule(number=agents, to=agents)
    def an_agent_transfers(self, number: int, to: int) -> None:
        chat = self.chat_with(number, State.ACTIVE)
        if chat:
            with contextlib.suppress(Conflict):
                transfer.transfer_chat(self.agent(number), chat.pk, self.staff[to].pk)
                assert self.chat_with(to, State.RINGING)
                assert number != to

    @rule(number=agents, to=st.integers(0, 1))
    def an_agent_returns_a_chat(self, number: int, to: int) -> None:
        chat = self.chat_with(number, State.ACTIVE)
        if chat:
            transfer.return_to_queue(self.agent(number), chat.pk, topic=self.topics[to])
            found = Chat.objects.get(pk=chat.pk)
            assert found.agent_id != self.staff[number].pk
            assert found.topic == self.topics[to]
            served = set(found.agent.topics.all()) if found.agent else set()
            assert not served or found.topic in served

    @rule(number=agents, whose=customers)
    def an_admin_takes_over(self, number: int, whose: int) -> None:
        chat = self.open_chat(whose)
        if chat:
            Agent.objects.filter(pk=self.staff[number].pk).update(role=Agent.Role.ADMIN)
            with contextlib.suppress(Conflict, Closed):
                assert transfer.take_over(self.agent(number), chat.pk).agent_id == self.staff[number].pk

    @rule(number=agents, whose=customers)
    def an_agent_takes_a_waiting_chat(self, number: int, whose: int) -> None:
        chat = self.open_chat(whose)
        if chat:
            with contextlib.suppress(Conflict, Closed):
                taken = transfer.take(self.agent(number), chat.pk)
                assert (taken.agent_id, taken.state) == (self.staff[number].pk, State.ACTIVE)
                assert chat.state == State.WAITING or chat.agent_id == taken.agent_id

    @rule(number=agents)
    def an_agent_goes_home(self, number: int) -> None:
        with contextlib.suppress(Closed):
            transitions.change_status(self.agent(number), Agent.ChatStatus.OFFLINE, pass_on_open=True)
            assert not Chat.objects.filter(agent=self.staff[number]).exclude(state=State.CLOSED).exists()

    @rule(number=customers)
    def a_customer_ends(self, number: int) -> None:
        chat = self.open_chat(number)
        if chat:
            assert transitions.close_chat(chat.pk, by=Chat.ClosedBy.CUSTOMER)

    @rule(number=agents)
    def an_agent_ends(self, number: int) -> None:
        chat = self.chat_with(number, State.ACTIVE)
        if chat:
            assert transitions.close_chat(chat.pk, by=Chat.ClosedBy.AGENT, agent=self.agent(number))

    @rule(number=customers)
    def a_closed_chat_stays_closed(self, number: int) -> None:
        chat = Chat.objects.filter(customer=self.visitors[number], state=State.CLOSED).last()
        if chat:
            assert not transitions.close_chat(chat.pk, by=Chat.ClosedBy.CUSTOMER)
            assert not transitions.pass_on(chat.pk, outcome=Ring.Outcome.GONE)

    @rule(number=customers)
    def a_customer_s_browser_is_gone(self, number: int) -> None:
        chat = self.open_chat(number)
        if chat:
            Chat.objects.filter(pk=chat.pk).update(created_at=timezone.now() - timedelta(hours=1))
            leave(chat=chat, ago_s=upkeep.WAITING_CUSTOMER_GRACE_S + 1)

    @rule(number=customers)
    def a_customer_writes(self, number: int) -> None:
        chat = self.open_chat(number)
        if chat:
            messages.send_as_customer(chat, body="Hello", client_id=uuid.uuid4())

    @rule(number=agents)
    def an_agent_writes(self, number: int) -> None:
        chat = self.chat_with(number, State.ACTIVE)
        if chat:
            send_as_agent(chat, self.agent(number), body="Hello", client_id=uuid.uuid4())

    @rule()
    def the_worker_ticks(self) -> None:
        upkeep.reconcile()

        assert assign_waiting_chats(self.service.pk) == 0, "a chat waited while somebody could take it"
        assert due_queues.assignments(Memory()).gives == [], "the router would be called in vain"
        gate = Contract.objects.get(service=self.service).chat
        assert gate or not Chat.objects.exclude(state=State.CLOSED).exists()
        for chat in Chat.objects.filter(state__in=[State.RINGING, State.ACTIVE]).select_related("agent"):
            assert chat.agent.chat_permission
            if chat.state == State.RINGING:
                assert chat.agent.chat_status == Agent.ChatStatus.ONLINE
                assert Lease.objects.filter(agent=chat.agent, expires_at__gt=timezone.now()).exists()

    @invariant()
    def no_agent_has_one_too_many(self) -> None:
        loads = Counter(Chat.objects.exclude(state=State.CLOSED).exclude(agent=None).values_list("agent", flat=True))
        for agent in self.staff:
            assert loads[agent.pk] <= min(agent.chat_limit, 2)

    @invariant()
    def rings_and_states_agree(self) -> None:
        ringing = set(Chat.objects.filter(state=State.RINGING).values_list("pk", "agent"))
        assert set(Ring.objects.filter(ended_at=None).values_list("chat", "agent")) == ringing
        assert not Ring.objects.filter(ended_at=None).exclude(outcome="").exists()
        assert not Ring.objects.exclude(ended_at=None).filter(outcome="").exists()

    @invariant()
    def agents_fit_states_and_customers_have_one(self) -> None:
        rows = Chat.objects.exclude(state=State.CLOSED).values_list("customer", "state", "agent")
        assert all((agent is None) == (state == State.WAITING) for _, state, agent in rows)
        assert max(Counter(customer for customer, _, _ in rows).values(), default=0) <= 1

    @invariant()
    def the_trail_tells_the_whole_life(self) -> None:
        told: dict[str, str] = {}
        for subject, action in (
            AuditEntry.objects.filter(subject__startswith="chat:").order_by("id").values_list("subject", "action")
        ):
            old, new = told.get(subject), AFTER[action]
            assert (old, new) in ALLOWED or old in IN_ONE.get(action, {}), (subject, old, action)
            told[subject] = new
        assert told == {f"chat:{pk}": state for pk, state in Chat.objects.values_list("pk", "state")}

    @invariant()
    def messages_are_numbered_without_gaps(self) -> None:
        seqs: dict[int, list[int]] = {}
        for chat, seq in Message.objects.order_by("chat", "seq").values_list("chat", "seq"):
            seqs.setdefault(chat, []).append(seq)
        for chat, last in Chat.objects.values_list("pk", "last_rev"):
            assert seqs.get(chat, []) == list(range(1, last + 1))


def start_over(service: Service) -> None:
    with connection.cursor() as cursor:
        for table in (
            "routingdecision",
            "routinground",
            "lease",
            "ring",
            "mailwait",
            "chatmail",
            "evaluation",
            "message",
            "chat",
        ):
            cursor.execute(f"DELETE FROM chat_{table}")
        cursor.execute("DELETE FROM agents_auditentry")
    Agent.objects.filter(service=service).update(chat_permission=True, chat_status=Agent.ChatStatus.OFFLINE)
    Contract.objects.filter(service=service).update(chat=True, chats_at_once=2)


@pytest.mark.django_db(transaction=True)
def test_whatever_happens_in_whatever_order_the_desk_stays_in_order(service) -> None:
    staff = [make_agent(service, f"Agent {number}", chat_limit=1 + number) for number in range(AGENTS)]
    visitors = [make_customer(service, f"Customer {number}") for number in range(CUSTOMERS)]

    run_state_machine_as_test(
        lambda: Desk(service, staff, visitors),
        settings=settings(
            max_examples=25,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
