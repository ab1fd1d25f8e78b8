"""Several chats moved at once: to whom, by whom, what hinders, who is told, and two who do it at the same moment."""

import re
from functools import partial

import pytest
from django.test import Client

from agents.models import Agent, AuditEntry
from chat.alerts import DeskNotice
from chat.lifecycle.moving import Move, move_chats
from chat.lifecycle.transitions import close_chat
from chat.models import Chat, Message
from chat.templatetags.chat_words import notice_text
from chat.topics import Topic
from chat.wallboard.board import HELD_SHOWN, WAITING_SHOWN
from contiple.base.errors import Closed
from tests.agents.race import at_once
from tests.chat.comings import come_online, make_ringing, state_of
from tests.make import make_agent, make_chat, make_customer

pytestmark = pytest.mark.django_db

MOVE = "/desk/demo/wallboard/move/"


def ids(chats: list[Chat]) -> list[int]:
    return [chat.pk for chat in chats]


def test_chats_ring_at_the_colleague_with_the_note_and_who_lost_them_is_told_once(
    service, agent, colleague, admin
) -> None:
    come_online(colleague)
    chats = [make_chat(service, agent=agent), make_ringing(agent), make_chat(service)]

    moved = move_chats(admin, ids(chats), Move(agent_id=colleague.pk, note="Mina goes home"))

    assert moved == (3, {})
    assert [state_of(chat) for chat in chats] == [("ringing", colleague.pk)] * 3
    notes = Message.objects.filter(internal=True, body="Mina goes home")
    assert set(notes.values_list("chat", flat=True)) == set(ids(chats))
    [notice] = DeskNotice.objects.all()
    assert (notice.agent, notice.by, notice.moved) == (agent, "Ada", 2)
    entries = AuditEntry.objects.filter(action="chat.transferred")
    assert sorted(entry.details.get("was", "") for entry in entries) == ["", "Mina", "Mina"]
    assert {entry.agent for entry in entries} == {admin}


def test_more_than_the_colleague_has_room_for_stay_where_they_are(service, agent, colleague, admin) -> None:
    come_online(colleague)
    chats = [make_chat(service, agent=agent, customer=make_customer(service, f"C{n}")) for n in range(5)]

    moved = move_chats(admin, ids(chats), Move(agent_id=colleague.pk))

    assert moved.number == 3
    assert moved.refused == {"Theo can't take the chat: 3 of 3 chats.": ["C3", "C4"]}
    assert [state_of(chat)[1] for chat in chats] == [colleague.pk] * 3 + [agent.pk] * 2
    assert DeskNotice.objects.get().moved == 3


def test_chats_go_back_to_the_queue_and_others_are_asked_first(service, agent, colleague, admin) -> None:
    come_online(agent)
    come_online(colleague)
    chats = [make_chat(service, agent=agent) for _ in range(2)]
    assert move_chats(admin, ids(chats), Move()).number == 2
    assert [state_of(chat) for chat in chats] == [("ringing", colleague.pk)] * 2


def test_chats_go_to_another_queue_and_keep_their_turn(service, agent, admin) -> None:
    orders = Topic.objects.create(service=service, key="orders", names={"en": "Orders"})
    waiting, active = make_chat(service), make_chat(service, agent=agent)
    assert move_chats(admin, [waiting.pk, active.pk], Move(topic=orders)).number == 2
    for chat in (waiting, active):
        before = chat.turn_at
        chat.refresh_from_db()
        assert (chat.state, chat.topic, chat.turn_at) == ("waiting", orders, before)
    again = move_chats(admin, [waiting.pk], Move(topic=orders))
    assert list(again.refused) == ["This chat is in the queue already."]


def test_what_can_t_be_moved_says_why_and_keeps_nothing_else(service, agent, colleague, admin) -> None:
    come_online(colleague)
    ended, own, good = (make_chat(service, agent=it) for it in (agent, colleague, agent))
    close_chat(ended.pk, by="agent")
    moved = move_chats(admin, ids([ended, own, good]), Move(agent_id=colleague.pk))
    assert (moved.number, sorted(moved.refused)) == (1, ["Theo has this chat now.", "This chat has ended."])
    assert state_of(good) == ("ringing", colleague.pk)


def test_only_an_admin_moves_chats_and_only_the_own_services(service, agent, colleague, outsider, admin) -> None:
    come_online(colleague)
    chat = make_chat(service, agent=agent)
    with pytest.raises(Closed):
        move_chats(agent, [chat.pk], Move(agent_id=colleague.pk))
    assert move_chats(outsider, [chat.pk], Move()).number == 0
    theirs = move_chats(admin, [chat.pk], Move(agent_id=outsider.pk))
    assert theirs.refused == {"Choose a colleague.": [chat.customer.name]}
    assert state_of(chat) == ("active", agent.pk)


def test_the_page_is_for_admins(service, agent, outsider, sign_in) -> None:
    chat = make_chat(service, agent=agent)
    for browser in (sign_in(agent), sign_in(outsider)):
        assert browser.post(MOVE, {"chat": [chat.pk], "to": "queue"}).status_code == 404
    assert Client().post(MOVE, {"chat": [chat.pk], "to": "queue"}).status_code == 302
    assert state_of(chat) == ("active", agent.pk)


def test_the_page_says_how_many_moved_and_which_did_not(service, agent, colleague, admin, sign_in) -> None:
    come_online(colleague)
    chats = [make_chat(service, agent=agent, customer=make_customer(service, f"C{n}")) for n in range(4)]
    form = {"chat": ids(chats), "to": f"agent:{colleague.pk}", "note": "Mina goes home"}
    page = sign_in(admin).post(MOVE, form, follow=True).content.decode()
    assert "3 chats moved." in page
    assert "Not moved: C3. Theo can&#x27;t take the chat: 3 of 3 chats." in page


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"chat": []}, "Select the chats to move first."),
        ({"chat": ["x", "9" * 30]}, "Select the chats to move first."),
        ({"to": "somewhere"}, "Choose where the chats go first."),
        ({"to": "queue:gone"}, "This queue is not active any more."),
        ({"to": "agent:0"}, "Not moved: Jun. Choose a colleague."),
    ],
)
def test_a_refusal_keeps_what_was_typed(service, agent, admin, sign_in, change, words) -> None:
    chat = make_chat(service, agent=agent, customer=make_customer(service, "Jun"))
    form = {"chat": [chat.pk], "to": "queue", "note": "Half an explanation"} | change
    page = sign_in(admin).post(MOVE, form).content.decode()
    assert words in page
    assert 'value="Half an explanation"' in page
    assert state_of(chat) == ("active", agent.pk)


def test_after_a_refusal_it_stays_chosen_where_the_chats_go(service, agent, colleague, admin, sign_in) -> None:
    come_online(colleague)
    chat = make_chat(service, agent=agent)
    for _ in range(3):
        make_chat(service, agent=colleague)

    def chosen_after(to: str) -> list[tuple[str, str]]:
        page = sign_in(admin).post(MOVE, {"chat": [chat.pk], "to": to}).content.decode()
        return re.findall(r'<option value="([^"]*)" selected>([^<]*)<', page)

    theo = f"agent:{colleague.pk}"
    assert chosen_after(theo) == [(theo, "Theo (3 of 3 chats)")]
    Agent.objects.filter(pk=colleague.pk).update(chat_permission=False)
    for to in (theo, "agent:0", "queue:gone", "somewhere"):
        assert chosen_after(to) == [("", "Choose…")]
    assert chosen_after("queue") == []  # it was moved


def test_all_that_the_board_shows_are_moved_at_once(service, agent, admin, sign_in) -> None:
    chat = make_chat(service, agent=agent)
    others = range(10**6, 10**6 + WAITING_SHOWN + HELD_SHOWN - 1)
    form = {"chat": [*others, chat.pk], "to": "queue", "note": "", "page": "wallboard"}
    assert sign_in(admin).post(MOVE, form).status_code == 302
    assert state_of(chat)[0] == "waiting"


def test_the_notice_says_how_many() -> None:
    notice = {"kind": "taken", "by": "Ada", "at": "2026-03-02T03:00:00Z", "name": "Jun", "moved": 3}
    assert "Ada moved 3 of your chats at" in notice_text(notice)
    assert "Ada moved your chat with Jun at" in notice_text(notice | {"moved": 1})
    assert "Ada took over your chat with Jun at" in notice_text(notice | {"moved": 0})


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("attempt", range(3))
def test_two_admins_move_the_same_chats_at_once(service, agent, colleague, admin, attempt) -> None:
    """Each chat moves once or twice, as if one after the other; nobody has more chats than the limit."""
    other = make_agent(service, "Bora", role="admin", chat_permission=False)
    third = make_agent(service, "Yuna")
    come_online(colleague)
    come_online(third)
    chats = [make_chat(service, agent=agent) for _ in range(5)]
    results = at_once(
        partial(move_chats, admin, ids(chats), Move(agent_id=colleague.pk)),
        partial(move_chats, other, ids(chats), Move(agent_id=third.pk)),
    )
    assert not [it for it in results if isinstance(it, Exception)]
    holders = [state_of(chat) for chat in chats]
    assert {state for state, _agent in holders} <= {"ringing", "active"}
    for seat in (colleague, third):
        assert [agent_id for _state, agent_id in holders].count(seat.pk) <= 3
    lost = DeskNotice.objects.filter(agent=agent)
    assert sum(lost.values_list("moved", flat=True)) == 5 - [it[1] for it in holders].count(agent.pk)
