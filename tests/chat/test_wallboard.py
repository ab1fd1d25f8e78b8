"""The Wallboard: who sees it, what it says of agents and the queue, and in how many queries."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from agents.models import Agent, AuditEntry
from agents.status import set_chat_status
from chat.lifecycle.transitions import change_status
from chat.models import Chat
from chat.routing.assignment import assign_waiting_chats
from chat.topics import Topic
from chat.wallboard.board import board_of
from contiple.base.clock import database_now
from contiple.base.errors import Invalid
from tests.agents.race import at_once
from tests.chat.comings import be_here, come_online, state_of, wait_until_blocked
from tests.make import make_agent, make_chat, make_customer

pytestmark = pytest.mark.django_db

BOARD, SCREEN, MOVE = ("/desk/demo/wallboard/", "/desk/demo/wallboard/screen/", "/desk/demo/wallboard/move/")
FETCH = {"X-Requested-With": "fetch"}
CARD = "4111 1111 1111 1111"


def test_nobody_but_the_services_admins_sees_it(service, agent, admin, outsider, sign_in) -> None:
    for path in (BOARD, SCREEN):
        assert sign_in(admin).get(path).status_code == 200
        assert sign_in(agent).get(path).status_code == 404
        assert sign_in(outsider).get(path).status_code == 404
        assert Client().get(path).status_code == 302


def test_it_says_who_is_there_and_what_each_has(service, agent, colleague, admin) -> None:
    now = timezone.now()
    come_online(agent)
    customers = [make_customer(service, name) for name in ("Jun", "Kim", "Lee")]
    make_chat(service, agent=agent, customer=customers[0], customer_waits_since=now - timedelta(minutes=2))
    make_chat(service, agent=agent, customer=customers[1], customer_waits_since=now - timedelta(minutes=5))
    make_chat(service, agent=agent, customer=customers[2], state="ringing", ringing_since=now)
    make_chat(service, waiting_since=now - timedelta(minutes=3))
    be_here(agent=colleague)
    change_status(colleague, "break", reason="lunch")

    board = board_of(admin)

    assert [(seat.agent, seat.words, seat.reason) for seat in board.seats] == [
        (agent, "Online", ""),
        (colleague, "Break", "Lunch"),
    ]
    mina, theo = board.seats
    assert (mina.active, mina.ringing, mina.standing.limit) == (2, 1, 3)
    assert mina.waits_since == now - timedelta(minutes=5)
    assert [chat.customer.name for chat in mina.chats] == ["Lee", "Kim", "Jun"]
    assert (theo.chats, theo.waits_since) == ([], None)
    assert abs(theo.agent.chat_status_since - database_now()) < timedelta(minutes=1)
    assert (len(board.places), board.waiting_since) == (1, now - timedelta(minutes=3))
    assert (board.active, board.ringing, board.room, board.places_of_all) == (2, 1, 0, 3)
    assert (board.unanswered, board.unanswered_since) == (2, now - timedelta(minutes=5))
    assert [number for _status, _label, number in board.statuses] == [1, 1, 0]
    assert board.today.received == 4


def test_who_is_online_without_being_connected_is_said_to_be(agent, admin) -> None:
    Agent.objects.filter(pk=agent.pk).update(chat_status="online")
    [seat] = board_of(admin).seats
    assert (seat.state, seat.words) == ("gone", "disconnected")


def test_queues_say_who_waits_and_who_serves(service, agent, colleague, admin) -> None:
    orders = Topic.objects.create(service=service, key="orders", names={"en": "Orders"})
    orders.agents.add(agent)
    come_online(agent)
    come_online(colleague)
    make_chat(service, topic=orders)
    found = [(queue.name, queue.waiting, queue.online, queue.room) for queue in board_of(admin).queues]
    assert found == [("Orders", 1, 2, 6), ("No queue", 0, 2, 6)]
    orders.agents.set([colleague])
    Topic.objects.create(service=service, key="returns", names={"en": "Returns"}).agents.add(agent)
    found = [(queue.name, queue.online) for queue in board_of(admin).queues]
    assert found == [("Orders", 1), ("Returns", 1), ("No queue", 2)]


def test_the_queries_don_t_depend_on_how_much_is_going_on(service, admin, sign_in) -> None:
    browser = sign_in(admin)
    browser.get(BOARD)  # what is made once is made
    Topic.objects.create(service=service, key="orders", names={"en": "Orders"})
    come_online(make_agent(service))
    few = queries_of(browser)
    for number in range(6):
        seat = come_online(make_agent(service, f"Agent {number}"))
        for _ in range(3):
            make_chat(service, agent=seat, customer_waits_since=timezone.now())
        make_chat(service)
    assert queries_of(browser) == few <= 16


def test_however_many_wait_those_with_an_agent_are_there_and_all_can_be_found(
    service, agent, admin, sign_in, monkeypatch
) -> None:
    monkeypatch.setattr("chat.wallboard.board.WAITING_SHOWN", 2)
    monkeypatch.setattr("chat.wallboard.board.HELD_SHOWN", 1)
    for number in range(5):
        make_chat(service, customer=make_customer(service, f"Waiting-{number}"))
    for name in ("Held-0", "Held-1"):
        make_chat(service, agent=agent, customer=make_customer(service, name))
    browser = sign_in(admin)
    _agents, chats = browser.get(BOARD).content.decode().split('data-rows="chats"')
    shown = re.findall(r">(Waiting-\d|Held-\d|\d more [^<]*)</a>", chats)
    assert shown == ["Waiting-0", "Waiting-1", "3 more are waiting", "Held-0", "1 more is with an agent"]
    for ended, number in (("waiting", 5), ("with_agent", 2)):
        assert f'href="/desk/demo/chats/?ended={ended}"' in chats
        assert f"Chats found: {number}" in browser.get(f"/desk/demo/chats/?ended={ended}").content.decode()


def queries_of(browser: Client) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert browser.get(BOARD, headers=FETCH).status_code == 200
    assert not [each for each in queries.captured_queries if 'policy"."text"' in each["sql"]]  # long, for each chat
    return len(queries)


def test_a_large_screen_shows_no_customer(service, agent, admin, sign_in) -> None:
    make_chat(service, agent=agent, customer=make_customer(service, "Jun Park"), last_line="I live in Seoul")
    browser = sign_in(admin)
    assert "Jun Park" in browser.get(BOARD).content.decode()
    page = browser.get(SCREEN).content.decode()
    assert agent.user.name in page
    assert "Jun Park" not in page
    assert "I live in Seoul" not in page


def test_nobody_on_a_break_gets_a_chat_and_coming_back_does(service, agent) -> None:
    come_online(agent)
    change_status(agent, "break", reason="meeting")
    chat = make_chat(service)
    assign_waiting_chats(service.pk)
    assert state_of(chat) == ("waiting", None)

    change_status(agent, "online")

    assert state_of(chat) == ("ringing", agent.pk)
    agent.refresh_from_db()
    assert agent.break_reason == ""


def test_a_break_keeps_its_reason_and_moment_and_is_on_record(agent) -> None:
    come_online(agent)
    change_status(agent, "break")
    agent.refresh_from_db()
    began = agent.chat_status_since

    change_status(agent, "break", reason=f"Calling  the bank about {CARD}")
    change_status(agent, "break")

    agent.refresh_from_db()
    assert agent.break_reason == f"Calling the bank about {'*' * len(CARD)}"
    assert agent.chat_status_since == began
    noted = [entry.details for entry in AuditEntry.objects.filter(action="agent.status").order_by("pk")]
    assert noted == [{"chat_status": "break"}, {"chat_status": "break", "reason": agent.break_reason}]


def test_a_reason_is_changed_and_removed_without_leaving_the_break(agent, admin, sign_in) -> None:
    come_online(agent)
    change_status(agent, "break", reason="lunch")
    began = Agent.objects.values_list("chat_status_since", flat=True).get(pk=agent.pk)
    browser = sign_in(agent)

    def shown_after(**fields: str) -> str:
        assert browser.post("/desk/demo/chat/status/", {"status": "break"} | fields).status_code == 204
        [seat] = board_of(admin).seats
        assert (seat.state, seat.agent.chat_status_since) == ("break", began)
        return seat.reason

    assert shown_after(reason="meeting") == "Meeting"
    assert shown_after() == "Meeting"
    assert shown_after(reason=" ") == ""
    assert shown_after(reason="") == ""
    noted = [entry.details for entry in AuditEntry.objects.filter(action="agent.status").order_by("pk")]
    assert [each.get("reason") for each in noted] == ["lunch", "meeting", ""]


def test_a_reason_that_is_too_long_is_refused_and_changes_nothing(agent, sign_in) -> None:
    come_online(agent)
    with pytest.raises(Invalid):
        change_status(agent, "break", reason="x" * 61)
    answer = sign_in(agent).post("/desk/demo/chat/status/", {"status": "break", "reason": "x" * 61}, headers=FETCH)
    assert (answer.status_code, answer.content.decode()) == (400, "The reason can have 60 characters at most.")
    agent.refresh_from_db()
    assert agent.chat_status == "online"


def test_a_break_outside_of_it_has_no_reason(agent) -> None:
    come_online(agent)
    change_status(agent, "offline", reason="lunch")
    agent.refresh_from_db()
    assert (agent.chat_status, agent.break_reason) == ("offline", "")


@pytest.mark.django_db(transaction=True)
def test_a_reason_that_comes_when_the_break_ends_is_left_out(agent) -> None:
    set_chat_status(agent, "break")
    with ThreadPoolExecutor(1) as threads:
        with transaction.atomic():
            set_chat_status(agent, "online")
            late = partial(set_chat_status, Agent.objects.get(pk=agent.pk), "break", reason="lunch")
            other = threads.submit(at_once, late)
            wait_until_blocked()
        assert other.result(10) == [None]
    agent.refresh_from_db()
    assert (agent.chat_status, agent.break_reason) == ("online", "")
    noted = AuditEntry.objects.filter(action="agent.status").order_by("pk")
    assert [entry.details["chat_status"] for entry in noted] == ["break", "online"]


def test_chats_of_others_stay_out(service, admin, outsider) -> None:
    make_chat(outsider.service)
    assert not board_of(admin).has_chats
    assert not Chat.objects.filter(service=service).exists()
