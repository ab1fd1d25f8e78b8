"""Originals of what is masked in comments: a key for each ticket, rotated, destroyed, and of no use anywhere else."""

from datetime import timedelta

import pytest
from django.utils import timezone

from agents.models import AuditEntry, Contract
from chat.conversation.message_masks import holder_of
from chat.masking import destroying, vault
from chat.masking.models import DataKey
from contiple.base import crypto
from helpcenter.models import Customer
from tests.chat.originals import seal_in
from tests.make import make_chat, make_customer, make_ticket
from tests.tickets.masked import original_of
from tickets.lifecycle import add_comment
from tickets.masking.comment_masks import Comments
from tickets.masking.comment_masks import holder_of as holder_of_ticket
from tickets.models import Comment, CommentMask, Ticket

pytestmark = pytest.mark.django_db

CARD = "4111 1111 1111 1111"


@pytest.fixture
def ticket(service, customer) -> Ticket:
    return make_ticket(service, requester=customer)


@pytest.fixture
def comment(agent, ticket) -> Comment:
    return add_comment(agent, ticket, CARD)


def is_open(comment: Comment) -> bool:
    try:
        return original_of(comment) == CARD
    except (vault.Gone, vault.Locked):
        return False


# Whose key it is


def test_a_ticket_has_one_key_that_says_whose_it_is(service, agent, customer) -> None:
    chat = make_chat(service, agent=agent, customer=customer)
    ticket = make_ticket(service, chat=chat, requester=customer)
    for _ in range(2):
        add_comment(agent, ticket, CARD)
    key = DataKey.objects.get()
    assert (key.kind, key.number, key.service, key.customer) == ("ticket", ticket.pk, service, customer)


def test_a_chat_and_its_ticket_have_keys_of_their_own(service, agent) -> None:
    chat = make_chat(service, agent=agent)
    seal_in(chat, 1, (0, 5), "chat's")
    comment = add_comment(agent, make_ticket(service, chat=chat), CARD)
    assert DataKey.objects.count() == 2
    DataKey.objects.filter(kind="chat").delete()
    assert is_open(comment)


# It opens where it was sealed and nowhere else


def test_a_row_moved_to_another_comment_does_not_open(agent, ticket, comment) -> None:
    other = add_comment(agent, ticket, "*" * len(CARD))
    CommentMask.objects.update(comment=other)
    assert not is_open(other)


def test_a_row_moved_to_another_ticket_does_not_open_even_with_the_key(service, ticket, comment) -> None:
    other = make_ticket(service)
    Comment.objects.update(ticket=other)
    assert not is_open(comment)
    DataKey.objects.update(number=other.pk)
    assert not is_open(comment)


@pytest.mark.parametrize("span", [{"start": 1}, {"end": 12}])
def test_a_row_moved_to_another_span_does_not_open(comment, span) -> None:
    CommentMask.objects.update(**span)
    assert not is_open(comment)


def test_a_ticket_moved_to_another_service_does_not_open(outsider, comment) -> None:
    Ticket.objects.update(service=outsider.service)
    assert not is_open(comment)


@pytest.mark.parametrize("length", [0, 1, 27, -1])
def test_a_cut_ciphertext_does_not_open(comment, length) -> None:
    mask = CommentMask.objects.get()
    CommentMask.objects.update(sealed=bytes(mask.sealed)[:length])
    assert not is_open(comment)


def test_an_original_of_the_chat_put_into_its_ticket_does_not_open(service, agent) -> None:
    chat = make_chat(service, agent=agent)
    comment = add_comment(agent, make_ticket(service, chat=chat), CARD)
    CommentMask.objects.update(sealed=seal_in(chat, comment.pk, (0, len(CARD)), CARD))
    assert not is_open(comment)


# Rotation


def test_keys_of_tickets_are_rotated_with_those_of_chats(settings, service, agent) -> None:
    ((old, key),) = settings.MASKING_KEYS.items()
    comments = [add_comment(agent, make_ticket(service), CARD) for _ in range(3)]
    seal_in(make_chat(service), 1, (0, 5), "chat's")
    new = {"new": crypto.new_key()}
    settings.MASKING_KEYS = {**new, old: key}
    assert vault.rotate_keys() == (4, 0, 0)
    settings.MASKING_KEYS = new
    assert all(is_open(comment) for comment in comments)


def test_without_its_master_key_an_original_is_locked(settings, comment) -> None:
    settings.MASKING_KEYS = {"new": crypto.new_key()}
    with pytest.raises(vault.Locked):
        original_of(comment)


# Destroying


def test_destroying_of_a_chat_takes_the_comments_of_its_ticket_and_no_other(service, agent, admin, comment) -> None:
    chat = make_chat(service, agent=agent)
    of_chat = add_comment(agent, make_ticket(service, chat=chat), CARD)
    destroying.destroy_of(admin, holder_of(chat))
    assert (is_open(of_chat), is_open(comment)) == (False, True)
    assert of_chat.body == "*" * len(CARD)


def test_destroying_of_a_customer_takes_all_of_the_customer_s_tickets_and_nobody_else_s(
    service, agent, admin, customer, comment
) -> None:
    hana = make_customer(service, "Hana", email="hana@example.com")
    other = add_comment(agent, make_ticket(service, requester=hana), CARD)
    Customer.objects.filter(pk=customer.pk).update(token_hash="a")
    customer.refresh_from_db()
    destroying.destroy_of_customer(admin, customer, holder_of_ticket(comment.ticket))
    assert (is_open(comment), is_open(other)) == (False, True)
    assert AuditEntry.objects.get(action="customer.originals_destroyed").details["keys"] == 1


def test_what_is_masked_afterwards_has_a_key_of_its_own(agent, admin, customer, ticket, comment) -> None:
    destroying.destroy_of_customer(admin, customer, holder_of_ticket(ticket))
    later = add_comment(agent, ticket, CARD)
    assert (is_open(comment), is_open(later)) == (False, True)


def test_the_contract_s_days_count_from_the_last_mask_in_the_ticket(service, agent, ticket, comment) -> None:
    Contract.objects.update(originals_kept_days=30)
    sealed = DataKey.objects.get().used_at
    assert destroying.destroy_expired(sealed + timedelta(days=29)) == 0
    DataKey.objects.update(used_at=sealed - timedelta(days=20))
    add_comment(agent, ticket, CARD)  # the key is used again
    assert destroying.destroy_expired(timezone.now() + timedelta(days=29)) == 0
    assert is_open(comment)

    assert destroying.destroy_expired(timezone.now() + timedelta(days=31)) == 1
    assert not is_open(comment)
    entry = AuditEntry.objects.get(action="ticket.originals_destroyed")
    assert (entry.subject, entry.details["reason"]) == (ticket.audit_subject, "retention")


def test_another_service_s_days_are_not_ours(outsider, comment) -> None:
    Contract.objects.filter(service=outsider.service).update(originals_kept_days=1)
    assert destroying.destroy_expired(timezone.now() + timedelta(days=400)) == 0
    assert is_open(comment)


def test_what_is_kept_says_who_holds_it(comment, ticket) -> None:
    mask = CommentMask.objects.get()
    hidden = Comments.around(mask).hidden_by(mask)
    assert hidden.holder == (ticket.service_id, "ticket", ticket.pk)
    assert hidden.holder.customer == ticket.requester_id
    assert hidden.spot == f"{comment.pk}:0:{len(CARD)}"
