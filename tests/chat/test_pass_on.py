"""A chat is taken from its agent, back to its place in the queue, and rings at the next one."""

from datetime import timedelta
from functools import partial

import pytest
from django.utils import timezone

from agents.models import AuditEntry
from chat.conversation import live
from chat.lifecycle.transitions import Held, pass_on
from chat.models import Chat, Ring
from tests.agents.race import at_once
from tests.chat.comings import come_online, committed, make_queue, make_ringing, state_of
from tests.make import make_chat

State = Chat.State
GONE, MISSED = Ring.Outcome.GONE, Ring.Outcome.MISSED


@pytest.mark.parametrize("state", [State.RINGING, State.ACTIVE])
def test_it_rings_at_the_next_agent(service, agent, colleague, told, state) -> None:
    come_online(colleague)
    chat = make_ringing(agent) if state == State.RINGING else make_chat(service, agent=agent)

    with committed():
        assert pass_on(chat.pk, outcome=GONE) is True

    assert state_of(chat) == (State.RINGING, colleague.pk)
    topics = {topic for topic, _ in told}
    assert topics >= {live.agent_topic(agent.pk), live.agent_topic(colleague.pk), live.chat_topic(chat.pk)}


def test_it_keeps_its_place_in_the_queue(service, agent, colleague) -> None:
    chat = make_ringing(agent, waiting_since=make_queue(service, 1)[0].waiting_since)
    before = chat.waiting_since
    make_queue(service, 3)

    pass_on(chat.pk, outcome=MISSED)

    chat.refresh_from_db()
    assert (chat.state, chat.agent, chat.ringing_since, chat.waiting_since) == (State.WAITING, None, None, before)


def test_what_came_of_the_ring_and_from_whom_it_was_taken_is_on_record(agent) -> None:
    chat = make_ringing(agent)

    pass_on(chat.pk, outcome=MISSED)

    assert (chat.rings.get().agent, chat.rings.get().outcome) == (agent, MISSED)
    entry = AuditEntry.objects.get(action="chat.passed_on")
    assert (entry.subject, entry.agent, entry.details) == (chat.subject, None, {"reason": "missed", "was": "Mina"})


def test_the_customer_is_told_only_where_somebody_had_opened_it(service, agent) -> None:
    ringing, active = make_ringing(agent), make_chat(service, agent=agent)

    pass_on(ringing.pk, outcome=GONE)
    pass_on(active.pk, outcome=GONE)

    assert not ringing.messages.exists()
    assert active.messages.get().event == "passed_on"


@pytest.mark.parametrize("state", [State.WAITING, State.CLOSED])
def test_nobody_has_it_so_nothing_happens(service, state) -> None:
    chat = make_chat(service, state=state)

    assert pass_on(chat.pk, outcome=GONE) is False

    assert state_of(chat)[0] == state
    assert not AuditEntry.objects.exists()


def test_it_is_not_taken_from_the_next_one(agent, colleague) -> None:
    chat = make_ringing(colleague)

    assert pass_on(chat.pk, outcome=MISSED, seen=Held(agent.pk)) is False

    assert state_of(chat) == (State.RINGING, colleague.pk)
    assert chat.rings.get().ended_at is None


@pytest.mark.django_db(transaction=True)
def test_many_at_once_pass_it_on_once(agent, colleague) -> None:
    come_online(colleague)
    chat = make_ringing(agent)

    results = at_once(*[partial(pass_on, chat.pk, outcome=MISSED, seen=Held(agent.pk))] * 6)

    assert sorted(results) == [False] * 5 + [True]
    assert state_of(chat) == (State.RINGING, colleague.pk)
    assert AuditEntry.objects.filter(action="chat.passed_on").count() == 1


def test_a_ring_that_began_since_is_not_taken_for_the_one_before(service, agent) -> None:
    chat = make_chat(service, agent=agent, state="ringing", ringing_since=timezone.now())
    before = chat.ringing_since - timedelta(seconds=60)

    assert pass_on(chat.pk, outcome=MISSED, seen=Held(agent.pk, "ringing", before)) is False
    assert pass_on(chat.pk, outcome=MISSED, seen=Held(agent.pk, "ringing", chat.ringing_since)) is True
