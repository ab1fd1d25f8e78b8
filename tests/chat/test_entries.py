"""The equation: a page as it was + the changes since its rev = the page as it is."""

import contextlib
import uuid
from functools import partial

import msgspec
import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chat.conversation import message_masks
from chat.conversation.entries import (
    CHANGES_AT_ONCE,
    PAGE_SIZE,
    Entry,
    changes_since,
    entry_of,
    latest_page,
    page_before,
)
from chat.conversation.messages import append_event, append_note, send_as_customer
from chat.masking import selections
from chat.models import Chat, Message
from contiple.base.errors import Conflict
from tests.agents.race import at_once
from tests.chat.comings import committed
from tests.make import make_chat, make_customer, send_as_agent

# Processes of the release before send and read entries as arrays: what they know stays in its place.
FIELDS_OF_BEFORE = ["chat", "seq", "rev", "author", "name", "body", "event", "created_at", "client_id", "masks"]
FIELDS_OF_BEFORE += ["internal", "offers"]
BODIES = ["Hello", "Kim Min-su, 12 Main St", "4111 1111 1111 1111", "카드 4111111111111111 👍🏽", "a\nb"]

writes = st.tuples(st.sampled_from(["customer", "agent"]), st.sampled_from(BODIES))
events = st.tuples(st.just("event"), st.sampled_from(["joined", "passed_on"]))
masks = st.tuples(st.just("mask"), st.tuples(st.integers(1, 12), st.integers(0, 10), st.integers(1, 12)))
acts = st.lists(st.one_of(writes, events, masks), min_size=1, max_size=12)


def perform(chat: Chat, agent, act: tuple) -> None:
    match act:
        case "customer", body:
            send_as_customer(chat, body=body, client_id=uuid.uuid4())
        case "agent", body:
            send_as_agent(chat, agent, body=body, client_id=uuid.uuid4())
        case "event", event:
            with transaction.atomic():
                append_event(Chat.objects.select_for_update().get(pk=chat.pk), event, name="Mina")
        case "mask", (seq, start, end):
            mask(chat, agent, seq, start, end)


def mask(chat: Chat, agent, seq: int, start: int, end: int) -> None:
    message = chat.messages.filter(seq=seq).exclude(body="").first()
    if message and 0 <= start < end <= len(message.body):
        selection = selections.Selection(text_id=seq, rev=message.rev, start=start, end=end)
        message_masks.mask_selection(agent, chat.pk, [selection])


def everything(chat: Chat) -> dict[int, Entry]:
    """Every entry, page by page backwards, as a reader scrolls."""
    found: dict[int, Entry] = {}
    page = latest_page(chat)
    while page:
        found |= {entry.seq: entry for entry in page}
        page = page_before(chat, page[0].seq)
    return dict(sorted(found.items()))


def replayed(page: dict[int, Entry], chat: Chat, rev: int) -> dict[int, Entry]:
    """What a reader has after asking for the changes since ``rev``, as often as it takes."""
    page = dict(page)
    while changes := changes_since(chat.pk, rev):
        assert [entry.rev for entry in changes] == sorted({entry.rev for entry in changes})
        assert changes[0].rev > rev
        page |= {entry.seq: entry for entry in changes}
        rev = changes[-1].rev
    return dict(sorted(page.items()))


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=acts)
def test_from_every_moment_the_changes_lead_to_now(service, agent, acts) -> None:
    chat = make_chat(service, agent=agent, customer=make_customer(service, "Reader"))
    moments = [(0, {})]
    for act in acts:
        perform(chat, agent, act)
        moments.append((Chat.objects.get(pk=chat.pk).last_rev, everything(chat)))

    now = moments[-1][1]
    assert len(now) == sum(act[0] != "mask" for act in acts)  # a mask takes a rev, not a place
    for rev, page in moments:
        assert replayed(page, chat, rev) == now
        assert max((entry.rev for entry in page.values()), default=0) == rev


@pytest.mark.django_db(transaction=True)
def test_a_reader_who_follows_while_all_write_and_mask_has_what_is_there(service, agent, colleague) -> None:
    chat = make_chat(service, agent=agent)
    write_all(chat, BODIES)
    start, page = Chat.objects.get(pk=chat.pk).last_rev, everything(chat)
    end = start + 4 * len(BODIES)  # by what is written alone; masks come on top

    *_, (rev, seen) = at_once(
        *[partial(write_all, chat, BODIES * 2)] * 2,
        *[partial(hide_in_all, chat, who) for who in (agent, colleague)],
        partial(follow, chat, start, end, page),
    )

    assert replayed(seen, chat, rev) == everything(chat)
    assert Chat.objects.get(pk=chat.pk).last_rev > end


def write_all(chat: Chat, bodies: list[str]) -> None:
    for body in bodies:
        send_as_customer(chat, body=body, client_id=uuid.uuid4())


def hide_in_all(chat: Chat, who) -> None:
    for seq in range(1, 13):
        with contextlib.suppress(Conflict):  # somebody else masked it at the same moment
            mask(chat, who, seq, seq % 4, 5)


def follow(chat: Chat, rev: int, end: int, seen: dict[int, Entry]) -> tuple[int, dict[int, Entry]]:
    """Applies changes as they come until ``end`` is passed."""
    seen = dict(seen)
    while rev < end:
        for entry in changes_since(chat.pk, rev):
            assert entry.rev > rev
            seen[entry.seq], rev = entry, entry.rev
    return rev, seen


def fill(chat: Chat, count: int) -> None:
    Message.objects.bulk_create(
        Message(chat=chat, seq=seq, rev=seq, author="customer", name="Jun", body=f"Message {seq}")
        for seq in range(1, count + 1)
    )
    Chat.objects.filter(pk=chat.pk).update(last_rev=count)


def test_pages_follow_each_other_without_gap_or_overlap(service) -> None:
    chat = make_chat(service)
    fill(chat, 2 * PAGE_SIZE + 7)

    pages = [latest_page(chat)]
    while len(pages[-1]) == PAGE_SIZE:
        pages.append(page_before(chat, pages[-1][0].seq))

    assert [len(page) for page in pages] == [PAGE_SIZE, PAGE_SIZE, 7]
    assert [entry.seq for page in reversed(pages) for entry in page] == list(range(1, 2 * PAGE_SIZE + 8))
    assert page_before(chat, 1) == []


def test_many_changes_come_in_several_answers(service) -> None:
    chat = make_chat(service)
    fill(chat, 2 * CHANGES_AT_ONCE + 1)

    assert [entry.rev for entry in changes_since(chat.pk, 10)] == list(range(11, 11 + CHANGES_AT_ONCE))
    assert len(replayed({}, chat, 0)) == 2 * CHANGES_AT_ONCE + 1


def test_another_chat_s_entries_are_never_in_it(service, outsider) -> None:
    chat, other = make_chat(service), make_chat(outsider.service)
    fill(other, 3)

    assert latest_page(chat) == changes_since(chat.pk, 0) == page_before(chat, 100) == []


def test_an_entry_has_no_original_in_it(service, agent) -> None:
    chat = make_chat(service, agent=agent)
    message = send_as_customer(chat, body="Card 4111111111111111", client_id=uuid.uuid4())

    [entry] = latest_page(chat)

    assert entry == entry_of(message, message.masks.all())
    assert entry.body == "Card " + "*" * 16
    assert [(span.start, span.end, span.kind) for span in entry.masks] == [(5, 21, "card")]
    assert "4111" not in repr(entry)


def test_a_page_costs_one_query_however_long_it_is(service) -> None:
    chat = make_chat(service)
    fill(chat, PAGE_SIZE)

    with CaptureQueriesContext(connection) as queries:
        latest_page(chat)
        changes_since(chat.pk, 0)

    assert len(queries) == 2


def test_processes_of_two_releases_understand_each_other_s_entries(service) -> None:
    chat = make_chat(service)
    send_as_customer(chat, body="Card 4111111111111111", client_id=uuid.uuid4())
    [entry] = latest_page(chat)

    array = msgspec.to_builtins(entry)

    assert list(Entry.__struct_fields__[: len(FIELDS_OF_BEFORE)]) == FIELDS_OF_BEFORE
    for other in (array[: len(FIELDS_OF_BEFORE)], [*array, "of the next release"]):
        read = msgspec.convert(other, Entry, strict=False)
        assert msgspec.to_builtins(read)[: len(FIELDS_OF_BEFORE)] == array[: len(FIELDS_OF_BEFORE)]


@pytest.mark.parametrize("body", ["Hello", "Card 4111111111111111, our number is 123-45-67891"])
def test_what_is_published_is_what_is_read(service, agent, told, body) -> None:
    chat = make_chat(service, agent=agent)

    with committed():
        send_as_customer(chat, body=body, client_id=uuid.uuid4())
        with transaction.atomic():
            append_note(Chat.objects.select_for_update().get(pk=chat.pk), agent, body)
            append_event(Chat.objects.select_for_update().get(pk=chat.pk), "joined", name="Mina")

    assert [delivery.entry for _topic, delivery in told] == latest_page(chat)
    assert len(told) == 3
