"""The queue from the customer's side: the place, its limit, and when an inquiry is offered instead."""

from datetime import timedelta
from functools import partial

import pytest
from django.test import Client

from agents.models import Agent, AuditEntry, Service
from chat import access, worker
from chat.conversation import live
from chat.conversation.frames import status_frame
from chat.lifecycle import transitions, upkeep
from chat.lifecycle.transitions import answer_chat, close_chat, pass_on, start_chat
from chat.models import Chat, ChatSettings, Ring
from chat.routing import assignment, queue_limits
from chat.routing.jobs import Memory
from chat.routing.queue import queue_place, queue_places
from chat.routing.queue_limits import QueueFull, offer_inquiries
from contiple.base.clock import database_now
from contiple.base.errors import Closed
from helpcenter.customers import register_customer
from helpcenter.models import Customer, PrivacyPolicy
from tests.agents.race import at_once
from tests.chat.comings import be_here, come_online, committed, connect, leave, make_queue, make_ringing, state_of
from tests.chat.lines import chat_of, do
from tests.make import make_agent, make_chat, make_customer, make_message, make_service

pytestmark = pytest.mark.django_db

Offer = Chat.InquiryOffer


@pytest.fixture
def policy(service: Service) -> PrivacyPolicy:
    return service.help_center.policies.get(language="en")


def configure(service: Service, **setting: int) -> None:
    ChatSettings.objects.filter(service=service).update(**setting)


def limited(agent: Agent, limit: int) -> Agent:
    """Online, with room for so many chats."""
    agent.chat_limit = limit
    agent.save(update_fields=["chat_limit"])
    return come_online(agent)


def busy(service: Service) -> Agent:
    """Somebody is Online, with no room for another chat."""
    agent = limited(make_agent(service, "Busy"), 1)
    make_chat(service, agent=agent)
    return agent


def offer_of(chat: Chat) -> str:
    return Chat.objects.values_list("inquiry_offer", flat=True).get(pk=chat.pk)


def missed(chat: Chat, agent: Agent, *, ago_s: float = 5, outcome: str = Ring.Outcome.MISSED) -> None:
    began = database_now() - timedelta(seconds=ago_s + assignment.RING_TIMEOUT_S)
    ended = began + timedelta(seconds=assignment.RING_TIMEOUT_S)
    Ring.objects.create(chat=chat, agent=agent, started_at=began, ended_at=ended, outcome=outcome)


def shown(chat: Chat, language: str = "en") -> str:
    row = Chat.objects.select_related("service").get(pk=chat.pk)
    return status_frame(row, language, place=queue_place(row)).html


def place_shown(chat: Chat) -> int:
    return int(shown(chat).split("<strong>")[1].split("</strong>")[0])


# The place


def test_each_sees_the_own_place(service) -> None:
    first, second, third = make_queue(service, 3)
    make_queue(make_service("other"), 2)

    assert [place_shown(chat) for chat in (first, second, third)] == [1, 2, 3]


def test_when_somebody_before_leaves_the_others_move_up_and_are_told(service, told) -> None:
    first, second, third = make_queue(service, 3)

    with committed():
        close_chat(first.pk, by=Chat.ClosedBy.CUSTOMER)

    assert [place_shown(chat) for chat in (second, third)] == [1, 2]
    assert (live.service_topic(service.pk), live.Touched()) in told


def test_who_leaves_behind_others_moves_nobody(service) -> None:
    first, second, third = make_queue(service, 3)

    close_chat(second.pk, by=Chat.ClosedBy.CUSTOMER)

    assert [place_shown(chat) for chat in (first, third)] == [1, 2]


def test_when_the_queue_is_served_the_others_move_up_and_are_told(service, agent, told) -> None:
    first, second, third = make_queue(service, 3)
    limited(agent, 1)

    with committed():
        transitions.assign_waiting_chats(service.pk)

    assert "An agent will be with you in a moment." in shown(first)
    assert [place_shown(chat) for chat in (second, third)] == [1, 2]
    assert (live.service_topic(service.pk), live.Touched()) in told


def test_who_comes_back_from_an_agent_is_before_the_others_again(service, agent, told) -> None:
    ringing = make_ringing(agent, waiting_since=database_now() - timedelta(hours=1))
    waits = make_chat(service)

    with committed():
        pass_on(ringing.pk, outcome=Ring.Outcome.MISSED)

    assert [place_shown(chat) for chat in (ringing, waits)] == [1, 2]
    assert (live.service_topic(service.pk), live.Touched()) in told


# What is shown


@pytest.mark.parametrize("state", [Chat.State.WAITING, Chat.State.RINGING])
def test_the_queue_can_be_left_while_it_lasts(service, agent, state) -> None:
    chat = make_chat(service, agent=agent if state == Chat.State.RINGING else None, state=state)

    assert 'data-action="leave"' in shown(chat)
    assert 'data-action="inquire"' in shown(chat)


def test_with_an_agent_there_is_no_queue_to_leave(service, agent) -> None:
    assert "data-action" not in shown(make_chat(service, agent=agent))


def test_who_has_left_the_queue_reads_so(service) -> None:
    [chat] = make_queue(service, 1)
    close_chat(chat.pk, by=Chat.ClosedBy.CUSTOMER)

    assert "You have left the queue." in shown(chat)
    assert "Start a new chat" in shown(chat)


def test_the_end_of_an_answered_chat_is_no_leaving_of_the_queue(service, agent) -> None:
    chat = make_chat(service, agent=agent)
    close_chat(chat.pk, by=Chat.ClosedBy.CUSTOMER)

    assert "This chat has ended." in shown(chat)
    assert "queue" not in shown(chat)


def test_who_was_never_answered_may_leave_an_inquiry_after_the_end(service) -> None:
    [chat] = make_queue(service, 1)
    close_chat(chat.pk, by=Chat.ClosedBy.SERVICE)

    assert 'data-action="inquire"' in shown(chat)


def test_each_offer_has_its_own_words_and_keeps_the_place(service) -> None:
    chats = {offer: make_chat(service, inquiry_offer=offer) for offer in ("", *Offer)}

    texts = {offer: shown(chat) for offer, chat in chats.items()}

    assert ["All agents are busy" in text for text in texts.values()] == [True, False, False, False]
    assert "longer than usual" in texts[Offer.WAITED]
    assert "None of our agents could take your chat" in texts[Offer.MISSED]
    assert "Agents is absent" in texts[Offer.ABSENT]
    assert [place_shown(chat) for chat in chats.values()] == [1, 2, 3, 4]
    assert all('data-action="inquire"' in text and 'data-action="leave"' in text for text in texts.values())


# The limit


def start(customer: Customer, policy: PrivacyPolicy) -> Chat:
    return start_chat(customer, policy=policy, language="en")


def test_where_so_many_wait_nobody_joins_them(service, agent, customer, policy) -> None:
    limited(agent, 1)
    configure(service, queue_limit=2)
    for _ in range(3):  # one rings, two wait
        start(make_customer(service, "Somebody"), policy)

    with pytest.raises(QueueFull) as refusal:
        start(customer, policy)

    assert isinstance(refusal.value, Closed)
    assert refusal.value.code == "queue_full"
    assert not Chat.objects.filter(customer=customer).exists()
    assert AuditEntry.objects.filter(action="chat.started").count() == 3


def test_up_to_the_limit_they_wait(service, agent, customer, policy) -> None:
    limited(agent, 1)
    configure(service, queue_limit=2)
    make_chat(service, agent=agent)
    make_queue(service, 1)

    assert state_of(start(customer, policy)) == (Chat.State.WAITING, None)


def test_whom_an_agent_takes_at_once_no_limit_stops(service, agent, colleague, customer, policy) -> None:
    """All who wait have just rung in vain at the one who has room: they are not asked again now, the new one is."""
    limited(agent, 5)
    configure(service, queue_limit=1)
    for chat in make_queue(service, 3):
        missed(chat, agent)

    assert state_of(connect(start(customer, policy))) == (Chat.State.RINGING, agent.pk)


def test_room_goes_to_who_came_before(service, agent, customer, policy) -> None:
    """One has room, nobody has told the router yet: it is the first in the queue who gets it, and the limit holds."""
    limited(agent, 1)
    configure(service, queue_limit=1)
    make_queue(service, 2)

    with pytest.raises(QueueFull):
        start(customer, policy)

    upkeep.reconcile()
    assert sorted(Chat.objects.values_list("state", flat=True)) == [Chat.State.RINGING, Chat.State.WAITING]


def test_zero_is_no_limit(service, agent, customer, policy) -> None:
    limited(agent, 1)
    make_chat(service, agent=agent)
    make_queue(service, 30)

    assert state_of(start(customer, policy)) == (Chat.State.WAITING, None)


def test_the_queue_of_another_service_is_not_counted(service, agent, customer, policy) -> None:
    limited(agent, 1)
    make_chat(service, agent=agent)
    configure(service, queue_limit=1)
    make_queue(make_service("other"), 5)

    assert state_of(start(customer, policy)) == (Chat.State.WAITING, None)


def test_who_waits_already_finds_the_own_chat_behind_a_full_queue(service, agent, customer, policy) -> None:
    limited(agent, 1)
    make_chat(service, agent=agent)
    configure(service, queue_limit=1)
    first = start(customer, policy)

    assert start(customer, policy).pk == first.pk


@pytest.mark.django_db(transaction=True)
def test_many_starts_at_once_keep_the_limit(service, agent, policy) -> None:
    limited(agent, 1)
    configure(service, queue_limit=3)
    customers = [make_customer(service, f"Somebody {number}") for number in range(10)]

    results = at_once(*[partial(start, customer, policy) for customer in customers])

    assert sum(isinstance(result, QueueFull) for result in results) == 6
    at_once(*[partial(connect, result) for result in results if isinstance(result, Chat)])
    assert Chat.objects.filter(state=Chat.State.WAITING).count() == 3
    assert Chat.objects.filter(state=Chat.State.RINGING).count() == 1


@pytest.mark.django_db(transaction=True)
def test_starts_of_one_customer_at_once_end_without_a_deadlock(service, agent, customer, policy) -> None:
    limited(agent, 1)
    make_chat(service, agent=agent)
    configure(service, queue_limit=1)

    results = at_once(*[partial(start, customer, policy)] * 8)

    assert {chat.pk for chat in results} == {Chat.objects.get(customer=customer).pk}


# The longest wait


def waiting_for(service: Service, minutes: float, **fields) -> Chat:
    return make_chat(service, waiting_since=database_now() - timedelta(minutes=minutes), **fields)


def test_who_has_waited_too_long_is_offered_an_inquiry_at_once(service, told) -> None:
    configure(service, longest_wait_minutes=10)
    busy(service)
    long, short = waiting_for(service, 10.1), waiting_for(service, 9.9)

    with committed():
        offer_inquiries()

    assert (offer_of(long), offer_of(short)) == (Offer.WAITED, "")
    assert told == [(live.chat_topic(long.pk), live.Touched())]
    assert state_of(long) == (Chat.State.WAITING, None)
    assert AuditEntry.objects.get(action="chat.inquiry_offered").details == {"reason": "waited"}


def test_they_keep_their_place_and_may_still_be_served(service, agent) -> None:
    configure(service, longest_wait_minutes=10)
    long, later = waiting_for(service, 11), waiting_for(service, 1)
    offer_inquiries()
    assert [place_shown(chat) for chat in (long, later)] == [1, 2]

    limited(agent, 1)
    transitions.assign_waiting_chats(service.pk)

    assert state_of(long) == (Chat.State.RINGING, agent.pk)


def test_an_offer_is_made_once(service, told) -> None:
    configure(service, longest_wait_minutes=10)
    busy(service)
    waiting_for(service, 11)

    for _ in range(3):
        with committed():
            offer_inquiries()

    assert len(told) == 1


def test_without_a_longest_wait_nobody_waits_too_long(service) -> None:
    busy(service)
    chat = waiting_for(service, 600)

    offer_inquiries()

    assert offer_of(chat) == ""


def test_each_service_has_its_own_longest_wait(service) -> None:
    other = make_service("other")
    configure(service, longest_wait_minutes=10)
    configure(other, longest_wait_minutes=60)
    for each in (service, other):
        busy(each)
    ours, theirs = waiting_for(service, 11), waiting_for(other, 11)

    offer_inquiries()

    assert (offer_of(ours), offer_of(theirs)) == (Offer.WAITED, "")


@pytest.mark.parametrize("state", [Chat.State.RINGING, Chat.State.ACTIVE, Chat.State.CLOSED])
def test_only_who_waits_waits_too_long(service, agent, state) -> None:
    configure(service, longest_wait_minutes=10)
    chat = waiting_for(service, 600, agent=agent, state=state)

    offer_inquiries()

    assert offer_of(chat) == ""


def test_who_lost_an_agent_waits_since_then(service, agent) -> None:
    configure(service, longest_wait_minutes=10)
    busy(service)
    chat = waiting_for(service, 60, agent=agent)
    with committed():
        pass_on(chat.pk, outcome=Ring.Outcome.GONE)

    offer_inquiries()
    assert offer_of(chat) == ""

    chat.messages.update(created_at=database_now() - timedelta(minutes=11))
    offer_inquiries()
    assert offer_of(chat) == Offer.WAITED


@pytest.mark.django_db(transaction=True)
def test_many_workers_at_once_tell_once(service, agent, told) -> None:
    configure(service, longest_wait_minutes=10)
    waiting_for(service, 11)
    come_online(agent)
    missed(make_chat(service), agent)

    at_once(*[offer_inquiries] * 8)

    assert len(told) == 2
    assert AuditEntry.objects.filter(action="chat.inquiry_offered").count() == 2


# When everybody has let it ring


def test_when_everybody_has_let_it_ring_the_customer_is_told(service, agent, colleague, told) -> None:
    come_online(agent)
    come_online(colleague)
    chat = make_chat(service)
    missed(chat, agent)
    with committed():
        offer_inquiries()
    assert offer_of(chat) == ""

    missed(chat, colleague)
    with committed():
        offer_inquiries()

    assert offer_of(chat) == Offer.MISSED
    assert told == [(live.chat_topic(chat.pk), live.Touched())]


@pytest.mark.django_db(transaction=True)
def test_the_worker_gets_there_by_itself_in_one_tick(service, agent) -> None:
    come_online(agent)
    chat = make_ringing(agent, for_s=assignment.RING_TIMEOUT_S + 1)

    worker.tick(1)

    assert state_of(chat) == (Chat.State.WAITING, None)
    assert offer_of(chat) == Offer.MISSED


def test_a_busy_agent_who_was_not_asked_is_still_to_come(service, agent, colleague) -> None:
    come_online(agent)
    limited(colleague, 1)
    make_chat(service, agent=colleague)
    chat = make_chat(service)
    missed(chat, agent)

    offer_inquiries()

    assert offer_of(chat) == ""


def is_offline(agent: Agent) -> None:
    Agent.objects.filter(pk=agent.pk).update(chat_status=Agent.ChatStatus.OFFLINE)


def is_on_a_break(agent: Agent) -> None:
    Agent.objects.filter(pk=agent.pk).update(chat_status=Agent.ChatStatus.BREAK)


def is_gone(agent: Agent) -> None:
    leave(agent=agent)


def may_not(agent: Agent) -> None:
    Agent.objects.filter(pk=agent.pk).update(chat_permission=False)


@pytest.mark.parametrize("be", [is_offline, is_on_a_break, is_gone, may_not])
def test_who_can_t_be_asked_now_is_not_waited_for(service, agent, colleague, be) -> None:
    come_online(agent)
    come_online(colleague)
    be(colleague)
    chat = make_chat(service)
    missed(chat, agent)

    offer_inquiries()

    assert offer_of(chat) == Offer.MISSED


def test_if_who_missed_it_has_left_nobody_is_there(service, agent) -> None:
    come_online(agent)
    leave(agent=agent)
    chat = make_chat(service)
    missed(chat, agent)

    offer_inquiries()

    assert offer_of(chat) == Offer.ABSENT


def test_where_nobody_missed_it_nobody_has_let_it_ring(service, agent) -> None:
    busy(service)
    never_rang, lost = make_queue(service, 2)
    missed(lost, agent, outcome=Ring.Outcome.GONE)

    offer_inquiries()

    assert (offer_of(never_rang), offer_of(lost)) == ("", "")


def test_rings_before_it_was_opened_don_t_count(service, agent, colleague) -> None:
    come_online(agent)
    chat = make_chat(service)
    missed(chat, agent, ago_s=600)
    missed(chat, colleague, ago_s=300, outcome=Ring.Outcome.OPENED)

    offer_inquiries()
    assert offer_of(chat) == ""

    missed(chat, agent, ago_s=5)
    offer_inquiries()
    assert offer_of(chat) == Offer.MISSED


def test_another_service_s_agents_help_nobody_here(service, agent, outsider) -> None:
    come_online(agent)
    come_online(outsider)
    chat = make_chat(service)
    missed(chat, agent)

    offer_inquiries()

    assert offer_of(chat) == Offer.MISSED


def test_who_has_waited_long_is_told_also_that_everybody_let_it_ring(service, agent) -> None:
    configure(service, longest_wait_minutes=10)
    come_online(agent)
    chat = waiting_for(service, 11, inquiry_offer=Offer.WAITED)
    missed(chat, agent)

    offer_inquiries()
    offer_inquiries()

    assert offer_of(chat) == Offer.MISSED


def test_while_it_rings_again_nothing_is_said(service, agent) -> None:
    come_online(agent)
    chat = make_ringing(agent)
    missed(chat, agent)

    offer_inquiries()

    assert offer_of(chat) == ""


def test_when_an_agent_opens_the_chat_the_offer_is_gone(service, agent) -> None:
    busy(service)
    chat = make_ringing(agent, inquiry_offer=Offer.MISSED)

    answer_chat(agent, chat.pk)
    assert offer_of(chat) == ""

    with committed():
        pass_on(chat.pk, outcome=Ring.Outcome.GONE)
    offer_inquiries()
    assert offer_of(chat) == ""


def test_an_agent_who_opens_it_in_that_moment_was_faster(service, agent, monkeypatch) -> None:
    """Found while it waited, and ringing by the time of the offer."""
    configure(service, longest_wait_minutes=10)
    busy(service)
    chat = waiting_for(service, 11)

    def found_before():
        found = list(Chat.objects.filter(pk=chat.pk))
        limited(agent, 1)
        transitions.assign_waiting_chats(service.pk)
        return found

    monkeypatch.setattr(queue_limits, "_waited_too_long", found_before)

    offer_inquiries()

    assert (offer_of(chat), state_of(chat)[0]) == ("", Chat.State.RINGING)


def test_a_quiet_tick_is_four_queries(service, agent, django_assert_num_queries) -> None:
    configure(service, longest_wait_minutes=10)
    busy(service)
    make_queue(service, 5)

    with django_assert_num_queries(4):
        offer_inquiries()


# The customer's page


def post_start(policy: PrivacyPolicy, **changed: str):
    data = {"name": "Jun Park", "email": "jun@example.com", "message": "Hello", "policy": policy.pk, "agree": "on"}
    return Client().post("/hc/demo/chat/start/", data | changed)


def test_a_full_queue_is_said_and_leads_to_the_inquiry_form(service, agent, policy) -> None:
    limited(agent, 1)
    make_chat(service, agent=agent)
    configure(service, queue_limit=1)
    assert post_start(policy).status_code == 201

    answer = post_start(policy, name="Hana Kim", email="hana@example.com")

    html = answer.content.decode()
    assert answer.status_code == 409
    assert 'data-stage="full"' in html
    assert "Too many customers are waiting right now." in html
    assert 'data-action="contact"' in html
    assert 'data-action="again"' in html
    assert "X-Chat-Token" not in answer
    assert not Customer.objects.filter(name="Hana Kim").exists(), "nothing personal is stored without a chat"


def test_the_page_of_who_waits_shows_the_place(service, agent, policy) -> None:
    limited(agent, 1)
    make_chat(service, agent=agent)

    html = post_start(policy).content.decode()

    assert "Your place in the queue: <strong>1</strong>" in html
    assert 'data-action="leave"' in html


def test_a_note_of_the_desk_is_on_no_page_of_the_customer(service, agent) -> None:
    customer, token = register_customer(service, name="Hana", email="", language="en")
    chat = make_chat(service, agent=agent, customer=customer)
    make_message(chat, "Hello")
    make_message(chat, "difficult customer", author="agent", internal=True)
    headers = {"Authorization": f"Bearer {token}"}

    page = Client().post("/hc/demo/chat/resume/", headers=headers).content.decode()
    before = Client().post("/hc/demo/chat/earlier/", {"before": "9"}, headers=headers).content.decode()

    assert "Hello" in page
    assert "Hello" in before
    assert "difficult" not in page + before


# Who is gone


def test_the_place_does_not_count_who_is_gone(service, agent) -> None:
    gone, here = make_queue(service, 2)
    leave(chat=gone)

    assert queue_places(service.pk) == {here.pk: 1}
    come_online(agent)
    assert assignment.assign_waiting_chats(service.pk) == 1
    assert state_of(here) == (Chat.State.RINGING, agent.pk)
    assert state_of(gone) == (Chat.State.WAITING, None)


def test_the_desk_s_number_is_of_those_who_are_there(service, agent) -> None:
    make_queue(service, 2)
    leave(chat=make_queue(service, 1)[0])
    make_chat(service, connected=False)  # has just begun
    old = make_chat(service, connected=False)
    Chat.objects.filter(pk=old.pk).update(created_at=database_now() - timedelta(seconds=access.CONNECTS_WITHIN_S + 1))
    make_chat(service, agent=agent)
    make_queue(make_service("other"), 1)

    assert access.count_waiting(service.pk) == access.waiting_chats(service).count() == 3


def test_whoever_comes_back_in_time_has_the_old_place(service, agent) -> None:
    gone, here = make_queue(service, 2)
    leave(chat=gone)
    be_here(chat=gone)

    assert queue_places(service.pk) == {gone.pk: 1, here.pk: 2}
    limited(agent, 1)
    assert assignment.assign_waiting_chats(service.pk) == 1
    assert state_of(gone) == (Chat.State.RINGING, agent.pk)


def test_a_limited_queue_has_room_for_the_place_of_who_is_gone(service, customer, policy) -> None:
    [gone] = make_queue(service, 1)
    ChatSettings.objects.update(queue_limit=1)
    busy(service)
    leave(chat=gone)

    assert transitions.start_chat(customer, policy=policy, language="en").state == Chat.State.WAITING


def test_the_worker_tells_the_others_when_somebody_has_gone(service, told) -> None:
    busy(service)
    gone, _here = make_queue(service, 2)
    memory = Memory()
    upkeep.reconcile(memory)
    leave(chat=gone)

    with committed():
        upkeep.reconcile(memory)
    assert f"service.{service.pk}" in str(told)
    told.clear()
    with committed():
        upkeep.reconcile(memory)
    assert not told


# On the sockets


@pytest.fixture
def in_line(service: Service) -> list[tuple[Chat, str]]:
    """Three customers with a browser each, in this order in the queue."""
    known = [register_customer(service, name=name, email="", language="en") for name in ("First", "Second", "Third")]
    chats = make_queue(service, 1, customer=known[0][0])
    chats += [make_chat(service, customer=customer) for customer, _token in known[1:]]
    return [(chat, token) for chat, (_customer, token) in zip(chats, known, strict=True)]


def place_in(frame: dict) -> int:
    return int(frame["html"].split("<strong>")[1].split("</strong>")[0])


@pytest.mark.django_db(transaction=True)
async def test_everybody_who_waits_is_told_the_new_place_when_one_leaves(in_line) -> None:
    (first, one), (_second, two), (_third, three) = in_line
    async with chat_of(one) as left, chat_of(two) as second, chat_of(three) as third:
        assert [place_in(line.heard[-1]) for line in (left, second, third)] == [1, 2, 3]

        await do(close_chat, first.pk, by=Chat.ClosedBy.CUSTOMER)

        assert (await second.hear("place"))["place"] == 1
        assert (await third.hear("place"))["place"] == 2
        assert "You have left the queue." in (await left.hear("status", state="closed"))["html"]


@pytest.mark.django_db(transaction=True)
async def test_everybody_who_waits_is_told_the_new_place_when_one_is_served(in_line, agent) -> None:
    (_first, one), (_second, two), (_third, three) = in_line
    async with chat_of(one) as served, chat_of(two) as second, chat_of(three) as third:
        await do(limited, agent, 1)
        await do(transitions.assign_waiting_chats, agent.service_id)

        assert (await second.hear("place"))["place"] == 1
        assert (await third.hear("place"))["place"] == 2
        await served.hear("status", state="ringing")


@pytest.mark.django_db(transaction=True)
async def test_who_comes_back_into_the_queue_moves_the_others_and_is_moved_with_them(in_line, agent) -> None:
    (first, one), (second_chat, two), (_third, _three) = in_line
    await do(limited, agent, 1)
    await do(transitions.assign_waiting_chats, agent.service_id)
    async with chat_of(one) as served, chat_of(two) as second:
        assert place_in(second.heard[-1]) == 1

        await do(is_offline, agent)
        await do(pass_on, first.pk, outcome=Ring.Outcome.MISSED)
        assert (await second.hear("place"))["place"] == 2
        assert place_in(await served.hear("status", state="waiting")) == 1

        await do(close_chat, second_chat.pk, by=Chat.ClosedBy.CUSTOMER)
        await second.hear("status", state="closed")


@pytest.mark.django_db(transaction=True)
async def test_an_offer_reaches_the_customer_at_once_and_nobody_else(in_line, agent) -> None:
    (first, one), (_second, two), _third = in_line
    await do(come_online, agent)
    await do(missed, first, agent)
    async with chat_of(one) as told, chat_of(two) as other:
        await do(offer_inquiries)

        frame = await told.hear("status")
        assert "None of our agents could take your chat so far." in frame["html"]
        assert place_in(frame) == 1
        assert await other.is_quiet()


@pytest.mark.django_db(transaction=True)
async def test_whoever_comes_back_moves_the_others_back(in_line) -> None:
    (first, one), (_second, two), _third = in_line
    await do(leave, chat=first)
    async with chat_of(two) as second:
        assert place_in(second.heard[-1]) == 1
        async with chat_of(one) as back:
            assert place_in(back.heard[-1]) == 1
            assert (await second.hear("place"))["place"] == 2
