"""An agent changes own messages for five minutes: everybody sees the new text, and nothing of the old one is left."""

import contextlib
import uuid
from datetime import timedelta
from functools import partial

import pytest
from django.http import Http404
from django.test import Client
from django.urls import reverse
from django.utils import translation

from agents.models import Agent, AuditEntry
from chat.conversation import entries, history, live, rendering
from chat.conversation.message_masks import lift, mask_selection
from chat.conversation.transcript import transcript
from chat.files import storing
from chat.lifecycle import transitions, unread_mails
from chat.lifecycle.customer_mails import words_of_agents
from chat.lifecycle.editing import CHANGEABLE_FOR, delete_message, edit_message
from chat.lifecycle.trail import chat_trail
from chat.masking.selections import Selection
from chat.models import Chat, ChatFile, MailWait, Mask, Message
from contiple.base import clock
from contiple.base.errors import Conflict, DomainError, Invalid
from helpcenter.customers import register_customer
from tests.agents.race import at_once
from tests.chat.files import PDF, picture
from tests.chat.files import send_as_agent as send_file
from tests.chat.lines import chat_of, desk_of, do
from tests.chat.rights import TAKEN
from tests.chat.test_notes import note
from tests.make import make_chat, make_message, make_ticket, send_as_agent
from tickets.listing.chat_words import write_down
from tickets.listing.models import ChatWords

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.filterwarnings("ignore:StreamingHttpResponse")]

CARD, MASKED = "4111 1111 1111 1111", "*" * 19


@pytest.fixture
def known(service, agent) -> tuple[Chat, str]:
    customer, token = register_customer(service, name="Jun", email="jun@example.com", language="en")
    return make_chat(service, agent=agent, customer=customer), token


@pytest.fixture
def chat(known) -> Chat:
    return known[0]


@pytest.fixture
def message(chat, agent) -> Message:
    return said(chat, agent, "It is on it's way")


def said(chat: Chat, agent: Agent, body: str) -> Message:
    return send_as_agent(chat, agent, body=body, client_id=uuid.uuid4())


def edit(agent: Agent, message: Message, body: str = "It is on its way", *, rev: int | None = None) -> Message:
    edit_message(agent, message.chat_id, message.seq, rev=rev or message.rev, body=body)
    return Message.objects.get(pk=message.pk)


def delete(agent: Agent, message: Message) -> Message:
    delete_message(agent, message.chat_id, message.seq)
    return Message.objects.get(pk=message.pk)


def age(message: Message, seconds: float) -> None:
    Message.objects.filter(pk=message.pk).update(created_at=clock.database_now() - timedelta(seconds=seconds))


def last_line(chat: Chat) -> str:
    return Chat.objects.get(pk=chat.pk).last_line


# What becomes of it


def test_an_edited_message_keeps_its_place_and_says_so(chat, agent, message) -> None:
    after = edit(agent, message)
    assert (after.seq, after.rev, after.body, after.edited) == (1, 2, "It is on its way", True)
    [entry] = entries.changes_since(chat.pk, 1)
    assert 'data-edited="edited"' in rendering.message_html(entry, "en")
    assert 'data-edited="수정됨"' in rendering.message_html(entry, "ko")
    assert last_line(chat) == "It is on its way"


def test_a_deleted_message_leaves_its_place_and_no_text(chat, agent, message) -> None:
    make_message(chat, "Thanks")
    after = delete(agent, message)
    assert (after.seq, after.body, after.event, after.client_id) == (1, "", "deleted", message.client_id)
    [entry] = entries.changes_since(chat.pk, 2)
    html = rendering.message_html(entry, "en")
    assert "This message was deleted." in html
    assert "way" not in html
    assert last_line(chat) == "Thanks"


def test_lists_show_the_message_before_a_deleted_last_one(chat, agent, message) -> None:
    said(chat, agent, "And one more")
    latest = Message.objects.latest("seq")
    delete(agent, latest)
    assert last_line(chat) == message.body
    delete(agent, message)
    assert last_line(chat) == ""


@pytest.mark.parametrize("act", [edit, delete])
def test_lists_are_not_drawn_anew_for_a_note(chat, agent, message, act, told) -> None:
    """They don't show it, and a list that is drawn anew costs every desk of the service a look."""
    written = note(chat, agent)
    told.clear()
    act(agent, written)
    assert [topic for topic, _delivery in told] == [live.chat_topic(chat.pk)]
    assert last_line(chat) == message.body


@pytest.mark.parametrize("act", [edit, delete])
async def test_both_sides_see_it_at_once_and_on_return(known, agent, message, act) -> None:
    chat, token = known
    async with chat_of(token) as customer, desk_of(agent) as desk:
        await desk.say("watch", chat=chat.pk, rev=1)
        await desk.hear("marks")
        await do(act, agent, message)
        frames = [await line.hear("message", seq=1, rev=2) for line in (customer, desk)]
    async with chat_of(token, rev=1) as again:
        frames += [frame for frame in again.heard if frame["type"] == "message"]
    assert len(frames) == 3
    assert all("it's way" not in frame["html"] for frame in frames)
    assert all("unread" not in frame and "line" not in frame for frame in frames), "it is not new"


def test_without_its_answer_the_customer_waits_again_since_then(chat, agent) -> None:
    asked = make_message(chat, "Where is it?")
    make_message(chat, "Hello?")
    answer = said(chat, agent, "Wrong window")
    assert Chat.objects.get().customer_waits_since is None
    delete(agent, answer)
    assert Chat.objects.values_list("customer_waits_since", "unanswered_since").get() == (asked.created_at, None)
    [row] = history.find(agent, history.Filters()).chats
    assert history.outcome_of(row) == history.Outcome.UNPROCESSED
    second, third = said(chat, agent, "Here"), said(chat, agent, "Or here")
    delete(agent, third)
    assert Chat.objects.get().customer_waits_since is None
    assert second.event == ""


def test_receipts_stay(chat, agent, message) -> None:
    Chat.objects.filter(pk=chat.pk).update(customer_received=1, customer_read=1)
    edit(agent, message)
    delete(agent, message)
    assert Chat.objects.values_list("customer_received", "customer_read").get() == (1, 1)


def test_it_is_on_record_without_a_text(chat, agent, message) -> None:
    edit(agent, message)
    delete(agent, message)
    recorded = AuditEntry.objects.filter(action__startswith="chat.message").order_by("pk")
    assert [(it.action, it.actor, it.details) for it in recorded] == [
        ("chat.message_edited", "Mina", {"seq": 1}),
        ("chat.message_deleted", "Mina", {"seq": 1}),
    ]
    assert [it.text for it in chat_trail(chat)] == ["Mina edited message 1.", "Mina deleted message 1."]
    with translation.override("ko"):
        assert "Mina edited" not in chat_trail(chat)[0].text


def test_a_deleted_message_is_no_unread_one(chat, agent, message) -> None:
    said(chat, agent, "And one more")
    assert entries.unread_by_customer(chat.pk, 0) == 2
    delete(agent, message)
    assert entries.unread_by_customer(chat.pk, 0) == 1


# Where the text went


def test_the_mail_of_what_is_unread_has_the_new_text_and_no_deleted_one(chat, agent, message) -> None:
    second = said(chat, agent, "Wrong window")
    edit(agent, message)
    delete(agent, second)
    assert list(words_of_agents(chat, after=0).values_list("body", flat=True)) == ["It is on its way"]


def test_nothing_is_mailed_if_all_of_it_was_deleted(chat, agent, message) -> None:
    delete(agent, message)
    MailWait.objects.update(due_at=clock.database_now() - timedelta(hours=1))
    Chat.objects.update(created_at=clock.database_now() - timedelta(hours=1))
    unread_mails.mail_unread()
    assert not MailWait.objects.exists()
    assert not chat.mails.exists()


def test_the_transcript_has_the_new_text_and_says_what_was_deleted(chat, agent, message) -> None:
    second = said(chat, agent, "Wrong window")
    edit(agent, message)
    delete(agent, second)
    text = transcript(chat, language="en", offset=0, length=10_000)
    assert "It is on its way" in text
    assert "This message was deleted." in text
    assert "it's way" not in text
    assert "Wrong window" not in text


@pytest.mark.parametrize("act", [partial(edit, body="Replaced"), delete])
def test_the_words_that_a_ticket_is_found_by_are_forgotten_and_written_down_anew(
    service, chat, agent, message, act
) -> None:
    ticket = make_ticket(service, chat=chat)
    write_down()
    assert "way" in ChatWords.objects.get(ticket=ticket).words
    act(agent, message)
    assert ChatWords.objects.get(ticket=ticket).words is None
    write_down()
    assert "way" not in ChatWords.objects.get(ticket=ticket).words


# Masks


def test_the_new_text_is_masked_by_the_rules(chat, agent, message) -> None:
    after = edit(agent, message, f"Your card {CARD}")
    assert after.body == f"Your card {MASKED}"
    assert [(mask.start, mask.end) for mask in after.masks.all()] == [(10, 29)]


def test_masks_of_the_old_text_go_with_it_and_are_never_over_the_new_one(chat, agent) -> None:
    message = said(chat, agent, f"Your card {CARD} is blocked")
    mask_selection(agent, chat.pk, [Selection(text_id=1, rev=1, start=0, end=4)])
    shown = Message.objects.get()
    after = edit(agent, shown, f"Dear Jun, {shown.body}")
    assert after.body == f"Dear Jun, **** card {MASKED} is blocked"
    assert not Mask.objects.exists(), "its asterisks are asterisks, and nothing opens them"
    assert message.pk == after.pk


def test_a_mask_that_is_gone_is_not_looked_under(chat, agent, sign_in) -> None:
    message = said(chat, agent, f"Your card {CARD}")
    mask = Mask.objects.get()
    edit(agent, message, "Your card")
    assert sign_in(agent).post(reverse("chat:reveal", args=["demo", mask.pk])).status_code == 404
    with pytest.raises(Http404):
        lift(agent, mask.pk, address=None)


def test_a_text_that_stays_as_it_is_shown_keeps_its_masks(chat, agent) -> None:
    message = said(chat, agent, f"Your card {CARD}")
    after = edit(agent, message, message.body)
    assert (after.rev, after.edited) == (1, False)
    assert Mask.objects.count() == 1
    edit(agent, message, f"Your card {CARD}")
    assert Mask.objects.count() == 1


def test_no_guess_tells_what_is_under_a_mask(chat, agent) -> None:
    message = said(chat, agent, f"Your card {CARD}")
    for guess in (CARD, "5555 5555 5555 4444"):
        assert edit(agent, message, f"Your card {guess}").rev == 1, "both are the same asterisks"


def test_deleting_destroys_masks_and_originals(chat, agent) -> None:
    delete(agent, said(chat, agent, f"Your card {CARD}"))
    assert not Mask.objects.exists()


def test_an_edit_of_a_text_that_was_masked_meanwhile_is_refused(chat, agent, message, admin) -> None:
    mask_selection(admin, chat.pk, [Selection(text_id=1, rev=1, start=0, end=2)])
    with pytest.raises(Conflict) as refused:
        edit(agent, message)
    assert refused.value.code == "changed"
    assert Message.objects.get().body == "** is on it's way"


def test_a_mask_on_a_text_that_was_edited_meanwhile_is_refused(chat, agent, message, admin) -> None:
    edit(agent, message)
    with pytest.raises(Conflict):
        mask_selection(admin, chat.pk, [Selection(text_id=1, rev=1, start=0, end=2)])


def test_a_mask_and_an_edit_at_once_end_in_one_of_both(chat, agent, message, admin) -> None:
    def attempt(act) -> bool:
        try:
            act()
        except DomainError:
            return False
        return True

    done = at_once(
        partial(attempt, partial(edit, agent, message)),
        partial(
            attempt,
            partial(mask_selection, admin, chat.pk, [Selection(text_id=1, rev=1, start=0, end=2)]),
        ),
    )
    assert sorted(done) == [False, True]
    assert Message.objects.get().body in {"It is on its way", "** is on it's way"}


# Who, and for how long


def test_from_two_tabs_the_second_edit_is_told(chat, agent, message) -> None:
    edit(agent, message, "First")
    with pytest.raises(Conflict) as refused:
        edit(agent, message, "Second")
    assert refused.value.code == "changed"
    assert Message.objects.get().body == "First"


def test_the_same_edit_twice_as_after_a_loss_is_one(chat, agent, message) -> None:
    edit(agent, message)
    assert edit(agent, message).rev == 2
    delete(agent, message)
    assert delete(agent, message).rev == 3


@pytest.mark.parametrize("act", [edit, delete])
@pytest.mark.parametrize("of_note", [False, True])
def test_for_five_minutes_and_no_longer(chat, agent, act, of_note) -> None:
    message = note(chat, agent) if of_note else said(chat, agent, "Hello")
    age(message, CHANGEABLE_FOR.total_seconds() - 1)
    age_before = Message.objects.get(pk=message.pk)
    assert act(agent, age_before).rev == 2
    other = note(chat, agent) if of_note else said(chat, agent, "Hello")
    age(other, CHANGEABLE_FOR.total_seconds() + 1)
    with pytest.raises(Conflict) as refused:
        act(agent, other)
    assert refused.value.code == "late"


@pytest.mark.parametrize("act", [edit, delete])
def test_a_colleague_s_the_customer_s_and_the_service_s_stay(chat, agent, colleague, act) -> None:
    theirs = [make_message(chat, "Hello"), make_message(chat, "Welcome", author="system", name="Demo")]
    theirs.append(make_message(chat, "Hi", author="agent", agent=colleague))
    theirs.append(make_message(chat, "", author="system", event="joined"))
    for message in theirs:
        with pytest.raises(Conflict) as refused:
            act(agent, message)
        assert refused.value.code == "not_yours"


@pytest.mark.parametrize("act", [edit, delete])
def test_after_the_end_a_reply_stays_and_a_note_is_changed(chat, agent, message, act) -> None:
    own = note(chat, agent)
    transitions.close_chat(chat.pk, by=Chat.ClosedBy.CUSTOMER)
    with pytest.raises(Conflict) as refused:
        act(agent, message)
    assert refused.value.code == "ended"
    assert act(agent, own).rev > own.rev


@pytest.mark.parametrize("act", [edit, delete])
def test_who_has_lost_the_chat_changes_nothing_there(chat, agent, colleague, message, act) -> None:
    Chat.objects.filter(pk=chat.pk).update(agent=colleague)
    with pytest.raises(Conflict) as refused:
        act(agent, message)
    assert refused.value.code == "not_yours"


def test_an_edit_as_the_chat_ends_is_before_the_end_or_refused(chat, agent, message) -> None:
    def attempt() -> None:
        with contextlib.suppress(Conflict):
            edit(agent, message)

    at_once(attempt, lambda: transitions.close_chat(chat.pk, by=Chat.ClosedBy.CUSTOMER))
    end = Message.objects.get(event="closed_customer")
    edited = Message.objects.get(pk=message.pk)
    assert not edited.edited or edited.rev < end.rev


@pytest.mark.parametrize("body", ["", "  ", "\a", "x" * 4001, "\u2800"])
def test_a_text_that_can_t_be_stored_is_refused(chat, agent, message, body) -> None:
    with pytest.raises(Invalid):
        edit(agent, message, body)
    assert Message.objects.get().body == message.body


def test_a_deleted_message_is_not_edited(chat, agent, message) -> None:
    delete(agent, message)
    with pytest.raises(Conflict):
        edit(agent, message, rev=2)


# Files


@pytest.mark.parametrize(("data", "name"), [(picture(), "a.png"), (PDF, "a.pdf")])
def test_a_file_goes_with_its_message_and_its_name_is_not_changed(chat, agent, sign_in, data, name) -> None:
    assert send_file(sign_in(agent), chat, data, name).status_code == 201
    message, file = Message.objects.get(), ChatFile.objects.get()
    with pytest.raises(Invalid):
        edit(agent, message, "b.png")
    delete(agent, message)
    after = Message.objects.get()
    assert (after.file, after.body) == (None, "")
    assert ChatFile.objects.get(pk=file.pk).state == ChatFile.State.REMOVED
    with pytest.raises(FileNotFoundError):
        storing.opened(file)
    assert sign_in(agent).get(reverse("chat:file", args=["demo", file.pk])).status_code == 404


# The addresses


def post(browser: Client, name: str, message: Message, *, slug: str = "demo", **form):
    return browser.post(
        reverse(f"chat:{name}", args=[slug, message.chat_id, message.seq]),
        {"rev": message.rev, "body": "It is on its way", **form},
        headers={"X-Requested-With": "fetch"},
    )


def test_the_pages_do_it(agent, message, sign_in) -> None:
    browser = sign_in(agent)
    assert post(browser, "edit_message", message).status_code == 204
    assert Message.objects.get().body == "It is on its way"
    assert post(browser, "delete_message", message).status_code == 204
    assert post(browser, "edit_message", message, body="Back again").status_code == 409
    assert post(browser, "edit_message", message, rev="x").status_code == 400
    assert browser.get(reverse("chat:edit_message", args=["demo", message.chat_id, 1])).status_code == 405


@pytest.mark.parametrize("name", ["edit_message", "delete_message"])
def test_the_outsider_and_nobody_change_nothing(agent, outsider, message, sign_in, name) -> None:
    assert post(sign_in(outsider), name, message).status_code == 404
    assert post(sign_in(outsider), name, message, slug=outsider.service.slug).status_code == 404
    assert post(Client(), name, message).status_code in {302, 403}
    message.seq = 7
    assert post(sign_in(agent), name, message).status_code == 404
    assert Message.objects.get().body == "It is on it's way"


@pytest.mark.parametrize("take", TAKEN)
@pytest.mark.parametrize("name", ["edit_message", "delete_message"])
def test_who_may_not_chat_any_more_changes_nothing(agent, message, sign_in, take, name) -> None:
    browser = sign_in(agent)
    take(agent)
    assert post(browser, name, message).status_code >= 300
    assert Message.objects.get().body == "It is on it's way"


async def test_a_note_that_is_changed_or_deleted_never_comes_to_the_customer(known, agent) -> None:
    chat, token = known
    own = await do(note, chat, agent)
    async with chat_of(token) as line:
        await do(edit, agent, own, "Even gentler")
        await do(delete, agent, own)
        await do(said, chat, agent, "Hello")
        await line.hear("message", seq=4)
    assert [frame["seq"] for frame in line.heard if frame["type"] == "message"] == [4]
