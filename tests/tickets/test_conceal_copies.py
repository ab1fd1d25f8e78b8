"""What is masked in a chat by hand is masked in its ticket."""

import uuid
from contextlib import contextmanager
from functools import partial

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from chat.conversation import message_masks
from chat.masking import selections
from chat.models import Message
from contiple.base.errors import Conflict
from tests.agents.race import at_once
from tests.make import make_chat, make_message, make_ticket
from tests.tickets.masked import mask_text, original_of, spans_of
from tickets import access, lifecycle
from tickets.customer import chat_inquiries
from tickets.listing import listing
from tickets.models import Comment, Tag, Ticket
from tickets.tags import add_tag, remove_tag

NAME = "Kim Minsu"


@pytest.fixture
def chat(agent, customer):
    return make_chat(agent.service, customer=customer, agent=agent)


def mask(agent, chat, message, secret):
    start = message.body.index(secret)
    selection = selections.Selection(text_id=message.seq, rev=message.rev, start=start, end=start + len(secret))
    message_masks.mask_selection(agent, chat.pk, [selection])


def test_a_mask_reaches_the_ticket_s_tags_and_what_is_told_of_them(agent, chat, sign_in):
    message = make_message(chat, "I am Kim Minsu of Jeju")
    other, ticket = make_ticket(agent.service), lifecycle.create_from_chat(agent, chat)
    for name in ("ask Kim Minsu", "Jeju"):
        add_tag(agent, ticket, name)
    add_tag(agent, other, "Jeju")
    mask(agent, chat, message, "Kim Minsu")
    mask(agent, chat, Message.objects.get(pk=message.pk), "Jeju")

    assert {tag.name for tag in ticket.tags.all()} == {"Chat", "ask *********", "****"}
    assert {tag.name for tag in other.tags.all()} == {"Jeju"}
    assert not Tag.objects.filter(name__contains="Kim").exists()
    page = sign_in(agent).get(f"/desk/demo/tickets/{ticket.number}/").content.decode()
    assert "added the tag *" in page
    assert "Kim Minsu" not in page


def test_a_tag_that_was_taken_off_before_the_mask_is_forgotten(agent, chat):
    message = make_message(chat, "I am Kim Minsu of Jeju")
    ticket = lifecycle.create_from_chat(agent, chat)
    add_tag(agent, ticket, "ask Kim Minsu")
    remove_tag(agent, ticket, ticket.tags.get(name="ask Kim Minsu").pk)
    mask(agent, chat, message, "Kim Minsu")
    assert not Tag.objects.filter(name__contains="Kim").exists()


@pytest.mark.django_db(transaction=True)
def test_a_tag_that_goes_from_one_ticket_and_comes_to_another_at_once_is_there(agent, service):
    first, second = make_ticket(service), make_ticket(service)
    for _ in range(5):
        add_tag(agent, first, "Jeju")
        tag = first.tags.get()
        moved = at_once(partial(remove_tag, agent, first, tag.pk), partial(add_tag, agent, second, "Jeju"))
        assert [each.name for each in moved] == ["Jeju", "Jeju"]
        assert [tag.name for tag in second.tags.all()] == ["Jeju"]
        remove_tag(agent, second, second.tags.get().pk)


def test_a_mask_reaches_subject_description_and_comments(agent, chat):
    message = make_message(chat, "My name is\nKim Minsu of Jeju")
    ticket = lifecycle.create_from_chat(
        agent, chat, subject="My name is Kim Minsu of Jeju", body="Kim Minsu called.\nKim  Minsu!"
    )
    Comment.objects.create(ticket=ticket, agent=agent, name="Mina", body="Ask Kim Minsu")
    mask(agent, chat, message, "Kim Minsu")
    ticket = Ticket.objects.get(pk=ticket.pk)
    assert ticket.subject == "My name is ********* of Jeju"
    assert ticket.body == "********* called.\n**********!"
    assert ticket.comments.get().body == "Ask *********"


@pytest.mark.parametrize(("before", "left"), [(148, "Kim Minsu"), (151, "Kim Min"), (155, "Kim"), (157, "")])
def test_a_subject_that_was_cut_within_a_copy_keeps_no_beginning_of_it(agent, chat, before, left):
    message = make_message(chat, f"{'x' * before} {NAME} of Jeju")
    ticket = lifecycle.create_from_chat(agent, chat)
    assert f" {left}" in ticket.subject
    mask(agent, chat, message, NAME)
    assert not set(Ticket.objects.get(pk=ticket.pk).subject) & set("KiMnsu")


def test_other_tickets_and_single_characters_are_left_alone(agent, chat, customer):
    message = make_message(chat, "Room 7 at Kim Minsu")
    ticket = lifecycle.create_from_chat(agent, chat, subject="7 o'clock", body="7")
    other = make_chat(agent.service, agent=agent)
    untouched = lifecycle.create_from_chat(agent, other, subject="Kim Minsu", body="")
    mask(agent, chat, message, "7")
    mask(agent, chat, chat.messages.get(), "Kim Minsu")
    assert Ticket.objects.get(pk=ticket.pk).subject == "7 o'clock"
    assert Ticket.objects.get(pk=untouched.pk).subject == "Kim Minsu"


def test_in_comments_the_masks_stay_true_and_what_was_offered_there_is_offered_no_longer(agent, chat):
    message = make_message(chat, NAME)
    ticket = lifecycle.create_from_chat(agent, chat, subject="Call")
    text = f"Card 4111 1111 1111 1111 of {NAME}, {NAME} 😀 of Jeju, 220-81-62517"
    comment = lifecycle.add_comment(agent, ticket, text)
    by_hand = mask_text(agent, comment, "Jeju")
    rev, spans = comment.rev, spans_of(comment)

    mask(agent, chat, message, NAME)

    comment.refresh_from_db()
    assert comment.body == "Card ******************* of *********, ********* 😀 of ****, 220-81-62517"
    assert (comment.rev, spans_of(comment)) == (rev + 1, spans)
    assert comment.body[by_hand.start : by_hand.end] == "****"
    assert original_of(comment) == text.replace(NAME, "*********")
    assert [comment.body[start:end] for _id, start, end, _kind in comment.offers] == ["220-81-62517"]

    mask(agent, chat, make_message(chat, "We are 220-81-62517"), "220-81-62517")
    assert Comment.objects.get().offers is None


def test_a_comment_without_a_copy_is_not_touched(agent, chat):
    message = make_message(chat, f"{NAME} ***")
    comment = lifecycle.add_comment(agent, lifecycle.create_from_chat(agent, chat, subject="Call"), "Typed *** stars")
    mask(agent, chat, message, NAME)
    mask(agent, chat, chat.messages.get(), "***")
    assert Comment.objects.get().rev == comment.rev


# Forms that are older than a mask


def shown(client, url) -> dict[str, str]:
    """The fields of a page's form, as a browser would send them."""
    form = client.get(url).context
    return {bound.name: bound.value() or "" for bound in (form.get("text_form") or form["form"])}


def test_a_form_of_a_new_ticket_that_is_older_than_the_mask_brings_nothing_back(agent, chat, sign_in):
    client, url = sign_in(agent), f"/desk/demo/chat/{chat.pk}/ticket/"
    message = make_message(chat, f"I am\n{NAME}  of Jeju, {NAME}")
    old = shown(client, url)
    mask(agent, chat, message, NAME)
    client.post(url, old | {"subject": f"Call: {old['subject']}", "body": NAME})
    assert Ticket.objects.values_list("subject", "body").get() == (
        "Call: I am ********* of Jeju, *********",
        "*********",
    )


def test_a_suggestion_that_was_cut_within_a_copy_keeps_no_beginning_of_it(agent, chat, sign_in):
    client, url = sign_in(agent), f"/desk/demo/chat/{chat.pk}/ticket/"
    message = make_message(chat, f"{'x' * 151} {NAME} of Jeju")
    old = shown(client, url)
    mask(agent, chat, message, NAME)
    client.post(url, old)
    assert not set(Ticket.objects.get().subject) & set("KiMnsu")


def test_a_form_of_a_ticket_that_is_older_than_the_mask_changes_the_rest(agent, chat, sign_in):
    message = make_message(chat, f"I am {NAME}")
    ticket = lifecycle.create_from_chat(agent, chat, subject="Call", body=f"{NAME} called\ntwice")
    client, page = sign_in(agent), f"/desk/demo/tickets/{ticket.number}/"
    old = shown(client, page)
    mask(agent, chat, message, NAME)
    sent = old | {"subject": f"Call {NAME} back", "body": old["body"] + "\nnow"}
    assert client.post(f"{page}subject/", sent).status_code == 302
    assert (Ticket.objects.get().subject, Ticket.objects.get().body) == (
        "Call ********* back",
        "********* called\ntwice\nnow",
    )


def test_a_form_that_is_older_than_another_edit_is_still_refused(agent, chat, sign_in):
    ticket = lifecycle.create_from_chat(agent, chat, subject="Call", body="called")
    client, page = sign_in(agent), f"/desk/demo/tickets/{ticket.number}/"
    old = shown(client, page)
    lifecycle.edit_text(agent, ticket, subject="Call", body="caller")
    assert client.post(f"{page}subject/", old | {"body": "mine"}).status_code == 400
    assert Ticket.objects.get().body == "caller"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", range(4))
def test_a_text_that_is_saved_at_the_moment_of_the_mask_brings_nothing_back(agent, chat, turn):
    """The later one either hides the copy or is refused, since the text is not what it was read as."""
    message = make_message(chat, f"I am {NAME}")
    ticket = lifecycle.create_from_chat(agent, chat, subject=f"Call {NAME}")
    edit = partial(lifecycle.edit_text, agent, ticket, subject=f"Call {NAME}", body=f"{NAME} called")
    masked, edited = at_once(partial(mask, agent, chat, message, NAME), edit)
    assert masked is None
    assert edited is None or isinstance(edited, Conflict)
    assert NAME not in "".join(Ticket.objects.values_list("subject", "body").get())


# What agents write is not compared with originals


def edit(agent, ticket, text):
    lifecycle.edit_text(agent, ticket, subject=text, body=text)


def by_form(path):
    def send(agent, ticket, text):
        client = Client()
        client.force_login(agent.user)
        fields = {"subject": text, "body": text, "tag": text, "request_id": uuid.uuid4()}
        assert client.post(f"/desk/demo/tickets/{ticket.number}/{path}/", fields).status_code == 302

    return send


GUESSES = [edit, lifecycle.add_comment, add_tag, by_form("subject"), by_form("comments"), by_form("tags")]


@pytest.mark.parametrize("write", GUESSES)
@pytest.mark.parametrize("secret", ["1234", NAME])
def test_a_guess_stays_as_it_was_typed_and_no_key_is_read(agent, chat, write, secret, captured):
    message = make_message(chat, f"It is {secret}")
    ticket = lifecycle.create_from_chat(agent, chat, subject="Call")
    mask(agent, chat, message, secret)
    note = make_message(chat, f"{secret}!", author="agent", internal=True)
    mask(agent, chat, note, secret)
    ticket = Ticket.objects.get()
    with captured() as queries:
        write(agent, ticket, secret)
    texts = [*Comment.objects.values_list("body", flat=True), *Tag.objects.values_list("name", flat=True)]
    texts += Ticket.objects.values_list("subject", "body").get()
    assert secret in texts
    assert not any("*" in text for text in texts)
    assert not any("chat_chatkey" in it["sql"] for it in queries)


@pytest.mark.parametrize("secret", ["1234", NAME])
def test_a_guess_in_the_form_of_a_new_ticket_stays_as_it_was_typed(agent, chat, secret, sign_in, captured):
    message = make_message(chat, f"It is {secret}")
    mask(agent, chat, message, secret)
    client, url = sign_in(agent), f"/desk/demo/chat/{chat.pk}/ticket/"
    with captured() as queries:
        client.post(url, shown(client, url) | {"subject": secret, "body": f"Is it {secret}?"})
    assert Ticket.objects.values_list("subject", "body").get() == (secret, f"Is it {secret}?")
    assert not any("chat_chatkey" in it["sql"] for it in queries)


def test_a_guess_by_an_earlier_text_of_one_s_own_tells_what_one_has_sent_and_nothing_else(agent, chat, sign_in):
    """Whatever the form says it was: only the asterisks that the page shows are put on it."""
    message = make_message(chat, "It is 1234")
    mask(agent, chat, message, "1234")
    for guess in ("1234", "9999"):
        client, url = sign_in(agent), f"/desk/demo/chat/{chat.pk}/ticket/"
        client.post(url, {"subject": f"Is it {guess}", "body": "", "said": f"It is {guess}"})
        assert Ticket.objects.get().subject == "Is it ****"
        Ticket.objects.all().delete()


def test_an_inquiry_hides_the_customer_s_own_words_and_is_compared_with_no_note(agent, chat, service):
    for text, fields in [("I am 1234", {}), ("He is 5678", {"author": "agent", "internal": True})]:
        message = make_message(chat, text, **fields)
        mask(agent, chat, message, text[-4:])
    ticket = make_ticket(service, body="1234 5678")
    chat_inquiries.replace_chat(chat, ticket)
    assert Ticket.objects.get().body == "**** 5678"


@pytest.fixture
def captured():
    @contextmanager
    def capture():
        with CaptureQueriesContext(connection) as queries:
            yield queries

    return capture


# The list of tickets


@pytest.mark.parametrize("words", ["Minsu", "Kim", "Kim Minsu"])
def test_the_search_does_not_find_what_is_masked(agent, chat, words):
    message = make_message(chat, f"I am {NAME}")
    lifecycle.create_from_chat(agent, chat, subject=f"Call {NAME}", body=f"{NAME} called")
    assert found(agent, words) == 1
    mask(agent, chat, message, NAME)
    assert found(agent, words) == 0
    assert found(agent, "called") == 1


def found(agent, words: str) -> int:
    return listing.narrow(access.tickets_for(agent), agent, listing.Filters(text=words)).tickets.count()
