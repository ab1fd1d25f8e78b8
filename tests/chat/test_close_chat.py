"""Either side, time or the contract ends a chat: once, on record, and the room goes to the next who waits."""

from functools import partial

import pytest

from agents.models import AuditEntry
from chat.conversation import live
from chat.lifecycle.transitions import answer_chat, close_chat
from chat.models import Chat, Ring
from contiple.base.errors import Conflict
from tests.agents.race import at_once
from tests.chat.comings import come_online, committed, make_queue, make_ringing, state_of
from tests.make import make_chat

State, By = Chat.State, Chat.ClosedBy
# Processes of the release before have words for these.
ENDS = {By.BLOCKED: "closed_agent", By.ADMIN: "closed_agent"}


@pytest.mark.parametrize("by", By.values)
def test_an_open_chat_ends(service, agent, told, by) -> None:
    chat = make_chat(service, agent=agent)

    with committed():
        assert close_chat(chat.pk, by=by, agent=agent if by == By.AGENT else None) is True

    chat.refresh_from_db()
    assert (chat.state, chat.closed_by, chat.agent) == (State.CLOSED, by, agent)
    assert chat.closed_at is not None
    assert chat.messages.get().event == ENDS.get(by, f"closed_{by}")
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.details) == ("chat.closed", {"by": by})
    assert entry.actor == {By.AGENT: "Mina", By.CUSTOMER: "customer"}.get(by, "")
    assert {topic for topic, _ in told} >= {live.chat_topic(chat.pk), live.agent_topic(agent.pk)}


@pytest.mark.parametrize("state", [State.WAITING, State.RINGING])
def test_a_customer_may_leave_before_anybody_opened_it(service, agent, state) -> None:
    chat = make_ringing(agent) if state == State.RINGING else make_chat(service)

    assert close_chat(chat.pk, by=By.CUSTOMER) is True

    assert state_of(chat)[0] == State.CLOSED
    assert [ring.outcome for ring in chat.rings.all()] == ([Ring.Outcome.CLOSED] if state == State.RINGING else [])


def test_the_end_makes_room(service, agent) -> None:
    agent.chat_limit = 1
    agent.save(update_fields=["chat_limit"])
    come_online(agent)
    chat = make_chat(service, agent=agent)
    first, second = make_queue(service, 2)

    with committed():
        close_chat(chat.pk, by=By.AGENT, agent=agent)

    assert state_of(first) == (State.RINGING, agent.pk)
    assert state_of(second) == (State.WAITING, None)


def test_the_end_comes_once(service, agent) -> None:
    chat = make_chat(service, agent=agent)
    close_chat(chat.pk, by=By.CUSTOMER)
    before = Chat.objects.values().get(pk=chat.pk)

    assert close_chat(chat.pk, by=By.AGENT, agent=agent) is False

    assert Chat.objects.values().get(pk=chat.pk) == before
    assert chat.messages.count() == AuditEntry.objects.count() == 1


@pytest.mark.parametrize("state", [State.WAITING, State.RINGING, State.ACTIVE])
def test_an_agent_does_not_end_somebody_else_s(service, agent, colleague, state) -> None:
    chat = make_chat(service, agent=None if state == State.WAITING else colleague, state=state)

    with pytest.raises(Conflict):
        close_chat(chat.pk, by=By.AGENT, agent=agent)

    assert state_of(chat)[0] == state
    assert not chat.messages.exists()


@pytest.mark.django_db(transaction=True)
def test_both_sides_at_once_end_it_once(service, agent) -> None:
    chat = make_chat(service, agent=agent)

    results = at_once(
        *[partial(close_chat, chat.pk, by=By.CUSTOMER)] * 3,
        *[partial(close_chat, chat.pk, by=By.AGENT, agent=agent)] * 3,
    )

    assert sorted(results) == [False] * 5 + [True]
    assert chat.messages.count() == AuditEntry.objects.filter(action="chat.closed").count() == 1


@pytest.mark.django_db(transaction=True)
def test_opened_and_ended_at_once_it_is_ended(agent) -> None:
    for _ in range(4):
        chat = make_ringing(agent)

        opened, ended = at_once(partial(answer_chat, agent, chat.pk), partial(close_chat, chat.pk, by=By.CUSTOMER))

        assert ended is True
        assert isinstance(opened, Chat | Conflict)
        assert state_of(chat)[0] == State.CLOSED
        ring = chat.rings.get()
        assert ring.outcome == (Ring.Outcome.OPENED if isinstance(opened, Chat) else Ring.Outcome.CLOSED)
