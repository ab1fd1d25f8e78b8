"""A note is a message for agents alone: no way leads from it to the customer, and it answers nobody."""

import json
import uuid
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from agents.models import Agent
from chat.alerts import DeskNotice
from chat.conversation import entries, history, live, messages, receipts
from chat.conversation.transcript import transcript
from chat.lifecycle import transitions
from chat.lifecycle.customer_mails import words_of_agents
from chat.lifecycle.editing import delete_message, edit_message
from chat.models import Chat, MailWait, Message
from chat.protocol import decode_from_customer
from contiple.base.errors import Conflict, Invalid
from helpcenter.customers import register_customer
from tests.agents.race import at_once
from tests.chat.lines import chat_of, desk_of, do, sent
from tests.chat.rights import TAKEN
from tests.make import make_agent, make_chat, send_as_agent

pytestmark = pytest.mark.django_db(transaction=True)

CARD = "4111 1111 1111 1111"
SECRET = "He shouts, be gentle"


@pytest.fixture
def known(service, agent) -> tuple[Chat, str]:
    """A chat that Mina has open, and the token of its customer, who gave an address."""
    customer, token = register_customer(service, name="Jun", email="jun@example.com", language="en")
    return make_chat(service, agent=agent, customer=customer), token


@pytest.fixture
def chat(known) -> Chat:
    return known[0]


def note(chat: Chat, agent: Agent, body: str = SECRET, *, client_id: uuid.UUID | None = None, **more: Any) -> Message:
    more = {"internal": True, "agent_id": agent.pk, "agent_name": str(agent)} | more
    sending = messages.prepare(
        chat.pk, service_id=chat.service_id, body=body, client_id=client_id or uuid.uuid4(), **more
    )
    [outcome] = messages.append_together([sending], wait=True)
    if isinstance(outcome, messages.Sent):
        return Message.objects.get(chat=chat, seq=outcome.seq)
    raise outcome or AssertionError


def send_note(chat: Chat, body: str = SECRET, client_id: uuid.UUID | None = None) -> dict:
    return {"chat": chat.pk, "body": body, "client_id": client_id or uuid.uuid4()}


# Who writes one


async def test_the_agent_of_the_chat_adds_a_note_and_sees_it_as_one(chat, agent) -> None:
    async with desk_of(agent) as line:
        await line.say("watch", chat=chat.pk)
        await line.say("note", **send_note(chat, f"Card {CARD}"))
        frame = await line.hear("message")
    assert "message-note" in frame["html"]
    assert "Internal note" in frame["html"]
    assert "line" not in frame, "lists of chats don't show it"
    stored = await do(Message.objects.get)
    assert (stored.internal, stored.agent_id, stored.body) == (True, agent.pk, f"Card {'*' * len(CARD)}")


async def test_an_admin_who_looks_on_adds_one_which_the_agent_sees_at_once(chat, agent, service) -> None:
    lead = await do(make_agent, service, "Ada", role=Agent.Role.ADMIN)
    async with desk_of(lead) as looking, desk_of(agent) as line:
        await line.say("watch", chat=chat.pk)
        await line.hear("marks")
        await looking.say("note", **send_note(chat))
        await looking.hear("ack")
        assert SECRET in (await line.hear("message"))["html"]
    assert (await do(Chat.objects.get)).unread == 1


async def test_a_colleague_s_note_in_a_chat_that_is_not_on_display_is_unread(chat, agent, colleague) -> None:
    async with desk_of(agent) as line:
        await do(note, chat, colleague)
        assert (await line.hear("desk", unread=1))["chats"] == [chat.pk]
        await line.say("seen", chat=chat.pk, received=1, read=1)
        await line.hear("desk", unread=0)


def test_one_s_own_note_is_not_unread(chat, agent) -> None:
    note(chat, agent)
    assert Chat.objects.get(pk=chat.pk).unread == 0


def test_what_is_unread_counts_messages_of_the_customer_and_notes_of_colleagues(chat, agent, admin) -> None:
    note(chat, admin)
    note(chat, agent)
    sent(chat)
    note(chat, admin)
    assert Chat.objects.get(pk=chat.pk).unread == 3
    receipts.note_receipt(Chat.objects.get(pk=chat.pk), "agent", received=4, read=2)
    assert Chat.objects.get(pk=chat.pk).unread == 2


@pytest.mark.parametrize("state", ["waiting", "closed"])
def test_a_note_is_added_to_a_chat_of_nobody_and_after_its_end(service, agent, state) -> None:
    chat = make_chat(service, state=state)
    assert note(chat, agent).internal


def test_after_a_transfer_the_agent_before_adds_a_note_and_sends_nothing(chat, agent, colleague) -> None:
    Chat.objects.filter(pk=chat.pk).update(agent=colleague)
    assert note(chat, agent).internal
    with pytest.raises(Conflict):
        send_as_agent(chat, agent, body="Hello", client_id=uuid.uuid4())


def test_a_note_as_the_chat_ends_is_a_note(chat, agent) -> None:
    at_once(lambda: note(chat, agent), lambda: transitions.close_chat(chat.pk, by="customer"))
    assert [message.internal for message in Message.objects.exclude(agent=None)] == [True]
    assert Chat.objects.get(pk=chat.pk).state == "closed"


async def test_the_outsider_adds_none(chat, outsider) -> None:
    await do(make_agent, outsider.service, "Other")
    async with desk_of(outsider) as line:
        await line.say("note", **send_note(chat))
        assert (await line.hear("error"))["code"] == "not_found"
    assert not await do(Message.objects.exists)


@pytest.mark.parametrize("take", TAKEN)
async def test_who_may_not_chat_any_more_adds_none(chat, agent, take) -> None:
    async with desk_of(agent) as line:
        await do(take, agent)
        await line.say("note", **send_note(chat))
        await line.hear("error")
    assert not await do(Message.objects.exists)


# The customer


@pytest.mark.parametrize(
    "frame",
    [
        {"type": "send", "internal": True},
        {"type": "note"},
        {"type": "send", "author": "agent"},
        {"type": "send", "event": "deleted"},
    ],
    ids=str,
)
async def test_a_customer_s_frame_can_t_be_a_note(known, frame) -> None:
    chat, token = known
    async with chat_of(token) as line:
        await line.say_raw(json.dumps(frame | {"client_id": str(uuid.uuid4()), "body": "Hello"}))
        assert (await line.hear("error"))["code"] == "bad_frame"
    assert not await do(Message.objects.filter(chat=chat).exists)


def test_the_customer_s_frames_have_no_note() -> None:
    with pytest.raises(ValueError, match="note"):
        decode_from_customer('{"type": "note", "client_id": "6f1c1f0e-5d0a-4a53-9a64-3f3f7f6a1d11", "body": "x"}')


async def test_the_customer_hears_nothing_of_it_live_or_afterwards(known, agent) -> None:
    chat, token = known
    async with chat_of(token) as line:
        await do(note, chat, agent)
        await do(send_as_agent, chat, agent, body="Hello", client_id=uuid.uuid4())
        assert (await line.hear("message"))["seq"] == 2
    async with chat_of(token) as again:
        pass
    assert [frame["unread"] for frame in again.heard if frame["type"] == "unread"] == [1]
    assert SECRET not in str([line.heard, again.heard])


@pytest.mark.parametrize("way", ["resume", "customer_earlier", "transcript", "customer_end"])
def test_no_page_of_the_customer_has_it(known, agent, way) -> None:
    chat, token = known
    note(chat, agent)
    send_as_agent(chat, agent, body="Hello", client_id=uuid.uuid4())
    url, headers = reverse(f"chat:{way}", args=["demo"]), {"Authorization": f"Bearer {token}"}
    answer = Client().post(url, {"before": 9, "chat": chat.pk, "offset": 0}, headers=headers)
    assert answer.status_code < 300
    assert SECRET not in answer.content.decode()


def test_no_transcript_and_no_mail_has_it(chat, agent) -> None:
    note(chat, agent)
    assert SECRET not in transcript(chat, language="en", offset=0, length=10_000)
    assert not words_of_agents(chat, after=0).exists()
    assert not MailWait.objects.exists()


def test_it_is_no_answer(chat, agent) -> None:
    sent(chat)
    before = Chat.objects.values("unanswered_since", "last_line", "last_message_at").get(pk=chat.pk)
    note(chat, agent)
    assert Chat.objects.values("unanswered_since", "last_line", "last_message_at").get(pk=chat.pk) == before
    [row] = history.find(agent, history.Filters()).chats
    assert history.outcome_of(row) == history.Outcome.UNPROCESSED
    assert entries.unread_by_customer(chat.pk, 0) == 0


# The same id


@pytest.mark.parametrize("first", [True, False])
def test_a_retry_that_turns_a_note_into_a_message_or_back_is_refused(chat, agent, first) -> None:
    client_id = uuid.uuid4()
    note(chat, agent, client_id=client_id, internal=first)
    with pytest.raises(Invalid):
        note(chat, agent, client_id=client_id, internal=not first)
    assert Message.objects.get().internal == first
    assert note(chat, agent, client_id=client_id, internal=first) == Message.objects.get()


# Quotes


def test_a_message_quotes_one_by_its_place(chat, agent, told) -> None:
    sent(chat, "Where is it?")
    assert note(chat, agent, "On its way", quote=1, internal=False).quote == 1
    [entry] = [it.entry for _topic, it in told if isinstance(it, live.Changed) and it.entry.quote]
    assert entry.quote == 1


def test_a_note_is_quoted_in_notes_alone(chat, agent) -> None:
    note(chat, agent)
    assert note(chat, agent, "So I was", quote=1).quote == 1
    with pytest.raises(Invalid):
        note(chat, agent, "As I said", quote=1, internal=False)
    with pytest.raises(Invalid):
        note(chat, agent, "Of the future", quote=3)


def test_an_event_and_another_chat_s_message_can_t_be_quoted(chat, service, agent) -> None:
    other = make_chat(service, agent=agent)
    sent(other)
    sent(other)
    transitions.close_chat(chat.pk, by="customer")
    for place in (1, 2):
        with pytest.raises(Invalid):
            note(chat, agent, quote=place)


async def test_both_sides_see_the_quote(known, agent) -> None:
    chat, token = known
    await do(sent, chat, "Where is it?")
    async with desk_of(agent) as desk, chat_of(token) as line:
        await desk.say("send", client_id=uuid.uuid4(), body="Here", chat=chat.pk, quote=1)
        frame = await line.hear("message", seq=2)
    assert f'href="#m-{chat.pk}-1" data-quote="1"' in frame["html"]


# Names in it


def named(*agents: Agent) -> list[tuple[str, str, str]]:
    found = DeskNotice.objects.filter(agent__in=agents).order_by("pk")
    return [(str(it.agent), it.kind, it.by) for it in found]


def test_who_is_named_is_told(chat, agent, colleague) -> None:
    note(chat, agent, f"@{colleague} please look")
    assert named(colleague) == [("Theo", "mention", "Mina")]


async def test_it_is_told_at_once_with_a_way_to_the_chat_and_no_text(chat, agent, colleague) -> None:
    async with desk_of(colleague) as line:
        await do(note, chat, agent, f"@{colleague} {SECRET}")
        html = (await line.hear("desk"))["html"]
    assert "Mina mentioned you in a note in the chat with Jun" in html
    assert reverse("chat:conversation", args=["demo", chat.pk]) in html
    assert SECRET not in html


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("@Theo", ["Theo"]),
        ("(@theo) @THEO", ["Theo"]),
        ("@Theo님 확인 부탁드려요", ["Theo"]),
        ("@Theodora and @Theo", ["Theo", "Theodora"]),
        ("@Theodora", ["Theodora"]),
        ("@민수님", ["민수"]),
        ("@민수 팀장님, @민수팀장님께도", ["민수"]),
        ("@민수에게 넘길게요", ["민수"]),
        ("@민수가 @지은은", ["민수", "지은"]),
        ("@민수진", []),
        ("@민수진이", []),
        ("@민수2", []),
        ("@민수이", ["민수이"]),  # a colleague, not 민수 with a particle
        ("@Theon", []),
        ("@Theo2 @Theo_x", []),
        ("@Theo's @Theo, @Theo.", ["Theo"]),
        ("@Theo-please", ["Theo"]),
        ("@Theo Kim", ["Theo Kim"]),
        ("@Theo  kim and @Theo", ["Theo", "Theo Kim"]),
        ("@Theo Kimberly", ["Theo"]),
        ("@Quiet Theo", []),  # a longer name, of who may not chat
        ("@Theoさん", ["Theo"]),
        ("Theo", []),
        ("write to me@Theo.com", []),
        ("@Mina", []),  # who writes it
        ("@Oscar @Nobody @ @", []),
        ("@Silent", []),  # may not chat
    ],
    ids=str,
)
def test_names_are_read_as_people_write_them(chat, agent, service, outsider, text, told) -> None:
    names = ("Theo", "Theodora", "Theo Kim", "민수", "민수이", "지은", "Quiet")
    others = [make_agent(service, name) for name in names]
    others += [make_agent(service, name, chat_permission=False) for name in ("Silent", "Quiet Theo")] + [
        outsider,
        agent,
    ]
    note(chat, agent, text)
    assert sorted(name for name, _kind, _by in named(*others)) == told


def test_a_message_names_nobody_and_a_note_of_a_transfer_does(chat, agent, colleague) -> None:
    send_as_agent(chat, agent, body="@Theo will help you", client_id=uuid.uuid4())
    sent(chat, "@Theo")
    assert named(colleague) == []
    with transaction.atomic():
        messages.append_note(Chat.objects.select_for_update().get(pk=chat.pk), agent, "@Theo knows why")
    assert named(colleague) == [("Theo", "mention", "Mina")]


def test_two_notes_of_a_chat_are_one_notice(chat, agent, colleague, service) -> None:
    note(chat, agent, "@Theo @Theo")
    note(chat, make_agent(service, "Ada"), "@Theo")
    assert named(colleague) == [("Theo", "mention", "Ada")]


def test_a_name_that_an_edit_adds_is_told_and_one_that_it_removes_is_not_any_more(
    chat, agent, colleague, service, told
) -> None:
    ada = make_agent(service, "Ada")
    first = note(chat, agent, "@Theo please look")
    told.clear()
    edit_message(agent, chat.pk, first.seq, rev=first.rev, body="@Ada please look")
    assert named(colleague, ada) == [("Ada", "mention", "Mina")]
    topics = {topic for topic, _ in told}
    assert topics >= {live.agent_topic(ada.pk), live.agent_topic(colleague.pk)}


def test_who_has_dismissed_it_is_not_told_again_by_an_edit(chat, agent, colleague) -> None:
    first = note(chat, agent, "@Theo please look")
    DeskNotice.objects.all().delete()
    edit_message(agent, chat.pk, first.seq, rev=first.rev, body="@Theo please look soon")
    assert named(colleague) == []


def test_a_deleted_note_names_nobody_unless_another_one_does(chat, agent, colleague) -> None:
    first, second = note(chat, agent, "@Theo one"), note(chat, agent, "@Theo two")
    delete_message(agent, chat.pk, first.seq)
    assert named(colleague) == [("Theo", "mention", "Mina")]
    delete_message(agent, chat.pk, second.seq)
    assert named(colleague) == []


def test_what_else_an_agent_was_told_of_the_chat_stays(chat, agent, colleague) -> None:
    first = note(chat, agent, "@Theo one")
    DeskNotice.objects.update(kind=DeskNotice.Kind.MISSED)
    delete_message(agent, chat.pk, first.seq)
    assert named(colleague) == [("Theo", "missed", "Mina")]


def test_an_edited_message_names_nobody(chat, agent, colleague) -> None:
    said = send_as_agent(chat, agent, body="Hello", client_id=uuid.uuid4())
    edit_message(agent, chat.pk, said.seq, rev=said.rev, body="@Theo will help you")
    assert named(colleague) == []


def test_the_list_has_the_colleagues_who_may_chat(agent, colleague, outsider, service, sign_in) -> None:
    make_agent(service, "Quiet", chat_permission=False)
    answer = sign_in(agent).get(reverse("chat:mentionable", args=["demo"]))
    assert 'data-name="Theo"' in answer.content.decode()
    assert answer.content.decode().count('role="option"') == 1
    assert sign_in(outsider).get(reverse("chat:mentionable", args=["demo"])).status_code == 404
    assert Client().get(reverse("chat:mentionable", args=["demo"])).status_code == 302
