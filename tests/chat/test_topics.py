"""Queues by topic: who gets which chat, what waiting customers are told, and who may change them."""

import random
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from agents.models import Agent, AuditEntry, Service
from chat.abuse.crowds import Place
from chat.conversation import frames
from chat.conversation.history import Filters, find, page_of
from chat.lifecycle.handing_over import colleagues_of, queues_of
from chat.lifecycle.transitions import Absent, Coming, answer_chat, start_chat
from chat.lifecycle.upkeep import reconcile
from chat.models import Chat, Ring
from chat.routing import due_queues
from chat.routing.assignment import Candidate, Waiting, assign_waiting_chats, plan
from chat.routing.jobs import Memory
from chat.routing.queue import queue_places
from chat.routing.queue_limits import offer_inquiries
from chat.routing.topics import TOPICS_MAX, active_topics, move_topic, remove_topic, save_topic, without_agents
from chat.routing_log import RoutingDecision
from chat.topics import Topic
from contiple.base.clock import database_now
from contiple.base.errors import Closed, Invalid
from tests.bench import world
from tests.chat.comings import be_here, come_online, leave, make_queue, state_of
from tests.make import make_agent, make_chat, make_customer, make_service

pytestmark = pytest.mark.django_db
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
PATH = "/desk/demo/chat/queues/"


def make_topic(service: Service, key: str, *agents: Agent, **fields) -> Topic:
    topic = Topic.objects.create(service=service, key=key, names={"en": key.title()}, **fields)
    topic.agents.set(agents)
    return topic


@pytest.fixture
def policy(service: Service):
    return service.help_center.policies.get(language="en")


@pytest.fixture
def refunds(service: Service, agent: Agent) -> Topic:
    """Mina's."""
    return make_topic(service, "refunds", agent)


@pytest.fixture
def delivery(service: Service, colleague: Agent) -> Topic:
    """Theo's."""
    return make_topic(service, "delivery", colleague)


@pytest.fixture
def client(admin, sign_in) -> Client:
    return sign_in(admin)


# Who gets which chat


def test_a_chat_goes_to_the_agents_of_its_topic_alone(service, agent, colleague, refunds, delivery) -> None:
    come_online(agent, idle_for_s=100)
    come_online(colleague)
    first, second = make_chat(service, topic=delivery), make_chat(service, topic=refunds)

    assert assign_waiting_chats(service.pk) == 2

    assert state_of(first) == (Chat.State.RINGING, colleague.pk)
    assert state_of(second) == (Chat.State.RINGING, agent.pk)


def test_an_agent_without_a_topic_gets_every_chat(service, agent, colleague, refunds) -> None:
    come_online(colleague)
    chats = [make_chat(service, topic=refunds), make_chat(service)]
    assert assign_waiting_chats(service.pk) == 2
    assert {state_of(chat)[1] for chat in chats} == {colleague.pk}


def test_a_chat_without_a_topic_goes_to_everybody(service, agent, refunds) -> None:
    come_online(agent)
    chat = make_chat(service)
    assert assign_waiting_chats(service.pk) == 1
    assert state_of(chat)[1] == agent.pk


def test_a_topic_whose_agents_are_gone_holds_up_no_other(service, agent, refunds, delivery, monkeypatch) -> None:
    monkeypatch.setattr("chat.routing.assignment.NOTED_AHEAD", 2)
    come_online(agent)
    make_queue(service, 30, topic=delivery)
    chat = make_chat(service, topic=refunds)

    reconcile()

    assert state_of(chat) == (Chat.State.RINGING, agent.pk)
    assert Chat.objects.filter(state=Chat.State.WAITING).count() == 30


def test_the_router_is_not_called_for_whom_nobody_serves(service, agent, delivery, refunds) -> None:
    come_online(agent)
    make_chat(service, topic=delivery)
    assert due_queues.assignments(Memory()).gives == []
    make_chat(service, topic=refunds)
    assert due_queues.assignments(Memory()).gives


def test_the_log_says_that_the_topic_has_nobody(service, agent, refunds, delivery) -> None:
    come_online(agent)
    chat = make_chat(service, topic=delivery)
    assign_waiting_chats(service.pk)
    assert RoutingDecision.objects.get(chat=chat).reason == "topic"


TOPICS = [None, 1, 2, 3]
candidates = st.builds(
    Candidate,
    agent_id=st.integers(1, 6),
    load=st.integers(0, 3),
    limit=st.integers(1, 3),
    idle_since=st.integers(0, 9).map(lambda s: EPOCH + timedelta(seconds=s)),
    topics=st.frozensets(st.sampled_from(TOPICS[1:])),
)
queues = st.lists(st.tuples(st.sampled_from(TOPICS), st.frozensets(st.integers(1, 6), max_size=3)), max_size=12).map(
    lambda rows: [
        Waiting(Place(1, number, number, EPOCH, True, "", 0, None, 0, topic), resting)
        for number, (topic, resting) in enumerate(rows)
    ]
)


def takes(agent: Candidate, chat: Waiting) -> bool:
    is_topic = chat.place.topic_id is None or agent.topics == frozenset() or chat.place.topic_id in agent.topics
    return is_topic and agent.agent_id not in chat.resting


@given(queue=queues, everybody=st.lists(candidates, unique_by=lambda each: each.agent_id))
def test_every_chat_is_given_in_its_turn_to_the_least_loaded_who_serves_it(queue, everybody) -> None:
    gifts = {gift.chat_id: gift.agent_id for gift in plan(queue, everybody, EPOCH, for_crowds=0)}
    load = {each.agent_id: each.load for each in everybody}
    for chat in queue:
        able = [each for each in everybody if takes(each, chat) and load[each.agent_id] < each.limit]
        assert (chat.chat_id in gifts) == bool(able)
        if able:
            chosen = next(each for each in able if each.agent_id == gifts[chat.chat_id])
            least = min(load[each.agent_id] / each.limit for each in able)
            assert load[chosen.agent_id] / chosen.limit == least
            load[chosen.agent_id] += 1


@pytest.mark.parametrize("seed", range(60))
def test_the_worker_calls_the_router_exactly_if_it_can_give_a_chat(service, seed) -> None:
    """The condition in SQL, the plan in memory and the rows agree, on a desk made at random."""
    chance = random.Random(seed)
    topics = [None, *(make_topic(service, f"topic-{number}") for number in range(3))]
    staff = [make_agent(service, chat_limit=chance.randint(1, 2)) for _ in range(chance.randint(1, 4))]
    for each in staff:
        each.topics.set([topic for topic in topics if topic and chance.random() < 0.4])
        if chance.random() < 0.7:
            come_online(each)
        for _ in range(chance.randint(0, 2)):
            make_chat(service, agent=each)
    for _ in range(chance.randint(1, 4)):
        chat = make_chat(service, topic=chance.choice(topics), connected=chance.random() < 0.8)
        for each in staff:
            if chance.random() < 0.4:
                now = database_now()
                Ring.objects.create(chat=chat, agent=each, started_at=now, ended_at=now, outcome=Ring.Outcome.MISSED)

    is_called = bool(due_queues.assignments(Memory()).gives)

    given = assign_waiting_chats(service.pk)
    assert is_called == bool(given)
    for chat in Chat.objects.filter(state=Chat.State.RINGING).select_related("agent"):
        served = set(chat.agent.topics.values_list("pk", flat=True))
        assert not served or chat.topic_id in {None, *served}


# What customers are told


def test_the_place_is_counted_in_the_topic(service, refunds, delivery) -> None:
    first, second = make_queue(service, 2, topic=delivery)
    own = make_chat(service, topic=refunds)
    assert queue_places(service.pk) == {first.pk: 1, second.pk: 2, own.pk: 1}


def test_nobody_of_the_topic_is_there(service, agent, refunds, delivery, policy) -> None:
    come_online(agent)
    with pytest.raises(Absent):
        start_chat(make_customer(service), policy=policy, language="en", coming=Coming(topic=delivery))
    chat = start_chat(make_customer(service), policy=policy, language="en", coming=Coming(topic=refunds))
    assert chat.topic == refunds
    assert without_agents(service, [refunds, delivery]) == {delivery.pk}


def test_whoever_waits_is_told_when_the_topics_agents_are_gone(service, agent, refunds, delivery) -> None:
    come_online(agent)
    Agent.objects.filter(pk=agent.pk).update(chat_limit=1)
    make_chat(service, agent=agent)
    own, other = be_here(chat=make_chat(service, topic=refunds)), be_here(chat=make_chat(service, topic=delivery))

    offer_inquiries()

    offers = dict(Chat.objects.values_list("pk", "inquiry_offer"))
    assert (offers[own.pk], offers[other.pk]) == ("", Chat.InquiryOffer.ABSENT)


def test_it_ends_when_an_agent_of_the_topic_comes(service, agent, colleague, refunds, delivery) -> None:
    chat = be_here(chat=make_chat(service, topic=delivery))
    offer_inquiries()
    come_online(agent)
    offer_inquiries()
    chat.refresh_from_db()
    assert chat.inquiry_offer == Chat.InquiryOffer.ABSENT

    come_online(colleague)
    offer_inquiries()
    chat.refresh_from_db()
    assert chat.inquiry_offer == ""


def test_all_agents_of_the_topic_have_let_it_ring(service, agent, colleague, refunds, delivery) -> None:
    come_online(agent)
    come_online(colleague)
    chat = be_here(chat=make_chat(service, topic=refunds))
    now = database_now()
    Ring.objects.create(chat=chat, agent=agent, started_at=now, ended_at=now, outcome=Ring.Outcome.MISSED)

    offer_inquiries()

    chat.refresh_from_db()
    assert chat.inquiry_offer == Chat.InquiryOffer.MISSED


# The start form


def form(policy, **fields) -> dict:
    return {"name": "Jun", "message": "Hello", "policy": policy.pk, "agree": "on", **fields}


def test_without_topics_nothing_is_asked(service, agent) -> None:
    come_online(agent)
    assert 'name="topic"' not in Client().get("/hc/demo/chat/").content.decode()


def test_the_customer_chooses_among_the_active_topics(service, agent, refunds, delivery, policy) -> None:
    make_topic(service, "old", is_active=False)
    come_online(agent)
    page = Client().get("/hc/demo/chat/").content.decode()
    assert "Refunds</option>" in page
    assert "Delivery – nobody is there now</option>" in page
    assert "Old" not in page

    answer = Client().post("/hc/demo/chat/start/", form(policy))
    assert (answer.status_code, Chat.objects.count()) == (422, 0)
    answer = Client().post("/hc/demo/chat/start/", form(policy, topic=refunds.pk))
    assert (answer.status_code, Chat.objects.get().topic) == (201, refunds)


def test_the_page_around_the_chat_chooses(service, agent, refunds, delivery) -> None:
    come_online(agent)
    page = Client().get("/hc/demo/chat/?topic=refunds").content.decode()
    assert f'<input type="hidden" name="topic" value="{refunds.pk}"' in page
    assert "<select" not in page
    assert "<select" in Client().get("/hc/demo/chat/?topic=unknown").content.decode()
    assert 'data-stage="absent"' in Client().get("/hc/demo/chat/?topic=delivery").content.decode()


def test_absent_is_said_and_asked_for_the_topic(service, agent, colleague, refunds, delivery, policy) -> None:
    come_online(agent)
    answer = Client().post("/hc/demo/chat/start/", form(policy, topic=delivery.pk))
    assert answer.status_code == 409
    assert 'data-open-url="/hc/demo/chat/open/?topic=delivery"' in answer.content.decode()
    assert not Chat.objects.exists()

    assert Client().post("/hc/demo/chat/open/?topic=delivery").status_code == 204
    assert Client().post("/hc/demo/chat/open/").status_code == 200
    come_online(colleague)
    assert Client().post("/hc/demo/chat/open/?topic=delivery").status_code == 200


@pytest.mark.parametrize("topic", ["0", "999999999", "x", ""])
def test_no_topic_of_another_service_or_none(service, agent, outsider, refunds, policy, topic) -> None:
    come_online(agent)
    theirs = make_topic(outsider.service, "theirs")
    for value in (topic, str(theirs.pk)):
        assert Client().post("/hc/demo/chat/start/", form(policy, topic=value)).status_code == 422
    assert not Chat.objects.exists()


# From one topic to another


def test_a_chat_is_returned_to_another_topics_queue(service, agent, colleague, refunds, delivery, sign_in) -> None:
    come_online(agent)
    come_online(colleague)
    chat = be_here(chat=make_chat(service, topic=refunds))
    assign_waiting_chats(service.pk)
    answer_chat(agent, chat.pk)
    browser = sign_in(agent)
    for name in ("transfer", "return"):  # the second is of the release before
        page = browser.get(f"/desk/demo/chat/{chat.pk}/{name}/").content.decode()
        assert "Back to the queue: Refunds" in page
        assert 'value="queue:delivery"' in page

    assert browser.post(f"/desk/demo/chat/{chat.pk}/transfer/", {"to": "queue:delivery"}).status_code == 302
    assign_waiting_chats(service.pk)

    chat.refresh_from_db()
    assert (chat.topic, chat.agent) == (delivery, colleague)
    assert AuditEntry.objects.get(action="chat.returned").details == {"queue": "delivery"}


def test_a_queue_says_how_many_colleagues_could_take_a_chat(service, agent, colleague, refunds, delivery) -> None:
    for one in (agent, colleague, make_agent(service, "Kim")):  # Kim serves all queues
        come_online(one)
    chat = make_chat(service, agent=agent, topic=refunds)

    def queues() -> list[tuple[str, int]]:
        return [(queue.value, queue.free) for queue in queues_of(chat, colleagues_of(agent))]

    assert queues() == [("queue:", 1), ("queue:delivery", 2)]
    leave(agent=colleague)
    assert queues() == [("queue:", 1), ("queue:delivery", 1)]
    chat.topic = None
    assert queues() == [("queue:", 1), ("queue:refunds", 1), ("queue:delivery", 1)]


@pytest.mark.parametrize("key", ["old", "theirs", "nothing", "no\0thing"])
def test_a_queue_that_can_t_be_chosen_is_refused_and_nothing_is_lost(
    service, agent, outsider, refunds, sign_in, key
) -> None:
    make_topic(service, "old", is_active=False)
    make_topic(outsider.service, "theirs")
    come_online(agent)
    chat = make_chat(service, agent=agent, topic=refunds)

    sent = {"to": f"queue:{key}", "note": "Typed here"}
    answer = sign_in(agent).post(f"/desk/demo/chat/{chat.pk}/transfer/", sent, headers={"X-Requested-With": "fetch"})

    assert answer.status_code == 409
    assert "This queue is not active any more." in answer.content.decode()
    assert "Typed here" in answer.content.decode()
    chat.refresh_from_db()
    assert (chat.agent, chat.topic, chat.messages.count()) == (agent, refunds, 0)


def test_the_desk_shows_the_topic(service, agent, admin, refunds) -> None:
    make_chat(service, agent=agent, topic=refunds)
    assert "<small>Refunds</small>" in frames.desk_frame(frames.agent_of_desk(agent.pk), "en").html
    assert "· Refunds" in frames.desk_frame(frames.agent_of_desk(admin.pk), "en").html


# The pages


def test_an_admin_makes_and_changes_a_queue(client, service, agent, colleague, admin) -> None:
    client.post(
        f"{PATH}new/", {"name_en": "Returns & refunds", "name_ko": "환불", "is_active": "on", "agents": [agent.pk]}
    )
    topic = Topic.objects.get()
    assert (topic.key, topic.names) == ("returns-refunds", {"en": "Returns & refunds", "ko": "환불"})
    assert list(topic.agents.all()) == [agent]
    assert "Returns &amp; refunds" in client.get(PATH).content.decode()

    client.post(f"{PATH}{topic.pk}/", {"name_ko": "환불", "key": "refund", "agents": [colleague.pk]})
    topic.refresh_from_db()
    assert (topic.key, str(topic), topic.is_active) == ("refund", "환불", False)
    assert list(topic.agents.all()) == [colleague]
    actions = AuditEntry.objects.filter(action__startswith="queue.").order_by("pk")
    assert [(entry.action, entry.agent) for entry in actions] == [("queue.created", admin), ("queue.changed", admin)]


def test_an_assignment_wakes_the_router(transactional_db, service, agent, colleague, admin, delivery) -> None:
    come_online(agent)
    make_topic(service, "other", agent)
    chat = be_here(chat=make_chat(service, topic=delivery))
    assert assign_waiting_chats(service.pk) == 0

    values = {"key": "", "names": delivery.names, "is_active": True, "agents": [agent, colleague]}
    save_topic(admin, delivery, values)

    assert state_of(chat) == (Chat.State.RINGING, agent.pk)


@pytest.mark.parametrize("fields", [{}, {"name_en": " "}, {"name_en": "A", "key": "a b"}, {"name_en": "A" * 41}])
def test_what_is_wrong_is_said(client, fields) -> None:
    assert client.post(f"{PATH}new/", fields).status_code == 200
    assert not Topic.objects.exists()


def test_a_key_is_there_once(client, service, refunds) -> None:
    answer = client.post(f"{PATH}new/", {"name_en": "More", "key": "refunds"})
    assert "Another queue has this key." in answer.content.decode()
    client.post(f"{PATH}new/", {"name_en": "Refunds"})
    assert set(Topic.objects.values_list("key", flat=True)) == {"refunds", "refunds-1"}


def test_their_number_is_bounded(service, admin) -> None:
    for number in range(TOPICS_MAX):
        make_topic(service, f"topic-{number}")
    with pytest.raises(Invalid):
        save_topic(admin, None, {"key": "", "names": {"en": "One more"}, "is_active": True, "agents": []})


def test_agents_of_others_are_not_assigned(client, outsider) -> None:
    client.post(f"{PATH}new/", {"name_en": "Ours", "agents": [outsider.pk]})
    assert not Topic.objects.exists()


@pytest.mark.parametrize("who", ["agent", "outsider"])
def test_no_page_is_there_for_who_is_no_admin_here(request, service, sign_in, refunds, who) -> None:
    browser = sign_in(request.getfixturevalue(who))
    paths = [PATH, f"{PATH}new/", f"{PATH}{refunds.pk}/"]
    assert {browser.get(path).status_code for path in paths} == {404}
    assert {browser.post(path, {"name_en": "Mine"}).status_code for path in paths[1:]} == {404}
    assert Topic.objects.get().names == {"en": "Refunds"}


def test_an_admin_changes_the_own_services_queues_alone(client, outsider) -> None:
    theirs = make_topic(outsider.service, "theirs")
    assert client.get(f"{PATH}{theirs.pk}/").status_code == 404
    assert make_service("third").topics.count() == 0


def test_who_is_no_admin_any_more_changes_nothing(service, admin, refunds) -> None:
    Agent.objects.filter(pk=admin.pk).update(role=Agent.Role.AGENT)
    with pytest.raises(Closed):
        save_topic(admin, refunds, {"key": "", "names": {"en": "Mine"}, "is_active": True, "agents": []})


def values(name: str) -> dict:
    return {"key": "", "names": {"en": name}, "is_active": True, "agents": []}


def names(client: Client) -> list[str]:
    return re.findall(r'queues/\d+/">(\w+)</a>', client.get(PATH).text)


def test_an_admin_puts_them_in_order(admin, client, refunds, delivery) -> None:
    third = save_topic(admin, None, values("Third"))
    assert names(client) == ["Refunds", "Delivery", "Third"]
    client.post(f"{PATH}{third.pk}/move/", {"step": "up"})
    client.post(f"{PATH}{refunds.pk}/move/", {"step": "down"})
    assert names(client) == ["Third", "Refunds", "Delivery"]
    client.post(f"{PATH}{third.pk}/move/", {"step": "up"})
    assert names(client) == ["Third", "Refunds", "Delivery"]
    assert [str(topic) for topic in active_topics(admin.service)] == names(client)
    assert AuditEntry.objects.filter(action="queue.moved").count() == 2
    save_topic(admin, None, values("Last"))
    assert names(client)[-1] == "Last"


def test_one_that_is_active_or_in_use_is_not_removed(service, client, refunds) -> None:
    chat = make_chat(service, topic=refunds)
    for is_active, state in [(True, "closed"), (False, "waiting")]:
        Topic.objects.update(is_active=is_active)
        Chat.objects.filter(pk=chat.pk).update(state=state, closed_at=timezone.now() if state == "closed" else None)
        answer = client.post(f"{PATH}{refunds.pk}/remove/", follow=True)
        assert "not active and no open chat" in answer.text
        assert names(client) == ["Refunds"]


def test_past_chats_keep_one_that_was_removed(service, agent, admin, client, refunds) -> None:
    chat = make_chat(service, topic=refunds, state="closed")
    Topic.objects.update(is_active=False)
    assert "Past chats keep its name" in client.get(f"{PATH}{refunds.pk}/remove/").text
    client.post(f"{PATH}{refunds.pk}/remove/")
    assert names(client) == []
    assert "Refunds" in client.get(f"/desk/demo/chat/{chat.pk}/history/").text
    assert not agent.topics.exists()
    assert AuditEntry.objects.get(action="queue.removed").details["key"] == "refunds"
    for action in ("", "move/", "remove/"):
        assert client.post(f"{PATH}{refunds.pk}/{action}").status_code == 404
    assert save_topic(admin, None, values("Refunds")).key == "refunds"


def test_nobody_else_moves_or_removes_one(client, sign_in, agent, outsider, refunds) -> None:
    Topic.objects.update(is_active=False)
    for person in (agent, outsider):
        for action in ("move/", "remove/"):
            assert sign_in(person).post(f"{PATH}{refunds.pk}/{action}").status_code in {403, 404}
    with pytest.raises(Closed):
        remove_topic(agent, refunds)
    with pytest.raises(Closed):
        move_topic(agent, refunds, 1)
    assert names(client) == ["Refunds"]


def test_chat_history_is_filtered_by_queue(service, admin, client, refunds, delivery) -> None:
    first, second = make_chat(service, topic=refunds, state="closed"), make_chat(service, topic=delivery)
    make_chat(service)

    def shown(query: str) -> set[int]:
        return {int(pk) for pk in re.findall(r"/chat/(\d+)/history/", client.get(f"/desk/demo/chats/?{query}").text)}

    assert shown(f"topic={refunds.pk}") == {first.pk}
    assert shown(f"topic={delivery.pk}") == {second.pk}
    assert len(shown("topic=")) == len(shown("topic=999")) == 3
    Topic.objects.filter(pk=refunds.pk).update(is_active=False)
    remove_topic(admin, refunds)
    page = client.get(f"/desk/demo/chats/?topic={refunds.pk}").text
    assert "Refunds (removed)" in page
    assert shown(f"topic={refunds.pk}") == {first.pk}


def test_the_filter_of_another_service_finds_nothing(client, service, outsider) -> None:
    theirs = make_topic(outsider.service, "secret")
    make_chat(outsider.service, topic=theirs)
    page = client.get(f"/desk/demo/chats/?topic={theirs.pk}").text
    assert "Secret" not in page
    assert 'name="topic"' not in page


def test_one_queue_among_many_chats_is_found_by_an_index(service, refunds) -> None:
    make_chat(service, topic=refunds)
    topics = page_of(find(make_agent(service), Filters(topic=refunds.pk)))
    assert len(topics.rows) == 1
    world.add_closed_chats(service, make_agent(service), 2_000)
    chats = Chat.objects.filter(topic=refunds.pk, service=service).order_by("-created_at", "-pk")[:51]
    assert "chat_by_topic" in chats.explain()
