"""An agent's socket: who may open it, what it says, what bounds it, and what ends it."""

import asyncio
import logging
import threading
import uuid

import pytest
from django.db import DatabaseError, connection, transaction

from agents.models import Agent, Service
from chat import protocol
from chat.conversation import entries, live, messages, rendering
from chat.conversation.message_masks import mask_selection
from chat.lifecycle import transitions
from chat.masking.selections import Selection
from chat.models import Chat, Lease, Message
from chat.routing import presence
from chat.sockets.codes import AGAIN, FORBIDDEN, UNKNOWN
from contiple.base import clock
from tests.chat.comings import be_here
from tests.chat.lines import Line, desk, desk_of, do, sent
from tests.chat.rights import TAKEN, account_closed
from tests.make import make_agent, make_chat

pytestmark = pytest.mark.django_db(transaction=True)

PATH = "/ws/desk/demo/"


@pytest.fixture
def chat(service: Service, agent: Agent) -> Chat:
    return make_chat(service, agent=agent)


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
    left = await do(lambda: Lease.objects.get().expires_at - clock.database_now())
    assert left.total_seconds() <= presence.RELOAD_GRACE_S
    assert not any(live._hub.topics.values())


async def test_who_comes_online_hears_the_ring(agent, service) -> None:
    waiting = await do(make_chat, service)
    await do(be_here, chat=waiting)
    async with desk_of(agent) as line:
        await do(transitions.change_status, agent, "online")
        frame = await line.hear("desk", ringing=1, waiting=0, status="online")
        assert frame["chats"] == [waiting.pk]


async def test_an_online_agent_who_comes_back_is_given_what_waits(service) -> None:
    online = await do(make_agent, service, "Nari", online=True)
    await do(make_chat, service)
    async with desk_of(online) as line:
        await line.hear("desk", ringing=1)


async def test_every_tab_shows_the_status_that_one_chose(agent) -> None:
    async with desk_of(agent) as first, desk_of(agent) as second:
        await do(transitions.change_status, agent, "online")
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
    await do(mask_selection, agent, chat.pk, [Selection(text_id=1, rev=1, start=13, end=26)])
    await do(sent, chat, "More")
    await do(mask_selection, colleague, chat.pk, [Selection(text_id=3, rev=3, start=13, end=26)])

    async with desk_of(agent) as line:
        await line.say("watch", chat=chat.pk, rev=rev)
        await do(mask_selection, agent, chat.pk, [Selection(text_id=2, rev=2, start=13, end=26)])
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

            broken.setattr(messages, "write", fail)
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
    await do(transitions.close_chat, chat.pk, by="agent")
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
