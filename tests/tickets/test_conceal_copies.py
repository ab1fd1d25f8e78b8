"""What is masked in a chat by hand is masked in its ticket."""

import pytest

from chat import masking
from tests.make import make_chat, make_message
from tickets import lifecycle
from tickets.models import Comment, Ticket


@pytest.fixture
def chat(agent, customer):
    return make_chat(agent.service, customer=customer, agent=agent)


def mask(agent, chat, message, secret):
    start = message.body.index(secret)
    selection = masking.Selection(seq=message.seq, rev=message.rev, start=start, end=start + len(secret))
    masking.mask_selection(agent, chat.pk, [selection])


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


def test_other_tickets_and_single_characters_are_left_alone(agent, chat, customer):
    message = make_message(chat, "Room 7 at Kim Minsu")
    ticket = lifecycle.create_from_chat(agent, chat, subject="7 o'clock", body="7")
    other = make_chat(agent.service, agent=agent)
    untouched = lifecycle.create_from_chat(agent, other, subject="Kim Minsu", body="")
    mask(agent, chat, message, "7")
    mask(agent, chat, chat.messages.get(), "Kim Minsu")
    assert Ticket.objects.get(pk=ticket.pk).subject == "7 o'clock"
    assert Ticket.objects.get(pk=untouched.pk).subject == "Kim Minsu"


def test_a_form_that_is_older_than_the_mask_brings_nothing_back(agent, chat):
    message = make_message(chat, "I am Kim Minsu")
    mask(agent, chat, message, "Kim Minsu")
    ticket = lifecycle.create_from_chat(agent, chat, subject="I am Kim Minsu")
    assert Ticket.objects.get(pk=ticket.pk).subject == "I am *********"
