"""A chat is handed to a colleague, back to the queue, or taken over by an admin; nobody is ever over the limit."""

from datetime import timedelta
from functools import partial

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from agents.models import Agent, AuditEntry, Contract
from chat.conversation import live
from chat.conversation.entries import latest_page
from chat.conversation.frames import OTHERS_SHOWN, agent_of_desk, desk_frame
from chat.lifecycle import transitions, upkeep
from chat.lifecycle.handing_over import colleagues_of
from chat.lifecycle.transfer import return_to_queue, take_over, transfer_chat
from chat.models import Chat, Message, Ring
from chat.routing import assignment
from chat.routing import assignment as routing_assignment
from contiple.base.clock import database_now
from contiple.base.errors import Closed, Conflict, Invalid
from tests.agents.race import at_once
from tests.chat.comings import be_here, come_online, committed, leave, make_queue, make_ringing, state_of
from tests.make import make_agent, make_chat, make_customer, make_service

State = Chat.State
FETCH = {"X-Requested-With": "fetch"}


@pytest.fixture
def chat(service, agent) -> Chat:
    come_online(agent)
    return make_chat(service, agent=agent, waiting_since=database_now() - timedelta(minutes=5))


@pytest.fixture
def chief(admin) -> Agent:
    """An admin with the chat permission, whose desk is open."""
    Agent.objects.filter(pk=admin.pk).update(chat_permission=True)
    return be_here(agent=Agent.objects.select_related("service__contract", "user").get(pk=admin.pk))


def everything() -> tuple:
    return (
        list(Chat.objects.order_by("pk").values()),
        list(Message.objects.order_by("pk").values()),
        list(Ring.objects.order_by("pk").values()),
        AuditEntry.objects.count(),
    )


# To a colleague


def test_it_rings_at_the_colleague(agent, colleague, chat, told) -> None:
    come_online(colleague)

    with committed():
        transfer_chat(agent, chat.pk, colleague.pk)

    assert state_of(chat) == (State.RINGING, colleague.pk)
    ring = chat.rings.get()
    assert (ring.agent, ring.ended_at) == (colleague, None)
    assert Chat.objects.get(pk=chat.pk).ringing_since == ring.started_at
    entry = AuditEntry.objects.get(subject=chat.subject)
    assert (entry.action, entry.agent, entry.details) == ("chat.transferred", agent, {"to": "Theo"})
    topics = {topic for topic, _ in told}
    assert topics >= {live.agent_topic(agent.pk), live.agent_topic(colleague.pk), live.chat_topic(chat.pk)}
    assert chat.messages.get().event == "transferred"


def test_the_note_is_for_agents_alone(agent, colleague, chat) -> None:
    come_online(colleague)

    transfer_chat(agent, chat.pk, colleague.pk, "Wants a refund. Card 4111 1111 1111 1111.")

    note = chat.messages.get(internal=True)
    assert (note.author, note.agent, note.name) == ("agent", agent, "Mina")
    assert note.body.startswith("Wants a refund.")
    assert "4111" not in note.body
    assert [entry.internal for entry in latest_page(chat)] == [True, False]


@pytest.mark.parametrize("note", ["x" * 4001, "a\0b"])
def test_a_note_that_can_t_be_stored_changes_nothing(agent, colleague, chat, note) -> None:
    come_online(colleague)
    before = everything()

    with pytest.raises(Invalid):
        transfer_chat(agent, chat.pk, colleague.pk, note)

    assert everything() == before


def test_opened_there_it_is_the_colleague_s(agent, colleague, chat) -> None:
    come_online(colleague)
    transfer_chat(agent, chat.pk, colleague.pk)

    transitions.answer_chat(colleague, chat.pk)

    assert state_of(chat) == (State.ACTIVE, colleague.pk)
    with pytest.raises(Conflict):
        transfer_chat(agent, chat.pk, colleague.pk)


def test_not_opened_in_time_it_goes_on_at_its_old_place(service, agent, colleague, chat) -> None:
    come_online(colleague)
    since = chat.waiting_since
    transfer_chat(agent, chat.pk, colleague.pk)
    Agent.objects.filter(pk=agent.pk).update(chat_limit=1)
    earlier = database_now() - timedelta(seconds=routing_assignment.RING_TIMEOUT_S + 1)
    Chat.objects.filter(pk=chat.pk).update(ringing_since=earlier)
    make_queue(service, 1, agent=None)

    with committed():
        upkeep.reconcile()

    chat.refresh_from_db()
    assert chat.waiting_since == since
    assert (chat.state, chat.agent) == (State.RINGING, agent)  # first in the queue; who let it ring rests
    assert chat.rings.get(agent=colleague).outcome == Ring.Outcome.MISSED


def full(agent: Agent) -> None:
    for _ in range(2):
        make_chat(agent.service, agent=agent)
    make_ringing(agent)


def contract_limit(agent: Agent) -> None:
    Contract.objects.filter(service=agent.service).update(chats_at_once=1)
    make_chat(agent.service, agent=agent)


def status(value: str):
    return lambda agent: Agent.objects.filter(pk=agent.pk).update(chat_status=value)


HINDRANCES = {
    "3 of 3 chats": full,
    "1 of 1 chat": contract_limit,
    "on a break": status("break"),
    "Offline": status("offline"),
    "disconnected for 40 s": lambda agent: leave(agent=agent, ago_s=40.5),
    "disconnected for 3 min": lambda agent: leave(agent=agent, ago_s=190),
    "no chat permission": lambda agent: Agent.objects.filter(pk=agent.pk).update(chat_permission=False),
    "no longer in this service": lambda agent: Agent.objects.filter(pk=agent.pk).update(is_active=False),
}


@pytest.mark.parametrize("why", HINDRANCES)
def test_who_can_t_take_it_is_refused_with_the_reason(agent, colleague, chat, why) -> None:
    come_online(colleague)
    HINDRANCES[why](colleague)
    before = everything()

    with pytest.raises(Conflict, match=f"Theo can't take the chat: {why}"):
        transfer_chat(agent, chat.pk, colleague.pk, "note")

    assert everything() == before


def test_nobody_in_particular_another_service_s_agent_or_oneself_is_refused(agent, outsider, chat) -> None:
    come_online(outsider)
    before = everything()

    for to_id in (0, outsider.pk, agent.pk, 10**12):
        with pytest.raises(Conflict):
            transfer_chat(agent, chat.pk, to_id)

    assert everything() == before


@pytest.mark.parametrize("act", [transfer_chat, lambda who, chat, _to: return_to_queue(who, chat)])
def test_only_who_has_it_open_hands_it_over(service, agent, colleague, chat, act) -> None:
    come_online(colleague)
    ringing, closed = make_ringing(agent), make_chat(service, agent=agent, state=State.CLOSED)
    [waiting] = make_queue(service, 1)
    before = everything()

    for other in (ringing, closed, waiting):
        with pytest.raises(Conflict):
            act(agent, other.pk, colleague.pk)
    with pytest.raises(Conflict):
        act(colleague, chat.pk, agent.pk)

    assert everything() == before


@pytest.mark.django_db(transaction=True)
def test_transfers_and_the_router_at_once_stay_within_the_limit(service, colleague) -> None:
    come_online(colleague)  # limit 3
    givers = [come_online(make_agent(service, f"Giver {number}", chat_limit=1)) for number in range(5)]
    for round_number in range(3):
        chats = [make_chat(service, agent=giver) for giver in givers]
        make_queue(service, 2)

        results = at_once(
            *[partial(transfer_chat, giver, chat.pk, colleague.pk) for giver, chat in zip(givers, chats, strict=True)],
            *[partial(assignment.assign_waiting_chats, service.pk)] * 3,
        )

        open_chats = Chat.objects.exclude(state=State.CLOSED)
        assert open_chats.filter(agent=colleague).count() == 3, round_number
        assert all(open_chats.filter(agent=giver).count() <= 1 for giver in givers)
        assert all(
            result is None or not isinstance(result, Exception) or isinstance(result, Conflict) for result in results
        )
        assert Ring.objects.filter(ended_at=None).count() == open_chats.filter(state=State.RINGING).count()
        for chat_id in open_chats.values_list("pk", flat=True):
            transitions.close_chat(chat_id, by=Chat.ClosedBy.CUSTOMER)


@pytest.mark.django_db(transaction=True)
def test_two_transfers_cross_without_a_deadlock(service, agent, colleague) -> None:
    come_online(agent)
    come_online(colleague)
    for _ in range(5):
        mine, theirs = make_chat(service, agent=agent), make_chat(service, agent=colleague)

        results = at_once(
            partial(transfer_chat, agent, mine.pk, colleague.pk),
            partial(transfer_chat, colleague, theirs.pk, agent.pk),
        )

        assert not [result for result in results if isinstance(result, Exception)]
        assert state_of(mine) == (State.RINGING, colleague.pk)
        assert state_of(theirs) == (State.RINGING, agent.pk)
        Chat.objects.update(state=State.CLOSED, closed_at=database_now())


@pytest.mark.django_db(transaction=True)
def test_a_transfer_and_the_customer_s_end_at_once(service, agent, colleague) -> None:
    come_online(agent)
    come_online(colleague)
    for _ in range(5):
        chat = make_chat(service, agent=agent)

        at_once(
            partial(transfer_chat, agent, chat.pk, colleague.pk),
            partial(transitions.close_chat, chat.pk, by=Chat.ClosedBy.CUSTOMER),
        )

        assert state_of(chat)[0] == State.CLOSED
        assert not Ring.objects.filter(ended_at=None).exists()


# To the queue


def test_it_goes_to_somebody_else_from_its_old_place(agent, colleague, chat, told) -> None:
    come_online(colleague)
    make_chat(agent.service, agent=colleague)
    since = chat.waiting_since

    with committed():
        return_to_queue(agent, chat.pk, "Speaks French")

    assert state_of(chat) == (State.RINGING, colleague.pk)
    chat.refresh_from_db()
    assert chat.waiting_since == since
    assert list(chat.messages.order_by("seq").values_list("event", "body")) == [("", "Speaks French"), ("returned", "")]
    assert AuditEntry.objects.get(action="chat.returned").agent == agent
    assert live.agent_topic(agent.pk) in {topic for topic, _ in told}


def test_with_nobody_else_it_does_not_ring_at_the_same_agent_at_once(agent, chat) -> None:
    with committed():
        return_to_queue(agent, chat.pk)

    assert state_of(chat) == (State.WAITING, None)
    assert chat.rings.get().outcome == Ring.Outcome.RETURNED

    chat.rings.update(ended_at=database_now() - timedelta(seconds=assignment.RING_REST_S + 1))
    assignment.assign_waiting_chats(agent.service_id)
    assert state_of(chat) == (State.RINGING, agent.pk)


# By an admin


@pytest.mark.parametrize("state", [State.WAITING, State.RINGING, State.ACTIVE])
def test_an_admin_takes_it_from_anybody(service, agent, chief, told, state) -> None:
    come_online(agent)
    chat = {
        State.WAITING: lambda: make_queue(service, 1)[0],
        State.RINGING: lambda: make_ringing(agent),
        State.ACTIVE: lambda: make_chat(service, agent=agent),
    }[state]()

    with committed():
        take_over(chief, chat.pk)

    assert state_of(chat) == (State.ACTIVE, chief.pk)
    assert Chat.objects.get(pk=chat.pk).answered_at is not None
    entry = AuditEntry.objects.get(action="chat.taken_over")
    assert (entry.agent, entry.details) == (chief, {"was": "" if state == State.WAITING else "Mina"})
    assert not Ring.objects.filter(ended_at=None).exists()
    assert chat.rings.get(agent=chief).outcome == Ring.Outcome.OPENED
    assert chat.messages.filter(event="joined", name="Ada").exists()
    topics = {topic for topic, _ in told}
    assert live.agent_topic(chief.pk) in topics
    assert (live.agent_topic(agent.pk) in topics) == (state != State.WAITING)


def test_one_that_rings_at_the_admin_is_opened_also_at_the_limit(service, chief) -> None:
    Agent.objects.filter(pk=chief.pk).update(chat_limit=1)
    chat = make_ringing(chief)

    take_over(chief, chat.pk)
    take_over(chief, chat.pk)

    assert state_of(chat) == (State.ACTIVE, chief.pk)
    assert AuditEntry.objects.filter(action="chat.taken_over").count() == 1


def at_the_limit(chief: Agent) -> None:
    for _ in range(3):
        make_chat(chief.service, agent=chief)


@pytest.mark.parametrize(
    ("hinder", "error", "why"),
    [
        (at_the_limit, Conflict, "at your limit: 3 of 3 chats"),
        (lambda chief: leave(agent=chief), Conflict, "isn’t connected"),
        (lambda chief: Agent.objects.filter(pk=chief.pk).update(role=Agent.Role.AGENT), Closed, "no longer an admin"),
        (
            lambda chief: Agent.objects.filter(pk=chief.pk).update(chat_permission=False),
            Closed,
            "no longer have the chat",
        ),
        (lambda chief: Contract.objects.update(chat=False), Closed, "no longer have the chat"),
    ],
    ids=["full", "not connected", "no admin", "not permitted", "no contract"],
)
def test_an_admin_who_can_t_have_it_is_refused(chat, chief, hinder, error, why) -> None:
    hinder(chief)
    before = everything()

    with pytest.raises(error, match=why):
        take_over(chief, chat.pk)

    assert everything() == before


def test_a_closed_chat_is_taken_by_nobody(service, agent, chief) -> None:
    chat = make_chat(service, agent=agent, state=State.CLOSED)

    with pytest.raises(Conflict):
        take_over(chief, chat.pk)


def test_another_service_s_admin_takes_nothing(outsider, chat) -> None:
    be_here(agent=outsider)

    with pytest.raises(Chat.DoesNotExist):
        take_over(outsider, chat.pk)

    assert state_of(chat)[0] == State.ACTIVE


@pytest.mark.django_db(transaction=True)
def test_taking_over_and_the_router_at_once_stay_within_the_limit(service, agent, chief) -> None:
    Agent.objects.filter(pk=chief.pk).update(chat_status=Agent.ChatStatus.ONLINE, chat_limit=2)
    come_online(agent)
    for _ in range(3):
        active = [make_chat(service, agent=agent) for _ in range(3)]
        make_queue(service, 3)

        at_once(
            *[partial(take_over, chief, chat.pk) for chat in active],
            *[partial(assignment.assign_waiting_chats, service.pk)] * 3,
        )

        assert Chat.objects.filter(agent=chief).exclude(state=State.CLOSED).count() == 2
        Ring.objects.filter(ended_at=None).update(ended_at=database_now(), outcome=Ring.Outcome.CLOSED)
        Chat.objects.update(state=State.CLOSED, closed_at=database_now())


# Whom the dialog offers


def test_who_can_take_it_comes_first_the_least_loaded_of_all(service, agent) -> None:
    idle, busy, resting, gone = (make_agent(service, name) for name in ("Idle", "Busy", "Resting", "Gone"))
    for one in (idle, busy, gone):
        come_online(one)
    make_chat(service, agent=busy)
    leave(agent=gone)
    Agent.objects.filter(pk=resting.pk).update(chat_status=Agent.ChatStatus.BREAK)
    make_agent(make_service("third"), "Elsewhere")

    assert [(standing.name, standing.is_free) for standing in colleagues_of(agent)] == [
        ("Idle", True), ("Busy", True), ("Gone", False), ("Resting", False),
    ]  # fmt: skip


# The pages

ADDRESSES = ["transfer", "return", "take_over"]


def address(name: str, chat: Chat, slug: str = "demo") -> str:
    return reverse(f"chat:{name}", args=[slug, chat.pk])


@pytest.mark.parametrize("name", ADDRESSES)
def test_the_outsider_and_nobody_hand_nothing_over(chat, agent, colleague, outsider, sign_in, name) -> None:
    come_online(colleague)
    come_online(outsider)
    before = everything()
    for slug in ("demo", "other"):
        for to in (colleague, outsider):
            answer = sign_in(outsider).post(address(name, chat, slug), {"to": to.pk}, headers=FETCH)
            assert answer.status_code == 404
    assert Client().post(address(name, chat), {"to": colleague.pk}).status_code == 302
    assert Client().get(address(name, chat)).status_code in {302, 405}
    assert sign_in(outsider).get(address(name, chat)).status_code in {404, 405}
    assert everything() == before


def test_a_mere_agent_takes_nothing_over(chat, colleague, sign_in) -> None:
    come_online(colleague)
    before = everything()
    assert sign_in(colleague).post(address("take_over", chat), headers=FETCH).status_code == 404
    assert everything() == before


@pytest.mark.parametrize("name", ADDRESSES)
def test_an_admin_without_the_permission_hands_nothing_over(chat, admin, sign_in, name) -> None:
    be_here(agent=admin)
    before = everything()
    assert sign_in(admin).post(address(name, chat), headers=FETCH).status_code == 403
    assert everything() == before


def test_the_dialog_lists_the_colleagues_and_does_it(chat, agent, colleague, admin, sign_in) -> None:
    come_online(colleague)
    make_chat(agent.service, agent=colleague)
    browser = sign_in(agent)

    page = browser.get(address("transfer", chat), headers=FETCH).content.decode()
    assert "1 of 3 chats" in page
    assert "no chat permission" in page
    assert f'value="{agent.pk}"' not in page
    assert page.count("disabled>") == 1  # the admin

    answer = browser.post(address("transfer", chat), {"to": colleague.pk, "note": "Look here"}, headers=FETCH)
    assert answer.status_code == 200
    assert 'data-mine="false"' in answer.content.decode()
    assert "Look here" in answer.content.decode()
    assert state_of(chat) == (State.RINGING, colleague.pk)


def test_what_is_refused_comes_back_with_everything_typed(chat, agent, colleague, sign_in) -> None:
    answer = sign_in(agent).post(address("transfer", chat), {"to": colleague.pk, "note": "Typed <here>"}, headers=FETCH)

    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Theo can&#x27;t take the chat: Offline." in page
    assert "Typed &lt;here&gt;" in page
    nobody = sign_in(agent).post(address("transfer", chat), {"to": "x", "note": ""}, headers=FETCH)
    assert "Choose a colleague." in nobody.content.decode()


def test_the_same_dialog_returns_it_to_the_queue_with_a_masked_note(chat, agent, sign_in) -> None:
    browser = sign_in(agent)
    page = browser.get(address("transfer", chat), headers=FETCH).content.decode()
    assert "No colleague is available now." in page
    assert "Back to the queue" in page
    assert "nobody available" in page

    sent = {"to": "queue:", "note": "Card 4111 1111 1111 1111"}
    answer = browser.post(address("transfer", chat), sent, headers=FETCH)

    assert answer.status_code == 200
    assert state_of(chat) == (State.WAITING, None)
    assert "4111" not in chat.messages.get(internal=True).body


def test_a_refused_note_leaves_the_chat_where_it_is(chat, agent, sign_in) -> None:
    answer = sign_in(agent).post(address("transfer", chat), {"to": "queue:", "note": "x" * 4001}, headers=FETCH)

    assert answer.status_code == 400
    assert "x" * 4001 in answer.content.decode()
    assert state_of(chat) == (State.ACTIVE, agent.pk)


def test_without_a_script_it_is_a_page_and_goes_back_to_the_history(chat, agent, colleague, sign_in) -> None:
    come_online(colleague)
    browser = sign_in(agent)
    for name in ("transfer", "return"):
        assert "<html" in browser.get(address(name, chat)).content.decode()

    answer = browser.post(address("return", chat), {"note": "For somebody else"})

    assert answer.status_code == 302
    assert answer["Location"] == reverse("chat:history", args=["demo", chat.pk])
    assert state_of(chat)[0] == State.WAITING


def test_an_admin_takes_over_on_the_desk(chat, chief, sign_in) -> None:
    looked = sign_in(chief).get(reverse("chat:conversation", args=["demo", chat.pk]), headers=FETCH)
    assert address("take_over", chat) in looked.content.decode()

    answer = sign_in(chief).post(address("take_over", chat), headers=FETCH)

    assert 'data-mine="true"' in answer.content.decode()
    assert state_of(chat) == (State.ACTIVE, chief.pk)


def test_the_form_costs_the_same_with_many_colleagues(service, chat, agent, sign_in) -> None:
    browser = sign_in(agent)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            browser.get(address("transfer", chat), headers=FETCH)
        return len(captured)

    queries()
    few = queries()
    for _ in range(8):
        make_chat(service, agent=come_online(make_agent(service)))
    assert queries() == few


# All chats, in an admin's list


def test_an_admin_sees_all_open_chats_of_the_service_and_a_mere_agent_the_own_ones(
    service, chat, agent, colleague, chief, outsider
) -> None:
    make_queue(service, 1, customer=make_customer(service, "Wanda"))
    make_ringing(colleague, customer=make_customer(service, "Rita"))
    make_chat(service, agent=agent, state=State.CLOSED, customer=make_customer(service, "Clara"))
    make_chat(outsider.service, customer=make_customer(outsider.service, "Otto"))
    make_chat(service, agent=chief, customer=make_customer(service, "Mine"))

    html = desk_frame(agent_of_desk(chief.pk), "en").html
    own, everybody_s = html.split("All chats")
    assert "Mine" in own
    for name in ("Wanda", "Rita", "Ringing for Theo", "With Mina"):
        assert name in everybody_s
        assert name not in own
    for name in ("Clara", "Otto"):
        assert name not in html
    assert everybody_s.index("Wanda") < everybody_s.index("Rita")
    assert "All chats" not in desk_frame(agent_of_desk(agent.pk), "en").html
    assert desk_frame(agent_of_desk(chief.pk), "en").chats == list(chief.chats.values_list("pk", flat=True))


def test_the_list_of_all_chats_costs_one_query_and_is_bounded(service, chief) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            desk_frame(agent_of_desk(chief.pk), "en")
        return len(captured)

    make_chat(service)
    few = queries()
    for _ in range(OTHERS_SHOWN):
        make_chat(service)
    assert queries() == few
    assert desk_frame(agent_of_desk(chief.pk), "en").html.count("chat-entry-other") == OTHERS_SHOWN
