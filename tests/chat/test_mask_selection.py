"""Masking by hand: asterisks for everybody, the original as ciphertext alone, whoever masks what and when."""

from functools import partial
from itertools import pairwise

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agents.models import AuditEntry, Contract
from chat.conversation import entries, live, messages
from chat.conversation.entries import last_line
from chat.conversation.message_masks import mask_selection
from chat.masking import vault
from chat.masking.selections import Selection
from chat.models import Chat, Mask, Message
from contiple.base.errors import Closed, Conflict, DomainError, Invalid
from tests.agents.race import at_once
from tests.chat.comings import committed, new_id
from tests.chat.originals import original_under
from tests.chat.secrets import columns_with
from tests.make import make_chat, make_message

pytestmark = pytest.mark.django_db

SECRET = "Gangnam-daero 396"
TEXT = f"I live at {SECRET}, 3rd floor."
START = TEXT.index(SECRET)


@pytest.fixture
def chat(service, agent) -> Chat:
    return make_chat(service, agent=agent)


def select(message: Message, start: int, end: int, *, rev: int | None = None) -> Selection:
    return Selection(text_id=message.seq, rev=message.rev if rev is None else rev, start=start, end=end)


def select_text(message: Message, text: str) -> Selection:
    before = message.body[: message.body.index(text)]
    start = len(before.encode("utf-16-le")) // 2
    return select(message, start, start + len(text.encode("utf-16-le")) // 2)


def body_of(message: Message) -> str:
    return Message.objects.values_list("body", flat=True).get(pk=message.pk)


def spans_of(message: Message) -> list[tuple[int, int]]:
    return list(Mask.objects.filter(message=message).order_by("start").values_list("start", "end"))


def original_of(message: Message) -> str:
    """The text as it was: what is masked, opened and put back."""
    body = body_of(message)
    for mask in Mask.objects.select_related("message__chat").filter(message=message):
        body = body[: mask.start] + original_under(mask) + body[mask.end :]
    return body


def everything(chat: Chat) -> tuple:
    """All that a refused mask must leave as it was."""
    return (
        list(Message.objects.order_by("pk").values()),
        list(Mask.objects.order_by("pk").values("pk", "message", "start", "end")),
        Chat.objects.values().get(pk=chat.pk),
        AuditEntry.objects.count(),
    )


def test_what_is_selected_becomes_asterisks_and_the_original_ciphertext(chat, agent) -> None:
    message = make_message(chat, TEXT)

    assert mask_selection(agent, chat.pk, [select_text(message, SECRET)]) == 1

    assert body_of(message) == TEXT.replace(SECRET, "*" * len(SECRET))
    mask = Mask.objects.get()
    assert (mask.kind, mask.start, mask.end, mask.masked_by) == ("manual", START, START + len(SECRET), agent)
    assert original_of(message) == TEXT


def test_no_column_of_the_database_holds_the_original_afterwards(chat, agent) -> None:
    message = make_message(chat, TEXT)
    assert columns_with(SECRET) == ["chat_chat.last_line", "chat_message.body"], "the search finds what is there"

    mask_selection(agent, chat.pk, [select_text(message, SECRET)])

    assert columns_with(SECRET) == []
    assert columns_with("I live at") == ["chat_chat.last_line", "chat_message.body"]


def test_a_card_number_is_masked_before_it_is_ever_stored(chat) -> None:
    card = "4111 1111 1111 1111"
    messages.send_as_customer(chat, body=f"Card: {card}", client_id=new_id())
    assert columns_with(card) == []
    assert columns_with("4111") == []
    assert original_of(Message.objects.get()) == f"Card: {card}"
    assert Mask.objects.get().masked_by is None


def test_it_is_a_new_revision_at_the_same_place_and_everybody_is_told_the_masked_text(chat, agent, told) -> None:
    first = make_message(chat, TEXT)
    make_message(chat, "Second")

    with committed():
        mask_selection(agent, chat.pk, [select_text(first, SECRET)])

    (entry,) = entries.changes_since(chat.pk, 2)
    assert (entry.seq, entry.rev) == (1, 3)
    assert SECRET not in entry.body
    assert (live.chat_topic(chat.pk), live.Changed(entry)) in told
    assert not any(SECRET in repr(delivery) for _topic, delivery in told)


def test_the_last_line_in_the_lists_is_masked_with_its_message_and_only_with_it(chat, agent, told) -> None:
    first, last = make_message(chat, TEXT), make_message(chat, TEXT + " Really.")

    mask_selection(agent, chat.pk, [select_text(first, SECRET)])
    chat.refresh_from_db()
    assert chat.last_line == last.body

    with committed():
        mask_selection(agent, chat.pk, [select_text(last, SECRET)])
    chat.refresh_from_db()
    assert chat.last_line == last_line(body_of(last))
    assert SECRET not in chat.last_line
    assert (live.agent_topic(agent.pk), live.Touched()) in told


def test_an_event_after_the_last_message_does_not_keep_the_list_from_being_masked(chat, agent) -> None:
    message = make_message(chat, TEXT)
    make_message(chat, "", event="joined", author="system")
    Chat.objects.filter(pk=chat.pk).update(last_line=TEXT)
    mask_selection(agent, chat.pk, [select_text(message, SECRET)])
    assert columns_with(SECRET) == []


def test_it_is_on_record_without_the_text(chat, agent) -> None:
    message = make_message(chat, TEXT)
    mask_selection(agent, chat.pk, [select_text(message, SECRET)])
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.subject, entry.agent, entry.details) == (
        "chat.masked",
        f"chat:{chat.pk}",
        agent,
        {"spans": 1},
    )


@pytest.mark.parametrize("whole", ["👨‍👩‍👧‍👦", "🇰🇷", "👍🏽", "각", "e\u0301"])
def test_half_a_character_that_people_see_takes_all_of_it(chat, agent, whole) -> None:
    message = make_message(chat, f"가😀{whole}끝")
    start = 3  # 가 is one unit, 😀 two
    mask_selection(agent, chat.pk, [select(message, start, start + 1)])
    assert body_of(message) == f"가😀{'*' * len(whole)}끝"
    assert original_of(message) == f"가😀{whole}끝"


def test_masking_twice_changes_nothing_more(chat, agent) -> None:
    message = make_message(chat, TEXT)
    selection = select_text(message, SECRET)
    mask_selection(agent, chat.pk, [selection])
    message.refresh_from_db()
    before = everything(chat)

    assert mask_selection(agent, chat.pk, [select(message, selection.start, selection.end)]) == 0

    assert everything(chat) == before


def test_an_overlap_gets_a_mask_of_its_own_for_what_was_still_readable(chat, agent, colleague) -> None:
    message = make_message(chat, "0123456789")
    mask_selection(agent, chat.pk, [select(message, 3, 5)])
    message.refresh_from_db()

    assert mask_selection(colleague, chat.pk, [select(message, 1, 8)]) == 2

    assert body_of(message) == "0*******89"
    assert spans_of(message) == [(1, 3), (3, 5), (5, 8)]
    assert Mask.objects.get(start=3).masked_by == agent
    assert original_of(message) == "0123456789"


def test_asterisks_that_somebody_typed_are_text_like_any_other(chat, agent) -> None:
    message = make_message(chat, "a ** b")
    assert mask_selection(agent, chat.pk, [select(message, 2, 4)]) == 1
    assert original_of(message) == "a ** b"


def test_line_breaks_in_it_stay(chat, agent) -> None:
    message = make_message(chat, "ab\ncd")
    mask_selection(agent, chat.pk, [select(message, 0, 5)])
    assert body_of(message) == "**\n**"
    assert original_of(message) == "ab\ncd"


def test_only_blanks_are_nothing_to_mask(chat, agent) -> None:
    message = make_message(chat, "a \n b")
    assert mask_selection(agent, chat.pk, [select(message, 1, 4)]) == 0
    assert body_of(message) == "a \n b"
    assert not AuditEntry.objects.exists()


def test_a_selection_over_several_messages_is_one_act(chat, agent) -> None:
    first, second, third = (make_message(chat, text) for text in ("my address is", "Seoul, Jung-gu", "thanks"))

    masked = mask_selection(agent, chat.pk, [select(first, 3, 13), select(second, 0, 14), select(third, 0, 1)])

    assert masked == 3
    assert [body_of(m) for m in (first, second, third)] == ["my **********", "*" * 14, "*hanks"]
    assert sorted(Message.objects.values_list("rev", flat=True)) == [4, 5, 6]
    chat.refresh_from_db()
    assert chat.last_rev == 6
    assert AuditEntry.objects.get().details == {"spans": 3}


@pytest.mark.parametrize("bad", ["stale", "outside", "absent", "event"])
def test_one_message_that_can_t_be_masked_keeps_all_as_they_were(chat, agent, bad) -> None:
    first, second = make_message(chat, TEXT), make_message(chat, "Second")
    event = make_message(chat, "", event="joined", author="system")
    refused = {
        "stale": select(second, 0, 3, rev=second.rev - 1),
        "outside": select(second, 0, 7),
        "absent": Selection(text_id=99, rev=99, start=0, end=1),
        "event": select(event, 0, 1),
    }[bad]
    before = everything(chat)

    with pytest.raises(Conflict if bad == "stale" else Invalid):
        mask_selection(agent, chat.pk, [select_text(first, SECRET), refused])

    assert everything(chat) == before


@pytest.mark.parametrize(
    ("start", "end"), [(-1, 3), (0, 0), (3, 2), (0, 31), (30, 31), (40, 50), (0, 2**63), (-(2**63), 2**63 - 1)]
)
def test_offsets_outside_of_the_text_are_refused(chat, agent, start, end) -> None:
    message = make_message(chat, "A" * 30)
    before = everything(chat)
    with pytest.raises(Invalid):
        mask_selection(agent, chat.pk, [select(message, start, end)])
    assert everything(chat) == before


@pytest.mark.parametrize("seq", [0, -1, 2**31, 2**62, -(2**62)])
def test_a_place_that_can_t_be_is_refused(chat, agent, seq) -> None:
    with pytest.raises(Invalid):
        mask_selection(agent, chat.pk, [Selection(text_id=seq, rev=1, start=0, end=1)])


def test_nothing_selected_or_a_message_twice_is_refused(chat, agent) -> None:
    message = make_message(chat, TEXT)
    for selections in ([], [select(message, 0, 1), select(message, 2, 3)]):
        with pytest.raises(Invalid):
            mask_selection(agent, chat.pk, selections)
    assert body_of(message) == TEXT


def test_a_message_that_changed_in_between_has_to_be_selected_again(chat, agent, colleague) -> None:
    message = make_message(chat, TEXT)
    mask_selection(colleague, chat.pk, [select(message, 0, 1)])
    before = everything(chat)
    with pytest.raises(Conflict):
        mask_selection(agent, chat.pk, [select_text(message, SECRET)])
    assert everything(chat) == before


def test_a_message_of_another_chat_of_the_service_is_not_reached(chat, service, agent) -> None:
    make_message(chat, "Mine")
    other = make_message(make_chat(service), TEXT)
    mask_selection(agent, chat.pk, [select(other, 0, 1)])
    assert body_of(other) == TEXT


def test_the_outsider_does_not_reach_the_chat(chat, outsider) -> None:
    message = make_message(chat, TEXT)
    with pytest.raises(Chat.DoesNotExist):
        mask_selection(outsider, chat.pk, [select_text(message, SECRET)])
    assert body_of(message) == TEXT


def test_without_security_service_nothing_is_masked(chat, agent) -> None:
    message = make_message(chat, TEXT)
    Contract.objects.update(security_service=False)
    agent.service.contract.refresh_from_db()
    before = everything(chat)
    with pytest.raises(Closed):
        mask_selection(agent, chat.pk, [select_text(message, SECRET)])
    assert everything(chat) == before


def test_a_closed_chat_can_still_be_masked(service, agent) -> None:
    chat = make_chat(service, agent=agent, state=Chat.State.CLOSED)
    message = make_message(chat, TEXT)
    assert mask_selection(agent, chat.pk, [select_text(message, SECRET)]) == 1


def test_a_mask_whose_original_can_t_be_sealed_does_not_happen(chat, agent, monkeypatch) -> None:
    message = make_message(chat, TEXT)
    before = everything(chat)

    def fail(*_args, **_named):
        raise RuntimeError

    monkeypatch.setattr(vault, "seal_all", fail)
    with pytest.raises(RuntimeError):
        mask_selection(agent, chat.pk, [select_text(message, SECRET)])
    assert everything(chat) == before


pieces = st.sampled_from(["👨‍👩‍👧‍👦", "🇰🇷", "각", "각", "e\u0301", "a", " ", "\n", "*", "😀", "عر", "4111111111111111"])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None)
@given(
    text=st.lists(pieces, min_size=1, max_size=10).map("".join).filter(str.strip),
    cuts=st.lists(st.tuples(st.integers(0, 30), st.integers(1, 15)), min_size=1, max_size=5),
)
def test_however_often_and_wherever_masks_never_overlap_and_the_text_comes_back(service, agent, text, cuts) -> None:
    message = make_message(make_chat(service, agent=agent), text)
    readable = text
    for start, length in cuts:
        message.refresh_from_db()
        try:
            mask_selection(agent, message.chat_id, [select(message, start, start + length)])
        except DomainError:
            continue
        body = body_of(message)
        assert len(body) == len(text)
        assert all(now in (was, "*") for was, now in zip(readable, body, strict=True))
        readable = body
    spans = spans_of(message)
    assert all(first[1] <= second[0] for first, second in pairwise(spans))
    assert original_of(message) == text


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("other", [(0, 10), (5, 20), (12, 14), (10, 20)])
def test_two_agents_at_once_end_with_the_same_text_and_no_overlap(chat, agent, colleague, other) -> None:
    """The second has to select again, which the page does by itself; after it both have what they wanted."""
    text = "abcdefghijklmnopqrstuvwxyz"
    message = make_message(chat, text)

    def mask(by, start, end) -> int:
        while True:
            now = Message.objects.get(pk=message.pk)
            try:
                return mask_selection(by, chat.pk, [select(now, start, end)])
            except Conflict:
                continue

    results = at_once(partial(mask, agent, 0, 15), partial(mask, colleague, *other))

    assert all(isinstance(result, int) for result in results), results
    hidden = set(range(15)) | set(range(*other))
    assert body_of(message) == "".join("*" if place in hidden else sign for place, sign in enumerate(text))
    spans = spans_of(message)
    assert all(first[1] <= second[0] for first, second in pairwise(spans))
    assert original_of(message) == text


@pytest.mark.django_db(transaction=True)
def test_of_two_agents_with_the_same_selection_one_masks_and_one_is_told(chat, agent, colleague) -> None:
    message = make_message(chat, TEXT)
    selection = select_text(message, SECRET)

    results = at_once(*(partial(mask_selection, by, chat.pk, [selection]) for by in (agent, colleague)))

    assert sorted(type(result).__name__ for result in results) == ["Conflict", "int"]
    assert original_of(message) == TEXT
    assert len(spans_of(message)) == 1
    assert columns_with(SECRET) == []


@pytest.mark.django_db(transaction=True)
def test_masking_while_the_customer_writes_keeps_the_numbers_in_order(chat, agent) -> None:
    first = make_message(chat, TEXT)
    acts = [partial(mask_selection, agent, chat.pk, [select_text(first, SECRET)])]
    acts += [partial(messages.send_as_customer, chat, body=f"More {n}", client_id=new_id()) for n in range(4)]

    results = at_once(*acts)

    assert not [result for result in results if isinstance(result, Exception)]
    chat.refresh_from_db()
    revs = sorted(Message.objects.values_list("rev", flat=True))
    assert revs == [2, 3, 4, 5, 6] == list(range(2, chat.last_rev + 1))
    assert body_of(first).count("*") == len(SECRET)


def test_a_note_is_never_the_last_line_and_hides_none(chat, agent) -> None:
    message = make_message(chat, "my secret is swordfish")
    with transaction.atomic():
        messages.append_note(Chat.objects.select_for_update().get(pk=chat.pk), agent, "he knows swordfish too")
    note = Message.objects.get(internal=True)

    mask_selection(agent, chat.pk, [select_text(message, "swordfish")])
    assert Chat.objects.get(pk=chat.pk).last_line == "my secret is *********"

    mask_selection(agent, chat.pk, [select_text(note, "swordfish")])
    assert Chat.objects.get(pk=chat.pk).last_line == "my secret is *********"
    assert "swordfish" not in body_of(note)
