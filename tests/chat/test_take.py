"""An agent takes a waiting chat by hand: who may, one of several at once, and what the others are told."""

from datetime import timedelta
from functools import partial

import pytest

from agents.models import Agent, AuditEntry, Contract, Service
from chat.lifecycle.trail import chat_trail, routing_trail
from chat.lifecycle.transfer import take
from chat.models import Chat
from chat.rings import Ring
from chat.routing.assignment import assign_waiting_chats
from chat.routing.waiting_list import SHOWN_MAX, waiting_list
from chat.routing_log import RoutingDecision
from chat.states import State
from chat.topics import Topic
from contiple.base.clock import database_now
from contiple.base.errors import Closed, Conflict
from tests.agents.race import at_once
from tests.chat.comings import be_here, come_online, leave, make_queue, make_ringing
from tests.make import make_agent, make_chat, make_customer

pytestmark = pytest.mark.django_db

FETCH = {"X-Requested-With": "fetch"}
LIST = "/desk/demo/chat/waiting/"


@pytest.fixture
def taker(agent: Agent) -> Agent:
    come_online(agent)
    return agent


@pytest.fixture
def waiting(service: Service) -> Chat:
    return make_queue(service, 2)[1]


def state_of(chat: Chat) -> tuple[str, int | None]:
    return Chat.objects.values_list("state", "agent").get(pk=chat.pk)


def topic_of(service: Service, name: str, *agents: Agent) -> Topic:
    topic = Topic.objects.create(service=service, key=name.lower(), names={"en": name})
    topic.agents.set(agents)
    return topic


def test_a_chat_is_taken_out_of_turn_and_it_is_on_record(taker, waiting) -> None:
    take(taker, waiting.pk)

    assert state_of(waiting) == (State.ACTIVE, taker.pk)
    assert waiting.rings.get().outcome == Ring.Outcome.OPENED
    assert waiting.messages.filter(event="joined", name="Mina").exists()
    assert AuditEntry.objects.get(action="chat.taken").agent == taker
    assert [item.text for item in chat_trail(waiting)] == ["Mina took the chat from the queue."]


def test_the_routing_log_says_who_took_it_and_how_the_others_stood(taker, colleague, waiting) -> None:
    take(taker, waiting.pk)

    [choice] = routing_trail(waiting)
    assert choice.text == "Taken from the queue by Mina (0 of 3 chats)."
    assert choice.others == ["Theo: Offline"]


def test_the_release_before_reads_what_was_taken_as_no_agents(taker, waiting) -> None:
    """It looks up the reason of every agent, and would fail on one that it doesn't know."""
    take(taker, waiting.pk)
    decision = RoutingDecision.objects.get()
    assert (decision.agent, decision.taken_by) == (None, taker)


def test_a_reason_of_a_later_release_is_shown_plainly(taker, waiting) -> None:
    take(taker, waiting.pk)
    RoutingDecision.objects.update(reason="moonlight", agent=taker, taken_by=None)
    assert routing_trail(waiting)[0].text == "Rang for Mina (0 of 3 chats)."
    RoutingDecision.objects.update(agent=None)
    assert routing_trail(waiting)[0].text == "Queued (moonlight)."


def test_a_refused_taking_leaves_no_line_in_the_routing_log(taker, colleague, waiting) -> None:
    full(taker)
    with pytest.raises(Conflict):
        take(taker, waiting.pk)
    assert not RoutingDecision.objects.exists()


def test_one_that_rings_at_the_agent_is_opened_and_one_that_is_open_stays(taker) -> None:
    chat = make_ringing(taker)
    take(taker, chat.pk)
    take(taker, chat.pk)
    assert state_of(chat) == (State.ACTIVE, taker.pk)
    assert AuditEntry.objects.filter(action="chat.opened").count() == 1


def full(agent: Agent) -> None:
    for _ in range(3):
        make_chat(agent.service, agent=agent)


def chosen(status: str, agent: Agent) -> None:
    Agent.objects.filter(pk=agent.pk).update(chat_status=status)


def of_other_queues(agent: Agent) -> None:
    topic_of(agent.service, "Parcels", agent)
    Chat.objects.filter(state=State.WAITING).update(topic=topic_of(agent.service, "Refunds"))


@pytest.mark.parametrize(
    ("hinder", "error", "why"),
    [
        (full, Conflict, "at your limit: 3 of 3 chats"),
        (lambda agent: leave(agent=agent), Conflict, "isn’t connected"),
        (partial(chosen, "break"), Conflict, "to Online"),
        (partial(chosen, "offline"), Conflict, "to Online"),
        (lambda agent: Agent.objects.filter(pk=agent.pk).update(chat_permission=False), Closed, "no longer have"),
        (lambda agent: Contract.objects.update(chat=False), Closed, "no longer have"),
        (of_other_queues, Conflict, "not assigned to"),
    ],
    ids=["full", "not connected", "break", "offline", "not permitted", "no contract", "another queue"],
)
def test_who_could_not_be_given_it_can_not_take_it(taker, waiting, hinder, error, why) -> None:
    hinder(taker)
    with pytest.raises(error, match=why):
        take(taker, waiting.pk)
    assert state_of(waiting) == (State.WAITING, None)
    assert not Ring.objects.exists()


@pytest.mark.parametrize("state", [State.RINGING, State.ACTIVE])
def test_whoever_comes_too_late_is_told_who_has_it(taker, colleague, state) -> None:
    chat = make_ringing(colleague) if state == State.RINGING else make_chat(colleague.service, agent=colleague)
    with pytest.raises(Conflict, match="Theo has this chat now"):
        take(taker, chat.pk)
    assert state_of(chat) == (state, colleague.pk)


def test_one_that_has_ended_is_taken_by_nobody(taker) -> None:
    with pytest.raises(Conflict, match="has ended"):
        take(taker, make_chat(taker.service, state=State.CLOSED).pk)


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_one_gets_it_and_nobody_has_too_many(service) -> None:
    agents = [make_agent(service, f"Agent {number}", chat_limit=1) for number in range(4)]
    for one in agents:
        come_online(one)
    for _ in range(3):
        first, second = make_queue(service, 2)
        results = at_once(
            *[partial(take, one, first.pk) for one in agents],
            partial(take, agents[0], second.pk),
            partial(assign_waiting_chats, service.pk),
        )
        assert sum(isinstance(result, Chat) for result in results) <= 3
        assert all(isinstance(result, Chat | Conflict | int) for result in results), results
        held = list(Chat.objects.exclude(state=State.CLOSED).values_list("agent", flat=True))
        assert None not in held
        assert len(held) == len(set(held)) == 2
        Ring.objects.filter(ended_at=None).update(ended_at=database_now(), outcome=Ring.Outcome.CLOSED)
        Chat.objects.update(state=State.CLOSED, closed_at=database_now())


# The pages


def test_the_list_shows_place_topic_and_name_of_what_the_agent_may_take(taker, service, sign_in) -> None:
    long_ago = database_now() - timedelta(minutes=1)
    parcels, refunds = topic_of(service, "Parcels", taker), topic_of(service, "Refunds")
    make_chat(service, customer=make_customer(service, "Anna"), topic=refunds)
    make_chat(service, customer=make_customer(service, "Bela"), topic=parcels)
    make_chat(service, customer=make_customer(service, "Cleo"))
    make_chat(service, customer=make_customer(service, "Dora"), connected=False, created_at=long_ago)
    assert [(place, str(chat.customer.name)) for place, chat in waiting_list(taker).rows] == [(1, "Bela"), (1, "Cleo")]
    html = sign_in(taker).get(LIST, headers=FETCH).content.decode()
    assert "Bela" in html
    assert "<small>Parcels</small>" in html
    for name in ("Anna", "Dora"):
        assert name not in html


def test_the_list_is_bounded_and_costs_the_same_for_many(taker, service, django_assert_num_queries) -> None:
    make_queue(service, 1)
    with django_assert_num_queries(3):
        waiting_list(taker)
    make_queue(service, SHOWN_MAX + 3)
    with django_assert_num_queries(3):
        found = waiting_list(taker)
    assert (len(found.rows), found.more) == (SHOWN_MAX, 4)


def test_a_press_takes_it_and_who_is_late_reads_who_has_it(taker, colleague, waiting, sign_in) -> None:
    come_online(colleague)
    address = f"/desk/demo/chat/{waiting.pk}/take/"
    assert 'data-mine="true"' in sign_in(taker).post(address, headers=FETCH).content.decode()
    late = sign_in(colleague).post(address, headers=FETCH)
    assert (late.status_code, late.content.decode()) == (409, "Mina has this chat now.")


def test_the_outsider_nobody_and_who_may_not_chat_take_and_see_nothing(taker, outsider, waiting, sign_in, client):
    address = f"/desk/demo/chat/{waiting.pk}/take/"
    be_here(agent=outsider)
    own = f"/desk/{outsider.service.slug}/chat/{waiting.pk}/take/"
    for path in (address, own):
        assert sign_in(outsider).post(path, headers=FETCH).status_code == 404
    assert sign_in(outsider).get(LIST, headers=FETCH).status_code == 404
    assert client.post(address).status_code == client.get(LIST).status_code == 302
    Agent.objects.filter(pk=taker.pk).update(chat_permission=False)
    assert sign_in(taker).post(address, headers=FETCH).status_code == 403
    assert sign_in(taker).get(LIST, headers=FETCH).status_code == 403
    assert state_of(waiting) == (State.WAITING, None)
