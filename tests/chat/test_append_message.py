"""A message is there once, in its place, masked, before anybody is told; and numbers have no gaps, whoever writes."""

import time
import unicodedata
import uuid
from collections import Counter
from functools import partial

import pytest
from django.db import connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from agents.models import Contract
from chat.conversation import entries, live, messages
from chat.conversation.messages import append_event, append_notice, clean_body, send_as_customer
from chat.lifecycle.transitions import close_chat, pass_on
from chat.models import Chat, Mask, Message, Ring
from contiple.base.errors import Conflict, Invalid
from contiple.base.texts import MESSAGE_LENGTH_MAX
from tests.agents.race import at_once
from tests.chat.comings import committed, make_ringing
from tests.make import make_chat, make_customer, send_as_agent

CARD, MASKED_CARD = "4111 1111 1111 1111", "*" * 19
RESIDENT = "900101-1234567"
new_id = uuid.uuid4


@pytest.fixture
def chat(service, agent) -> Chat:
    return make_chat(service, agent=agent)


# The text


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("  Hello \n", "Hello"),
        ("one\r\ntwo\rthree\n\nfour\tfive", "one\ntwo\nthree\n\nfour\tfive"),
        ("\u1112\u1161\u11ab\u1100\u116e\u11a8", "한국"),
        ("e\u0301", "\u00e9"),
        ("👨\u200d👩\u200d👧 ❤\ufe0f", "👨\u200d👩\u200d👧 ❤\ufe0f"),
        ("x" * MESSAGE_LENGTH_MAX, "x" * MESSAGE_LENGTH_MAX),
        ("\u1112\u1161\u11ab" * MESSAGE_LENGTH_MAX, "한" * MESSAGE_LENGTH_MAX),
        ("𝄞" * MESSAGE_LENGTH_MAX, "𝄞" * MESSAGE_LENGTH_MAX),
        ("e" + "\u0301" * 30, "\u00e9" + "\u0301" * 29),
    ],
    ids=["trimmed", "line breaks", "Hangul", "accent", "emoji", "longest", "long Hangul", "long astral", "many marks"],
)
def test_a_text_is_stored_composed_and_trimmed(typed, stored) -> None:
    assert clean_body(typed) == stored


@pytest.mark.parametrize(
    "typed",
    [
        "",
        " \n\t\r\n ",
        "\u3000\u00a0",
        "\u3164\n\u2800\u200b",
        "a\0b",
        "a\x1bb",
        "a\x85b",
        "half \ud83d",
        "\udc00 half",
        "\ud83d\ude00",  # two halves that nobody put together
        "x" * (MESSAGE_LENGTH_MAX + 1),
        "e" + "\u0301" * 40,
    ],
    ids=[
        "empty",
        "blank",
        "wide blank",
        "invisible",
        "NUL",
        "escape",
        "NEL",
        "high",
        "low",
        "both",
        "too long",
        "too many marks",
    ],
)
def test_what_can_t_be_stored_is_refused_and_stores_nothing(chat, typed) -> None:
    with pytest.raises(Invalid):
        send_as_customer(chat, body=typed, client_id=new_id())

    assert not Message.objects.exists()
    assert Chat.objects.get(pk=chat.pk).last_rev == 0


@given(st.text(max_size=200))
def test_a_clean_text_is_clean(typed) -> None:
    try:
        body = clean_body(typed)
    except Invalid:
        return
    assert body == clean_body(body) == body.strip() == unicodedata.normalize("NFC", body)
    assert "\r" not in body
    body.encode()


def test_a_hostile_text_of_a_whole_frame_is_refused_at_once() -> None:
    """Composing so many marks in the wrong order would hold the process for seconds."""
    hostile = "a" + "\u0301\u0316" * 16_000
    began = time.thread_time()

    with pytest.raises(Invalid):
        clean_body(hostile)

    assert time.thread_time() - began < 0.3


# Appending


def test_a_customer_s_message(chat, agent, told) -> None:
    client_id = new_id()

    with committed():
        message = send_as_customer(chat, body="Hello  there", client_id=client_id)

    row = Message.objects.get()
    assert message == row
    assert (row.chat, row.seq, row.rev, row.author, row.agent) == (chat, 1, 1, "customer", None)
    assert (row.name, row.body, row.client_id) == (chat.customer.name, "Hello  there", client_id)
    chat.refresh_from_db()
    assert (chat.last_rev, chat.last_line, chat.unread) == (1, "Hello there", 1)
    assert chat.last_message_at == row.created_at
    assert dict(told) == {
        live.chat_topic(chat.pk): live.Changed(entries.entry_of(row, []), unread=1),
    }
    assert len(told) == 1


def test_an_agent_s_message(chat, agent) -> None:
    send_as_customer(chat, body="Hello", client_id=new_id())

    message = send_as_agent(chat, agent, body="How can I help?", client_id=new_id())

    assert (message.seq, message.author, message.agent, message.name) == (2, "agent", agent, "Mina")
    chat.refresh_from_db()
    assert (chat.last_line, chat.unread) == ("How can I help?", 1)


def test_a_customer_may_write_before_anybody_opened_the_chat(service, agent) -> None:
    for chat in (make_chat(service), make_ringing(agent)):
        assert send_as_customer(chat, body="Anybody there?", client_id=new_id()).seq == 1


def test_a_repeated_send_is_the_first_one(chat, told) -> None:
    client_id = new_id()
    first = send_as_customer(chat, body="Hello", client_id=client_id)
    told.clear()

    with committed():
        again = send_as_customer(chat, body="Hello again", client_id=client_id)

    assert (again.pk, again.seq, again.body) == (first.pk, 1, "Hello")
    assert Message.objects.count() == 1
    assert Chat.objects.get(pk=chat.pk).unread == 1
    assert told == []


def test_a_repeated_send_is_found_after_the_end(chat, agent) -> None:
    by_customer, by_agent = new_id(), new_id()
    send_as_customer(chat, body="Thanks", client_id=by_customer)
    send_as_agent(chat, agent, body="Bye", client_id=by_agent)
    close_chat(chat.pk, by=Chat.ClosedBy.CUSTOMER)

    assert send_as_customer(chat, body="Thanks", client_id=by_customer).seq == 1
    assert send_as_agent(chat, agent, body="Bye", client_id=by_agent).seq == 2


def test_the_id_of_the_other_side_s_message_is_nobody_else_s(chat, agent) -> None:
    client_id = new_id()
    send_as_customer(chat, body="Hello", client_id=client_id)

    with pytest.raises(Invalid):
        send_as_agent(chat, agent, body="Hello", client_id=client_id)


def test_the_same_id_in_another_chat_is_another_message(service, chat) -> None:
    client_id, other = new_id(), make_chat(service)

    assert send_as_customer(chat, body="Hello", client_id=client_id).chat == chat
    assert send_as_customer(other, body="Hello", client_id=client_id).chat == other


def test_a_closed_chat_takes_nothing(chat, agent) -> None:
    close_chat(chat.pk, by=Chat.ClosedBy.CUSTOMER)
    before = chat.messages.count()

    for send in (partial(send_as_customer, chat), partial(send_as_agent, chat, agent)):
        with pytest.raises(Conflict) as refusal:
            send(body="Hello?", client_id=new_id())
        assert refusal.value.code == "ended"

    assert chat.messages.count() == before


def test_an_agent_writes_only_in_chats_that_are_open_with_that_agent(service, chat, agent, colleague, outsider) -> None:
    not_hers = [(chat, colleague), (chat, outsider), (make_chat(service), agent), (make_ringing(agent), agent)]

    for where, who in not_hers:
        with pytest.raises(Conflict) as refusal:
            send_as_agent(where, who, body="Hello", client_id=new_id())
        assert refusal.value.code == "not_yours"

    assert not Message.objects.exists()


def test_what_the_sender_s_page_believes_does_not_count(chat, agent) -> None:
    page = Chat.objects.select_related("customer").get(pk=chat.pk)
    pass_on(chat.pk, outcome=Ring.Outcome.GONE)

    with pytest.raises(Conflict):
        send_as_agent(page, agent, body="Hello", client_id=new_id())


def test_events_and_notices_take_their_places(chat, told) -> None:
    with committed(), transaction.atomic():
        row = Chat.objects.select_for_update(no_key=True).get(pk=chat.pk)
        append_event(row, "joined", name="Mina")
        append_notice(row, "Welcome", name="Demo")

    event, notice = Message.objects.order_by("seq")
    assert [(event.seq, event.author, event.event, event.body), (notice.seq, notice.author, notice.body)] == [
        (1, "system", "joined", ""), (2, "system", "Welcome")
    ]  # fmt: skip
    chat.refresh_from_db()
    assert (chat.last_rev, chat.last_line, chat.unread) == (2, "", 0)
    assert Counter(type(delivery) for _, delivery in told) == {live.Changed: 2}


def test_an_append_that_is_rolled_back_leaves_nothing_and_tells_nobody(chat, told) -> None:
    with committed():
        try:
            with transaction.atomic():
                send_as_customer(chat, body="Hello", client_id=new_id())
                raise InterruptedError
        except InterruptedError:
            pass

    assert not Message.objects.exists()
    assert Chat.objects.get(pk=chat.pk).last_rev == 0
    assert told == []


# Masks


def everything_stored() -> str:
    """Every row of every table, as text, but the sealed originals' own bytes."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        rows = []
        for [table] in cursor.fetchall():
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            rows += [row for [row] in cursor.fetchall()]
    return "\n".join(rows)


def test_known_kinds_are_masked_before_the_first_save(chat, agent, told) -> None:
    with committed():
        send_as_customer(chat, body=f"Card {CARD}, number {RESIDENT} 입니다", client_id=new_id())
        send_as_agent(chat, agent, body=f"You wrote {CARD}?", client_id=new_id())

    first, second = Message.objects.order_by("seq")
    assert first.body == f"Card {MASKED_CARD}, number {'*' * 14} 입니다"
    assert (first.seq, first.rev) == (1, 1)
    assert second.body == f"You wrote {MASKED_CARD}?"
    assert [mask.kind for mask in first.masks.order_by("start")] == ["card", "rrn"]
    chat.refresh_from_db()
    assert chat.last_line == f"You wrote {MASKED_CARD}?"
    stored = everything_stored()
    assert "You wrote" in stored
    for secret in (CARD, CARD.encode().hex(), RESIDENT, RESIDENT.encode().hex()):
        assert secret not in stored
        assert secret not in str(told)


def test_without_security_service_the_text_stays(service, chat) -> None:
    Contract.objects.filter(service=service).update(security_service=False)
    chat = Chat.objects.get(pk=chat.pk)

    assert send_as_customer(chat, body=CARD, client_id=new_id()).body == CARD
    assert not Mask.objects.exists()


def test_a_repeated_send_masks_once(chat) -> None:
    client_id = new_id()
    for _ in range(2):
        send_as_customer(chat, body=CARD, client_id=client_id)

    assert Mask.objects.count() == 1


# Many at once


@pytest.mark.django_db(transaction=True)
def test_however_many_write_at_once_a_reader_misses_nothing(chat, agent) -> None:
    writers, each = 6, 8

    def write(number: int) -> list[int]:
        send = partial(send_as_customer, chat) if number % 2 else partial(send_as_agent, chat, agent)
        return [send(body=f"{number}-{turn}", client_id=new_id()).seq for turn in range(each)]

    def follow() -> dict[int, entries.Entry]:
        seen: dict[int, entries.Entry] = {}
        while len(seen) < writers * each:
            for entry in entries.changes_since(chat.pk, len(seen)):
                assert entry.rev == len(seen) + 1, "a revision became visible before the one below it"
                seen[entry.seq] = entry
        return seen

    *places, seen = at_once(*[partial(write, number) for number in range(writers)], follow)

    assert all(own == sorted(own) for own in places)
    assert sorted(seq for own in places for seq in own) == list(range(1, writers * each + 1))
    assert list(seen.values())[-50:] == entries.latest_page(chat)
    chat.refresh_from_db()
    assert (chat.last_rev, chat.unread) == (writers * each, writers * each // 2)
    assert chat.last_line == seen[writers * each].body


@pytest.mark.django_db(transaction=True)
def test_the_same_send_many_times_at_once_is_one_message(chat) -> None:
    client_id = new_id()

    sent = at_once(*[partial(send_as_customer, chat, body=CARD, client_id=client_id)] * 8)

    assert {message.pk for message in sent} == {Message.objects.get().pk}
    assert Mask.objects.count() == 1
    assert Chat.objects.get(pk=chat.pk).last_rev == 1


@pytest.mark.django_db(transaction=True)
def test_nothing_is_appended_after_the_end(chat) -> None:
    send = partial(send_as_customer, chat, body="Wait")

    results = at_once(
        *[lambda: send(client_id=new_id()) for _ in range(6)],
        partial(close_chat, chat.pk, by=Chat.ClosedBy.AGENT),
    )

    taken = [result for result in results[:-1] if isinstance(result, Message)]
    assert all(isinstance(result, Message | Conflict) for result in results[:-1])
    events = list(Message.objects.order_by("seq").values_list("event", flat=True))
    assert events == [""] * len(taken) + ["closed_agent"]


@pytest.mark.django_db(transaction=True)
def test_writers_in_different_chats_don_t_wait_for_each_other(service, chat) -> None:
    other = make_chat(service, customer=make_customer(service, "Somebody else"))
    with transaction.atomic():
        Chat.objects.select_for_update(no_key=True).get(pk=chat.pk)
        [sent] = at_once(partial(messages.send_as_customer, other, body="Hello", client_id=new_id()))

    assert sent.seq == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("what", ["publish_all", "publish"])
def test_a_delivery_that_fails_fails_no_commit(service, agent, monkeypatch, what) -> None:
    """It is found by number, at the next delivery or heartbeat."""

    def fail(*_args) -> None:
        raise RuntimeError

    chat = make_chat(service, agent=agent)
    monkeypatch.setattr(live, what, fail)
    message = send_as_customer(chat, body="Hello", client_id=new_id())
    assert close_chat(chat.pk, by=Chat.ClosedBy.AGENT, agent=agent)
    assert Message.objects.filter(pk=message.pk).exists()
