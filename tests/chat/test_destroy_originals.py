"""Originals destroyed for good: by an admin for a chat or a customer, and by the clock as the contract says."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from agents.models import Agent, AuditEntry, Contract
from chat import worker
from chat.conversation.message_masks import holder_of, mask_selection, reveal
from chat.masking import vault
from chat.masking.destroying import claimed_by, destroy_expired, destroy_of, destroy_of_customer
from chat.masking.holders import Holder
from chat.masking.looks import OriginalGone
from chat.masking.models import DataKey
from chat.masking.selections import Selection
from chat.models import Chat, Mask, Message
from contiple.base.clock import database_now
from contiple.base.errors import Closed
from tests.make import make_chat, make_customer, make_message, make_ticket

pytestmark = pytest.mark.django_db

SECRET = "010-1234-5678"


def masked_chat(agent: Agent, **fields) -> Chat:
    chat = make_chat(agent.service, agent=agent, **fields)
    make_message(chat, f"Call {SECRET}!")
    mask_selection(agent, chat.pk, [Selection(text_id=1, rev=1, start=5, end=18)])
    return chat


def is_gone(agent: Agent, chat: Chat) -> bool:
    try:
        return reveal(agent, Mask.objects.get(message__chat=chat).pk, address=None) != SECRET
    except OriginalGone:
        return True


def close(chat: Chat, *, days_ago: float) -> None:
    closed_at = database_now() - timedelta(days=days_ago)
    Chat.objects.filter(pk=chat.pk).update(state=Chat.State.CLOSED, closed_at=closed_at)


def ticket_key(service, number: int | None = None, *, customer=None) -> DataKey:
    """As a masked comment makes one, in a ticket of the customer's or in that one."""
    number = number or make_ticket(service, requester=customer).pk
    vault.seal_all(Holder(service.pk, "ticket", number), [("1:0:4", "text")])
    return DataKey.objects.get(kind="ticket", number=number)


# By an admin


def test_of_one_chat_and_of_no_other(admin, agent) -> None:
    chat, other = masked_chat(agent), masked_chat(agent)
    destroy_of(admin, holder_of(chat))
    assert is_gone(agent, chat)
    assert not is_gone(agent, other)


def test_the_asterisks_stay_and_the_look_says_why(admin, agent, sign_in) -> None:
    chat = masked_chat(agent)
    destroy_of(admin, holder_of(chat))
    assert Message.objects.get(chat=chat).body == f"Call {'*' * 13}!"
    answer = sign_in(agent).post(reverse("chat:reveal", args=["demo", Mask.objects.get().pk]))
    assert answer.status_code == 410


def test_of_a_chat_with_the_comments_of_its_ticket(service, admin, agent) -> None:
    chat = masked_chat(agent)
    ticket = make_ticket(service, chat=chat)
    key, other = ticket_key(service, ticket.pk), ticket_key(service, ticket.pk + 1)
    destroy_of(admin, holder_of(chat))
    assert not DataKey.objects.filter(pk=key.pk).exists()
    assert DataKey.objects.filter(pk=other.pk).exists()


def test_of_one_person_everywhere(service, admin, agent) -> None:
    customer = make_customer(service, token_hash="a")
    chats = [masked_chat(agent, customer=customer)]
    close(chats[0], days_ago=0)
    chats += [masked_chat(agent, customer=customer)]
    ticket_key(service, customer=customer)
    other = masked_chat(agent, customer=make_customer(service, "Hana", email="hana@example.com"))

    destroy_of_customer(admin, customer, holder_of(chats[0]))

    assert all(is_gone(agent, chat) for chat in chats)
    assert not is_gone(agent, other)
    assert not DataKey.objects.filter(kind="ticket").exists()


def test_a_stranger_s_claim_of_the_address_takes_nothing(service, admin, agent) -> None:
    """Anybody can write any address into a form: H7."""
    owner = masked_chat(agent, customer=make_customer(service, "Hana", token_hash="a"))
    inquiry = ticket_key(service, customer=make_customer(service, "Hana"))
    stranger = masked_chat(agent, customer=make_customer(service, "Hana", token_hash="b"))

    destroy_of_customer(admin, stranger.customer, holder_of(stranger))

    assert is_gone(agent, stranger)
    assert not is_gone(agent, owner)
    assert DataKey.objects.filter(pk=inquiry.pk).exists()


def test_an_inquiry_proves_nothing_about_another_one_of_the_same_name_and_address(service, admin) -> None:
    customer = make_customer(service)  # Contact Us finds the row again, whoever writes
    first, second = ticket_key(service, customer=customer), ticket_key(service, customer=customer)
    destroy_of_customer(admin, customer, Holder(service.pk, "ticket", first.number))
    assert list(DataKey.objects.all()) == [second]


def test_what_else_bears_the_address_is_offered_and_taken_one_by_one(service, admin, agent, outsider) -> None:
    chat = masked_chat(agent, customer=make_customer(service, "Jun", token_hash="a"))
    same = masked_chat(agent, customer=make_customer(service, "Jun P.", email="Jun@Example.com", token_hash="b"))
    left = masked_chat(agent, customer=make_customer(service, "J", token_hash="c"))
    ticket = ticket_key(service, customer=make_customer(service, "Jun"))
    others = [masked_chat(agent, customer=make_customer(service, email=email)) for email in ("", "hana@example.com")]
    theirs = masked_chat(outsider, customer=make_customer(outsider.service))

    offered = claimed_by(chat.customer, holder_of(chat))
    assert [it.holder.subject for it in offered] == [f"ticket:{ticket.number}", left.subject, same.subject]
    assert [it.customer.name for it in offered] == ["Jun", "J", "Jun P."]

    chosen = [same.subject, f"ticket:{ticket.number}", others[1].subject, theirs.subject, "nonsense"]
    destroy_of_customer(admin, chat.customer, holder_of(chat), chosen=chosen)

    assert is_gone(agent, chat)
    assert is_gone(agent, same)
    assert not DataKey.objects.filter(pk=ticket.pk).exists()
    assert not any(is_gone(agent, it) for it in (left, *others))
    assert not is_gone(outsider, theirs)
    taken = AuditEntry.objects.filter(action__endswith="originals_destroyed").values_list("subject", flat=True)
    assert set(taken) == {f"customer:{chat.customer_id}", same.subject, f"ticket:{ticket.number}"}


def test_the_page_offers_unchecked_and_takes_what_was_checked(service, admin, agent, sign_in) -> None:
    chat = masked_chat(agent, customer=make_customer(service, "Jun", token_hash="a"))
    same = masked_chat(agent, customer=make_customer(service, "Jun P.", token_hash="b"))
    browser, url = sign_in(admin), reverse("chat:destroy", args=["demo", chat.pk])
    page = browser.get(url).content.decode()
    assert f'value="{same.subject}"' in page
    assert "Jun P." in page
    assert not re.search(r"<input[^>]* checked", page)
    assert SECRET not in page
    assert browser.post(url, {"of": "customer"}).status_code == 302
    assert not is_gone(agent, same)
    assert browser.post(url, {"of": "customer", "also": same.subject}).status_code == 302
    assert is_gone(agent, same)


def test_without_an_address_a_person_is_one_row(service, admin, agent) -> None:
    chats = [masked_chat(agent, customer=make_customer(service, email="")) for _ in range(2)]
    assert claimed_by(chats[0].customer, holder_of(chats[0])) == []
    destroy_of_customer(admin, chats[0].customer, holder_of(chats[0]))
    assert [is_gone(agent, chat) for chat in chats] == [True, False]


def test_it_is_on_record(admin, agent) -> None:
    chat = masked_chat(agent)
    destroy_of(admin, holder_of(chat))
    destroy_of_customer(admin, chat.customer, holder_of(chat))
    first, second = AuditEntry.objects.filter(action__endswith="originals_destroyed").order_by("pk")
    whose = {"customer": chat.customer_id}
    assert (first.subject, first.agent, first.details) == (chat.subject, admin, {"keys": 1, **whose})
    assert (second.subject, second.details) == (f"customer:{chat.customer_id}", {"keys": 0, **whose})


def test_what_is_masked_afterwards_has_a_key_of_its_own(admin, agent) -> None:
    chat = masked_chat(agent)
    destroy_of(admin, holder_of(chat))
    make_message(Chat.objects.get(pk=chat.pk), "Or 010-9999-9999")
    message = Message.objects.latest("pk")
    mask_selection(agent, chat.pk, [Selection(text_id=message.seq, rev=message.rev, start=3, end=16)])
    assert reveal(agent, message.masks.get().pk, address=None) == "010-9999-9999"
    with pytest.raises(OriginalGone):
        reveal(agent, Mask.objects.earliest("pk").pk, address=None)


def test_who_is_no_admin_any_more_destroys_nothing(admin, agent) -> None:
    chat = masked_chat(agent)
    Agent.objects.filter(pk=admin.pk).update(role=Agent.Role.AGENT)
    with pytest.raises(Closed):
        destroy_of(admin, holder_of(chat))
    assert not is_gone(agent, chat)


# The page


def url(chat: Chat, service: str = "demo") -> str:
    return reverse("chat:destroy", args=[service, chat.pk])


@pytest.mark.parametrize("of", ["chat", "customer"])
def test_an_admin_is_asked_first(admin, agent, sign_in, of) -> None:
    chat = masked_chat(agent)
    browser = sign_in(admin)
    assert browser.get(url(chat)).status_code == 200
    assert not is_gone(agent, chat)
    assert browser.post(url(chat), {"of": of}).status_code == 302
    assert is_gone(agent, chat)
    assert AuditEntry.objects.filter(action=f"{of}.originals_destroyed", agent=admin).count() == 1


def test_a_form_that_says_nothing_destroys_nothing(admin, agent, sign_in) -> None:
    chat = masked_chat(agent)
    assert sign_in(admin).post(url(chat)).status_code == 400
    assert not is_gone(agent, chat)


def test_nobody_else_gets_there(agent, outsider, sign_in) -> None:
    chat = masked_chat(agent)
    for browser, service in ((sign_in(agent), "demo"), (sign_in(outsider), "demo"), (sign_in(outsider), "other")):
        assert browser.get(url(chat, service)).status_code == 404
        assert browser.post(url(chat, service), {"of": "chat"}).status_code == 404
    assert Client().post(url(chat), {"of": "chat"}).status_code == 302
    assert not is_gone(agent, chat)


def test_the_link_stands_in_the_history_for_admins(admin, agent, sign_in) -> None:
    chat = masked_chat(agent)
    history = reverse("chat:history", args=["demo", chat.pk])
    assert url(chat) in sign_in(admin).get(history).content.decode()
    assert url(chat) not in sign_in(agent).get(history).content.decode()


# By the clock


def keep(service, days: int | None) -> None:
    Contract.objects.filter(service=service).update(originals_kept_days=days)


def test_what_the_contract_keeps_no_longer_is_destroyed(service, agent) -> None:
    keep(service, 30)
    old, new, running = masked_chat(agent), masked_chat(agent), masked_chat(agent)
    close(old, days_ago=30.1)
    close(new, days_ago=29.9)
    Chat.objects.filter(pk=running.pk).update(created_at=database_now() - timedelta(days=90))

    assert destroy_expired() == 1

    assert is_gone(agent, old)
    assert not is_gone(agent, new)
    assert not is_gone(agent, running)
    entry = AuditEntry.objects.get(action="chat.originals_destroyed")
    assert (entry.subject, entry.agent, entry.actor) == (old.subject, None, "")
    assert entry.details == {"reason": "retention", "customer": old.customer_id}


def test_a_ticket_s_originals_go_by_the_last_mask_in_it(service) -> None:
    keep(service, 30)
    key = ticket_key(service)
    DataKey.objects.update(used_at=database_now() - timedelta(days=30.1))
    ticket_key(service, key.number)  # another mask
    assert destroy_expired() == 0
    DataKey.objects.update(used_at=database_now() - timedelta(days=30.1))
    assert destroy_expired() == 1
    assert AuditEntry.objects.get(action="ticket.originals_destroyed").subject == f"ticket:{key.number}"


def test_without_a_number_of_days_they_are_kept(service, agent) -> None:
    chat = masked_chat(agent)
    close(chat, days_ago=4000)
    assert destroy_expired() == 0
    assert not is_gone(agent, chat)


def test_each_service_has_its_own_number(service, agent, outsider) -> None:
    theirs = masked_chat(outsider)
    ours = masked_chat(agent)
    for chat in (theirs, ours):
        close(chat, days_ago=10)
    keep(service, 5)
    destroy_expired()
    assert is_gone(agent, ours)
    assert not is_gone(outsider, theirs)


@pytest.mark.django_db(transaction=True)
def test_the_worker_does_it(service, agent) -> None:
    keep(service, 1)
    chat = masked_chat(agent)
    close(chat, days_ago=2)
    worker.tick(0)
    assert is_gone(agent, chat)
