"""A customer's socket: known by a token in its first frame, shown one chat, and no other."""

import asyncio
import uuid

import pytest
from django.db import DatabaseError, transaction
from django.test import Client

from agents.models import Agent, Contract, Service
from chat import protocol
from chat.abuse import limits as allowed
from chat.block import Block
from chat.conversation import entries, live, messages, rendering
from chat.conversation.message_masks import mask_selection
from chat.lifecycle import transitions, upkeep
from chat.masking.selections import Selection
from chat.models import Chat, Lease, Message
from chat.routing import presence
from chat.sockets import customer_socket, limits, window
from chat.sockets.codes import AGAIN, FORBIDDEN, SLOW, UNKNOWN
from contiple.base import clock
from helpcenter.customers import register_customer
from helpcenter.members.models import MemberSession
from helpcenter.members.sessions import Begun, Browser, begin, consented, new_token
from helpcenter.models import Customer
from tests.chat.comings import be_here, new_id
from tests.chat.lines import Line, chat_of, desk_of, do
from tests.chat.secrets import columns_with
from tests.chat.test_customer_views import post
from tests.make import make_agent, make_chat, send_as_agent
from tests.members import Site

pytestmark = pytest.mark.django_db(transaction=True)

PATH = "/ws/chat/demo/"


@pytest.fixture
def known(service: Service) -> tuple[Customer, str]:
    return register_customer(service, name="Jun", email="", language="en")


@pytest.fixture
def token(known) -> str:
    return known[1]


@pytest.fixture
def chat(service: Service, agent: Agent, known) -> Chat:
    return make_chat(service, agent=agent, customer=known[0], connected=False)


def answered(chat: Chat, body: str = "Hello") -> Message:
    return send_as_agent(chat, chat.agent, body=body, client_id=new_id())


# Who it is


async def test_the_chat_comes_from_its_revision_on_with_marks_and_status(chat, token) -> None:
    for n in range(3):
        await do(answered, chat, f"Line {n}")
    async with Line(PATH) as line:
        await line.say("hello", token=token, rev=1)
        status = await line.hear("status")
    assert line.types() == ["message", "message", "marks", "unread", "status"]
    assert [frame["rev"] for frame in line.heard[:2]] == [2, 3]
    assert (status["chat"], status["state"]) == (chat.pk, "active")


async def test_a_hello_is_waited_for_and_then_the_socket_is_closed(service, monkeypatch) -> None:
    monkeypatch.setattr(customer_socket, "HELLO_WITHIN_S", 0.05)
    async with Line(PATH) as line:
        assert await line.closing() == SLOW
        assert line.heard == []


async def test_who_said_hello_in_time_stays(chat, token, monkeypatch) -> None:
    monkeypatch.setattr(customer_socket, "HELLO_WITHIN_S", 0.2)
    async with chat_of(token) as line:
        assert await line.is_quiet(0.4)
        await line.send_text("Still here")


@pytest.mark.parametrize(
    "frame",
    [
        {"type": "send", "client_id": str(uuid.uuid4()), "body": "Hello"},
        {"type": "typing"},
        {"type": "seen", "received": 1, "read": 1},
        {"type": "beat", "sent": 0},
    ],
)
async def test_before_the_hello_nothing_else_is_heard(chat, frame) -> None:
    async with Line(PATH) as line:
        await line.say(**{"kind": frame["type"], **{name: value for name, value in frame.items() if name != "type"}})
        assert await line.closing() == UNKNOWN
    assert not await do(Message.objects.exists)


@pytest.mark.parametrize("wrong", ["", "x", "{token}x", "{token} ", "\x00", "é" * 50])
async def test_a_wrong_token_is_nobody(chat, token, wrong) -> None:
    async with Line(PATH) as line:
        await line.say("hello", token=wrong.format(token=token))
        assert await line.closing() == UNKNOWN
        assert line.heard == []


async def test_a_token_too_long_to_be_one_can_t_be_read(chat, token) -> None:
    async with Line(PATH) as line:
        await line.say("hello", token="x" * 101)
        assert (await line.hear("error"))["code"] == "bad_frame"


async def test_the_token_s_hash_is_no_token(chat, known) -> None:
    """What stands in the database opens nothing."""
    async with Line(PATH) as line:
        await line.say("hello", token=known[0].token_hash)
        assert await line.closing() == UNKNOWN


async def test_another_service_s_token_is_nobody_s_here(chat, token, outsider) -> None:
    theirs, their_token = await do(register_customer, outsider.service, name="X", email="", language="en")
    await do(make_chat, outsider.service, customer=theirs)
    for slug, bearer in (("demo", their_token), ("other", token)):
        async with Line(f"/ws/chat/{slug}/") as line:
            await line.say("hello", token=bearer)
            assert await line.closing() == UNKNOWN
            assert line.heard == []


async def test_who_has_no_chat_is_nobody_here(token) -> None:
    async with Line(PATH) as line:
        await line.say("hello", token=token)
        assert await line.closing() == UNKNOWN


async def test_an_agent_s_session_is_no_customer(chat, agent, sign_in) -> None:
    browser = await do(sign_in, agent)
    async with Line(PATH, browser=browser) as line:
        await line.say("typing")
        assert await line.closing() == UNKNOWN


@pytest.mark.parametrize("slug", ["nobody", "demo"])
async def test_a_stopped_or_unknown_service_has_no_customers(chat, token, slug) -> None:
    await do(Service.objects.update, is_stopped=True)
    async with Line(f"/ws/chat/{slug}/") as line:
        await line.say("hello", token=token)
        assert await line.closing() == UNKNOWN


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:1", None])
async def test_another_site_s_page_gets_no_socket(chat, origin) -> None:
    async with Line(PATH, origin=origin) as line:
        assert not line.accepted


async def test_a_second_hello_changes_nothing(chat, token, service) -> None:
    other, other_token = await do(register_customer, service, name="Mia", email="", language="en")
    await do(make_chat, service, customer=other)
    async with chat_of(token) as line:
        for again in (token, other_token):
            await line.say("hello", token=again)
            assert (await line.hear("error"))["code"] == "conflict"
        assert (await line.send_text("Mine"))["chat"] == chat.pk


@pytest.mark.parametrize("failing", ["take_lease", "chat_of_token"])
async def test_a_chat_that_can_t_be_begun_is_to_come_again(chat, token, monkeypatch, failing) -> None:
    """What the page sends right behind its hello must not read as somebody unknown: its token would be thrown away."""

    def fail(*_args, **_named):
        raise DatabaseError

    monkeypatch.setattr(presence if failing == "take_lease" else customer_socket.access, failing, fail)
    async with Line(PATH) as line:
        await line.say("hello", token=token)
        assert await line.closing() == AGAIN


# The conversation


async def test_the_whole_conversation_both_ways(service, agent, chat, token) -> None:
    await do(Chat.objects.filter(pk=chat.pk).update, state="ringing", answered_at=None, ringing_since=chat.created_at)
    async with desk_of(agent) as desk, chat_of(token) as page:
        assert page.heard[-1]["state"] == "ringing"
        assert (await page.send_text("Is my card 4111 1111 1111 1111 charged?"))["seq"] == 1
        line = await desk.hear("line", chat=chat.pk)
        assert line["text"] == f"Is my card {'*' * 19} charged?"

        await do(transitions.answer_chat, agent, chat.pk)
        await page.hear("status", state="active")
        await desk.say("watch", chat=chat.pk)
        await desk.hear("marks")
        assert "masked-text" in next(frame for frame in desk.heard if frame["type"] == "message")["html"]

        await desk.say("typing", chat=chat.pk)
        assert (await page.hear("typing"))["author"] == "agent"
        ack = await desk.send_text("No, it is not.", chat=chat.pk)
        shown = await page.hear("message", author="agent")
        assert (shown["seq"], shown["client_id"]) == (ack["seq"], ack["client_id"])
        await page.say("seen", received=ack["seq"], read=ack["seq"])
        assert (await desk.hear("marks", customer_read=ack["seq"]))["customer_received"] == ack["seq"]

        await page.say("typing")
        assert (await desk.hear("typing"))["author"] == "customer"
        await page.send_text("Thanks, I live in Gangnam.")
        told = await desk.hear("message", author="customer", seq=ack["seq"] + 1)
        await desk.say("seen", chat=chat.pk, received=told["seq"], read=told["seq"])
        await page.hear("marks", agent_read=told["seq"])

        await do(mask_selection, agent, chat.pk, [Selection(text_id=told["seq"], rev=told["rev"], start=18, end=25)])
        for line_of in (desk, page):
            masked = await line_of.hear("message", seq=told["seq"], rev=told["rev"] + 1)
            assert "Gangnam" not in masked["html"]
            assert "*******" in masked["html"]

        await do(transitions.close_chat, chat.pk, by="agent", agent=agent)
        end = await page.hear("status", state="closed")
        assert "This chat has ended." in end["html"]
        await page.say("send", client_id=uuid.uuid4(), body="Wait")
        assert (await page.hear("error"))["code"] == "ended"
        await desk.hear("desk", chats=[])
    assert await do(columns_with, "4111") == []
    assert await do(columns_with, "Gangnam") == []


async def test_both_sides_see_the_same_conversation(chat, agent, token) -> None:
    async with desk_of(agent) as desk, chat_of(token) as page:
        await desk.say("watch", chat=chat.pk)
        await desk.hear("marks")

        async def customer_writes() -> None:
            for n in range(10):
                await page.say("send", client_id=uuid.uuid4(), body=f"Customer {n}")

        async def agent_writes() -> None:
            for n in range(10):
                await desk.say("send", client_id=uuid.uuid4(), body=f"Agent {n}", chat=chat.pk)

        await asyncio.gather(customer_writes(), agent_writes())
        for line in (desk, page):
            while sum(kind == "message" for kind in line.types()) < 20:
                await line.frame()
        seen = [[(f["seq"], f["html"]) for f in line.heard if f["type"] == "message"] for line in (desk, page)]
    assert seen[0] == seen[1]
    assert [seq for seq, _html in seen[0]] == list(range(1, 21))


async def test_a_send_is_acknowledged_once_it_is_in_the_database(chat, token) -> None:
    async with chat_of(token) as page:
        ack = await page.send_text("Hello")
        stored = await do(Message.objects.get)
        assert str(stored.client_id) == ack["client_id"]
        assert (stored.author, stored.name, stored.body) == ("customer", "Jun", "Hello")


async def test_a_send_repeated_after_a_lost_acknowledgement_is_one_message(chat, token) -> None:
    sent_id = uuid.uuid4()
    async with chat_of(token) as page:
        first = await page.send_text("Hello", client_id=sent_id)
    async with chat_of(token, rev=1) as page:
        again = await page.send_text("Hello", client_id=sent_id)
        assert (again["type"], again["seq"], again["rev"]) == ("ack", first["seq"], first["rev"])
        assert "message" not in page.types()
    assert await do(Message.objects.count) == 1


async def test_an_id_of_the_agent_s_message_is_not_the_customer_s(chat, token) -> None:
    theirs = await do(answered, chat)
    async with chat_of(token) as page:
        await page.say("send", client_id=theirs.client_id, body="Hello")
        assert (await page.hear("error"))["code"] == "invalid"


async def test_what_came_while_the_line_was_down_comes_on_return_each_once_and_in_order(chat, agent, token) -> None:
    async with chat_of(token) as page:
        await page.send_text("First")
        await page.hear("message") if "message" not in page.types() else None
    shown = {frame["seq"]: frame["html"] for frame in page.heard if frame["type"] == "message"}
    rev = max(frame["rev"] for frame in page.heard if frame["type"] == "message")

    await do(answered, chat, "Second 010-1234-5678")
    await do(mask_selection, agent, chat.pk, [Selection(text_id=1, rev=1, start=0, end=5)])
    await do(mask_selection, agent, chat.pk, [Selection(text_id=2, rev=2, start=7, end=20)])
    await do(answered, chat, "Third")

    async with chat_of(token, rev=rev) as page:
        frames = [frame for frame in page.heard if frame["type"] == "message"]
    assert [frame["rev"] for frame in frames] == [3, 4, 5]
    shown |= {frame["seq"]: frame["html"] for frame in frames}
    assert shown == {e.seq: rendering.message_html(e, "en") for e in await do(entries.latest_page, chat)}


async def test_a_revision_from_the_future_is_read_as_now(chat, token) -> None:
    async with chat_of(token, rev=2**31 - 1) as page:
        await do(answered, chat)
        await page.hear("message", seq=1)


async def test_a_reader_in_korean_hears_korean(chat, token) -> None:
    async with chat_of(token, language="ko") as page:
        await do(transitions.close_chat, chat.pk, by="customer")
        event = await page.hear("message")
        await page.say("send", client_id=uuid.uuid4(), body="")
        error = await page.hear("error")
    assert "ended" not in event["html"]
    assert not error["text"].isascii()


@pytest.mark.parametrize("language", ["", "xx", "%ff", "en' OR 1", "ko-KR"])
async def test_whatever_language_is_asked_for_the_chat_is_shown(chat, token, language) -> None:
    async with chat_of(token, language=language) as page:
        await page.send_text("Hello")


# The queue


async def test_the_place_in_the_queue_is_kept_up_to_date(service, known, token) -> None:
    ahead = [await do(make_chat, service) for _ in range(2)]
    await do(make_chat, service, customer=known[0])
    async with chat_of(token) as page:
        assert "<strong>3</strong>" in page.heard[-1]["html"]
        for place, chat in zip((2, 1), ahead, strict=True):
            await do(transitions.close_chat, chat.pk, by="customer")
            assert (await page.hear("place"))["place"] == place


async def test_an_agent_who_comes_is_told_of_to_who_waits(service, known, token) -> None:
    await do(make_chat, service, customer=known[0])
    agent = await do(make_agent, service, "Nari", online=True)
    async with chat_of(token) as page:
        await do(be_here, agent=agent)
        await do(transitions.assign_waiting_chats, service.pk)
        await page.hear("status", state="ringing")


async def test_what_is_the_same_is_not_said_again(chat, token) -> None:
    async with chat_of(token) as page:
        for _ in range(3):
            live.publish(live.chat_topic(chat.pk), live.Touched())
        assert await page.is_quiet(0.3)


async def test_who_is_served_is_not_moved_by_the_queue(service, chat, token) -> None:
    async with chat_of(token) as page:
        receivers = live._hub.topics.get(live.service_topic(service.pk), set())
        assert not receivers
        await do(make_chat, service)
        assert await page.is_quiet()


# Typing, marks


async def test_typing_is_passed_on_once_in_a_while(chat, agent, token) -> None:
    async with desk_of(agent) as desk, chat_of(token) as page:
        await desk.say("watch", chat=chat.pk)
        await desk.hear("marks")
        for _ in range(5):
            await page.say("typing")
        await page.send_text("done")
        await desk.hear("message")
        assert desk.types().count("typing") == 1


async def test_marks_only_grow_and_never_past_the_last_message(chat, token) -> None:
    await do(answered, chat)
    async with chat_of(token) as page:
        await page.say("seen", received=5, read=2**31 - 1)
        await page.hear("marks", customer_received=1, customer_read=1)
        await page.say("seen", received=0, read=0)
        await page.send_text("x")
        assert await do(lambda: Chat.objects.get(pk=chat.pk).customer_read) == 1


# From the wrong hands


async def test_a_chat_s_number_in_a_customer_s_frame_means_nothing(chat, token, service) -> None:
    theirs = await do(make_chat, service)
    async with chat_of(token) as page:
        sent_id = uuid.uuid4()
        await page.say("send", client_id=sent_id, body="Mine", chat=theirs.pk)
        assert (await page.hear("message", client_id=str(sent_id)))["chat"] == chat.pk
        await page.say("seen", received=1, read=1, chat=theirs.pk)
        await page.say("typing", chat=theirs.pk)
        await page.send_text("Also mine")
    await do(theirs.refresh_from_db)
    assert (theirs.last_rev, theirs.customer_read) == (0, 0)


async def test_nothing_of_another_chat_is_heard(chat, token, service, agent) -> None:
    other = await do(make_chat, service, agent=agent)
    async with chat_of(token) as page:
        await do(answered, other, "Private")
        live.publish(live.chat_topic(other.pk), live.Typed(other.pk, "agent"))
        assert await page.is_quiet()


BAD = [
    "nonsense",
    "{}",
    '{"type": "watch", "chat": 1}',
    '{"type": "unwatch", "chat": 1}',
    '{"type": "drop"}',
    '{"type": "send", "client_id": "x", "body": "y"}',
    '{"type": "seen", "received": 1e99, "read": 0}',
    '{"type":' * 8000,
    '{"type": "send", "body": "' + "x" * protocol.FRAME_BYTES_MAX + '"}',
    b"\xff\xfe",
]


async def test_frames_that_can_t_be_read_are_refused_one_by_one_and_the_chat_goes_on(chat, token) -> None:
    async with chat_of(token) as page:
        for text in BAD:
            await page.say_raw(text)
            assert (await page.hear("error"))["code"] == "bad_frame", text[:60]
        assert (await page.send_text("Still here"))["seq"] == 1


async def test_unreadable_frames_don_t_stand_for_a_hello(chat, monkeypatch) -> None:
    monkeypatch.setattr(customer_socket, "HELLO_WITHIN_S", 0.2)
    async with Line(PATH) as line:
        await line.say_raw("nonsense")
        assert await line.closing() == SLOW
        assert line.types() == ["error"]


# What bounds it


async def test_a_script_is_slowed_down(chat, token, monkeypatch) -> None:
    monkeypatch.setattr(limits, "SEND_BURST", 2)
    monkeypatch.setattr(limits, "SEND_PER_S", 0.0)
    async with chat_of(token) as page:
        for n in range(2):
            await page.send_text(f"{n}")
        await page.say("send", client_id=uuid.uuid4(), body="3")
        assert (await page.hear("error"))["code"] == "too_many"


async def test_who_does_not_read_is_closed_and_replays_on_return(chat, agent, token, monkeypatch) -> None:
    monkeypatch.setattr(window, "WINDOW_BYTES", 10_000)
    async with chat_of(token) as page:

        def many() -> None:
            for n in range(12):
                answered(chat, f"{n} " + "x" * 2000)

        await do(many)
        assert await page.closing() == SLOW
        assert sum(len(str(frame)) for frame in page.heard) < 12_000
    read = [frame["seq"] for frame in page.heard if frame["type"] == "message"]
    assert read == list(range(1, len(read) + 1))
    assert 0 < len(read) < 12
    monkeypatch.setattr(window, "WINDOW_BYTES", 1_000_000)
    async with chat_of(token, rev=read[-1]) as page:
        assert [f["seq"] for f in page.heard if f["type"] == "message"] == list(range(len(read) + 1, 13))


async def test_who_does_not_answer_beats_is_closed(chat, token, monkeypatch) -> None:
    monkeypatch.setattr(presence, "HEARTBEAT_S", 0.05)
    monkeypatch.setattr(presence, "LEASE_S", 0.1)
    async with chat_of(token) as page:
        assert await page.closing() == SLOW


async def test_an_answered_beat_keeps_the_customer_here(chat, token, monkeypatch) -> None:
    monkeypatch.setattr(presence, "HEARTBEAT_S", 0.05)
    async with chat_of(token) as page:
        await do(Lease.objects.update, expires_at=await do(clock.database_now))
        await page.say("beat", sent=(await page.hear("beat"))["sent"])
        await page.hear("beat")
        left = await do(lambda: Lease.objects.filter(chat=chat).latest("expires_at").expires_at - clock.database_now())
        assert left.total_seconds() > presence.LEASE_S - 5


async def test_a_customer_who_goes_is_kept_for_a_moment(chat, token) -> None:
    async with chat_of(token):
        pass
    left = await do(lambda: Lease.objects.filter(chat=chat).latest("expires_at").expires_at - clock.database_now())
    assert 0 < left.total_seconds() <= presence.RELOAD_GRACE_S
    assert not any(live._hub.topics.values())


# What ends it


async def test_a_service_that_is_stopped_ends_it(chat, token, caplog) -> None:
    async with chat_of(token) as page:
        await do(Service.objects.update, is_stopped=True)
        await page.say("send", client_id=uuid.uuid4(), body="Hello")
        assert (await page.hear("error"))["code"] == "not_found"
        live.publish(live.chat_topic(chat.pk), live.Touched())
        assert await page.closing() == FORBIDDEN
    assert not await do(Message.objects.exists)
    assert "failed" not in caplog.text


async def test_and_where_nobody_tells_of_it_the_beats_do(chat, token, monkeypatch) -> None:
    monkeypatch.setattr(presence, "HEARTBEAT_S", 0.05)
    async with chat_of(token) as page:
        await do(Service.objects.update, is_stopped=True)
        assert await page.closing() == FORBIDDEN


async def test_a_contract_that_was_closed_ends_the_chat_and_says_so(chat, token) -> None:
    async with chat_of(token) as page:
        await do(Contract.objects.update, chat=False)
        await do(upkeep.reconcile)
        await page.hear("status", state="closed")
        assert any("chat service was closed" in frame.get("html", "") for frame in page.heard)


async def test_two_tabs_of_a_customer_show_the_same(chat, token) -> None:
    async with chat_of(token) as first, chat_of(token) as second:
        ack = await first.send_text("Hello")
        assert (await second.hear("message"))["client_id"] == ack["client_id"]
        await second.send_text("And from here")
        assert await do(Message.objects.count) == 2


async def test_a_note_is_the_agents_alone(chat, agent, token) -> None:
    """Neither as it is written, nor on return, nor on a page; and what comes after it arrives in its place."""

    def write_note() -> None:
        with transaction.atomic():
            messages.append_note(Chat.objects.select_for_update().get(pk=chat.pk), chat.agent, "He is angry")

    async with chat_of(token) as page:
        await do(write_note)
        await do(answered, chat, "After it")
        frame = await page.hear("message")
        assert "After it" in frame["html"]
        assert "angry" not in str(page.heard)
    async with chat_of(token) as page:
        await page.send_text("Back again")
        assert "angry" not in str(page.heard)
        assert "After it" in str(page.heard)
    assert "angry" not in str(await do(entries.latest_page, chat, notes=False))
    assert "angry" in str(await do(entries.latest_page, chat))


# Floods


async def test_one_token_opens_a_few_sockets_and_the_next_is_told_when(chat, token, monkeypatch) -> None:
    monkeypatch.setattr(allowed, "SOCKETS_OF_CHAT", 2)
    async with Line(PATH) as first, Line(PATH) as second:
        for line in (first, second):
            await line.say("hello", token=token)
            await line.hear("status")
        async with Line(PATH) as third:
            await third.say("hello", token=token)
            error = await third.hear("error")
            assert error["retry_after_s"] > 0
            assert await third.closing() == SLOW


async def test_one_network_opens_so_many_sockets_of_a_process(chat, token, monkeypatch) -> None:
    monkeypatch.setattr(allowed, "SOCKETS_OF_NETWORK", 1)
    monkeypatch.setattr(customer_socket, "scope_address", lambda scope: "192.0.2.7")
    async with Line(PATH) as first:
        await first.say("hello", token=token)
        await first.hear("status")
        async with Line(PATH) as second:
            assert await second.closing() == SLOW
    async with Line(PATH) as third:
        await third.say("hello", token=token)
        await third.hear("status")
    assert not customer_socket._open


async def test_a_blocked_customer_gets_no_socket(service, chat, token) -> None:
    await do(lambda: Block.objects.create(service=service, customer=chat.customer, reason="x"))
    async with Line(PATH) as line:
        await line.say("hello", token=token)
        assert (await line.hear("error"))["code"] == "blocked"
        assert await line.closing() == FORBIDDEN


async def test_a_revoked_token_closes_the_page_that_shows_the_chat_by_it(chat, known, token) -> None:
    async with chat_of(token) as line:
        await do(transitions.forget_device, known[0])
        assert await line.closing() == FORBIDDEN
    async with Line(PATH) as line:
        await line.say("hello", token=token)
        assert await line.closing() == UNKNOWN
    await do(chat.refresh_from_db)
    assert (chat.state, chat.closed_by) == (Chat.State.CLOSED, Chat.ClosedBy.CUSTOMER)


# Members


@pytest.fixture
def site(admin: Agent) -> Site:
    return Site(admin)


def entered(site: Site) -> Begun:
    return begin(site.service, site.token(), Browser("", new_token(), str), now=clock.database_now())


@pytest.fixture
def member(service: Service, agent: Agent, site: Site) -> str:
    """The token of a member's session, whose chat the agent has open."""
    begun = entered(site)
    customer = consented(*begun, language="en")
    make_chat(service, agent=agent, customer=customer, connected=False)
    return begun.token


async def test_the_sign_out_closes_the_member_s_sockets(member) -> None:
    async with chat_of(member) as page:
        signed_out = await do(post, Client(), "member_sign_out", token=member)
        assert signed_out.status_code == 204
        assert await page.closing() == FORBIDDEN
    async with Line(PATH) as line:
        await line.say("hello", token=member)
        assert await line.closing() == UNKNOWN


async def test_a_member_s_device_that_forgets_ends_the_session_too(member) -> None:
    async with chat_of(member) as page:
        forgotten = await do(post, Client(), "forget", token=member)
        assert forgotten.status_code == 204
        assert await page.closing() == FORBIDDEN
    assert not await do(MemberSession.objects.exists)


async def test_and_so_do_the_beats_when_the_session_ends_unseen(member, monkeypatch) -> None:
    monkeypatch.setattr(presence, "HEARTBEAT_S", 0.05)
    async with chat_of(member) as page:
        await do(MemberSession.objects.all().delete)
        assert await page.closing() == FORBIDDEN


async def test_another_device_of_the_member_stays(member, site) -> None:
    async with chat_of(member) as page:
        other = await do(entered, site)
        await do(post, Client(), "member_sign_out", token=other.token)
        await page.say("send", client_id=uuid.uuid4(), body="Hello")
        await page.hear("message")
