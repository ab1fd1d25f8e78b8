"""A customer answers by mail to a mail with unread chat messages: the answer comes to the chat's ticket."""

from datetime import timedelta

import pytest
from django.utils import timezone

from agents.models import OutgoingMail, ServiceMailbox
from chat.block import Block
from chat.conversation import message_masks
from chat.conversation.entries import latest_page
from chat.conversation.rendering import message_html
from chat.lifecycle import customer_mails
from chat.lifecycle.transitions import close_chat
from chat.masking import selections
from chat.models import Chat, ChatMail
from tests.make import make_agent, make_chat, make_customer, make_message, make_service
from tests.tickets.mail.corpus import mail
from tests.tickets.outgoing import made
from tickets.lifecycle import create_from_chat
from tickets.mail import limits
from tickets.mail.incoming import receive
from tickets.mail.models import ReceivedMail
from tickets.models import Ticket

pytestmark = pytest.mark.django_db
Reason = ReceivedMail.Reason


@pytest.fixture
def chat(service, agent) -> Chat:
    """Jun's, with Mina, whose last words were mailed."""
    ServiceMailbox.objects.create(service=service, address="help@shop.example")
    chat = make_chat(service, agent=agent, customer=make_customer(service))
    make_message(chat, "Where is my parcel?")
    mail_words(chat)
    return chat


def mail_words(chat: Chat, words: str = "Ask for Rosebud at the counter.") -> None:
    message = make_message(chat, words, author="agent", name="Mina")
    customer_mails.post(chat, up_to=message.seq)
    OutgoingMail.objects.update(state=OutgoingMail.State.SENT)


def answer(chat: Chat, body: str = "The blue one.", *, to: str = "help@shop.example", **headers) -> ReceivedMail:
    headers = {"In_Reply_To": ChatMail.objects.filter(chat=chat).last().message_id, "To": to} | headers
    raw = mail(body, **headers)
    [row] = receive(raw, size=len(raw), now=timezone.now())
    return row


def told(chat: Chat, *, notes: bool = True) -> list[str]:
    entries = latest_page(Chat.objects.get(pk=chat.pk), notes=notes)
    return [message_html(entry, "en") for entry in entries if entry.event == "answered_by_mail"]


@pytest.mark.parametrize("is_over", [False, True])
def test_it_becomes_the_chats_ticket(chat, is_over) -> None:
    if is_over:
        close_chat(chat.pk, by=Chat.ClosedBy.AGENT)
    ticket = answer(chat).ticket
    assert (ticket.chat, ticket.requester, ticket.channel) == (chat, chat.customer, Ticket.Channel.MAIL)
    assert (ticket.subject, ticket.body) == ("Where is my parcel?", "The blue one.")
    assert [tag.name for tag in ticket.tags.all()] == ["Chat"]
    assert (ticket.policy, ticket.consented_at) == (chat.policy, chat.consented_at)
    assert ticket.mails.get(direction="in").is_from_requester


def test_it_comes_to_the_ticket_that_the_chat_has(chat, agent) -> None:
    ticket = create_from_chat(agent, chat)
    Ticket.objects.filter(pk=ticket.pk).update(state=Ticket.State.PENDING)
    row = answer(chat)
    ticket.refresh_from_db()
    assert (row.ticket, row.comment.body, row.comment.kind) == (ticket, "The blue one.", "customer")
    assert (ticket.state, ticket.has_answer) == (Ticket.State.PROCESSING, True)


def test_the_agent_in_the_chat_is_told_where_each_answer_is_and_the_customer_is_not(chat) -> None:
    ticket = answer(chat).ticket
    answer(chat, "And soon.", Message_ID="<m2@example.com>")
    lines = told(chat)
    assert len(lines) == 2
    assert f"An answer by e-mail is in #{ticket.number}." in lines[0]
    assert told(chat, notes=False) == []
    assert Chat.objects.get(pk=chat.pk).state == Chat.State.ACTIVE


def test_later_answers_come_to_the_same_ticket(chat) -> None:
    first = answer(chat)
    again = answer(chat, "Soon?", Message_ID="<m2@example.com>")
    after = answer(chat, "Today?", Message_ID="<m3@example.com>", In_Reply_To="<m2@example.com>")
    mail_words(chat, "It left.")
    to_the_next = answer(chat, "Thanks.", Message_ID="<m4@example.com>")
    assert {row.ticket for row in (first, again, after, to_the_next)} == {first.ticket}
    assert Ticket.objects.count() == 1


def test_the_number_goes_to_the_customer_in_the_thread_without_words_that_were_typed(chat) -> None:
    answer(chat, From="Eve <eve@example.com>")
    sent = OutgoingMail.objects.get(kind="inquiry")
    shown = made(sent)
    assert sent.to == [chat.customer.email]
    assert shown.references == [ChatMail.objects.get().message_id, "<m1@example.com>"]
    assert "parcel" not in shown.subject


def test_another_sender_is_shown_as_such_and_gets_nothing(chat, sign_in, agent) -> None:
    ticket = answer(chat, From="Eve <eve@example.com>").ticket
    assert ticket.requester == chat.customer
    assert not ticket.mails.get(direction="in").is_from_requester
    page = sign_in(agent).get(f"/desk/demo/tickets/{ticket.number}/").text
    assert "From another address: eve@example.com" in page


def test_the_customer_is_sent_few_numbers_whoever_the_mails_name(chat, agent, monkeypatch) -> None:
    monkeypatch.setattr(limits, "CONFIRMATION_BY_SENDER", limits.Limit("mail confirmation", 1, timedelta(hours=1)))
    answer(chat, From="eve@example.com")
    close_chat(chat.pk, by=Chat.ClosedBy.AGENT)
    again = make_chat(chat.service, agent=agent, customer=chat.customer)
    mail_words(again)
    assert answer(again, From="mallory@example.com", Message_ID="<m2@example.com>").ticket.chat == again
    assert OutgoingMail.objects.filter(kind="inquiry").count() == 1


@pytest.mark.parametrize("message_id", ["<guessed@desk.example.com>", "1", ""])
def test_a_guessed_id_leads_to_no_chat(chat, message_id) -> None:
    assert answer(chat, In_Reply_To=message_id).ticket.chat is None


def test_another_services_chat_is_not_found(chat) -> None:
    ServiceMailbox.objects.create(service=make_service("other"), address="other@shop.example")
    row = answer(chat, to="other@shop.example")
    assert (row.ticket.chat, row.ticket.service.slug) == (None, "other")
    assert told(chat) == []


def test_nothing_of_a_blocked_customers_mail_is_filed(chat) -> None:
    Block.objects.create(service=chat.service, customer=chat.customer)
    assert answer(chat, From="Eve <eve@example.com>").reason == Reason.BLOCKED
    assert not Ticket.objects.exists()


def test_an_automatic_answer_makes_nothing(chat) -> None:
    assert answer(chat, Auto_Submitted="auto-replied").reason == Reason.AUTOMATIC
    assert told(chat) == []


def test_a_quote_of_what_was_masked_in_the_chat_meanwhile_is_masked(chat, agent) -> None:
    message = chat.messages.filter(author="agent").last()
    start = message.body.index("Rosebud")
    selection = selections.Selection(message.seq, message.rev, start, start + 7)
    message_masks.mask_selection(agent, chat.pk, [selection])
    row = answer(chat, "Yes.\n\nOn Friday Demo wrote:\n> Ask for Rosebud at the counter.")
    assert "Rosebud" not in row.folded
    assert "Ask for *" in row.folded


def test_what_is_masked_in_the_chat_later_is_masked_in_the_ticket(chat, agent) -> None:
    ticket = answer(chat, "For Rosebud, please.").ticket
    message = chat.messages.filter(author="agent").last()
    start = message.body.index("Rosebud")
    message_masks.mask_selection(agent, chat.pk, [selections.Selection(message.seq, message.rev, start, start + 7)])
    ticket.refresh_from_db()
    assert "Rosebud" not in ticket.body


def test_the_answer_of_a_merged_chats_customer_goes_to_the_kept_ticket(chat, agent) -> None:
    from tickets.triage.merging import merge

    first = answer(chat).ticket
    kept = Ticket.objects.create(
        service=chat.service, number=99, subject="Other", channel="mail", requester=chat.customer,
        assignee=make_agent(chat.service, "Theo"), state="processing",
    )  # fmt: skip
    merge(agent, first, kept)
    assert answer(chat, "More.", Message_ID="<m2@example.com>").ticket == kept
