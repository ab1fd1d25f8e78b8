"""What bounds an agent's socket: floods, clients that do not read, and deliveries that were lost."""

import asyncio
import uuid

import pytest

from agents.models import Agent, Service
from chat.conversation import live
from chat.models import Chat, Lease, Message
from chat.routing import presence
from chat.sockets import inbox, limits, window
from chat.sockets.codes import SLOW
from contiple.base import clock
from tests.chat.lines import desk_of, do, sent
from tests.make import make_chat, make_message

pytestmark = pytest.mark.django_db(transaction=True)

PATH = "/ws/desk/demo/"


@pytest.fixture
def chat(service: Service, agent: Agent) -> Chat:
    return make_chat(service, agent=agent)


async def test_a_script_is_slowed_down_and_told_which_message_was_refused(chat, agent, monkeypatch) -> None:
    monkeypatch.setattr(limits, "SEND_BURST", 3)
    monkeypatch.setattr(limits, "SEND_PER_S", 0.5)  # a busy machine has two seconds for the first three
    async with desk_of(agent) as line:
        for place in range(3):
            await line.send_text(f"{place}", chat=chat.pk)
        sent_id = uuid.uuid4()
        await line.say("send", client_id=sent_id, body="3", chat=chat.pk)
        error = await line.hear("error")
        assert (error["code"], error["client_id"]) == ("too_many", str(sent_id))
        await asyncio.sleep(2.1)
        await line.send_text("3", chat=chat.pk, client_id=sent_id)
    assert await do(Message.objects.count) == 4


async def test_a_flood_of_frames_ends_the_socket(chat, agent, monkeypatch) -> None:
    monkeypatch.setattr(limits, "FRAME_BURST", 20)
    monkeypatch.setattr(limits, "FRAMES_PER_S", 1)
    async with desk_of(agent) as line:
        for _ in range(25):
            await line.say("unwatch", chat=chat.pk)
        assert await line.closing() == SLOW


async def test_a_beat_is_asked_for_and_its_answer_prolongs_the_lease(agent, monkeypatch) -> None:
    monkeypatch.setattr(presence, "HEARTBEAT_S", 0.05)
    async with desk_of(agent) as line:
        await do(Lease.objects.update, expires_at=await do(clock.database_now))
        beat = await line.hear("beat")
        await line.say("beat", sent=beat["sent"])
        await line.hear("beat")
        left = await do(lambda: Lease.objects.get().expires_at - clock.database_now())
        assert left.total_seconds() > presence.LEASE_S - 5


async def test_who_does_not_answer_beats_is_closed(agent, monkeypatch) -> None:
    monkeypatch.setattr(presence, "HEARTBEAT_S", 0.05)
    monkeypatch.setattr(presence, "LEASE_S", 0.1)
    async with desk_of(agent) as line:
        assert await line.closing() == SLOW


async def test_who_does_not_read_is_closed_with_little_in_the_memory(chat, agent, monkeypatch) -> None:
    """Answers to beats are all that shows reading: without one, no more than the window is ever handed over."""
    monkeypatch.setattr(window, "WINDOW_BYTES", 20_000)
    body = "x" * 3000
    for _ in range(30):
        await do(make_message, chat, body)
    async with desk_of(agent) as line:
        await line.say("watch", chat=chat.pk, rev=0)
        assert await line.closing() == SLOW
        assert sum(len(str(frame)) for frame in line.heard) < 24_000
        assert line.types().count("beat") == 1, "half of the window asks for an answer"


async def test_who_answers_gets_everything_however_much_it_is(chat, agent, monkeypatch) -> None:
    monkeypatch.setattr(window, "WINDOW_BYTES", 20_000)
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
    monkeypatch.setattr(inbox, "INBOX_SIZE", 1)
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
    monkeypatch.setattr(inbox, "INBOX_SIZE", 1)
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
