"""An agent's socket: who may open it, what it says, what bounds it, and what ends it."""

import asyncio
import logging
import threading
import time
import uuid

import pytest
from django.contrib.sessions.models import Session
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse

from agents.models import Agent, Contract, Service, User
from chat import board, consumers, entries, lifecycle, live, messages, presence, protocol, pulse, rendering
from chat import connection as connections
from chat.connection import AGAIN, FORBIDDEN, SLOW, UNKNOWN
from chat.masking import Selection, mask_selection
from chat.models import Chat, Lease, Message
from tests.chat.comings import be_here, new_id
from tests.chat.lines import Line, desk, desk_of, do
from tests.make import PASSWORD, make_agent, make_chat, make_message

pytestmark = pytest.mark.django_db(transaction=True)

PATH = "/ws/desk/demo/"


@pytest.fixture
def chat(service: Service, agent: Agent) -> Chat:
    return make_chat(service, agent=agent)


def sent(chat: Chat, body: str = "Hello") -> Message:
    return messages.send_as_customer(chat, body=body, client_id=new_id())


# Who may open it


async def test_nobody_is_told_so_and_closed(service) -> None:
    async with Line(PATH) as line:
        assert line.accepted, "closed before it is accepted it would read as a broken line"
        assert await line.closing() == UNKNOWN
        assert line.heard == []


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://localhost:1", "https://localhost:8000", None]
)
async def test_another_site_s_page_gets_no_socket(agent, origin) -> None:
    async with await do(desk, agent, origin=origin) as line:
        assert not line.accepted
    assert not await do(Lease.objects.exists)


@pytest.mark.parametrize("slug", ["demo", "nobody"])
async def test_the_outsider_is_closed_and_hears_nothing(service, outsider, slug) -> None:
    async with await do(desk, outsider, slug=slug) as line:
        assert await line.closing() == FORBIDDEN
        assert line.heard == []
    assert not await do(Lease.objects.exists)


def without_permission(agent: Agent) -> None:
    Agent.objects.filter(pk=agent.pk).update(chat_permission=False)


def without_contract(agent: Agent) -> None:
    Contract.objects.update(chat=False)


def out_of_the_service(agent: Agent) -> None:
    Agent.objects.filter(pk=agent.pk).update(is_active=False)


def stopped(agent: Agent) -> None:
    Service.objects.update(is_stopped=True)


def account_closed(agent: Agent) -> None:
    User.objects.filter(pk=agent.user_id).update(is_active=False)


TAKEN = [without_permission, without_contract, out_of_the_service, stopped]


@pytest.mark.parametrize("take", TAKEN)
async def test_who_may_not_chat_gets_no_desk(agent, take) -> None:
    await do(take, agent)
    async with await do(desk, agent) as line:
        assert await line.closing() == FORBIDDEN
        assert line.heard == []
    assert not await do(Lease.objects.exists)


async def test_an_account_that_was_closed_is_nobody(agent) -> None:
    line = await do(desk, agent)
    await do(account_closed, agent)
    async with line:
        assert await line.closing() == UNKNOWN


async def test_a_socket_that_can_t_be_begun_is_to_come_again(agent, monkeypatch) -> None:
    def fail(*_args, **_named):
        raise DatabaseError

    monkeypatch.setattr(presence, "take_lease", fail)
    async with await do(desk, agent) as line:
        assert await line.closing() == AGAIN
        assert live._hub is None or not any(live._hub.topics.values()), "nothing is delivered to it any more"


# What it says


async def test_the_first_frame_is_the_desk_as_it_is(chat, agent, service) -> None:
    await do(make_chat, service)
    await do(sent, chat)
    line = await do(desk, agent)
    async with line:
        frame = await line.hear("desk")
    assert line.types() == ["desk"]
    assert (frame["status"], frame["ringing"], frame["waiting"], frame["unread"]) == ("offline", 0, 1, 1)
    assert frame["chats"] == [chat.pk]
    assert chat.customer.name in frame["html"]


async def test_an_open_socket_is_a_lease_and_a_closed_one_a_short_one(agent) -> None:
    async with desk_of(agent):
        assert await do(Lease.objects.filter(agent=agent).count) == 1
    left = await do(lambda: Lease.objects.get().expires_at - presence.database_now())
    assert left.total_seconds() <= presence.RELOAD_GRACE_S
    assert not any(live._hub.topics.values())


async def test_who_comes_online_hears_the_ring(agent, service) -> None:
    waiting = await do(make_chat, service)
    await do(be_here, chat=waiting)
    async with desk_of(agent) as line:
        await do(lifecycle.change_status, agent, "online")
        frame = await line.hear("desk", ringing=1, waiting=0, status="online")
        assert frame["chats"] == [waiting.pk]


async def test_an_online_agent_who_comes_back_is_given_what_waits(service) -> None:
    online = await do(make_agent, service, "Nari", online=True)
    await do(make_chat, service)
    async with desk_of(online) as line:
        await line.hear("desk", ringing=1)


async def test_every_tab_shows_the_status_that_one_chose(agent) -> None:
    async with desk_of(agent) as first, desk_of(agent) as second:
        await do(lifecycle.change_status, agent, "online")
        for line in (first, second):
            await line.hear("desk", status="online")


async def test_a_new_message_is_a_new_line_of_its_entry(chat, agent) -> None:
    async with desk_of(agent) as line:
        await do(sent, chat, "Card 4111111111111111 please")
        frame = await line.hear("line")
    assert frame == {
        "type": "line",
        "chat": chat.pk,
        "seq": 1,
        "author": "customer",
        "text": f"Card {'*' * 16} please",
        "unread": 1,
    }


async def test_a_chat_on_display_comes_from_its_revision_on_and_goes_on(chat, agent) -> None:
    for n in range(3):
        await do(sent, chat, f"Line {n}")
    async with desk_of(agent) as line:
        await line.say("watch", chat=chat.pk, rev=1)
        marks = await line.hear("marks", chat=chat.pk)
        assert marks["customer_read"] == 0
        assert [frame["rev"] for frame in line.heard if frame["type"] == "message"] == [2, 3]
        await do(sent, chat, "Line 3")
        frame = await line.hear("message")
        assert (frame["seq"], frame["rev"], frame["author"]) == (4, 4, "customer")
        assert "Line 3" in frame["html"]


async def test_of_chats_that_are_not_on_display_no_message_comes(chat, agent, service) -> None:
    other = await do(make_chat, service, agent=agent)
    async with desk_of(agent) as line:
        await line.say("watch", chat=chat.pk, rev=0)
        await line.hear("marks")
        await do(sent, other)
        await line.hear("line", chat=other.pk)
        await line.say("unwatch", chat=chat.pk)
        await line.say("watch", chat=other.pk, rev=1)
        await line.hear("marks", chat=other.pk)
        await do(sent, chat, "Not shown")
        await line.hear("line", chat=chat.pk)
        await do(sent, other, "Shown")
        await line.hear("message", chat=other.pk)
    assert not any(frame["type"] == "message" and frame["chat"] == chat.pk for frame in line.heard)


async def page(chat: Chat) -> dict[int, str]:
    return {entry.seq: rendering.message_html(entry, "en") for entry in await do(entries.latest_page, chat)}


async def test_the_page_before_and_what_changed_is_the_page_now(chat, agent, colleague) -> None:
    """Through a gap in the connection, with masks in it, and live at the same time."""
    for n in range(3):
        await do(sent, chat, f"My number is 010-1234-567{n}")
    shown, rev = await page(chat), 3
    await do(mask_selection, agent, chat.pk, [Selection(seq=1, rev=1, start=13, end=26)])
    await do(sent, chat, "More")
    await do(mask_selection, colleague, chat.pk, [Selection(seq=3, rev=3, start=13, end=26)])

    async with desk_of(agent) as line:
        await line.say("watch", chat=chat.pk, rev=rev)
        await do(mask_selection, agent, chat.pk, [Selection(seq=2, rev=2, start=13, end=26)])
        await do(sent, chat, "Last")
        while rev < 8:
            frame = await line.hear("message")
            assert frame["rev"] == rev + 1, "each once, in order"
            shown[frame["seq"]], rev = frame["html"], frame["rev"]

    assert shown == await page(chat)
    assert "010-1234" not in "".join(shown.values())


# Sending


async def test_a_message_is_acknowledged_and_seen_by_both_tabs(chat, agent) -> None:
    async with desk_of(agent) as first, desk_of(agent) as second:
        for line in (first, second):
            await line.say("watch", chat=chat.pk)
            await line.hear("marks")
        ack = await first.send_text("Hello **", chat=chat.pk)
        assert (ack["chat"], ack["seq"], ack["rev"]) == (chat.pk, 1, 1)
        assert (await second.hear("message"))["client_id"] == ack["client_id"]
        await first.say("watch", chat=chat.pk, rev=1)
        await first.hear("marks")
        assert [frame["client_id"] for frame in first.heard if frame["type"] == "message"] == [ack["client_id"]]
    message = await do(Message.objects.get)
    assert (message.author, message.body, message.agent_id, message.name) == ("agent", "Hello **", agent.pk, "Mina")


async def test_the_acknowledgement_comes_after_the_commit_and_never_before(chat, agent) -> None:
    locked, release = threading.Event(), threading.Event()

    def hold_the_commit() -> None:
        try:
            with transaction.atomic():
                Chat.objects.select_for_update().get(pk=chat.pk)
                locked.set()
                release.wait(10)
        finally:
            connection.close()

    holder = threading.Thread(target=hold_the_commit)
    holder.start()
    try:
        await asyncio.to_thread(locked.wait, 10)
        async with desk_of(agent) as line:
            sent_id = uuid.uuid4()
            await line.say("send", client_id=sent_id, body="Hello", chat=chat.pk)
            assert await line.is_quiet(0.3)
            release.set()
            await line.hear("ack", client_id=str(sent_id))
            assert await do(Message.objects.filter(client_id=sent_id).exists)
    finally:
        release.set()
        holder.join()


async def test_a_send_that_fails_is_not_acknowledged_and_can_be_tried_again(chat, agent, monkeypatch) -> None:
    sent_id = uuid.uuid4()
    async with desk_of(agent) as line:
        with monkeypatch.context() as broken:

            def fail(*_args, **_named):
                raise DatabaseError

            broken.setattr(messages, "_write", fail)
            await line.say("send", client_id=sent_id, body="Hello", chat=chat.pk)
            error = await line.hear("error")
            assert (error["code"], error["client_id"]) == ("unavailable", str(sent_id))
        assert "ack" not in line.types()
        ack = await line.send_text("Hello", chat=chat.pk, client_id=sent_id)
        assert ack["seq"] == 1


async def test_a_repeated_send_is_one_message_with_two_acknowledgements(chat, agent) -> None:
    sent_id = uuid.uuid4()
    async with desk_of(agent) as line:
        first = await line.send_text("Hello", chat=chat.pk, client_id=sent_id)
    async with desk_of(agent) as line:
        assert await line.send_text("Hello", chat=chat.pk, client_id=sent_id) == first
    assert await do(Message.objects.count) == 1


async def test_messages_come_in_the_order_in_which_they_were_sent(chat, agent) -> None:
    async with desk_of(agent) as line:
        ids = [uuid.uuid4() for _ in range(10)]
        for place, sent_id in enumerate(ids):
            await line.say("send", client_id=sent_id, body=f"{place}", chat=chat.pk)
        acks = [await line.hear("ack") for _ in ids]
    assert [ack["client_id"] for ack in acks] == [str(sent_id) for sent_id in ids]
    assert [ack["seq"] for ack in acks] == list(range(1, 11))


@pytest.mark.parametrize("body", ["", "   ", "a\0b", "x" * 4001, "\a"])
async def test_a_text_that_can_t_be_stored_is_refused_with_its_id(chat, agent, body) -> None:
    sent_id = uuid.uuid4()
    async with desk_of(agent) as line:
        await line.say("send", client_id=sent_id, body=body, chat=chat.pk)
        error = await line.hear("error")
        assert (error["code"], error["client_id"]) == ("invalid", str(sent_id))
    assert not await do(Message.objects.exists)


async def test_only_who_has_the_chat_writes_in_it(chat, agent, colleague) -> None:
    async with desk_of(colleague) as line:
        await line.say("send", client_id=uuid.uuid4(), body="Hello", chat=chat.pk)
        assert (await line.hear("error"))["code"] == "not_yours"
    await do(lifecycle.close_chat, chat.pk, by="agent")
    async with desk_of(agent) as line:
        await line.say("send", client_id=uuid.uuid4(), body="Hello", chat=chat.pk)
        assert (await line.hear("error"))["code"] == "ended"
    assert not await do(Message.objects.filter(author="agent").exists)


# Typing, marks


async def test_who_types_is_seen_by_who_looks_on_once_in_a_while(chat, agent, colleague) -> None:
    async with desk_of(agent) as line, desk_of(colleague) as other:
        for each in (line, other):
            await each.say("watch", chat=chat.pk)
            await each.hear("marks")
        for _ in range(5):
            await line.say("typing", chat=chat.pk)
        await line.send_text("done", chat=chat.pk)
        await other.hear("message")
        assert [frame for frame in other.heard if frame["type"] == "typing"] == [
            {"type": "typing", "chat": chat.pk, "author": "agent"}
        ]


async def test_a_colleague_does_not_type_in_it(chat, agent, colleague) -> None:
    async with desk_of(agent) as line, desk_of(colleague) as other:
        for each in (line, other):
            await each.say("watch", chat=chat.pk)
            await each.hear("marks")
        await other.say("typing", chat=chat.pk)
        await other.say("seen", chat=chat.pk, received=0, read=0)
        await line.send_text("done", chat=chat.pk)
        await other.hear("message")
        assert "typing" not in line.types() + other.types()


async def test_what_was_read_is_marked_once_and_never_taken_back(chat, agent) -> None:
    for _ in range(3):
        await do(sent, chat)
    async with desk_of(agent) as line:
        await line.say("watch", chat=chat.pk, rev=3)
        await line.hear("marks")
        await line.say("seen", chat=chat.pk, received=3, read=2)
        assert (await line.hear("marks"))["agent_read"] == 2
        await line.hear("desk", unread=1)
        await line.say("seen", chat=chat.pk, received=1, read=1)
        await line.say("seen", chat=chat.pk, received=2**31 - 1, read=2**31 - 1)
        assert (await line.hear("marks"))["agent_read"] == 3
    await do(chat.refresh_from_db)
    assert (chat.agent_received, chat.agent_read, chat.unread) == (3, 3, 0)


async def test_a_colleague_s_reading_marks_nothing(chat, colleague) -> None:
    await do(sent, chat)
    async with desk_of(colleague) as line:
        await line.say("seen", chat=chat.pk, received=1, read=1)
        await line.say("watch", chat=chat.pk, rev=1)
        await line.hear("marks", agent_read=0)
    await do(chat.refresh_from_db)
    assert (chat.agent_read, chat.unread) == (0, 1)


# Frames from the wrong hands


@pytest.mark.parametrize("kind", ["watch", "send", "seen", "typing", "unwatch"])
async def test_a_chat_of_another_service_is_not_there_and_the_own_work_goes_on(agent, chat, outsider, kind) -> None:
    theirs = await do(make_chat, outsider.service, agent=outsider)
    await do(sent, theirs, "Theirs")
    fields = {"send": {"client_id": uuid.uuid4(), "body": "Hello"}, "seen": {"received": 1, "read": 1}}.get(kind, {})
    async with desk_of(agent) as line:
        await line.say("watch", chat=chat.pk)
        await line.hear("marks")
        await line.say(kind, chat=theirs.pk, **fields)
        if kind not in {"typing", "unwatch"}:
            error = await line.hear("error")
            assert error["code"] == "not_found"
            assert error["client_id"] == (str(fields["client_id"]) if kind == "send" else None)
        await do(sent, theirs, "Theirs again")
        assert (await line.send_text("Mine", chat=chat.pk))["seq"] == 1
        assert not any(frame.get("chat") == theirs.pk for frame in line.heard)
    await do(theirs.refresh_from_db)
    assert (theirs.last_rev, theirs.agent_read, theirs.unread) == (2, 0, 2)
    assert await do(Message.objects.filter(chat=theirs, author="agent").count) == 0


async def test_the_same_error_says_that_a_chat_does_not_exist(agent, outsider) -> None:
    theirs = await do(make_chat, outsider.service)
    async with desk_of(agent) as line:
        errors = []
        for number in (theirs.pk, 10**9, 2**53, 0):
            await line.say("watch", chat=number)
            errors.append(await line.hear("error"))
    assert all(error == errors[0] for error in errors)


BAD = [
    "nonsense",
    "{}",
    "[]",
    '{"type": "hello", "token": "x"}',
    '{"type": "drop"}',
    '{"type": "watch"}',
    '{"type": "watch", "chat": -1}',
    '{"type": "watch", "chat": 99999999999999999999}',
    '{"type": "watch", "chat": 1, "rev": 2147483648}',
    '{"type": "typing", "chat": 1, "more": 1}',
    '{"type":' * 8000,
    "[" * 60_000,
    '{"type": "send", "body": "' + "x" * protocol.FRAME_BYTES_MAX + '"}',
    "가" * (protocol.FRAME_BYTES_MAX // 3 + 1),
    '{"type": "typing", "chat": 1}' + " " * protocol.FRAME_BYTES_MAX,
    b"\x00\x01",
    b'{"type": "typing", "chat": 1}',
]


@pytest.mark.parametrize("language", ["en", "ko"])
async def test_frames_that_can_t_be_read_are_refused_one_by_one_and_the_work_goes_on(chat, agent, language) -> None:
    async with desk_of(agent, language=language) as line:
        for text in BAD:
            await line.say_raw(text)
            error = await line.hear("error")
            assert error["code"] == "bad_frame", text[:60]
            assert error["client_id"] is None
        assert (await line.send_text("Still here", chat=chat.pk))["seq"] == 1
    texts = {frame["text"] for frame in line.heard if frame["type"] == "error"}
    assert len(texts) == 1
    assert (texts == {"This frame can't be read."}) == (language == "en")


async def test_what_nobody_foresaw_is_an_error_frame_and_not_the_end(chat, agent, monkeypatch, caplog) -> None:
    sent_id = uuid.uuid4()
    async with desk_of(agent) as line:
        with monkeypatch.context() as broken:

            def fail(*_args, **_named):
                raise KeyError

            broken.setattr(messages, "prepare", fail)
            with caplog.at_level(logging.ERROR):
                await line.say("send", client_id=sent_id, body="My secret", chat=chat.pk)
                error = await line.hear("error")
        assert (error["code"], error["client_id"]) == ("unavailable", str(sent_id))
        assert "My secret" not in caplog.text
        assert "a frame failed" in caplog.text
        await line.send_text("Hello", chat=chat.pk)


# What bounds it


async def test_a_script_is_slowed_down_and_told_which_message_was_refused(chat, agent, monkeypatch) -> None:
    monkeypatch.setattr(connections, "SEND_BURST", 3)
    monkeypatch.setattr(connections, "SEND_PER_S", 1.0)
    async with desk_of(agent) as line:
        for place in range(3):
            await line.send_text(f"{place}", chat=chat.pk)
        sent_id = uuid.uuid4()
        await line.say("send", client_id=sent_id, body="3", chat=chat.pk)
        error = await line.hear("error")
        assert (error["code"], error["client_id"]) == ("too_many", str(sent_id))
        await asyncio.sleep(1.1)
        await line.send_text("3", chat=chat.pk, client_id=sent_id)
    assert await do(Message.objects.count) == 4


async def test_a_flood_of_frames_ends_the_socket(chat, agent, monkeypatch) -> None:
    monkeypatch.setattr(connections, "FRAME_BURST", 20)
    monkeypatch.setattr(connections, "FRAMES_PER_S", 1)
    async with desk_of(agent) as line:
        for _ in range(25):
            await line.say("unwatch", chat=chat.pk)
        assert await line.closing() == SLOW


async def test_a_beat_is_asked_for_and_its_answer_prolongs_the_lease(agent, monkeypatch) -> None:
    monkeypatch.setattr(presence, "HEARTBEAT_S", 0.05)
    async with desk_of(agent) as line:
        await do(Lease.objects.update, expires_at=await do(presence.database_now))
        beat = await line.hear("beat")
        await line.say("beat", sent=beat["sent"])
        await line.hear("beat")
        left = await do(lambda: Lease.objects.get().expires_at - presence.database_now())
        assert left.total_seconds() > presence.LEASE_S - 5


async def test_who_does_not_answer_beats_is_closed(agent, monkeypatch) -> None:
    monkeypatch.setattr(presence, "HEARTBEAT_S", 0.05)
    monkeypatch.setattr(presence, "LEASE_S", 0.1)
    async with desk_of(agent) as line:
        assert await line.closing() == SLOW


async def test_who_does_not_read_is_closed_with_little_in_the_memory(chat, agent, monkeypatch) -> None:
    """Answers to beats are all that shows reading: without one, no more than the window is ever handed over."""
    monkeypatch.setattr(connections, "WINDOW_BYTES", 20_000)
    body = "x" * 3000
    for _ in range(30):
        await do(make_message, chat, body)
    async with desk_of(agent) as line:
        await line.say("watch", chat=chat.pk, rev=0)
        assert await line.closing() == SLOW
        assert sum(len(str(frame)) for frame in line.heard) < 24_000
        assert line.types().count("beat") == 1, "half of the window asks for an answer"


async def test_who_answers_gets_everything_however_much_it_is(chat, agent, monkeypatch) -> None:
    monkeypatch.setattr(connections, "WINDOW_BYTES", 20_000)
    async with desk_of(agent) as line:
        await line.say("watch", chat=chat.pk, rev=0)
        seqs: list[int] = []
        for _ in range(30):
            await do(sent, chat, "x" * 3000)
            while len(seqs) == 0 or seqs[-1] < await do(Message.objects.count):
                frame = await line.frame()
                assert frame is not None, f"closed with {line.code}"
                if frame["type"] == "beat":
                    await line.say("beat", sent=frame["sent"])
                elif frame["type"] == "message":
                    seqs.append(frame["seq"])
    assert seqs == list(range(1, 31))


async def test_an_answer_from_the_future_does_not_open_the_window(agent) -> None:
    async with desk_of(agent) as line:
        await line.say("beat", sent=2**53)
        await line.say("watch", chat=2**53)
        await line.hear("error")


async def test_deliveries_that_find_no_room_are_read_from_the_database(chat, agent, monkeypatch) -> None:
    monkeypatch.setattr(connections, "INBOX_SIZE", 1)
    async with desk_of(agent) as line:
        await line.say("watch", chat=chat.pk)
        await line.hear("marks")

        def many() -> None:
            for n in range(20):
                sent(chat, f"{n}")

        await do(many)
        assert [frame["seq"] for frame in await line.hear_messages(20)] == list(range(1, 21))


async def test_a_delivery_that_found_no_room_leaves_word_that_something_is_missing(chat, agent, monkeypatch) -> None:
    """Also where it was the last one, so that no later number tells of it."""
    monkeypatch.setattr(connections, "INBOX_SIZE", 1)
    async with desk_of(agent) as line:
        await line.say("watch", chat=chat.pk)
        await line.hear("marks")
        with monkeypatch.context() as deaf:
            deaf.setattr(live, "publish_all", lambda deliveries: None)
            await do(sent, chat, "No room")
        for author in ("customer", "agent"):  # the second finds the inbox full
            live._hub.dispatch(live.chat_topic(chat.pk), live.Typed(chat.pk, author))
        assert "No room" in (await line.hear("message"))["html"]


async def test_a_delivery_that_was_lost_comes_with_the_next(chat, agent, monkeypatch) -> None:
    async with desk_of(agent) as line:
        await line.say("watch", chat=chat.pk)
        await line.hear("marks")
        with monkeypatch.context() as deaf:
            deaf.setattr(live, "publish_all", lambda deliveries: None)
            await do(sent, chat, "Lost")
        await do(sent, chat, "Told")
        assert [frame["seq"] for frame in await line.hear_messages(2)] == [1, 2]


async def test_a_delivery_that_was_lost_comes_with_the_next_beat(chat, agent, monkeypatch) -> None:
    monkeypatch.setattr(presence, "HEARTBEAT_S", 0.3)
    async with desk_of(agent) as line:
        await line.say("watch", chat=chat.pk)
        await line.hear("marks")
        with monkeypatch.context() as deaf:
            deaf.setattr(live, "publish_all", lambda deliveries: None)
            await do(sent, chat, "Lost")
        frame = await line.hear("message")
        assert "Lost" in frame["html"]
        assert "beat" not in line.types()[line.types().index("marks") :] or line.types()[-1] == "message"


# What ends it


@pytest.mark.parametrize("take", TAKEN)
async def test_rights_that_are_taken_away_end_it_when_they_are_looked_at(chat, agent, take, monkeypatch) -> None:
    """At the next frame that acts nothing happens; at the next refresh or beat it is closed."""
    async with desk_of(agent) as line:
        await do(take, agent)
        await line.say("send", client_id=uuid.uuid4(), body="Still me", chat=chat.pk)
        assert (await line.hear("error"))["code"] == "closed"
        for frame in ({"type": "watch", "chat": chat.pk}, {"type": "seen", "chat": chat.pk, "received": 1, "read": 1}):
            await line.say(frame.pop("type"), **frame)
            assert (await line.hear("error"))["code"] == "closed"
        live.publish(live.agent_topic(agent.pk), live.Touched())
        assert await line.closing() == FORBIDDEN
    assert not await do(Message.objects.exists)


async def test_rights_are_read_again_with_the_beats_where_nobody_tells_of_them(agent, monkeypatch) -> None:
    monkeypatch.setattr(presence, "HEARTBEAT_S", 0.05)
    async with desk_of(agent) as line:
        await do(without_permission, agent)
        assert await line.closing() == FORBIDDEN


async def test_the_worker_ends_it_within_a_tick_and_gives_its_chats_to_others(chat, agent) -> None:
    async with desk_of(agent) as line:
        await do(without_permission, agent)
        await do(lifecycle.reconcile)
        assert await line.closing() == FORBIDDEN
    await do(chat.refresh_from_db)
    assert chat.agent_id is None


async def test_a_lease_that_was_taken_away_ends_it_for_now(agent, monkeypatch) -> None:
    async with desk_of(agent) as line:
        await do(Lease.objects.all().delete)
        await line.say("beat", sent=0)
        assert await line.closing() == AGAIN


async def test_and_for_good_where_the_rights_went_with_it(agent) -> None:
    async with desk_of(agent) as line:
        await do(without_permission, agent)
        await do(Lease.objects.all().delete)
        await line.say("beat", sent=0)
        assert await line.closing() == FORBIDDEN


def sign_out(agent: Agent) -> None:
    Session.objects.all().delete()


def change_password(agent: Agent) -> None:
    user = User.objects.get(pk=agent.user_id)
    user.set_password("another horse battery")
    user.save(update_fields=["password"])


@pytest.mark.parametrize("end", [sign_out, change_password])
async def test_a_session_that_is_over_acts_no_more_and_comes_back_as_nobody(chat, agent, end) -> None:
    browser = Client()
    await do(browser.force_login, agent.user)
    async with Line(PATH, browser=browser) as line:
        await line.hear("desk")
        await do(end, agent)
        await line.say("send", client_id=uuid.uuid4(), body="Still me", chat=chat.pk)
        assert (await line.hear("error"))["code"] == "closed"
        live.publish(live.agent_topic(agent.pk), live.Touched())
        assert await line.closing() == AGAIN
    async with Line(PATH, browser=browser) as line:
        assert await line.closing() == UNKNOWN
    assert not await do(Message.objects.exists)


@pytest.mark.parametrize("end", [sign_out, change_password])
async def test_and_where_nobody_tells_of_it_the_beats_do(agent, end, monkeypatch) -> None:
    monkeypatch.setattr(presence, "HEARTBEAT_S", 0.05)
    async with desk_of(agent) as line:
        await do(end, agent)
        assert await line.closing() == AGAIN


async def test_who_changes_the_own_password_comes_back(agent) -> None:
    """The page keeps its desk while one moves on: it must not vanish with the old session's number."""
    browser = Client()
    await do(browser.force_login, agent.user)
    async with Line(PATH, browser=browser) as line:
        await line.hear("desk")
        fields = {
            "old_password": PASSWORD,
            "new_password1": "another horse battery",
            "new_password2": "another horse battery",
        }
        answer = await do(browser.post, reverse("agents:password"), fields)
        assert answer.status_code == 302
        live.publish(live.agent_topic(agent.pk), live.Touched())
        assert await line.closing() == AGAIN
    async with Line(PATH, browser=browser) as line:
        await line.hear("desk")


async def test_an_end_of_one_tab_leaves_the_other_alone(chat, agent) -> None:
    async with desk_of(agent) as stays:
        async with desk_of(agent):
            pass
        await stays.say("watch", chat=chat.pk)
        await stays.hear("marks")
        await do(sent, chat)
        await stays.hear("message")


async def test_a_failing_refresh_closes_to_come_again(agent, monkeypatch, caplog) -> None:
    async with desk_of(agent) as line:

        def fail(*_args, **_named):
            raise RuntimeError

        monkeypatch.setattr(rendering, "desk_frame", fail)
        live.publish(live.agent_topic(agent.pk), live.Touched())
        assert await line.closing() == AGAIN


async def test_a_chat_that_can_t_be_shown_just_now_is_asked_for_again(chat, agent, monkeypatch) -> None:
    """Left open, it would stand on the screen and hear nothing."""

    def fail(*_args, **_named):
        raise DatabaseError

    async with desk_of(agent) as line:
        monkeypatch.setattr(consumers.pulse, "look_at_chat", fail)
        await line.say("watch", chat=chat.pk)
        assert await line.closing() == AGAIN


async def test_a_socket_that_is_cut_off_leaves_nothing_behind(chat, agent) -> None:
    """As a server does to an application that does not end in time."""
    async with desk_of(agent) as line:
        await line.say("watch", chat=chat.pk)
        await line.hear("marks")
        assert pulse._pulse().due
        line.pipe.future.cancel()
        await asyncio.wait([line.pipe.future])
        assert not pulse._pulse().due
        assert not live._hub.topics
        assert not board._boards


async def test_what_fails_at_the_beginning_leaves_nothing_behind(agent, monkeypatch, caplog) -> None:
    def fail(*_args, **_named):
        raise RuntimeError

    monkeypatch.setattr(rendering, "desk_frame", fail)
    async with await do(desk, agent) as line:
        assert await line.closing() == AGAIN
        assert not pulse._pulse().due
        assert not live._hub.topics


async def test_what_was_on_its_way_to_a_closed_socket_is_nothing(service, monkeypatch) -> None:
    handled = []

    async def handle(self, frame) -> None:
        handled.append(frame)

    monkeypatch.setattr(consumers.AgentSocket, "handle", handle)
    async with Line(PATH) as line:
        assert await line.closing() == UNKNOWN
        await line.say("watch", chat=1)
        await line.say("beat", sent=0)
    assert handled == []


async def test_a_last_line_that_was_lost_comes_with_the_next_beat(chat, agent, monkeypatch) -> None:
    monkeypatch.setattr(presence, "HEARTBEAT_S", 0.3)
    async with desk_of(agent) as line:
        await do(sent, chat, "Heard")
        await line.hear("line", text="Heard")
        with monkeypatch.context() as deaf:
            deaf.setattr(live, "publish_all", lambda deliveries: None)
            await do(sent, chat, "Lost")
        assert "Lost" in (await line.hear("desk"))["html"]


async def test_a_chat_that_is_lost_while_it_is_opened_is_heard_all_the_same(
    chat, agent, colleague, monkeypatch
) -> None:
    """Its topic is left as one of the agent's own, and not as one of what is shown."""
    first_look = consumers.AgentSocket.first_look

    def slow(self, chat_id: int, rev: int):
        found = first_look(self, chat_id, rev)
        Chat.objects.filter(pk=chat_id).update(agent=colleague)
        live.publish(live.agent_topic(agent.pk), live.Touched())
        time.sleep(0.4)
        return found

    monkeypatch.setattr(consumers.AgentSocket, "first_look", slow)
    async with desk_of(agent) as line:
        await line.say("watch", chat=chat.pk)
        await line.hear("marks")
        await do(sent, chat, "Still heard")
        assert "Still heard" in (await line.hear("message"))["html"]
