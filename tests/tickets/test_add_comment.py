"""What the service's rules find in a comment is masked before it is saved, and so is what is masked in the chat."""

import uuid
from functools import partial

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from agents.models import Contract
from chat.conversation.message_masks import lift, mask_selection
from chat.masking.models import DataKey, MaskingRules, OwnPattern
from chat.masking.selections import Selection
from chat.models import Message
from tests.agents.race import at_once
from tests.chat.secrets import columns_with
from tests.make import make_chat, make_message, make_ticket
from tests.tickets.masked import body_of, mask_text, original_of, spans_of
from tickets.lifecycle import add_comment
from tickets.models import Comment, CommentMask, Ticket

pytestmark = pytest.mark.django_db

CARD = "4111 1111 1111 1111"
NAME = "Kim Minsu"


@pytest.fixture
def ticket(service, customer) -> Ticket:
    return make_ticket(service, requester=customer)


@pytest.fixture
def of_chat(service, agent, customer) -> Ticket:
    chat = make_chat(service, agent=agent, customer=customer)
    return make_ticket(service, chat=chat, requester=customer)


def mask_in_chat(agent, ticket: Ticket, text: str) -> Message:
    message = make_message(ticket.chat, f"I am {text}")
    ticket.chat.refresh_from_db()
    selection = Selection(text_id=message.seq, rev=message.rev, start=5, end=5 + len(text))
    mask_selection(agent, ticket.chat_id, [selection])
    return message


def test_a_card_number_is_never_stored_and_its_original_is_kept(ticket, agent) -> None:
    comment = add_comment(agent, ticket, f"Card {CARD}, thanks")
    assert comment.body == body_of(comment) == f"Card {'*' * len(CARD)}, thanks"
    mask = CommentMask.objects.get()
    assert (mask.kind, mask.start, mask.end, mask.masked_by) == ("card", 5, 5 + len(CARD), None)
    assert columns_with("4111") == []
    assert original_of(comment) == f"Card {CARD}, thanks"


def test_a_password_is_destroyed_at_once(ticket, agent) -> None:
    add_comment(agent, ticket, "password: hunter2secret")
    mask = CommentMask.objects.get()
    assert (mask.kind, bytes(mask.sealed)) == ("secret", b"")
    assert columns_with("hunter2secret") == []
    assert not DataKey.objects.exists()


def test_what_is_offered_stays_readable_and_is_noted(ticket, agent) -> None:
    comment = add_comment(agent, ticket, "Company 220-81-62517 pays")
    assert comment.body == "Company 220-81-62517 pays"
    assert Comment.objects.get().offers == [[0, 8, 20, "brn"]]


def test_the_service_s_own_words_count(service, ticket, agent) -> None:
    OwnPattern.objects.create(service=service, form="word", source="Bluebird", action="mask")
    MaskingRules.objects.create(service=service)
    assert add_comment(agent, ticket, "Project Bluebird").body == "Project ********"


def test_several_in_one_comment_each_open(ticket, agent) -> None:
    text = f"{CARD} and 900101-1234567, 😀 then {CARD}"
    comment = add_comment(agent, ticket, text)
    assert len(spans_of(comment)) == 3
    assert original_of(comment) == text


def test_without_security_service_a_comment_stays_as_it_is(ticket, agent) -> None:
    Contract.objects.update(security_service=False)
    agent.service.contract.refresh_from_db()
    assert add_comment(agent, ticket, f"Card {CARD}, 220-81-62517").body == f"Card {CARD}, 220-81-62517"
    assert not CommentMask.objects.exists()


def test_a_comment_that_is_sent_twice_is_masked_once(ticket, agent) -> None:
    request_id = uuid.uuid4()
    first, second = (add_comment(agent, ticket, CARD, request_id=request_id) for _ in range(2))
    assert first == second
    assert CommentMask.objects.count() == 1


def test_queries_do_not_grow_with_what_is_masked(ticket, agent) -> None:
    def queries(cards: int) -> int:
        with CaptureQueriesContext(connection) as captured:
            add_comment(agent, ticket, f"{CARD}; " * cards)
        return len(captured)

    queries(1)  # makes the ticket's key
    assert queries(1) == queries(20)


def test_a_process_of_the_release_before_still_writes_comments(ticket, agent) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO tickets_comment (ticket_id, name, body, created_at) VALUES (%s, 'Mina', 'Kim Minsu', now())",
            [ticket.pk],
        )
    mask = mask_text(agent, Comment.objects.get(), "Minsu")
    assert (mask.comment.rev, mask.comment.body) == (2, "Kim *****")


# What is masked in the ticket's chat


def test_what_an_agent_writes_is_not_compared_with_what_is_masked_in_the_chat(of_chat, agent) -> None:
    mask_in_chat(agent, of_chat, NAME)
    comment = add_comment(agent, of_chat, "Ask Kim Minsu, card 4111 1111 1111 1111, 220-81-62517")
    assert body_of(comment) == "Ask Kim Minsu, card *******************, 220-81-62517"
    assert [offer[1:3] for offer in comment.offers] == [[41, 53]]


def test_half_of_what_the_rules_find_does_not_hide_the_other_half_from_them(of_chat, agent) -> None:
    mask_in_chat(agent, of_chat, "1111 1111")
    comment = add_comment(agent, of_chat, f"Card {CARD}")
    assert body_of(comment) == f"Card {'*' * len(CARD)}"
    assert original_of(comment) == f"Card {CARD}"


def test_what_was_taken_off_in_the_chat_may_be_said_again(of_chat, agent) -> None:
    message = mask_in_chat(agent, of_chat, NAME)
    lift(agent, message.masks.get().pk, address=None)
    assert add_comment(agent, of_chat, f"Ask {NAME}").body == f"Ask {NAME}"


def test_a_ticket_without_the_chat_may_say_it(service, of_chat, ticket, agent) -> None:
    mask_in_chat(agent, of_chat, NAME)
    assert add_comment(agent, ticket, f"Ask {NAME}").body == f"Ask {NAME}"


def test_queries_do_not_grow_with_what_is_masked_in_the_chat(of_chat, agent) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            add_comment(agent, of_chat, "Once more")
        return len(captured)

    mask_in_chat(agent, of_chat, NAME)
    few = queries()
    for number in range(10):
        mask_in_chat(agent, of_chat, f"{NAME} {number}")
    assert queries() == few


@pytest.mark.django_db(transaction=True)
def test_at_the_same_moment_as_the_mask_in_the_chat_what_came_before_is_hidden(of_chat, agent, colleague) -> None:
    """The ticket's lock orders them: a comment is there when copies are hidden, or it is written afterwards."""
    message = make_message(of_chat.chat, f"I am {NAME}")
    selection = Selection(text_id=message.seq, rev=message.rev, start=5, end=5 + len(NAME))
    add_comment(agent, of_chat, f"Ask {NAME}")
    writes = [partial(add_comment, by, of_chat, f"Ask {NAME}") for by in (agent, colleague) * 3]
    results = at_once(partial(mask_selection, agent, of_chat.chat_id, [selection]), *writes)
    assert not [result for result in results if isinstance(result, Exception)]
    hidden, readable = f"Ask {'*' * len(NAME)}", f"Ask {NAME}"
    bodies = [comment.body for comment in Comment.objects.order_by("pk")]
    assert bodies == [hidden] * bodies.count(hidden) + [readable] * bodies.count(readable)
    assert bodies[0] == hidden
