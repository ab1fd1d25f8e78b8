"""A wrong mask taken off for good: the text is as it was, for everybody; who may do it, and that it is on record."""

from functools import partial

import pytest
from django.urls import reverse

from agents.models import Agent, AuditEntry, Contract
from chat.conversation import entries, live
from chat.conversation.message_masks import lift, mask_selection, reveal
from chat.conversation.messages import send_as_customer
from chat.masking.looks import OriginalGone
from chat.masking.models import DataKey
from chat.masking.selections import Selection
from chat.models import Chat, Mask, Message
from tests.agents.race import at_once
from tests.chat.comings import new_id
from tests.make import make_chat, make_message

pytestmark = pytest.mark.django_db

TEXT = "Call 010-1234-5678 or 👨‍👩‍👧 각, card 4111 1111 1111 1111"


@pytest.fixture
def chat(service, agent) -> Chat:
    return make_chat(service, agent=agent)


@pytest.fixture
def message(chat, agent) -> Message:
    """With a mask by hand (the phone number) and one that was found (the card)."""
    message = send_as_customer(chat, body=TEXT, client_id=new_id())
    mask_selection(agent, chat.pk, [Selection(text_id=message.seq, rev=message.rev, start=5, end=18)])
    message.refresh_from_db()
    return message


def mask_of(message: Message, kind: str) -> Mask:
    return message.masks.get(kind=kind)


def url(mask: Mask, service: str = "demo") -> str:
    return reverse("chat:lift", args=[service, mask.pk])


def test_the_text_stands_there_again_and_other_masks_stay(message, agent) -> None:
    lift(agent, mask_of(message, "manual").pk, address=None)
    message.refresh_from_db()
    assert message.body == TEXT[:-19] + "*" * 19
    assert [mask.kind for mask in message.masks.all()] == ["card"]
    assert reveal(agent, mask_of(message, "card").pk, address=None) == TEXT[-19:]


def test_all_masks_off_is_the_text_as_it_was_written(message, agent) -> None:
    for mask in message.masks.all():
        lift(agent, mask.pk, address=None)
    message.refresh_from_db()
    assert message.body == TEXT


def test_everybody_is_told_by_a_new_revision(chat, message, agent, told, django_capture_on_commit_callbacks) -> None:
    before = entries.changes_since(chat.pk, 0)
    with django_capture_on_commit_callbacks(execute=True):
        lift(agent, mask_of(message, "card").pk, address=None)
    changed = [it for topic, it in told if topic == live.chat_topic(chat.pk) and isinstance(it, live.Changed)]
    assert [it.entry for it in changed] == entries.changes_since(chat.pk, before[-1].rev)
    assert changed[0].entry.body.endswith("4111 1111 1111 1111")


def test_the_lists_last_line_follows(chat, message, agent) -> None:
    lift(agent, mask_of(message, "manual").pk, address=None)
    chat.refresh_from_db()
    assert chat.last_line.startswith("Call 010-1234-5678")


def test_it_is_on_record_without_the_text(message, agent) -> None:
    AuditEntry.objects.all().delete()
    lift(agent, mask_of(message, "card").pk, address="192.0.2.7")
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.agent, entry.subject, entry.address) == (
        "chat.lifted",
        agent,
        message.chat.subject,
        "192.0.2.7",
    )
    assert entry.details == {"kind": "card", "seq": message.seq, "customer": message.chat.customer_id}


@pytest.mark.parametrize("why", ["permission", "security service"])
def test_who_may_not_unmask_takes_none_off(message, agent, sign_in, why) -> None:
    if why == "permission":
        Agent.objects.filter(pk=agent.pk).update(unmask_permission=False)
    else:
        Contract.objects.update(security_service=False)
    answer = sign_in(agent).post(url(mask_of(message, "card")))
    assert answer.status_code == 403
    assert message.masks.count() == 2
    assert AuditEntry.objects.get(action="chat.reveal_refused").agent == agent


def test_what_is_destroyed_can_t_come_back(message, agent) -> None:
    DataKey.objects.all().delete()
    with pytest.raises(OriginalGone):
        lift(agent, mask_of(message, "card").pk, address=None)
    message.refresh_from_db()
    assert message.body.endswith("*" * 19)
    assert message.masks.count() == 2


def test_an_original_that_does_not_open_leaves_everything_as_it_is(message, agent) -> None:
    Mask.objects.update(sealed=b"x" * 60)
    with pytest.raises(OriginalGone):
        lift(agent, mask_of(message, "card").pk, address=None)
    assert message.masks.count() == 2
    assert not AuditEntry.objects.filter(action="chat.lifted").exists()


def test_what_was_taken_off_is_masked_again_by_hand(chat, message, agent) -> None:
    lift(agent, mask_of(message, "card").pk, address=None)
    message.refresh_from_db()
    start = len(message.body.encode("utf-16-le")) // 2 - 19
    selection = Selection(text_id=message.seq, rev=message.rev, start=start, end=start + 19)
    assert mask_selection(agent, chat.pk, [selection]) == 1
    message.refresh_from_db()
    assert message.body.endswith("*" * 19)


def test_in_a_closed_chat_too(message, chat, agent) -> None:
    Chat.objects.update(state=Chat.State.CLOSED, closed_at=chat.created_at)
    lift(agent, mask_of(message, "card").pk, address=None)
    assert message.masks.count() == 1


def test_the_page_answers_with_nothing(message, agent, sign_in) -> None:
    browser = sign_in(agent)
    assert browser.get(url(mask_of(message, "card"))).status_code == 405
    answer = browser.post(url(mask_of(message, "card")))
    assert (answer.status_code, answer.content) == (204, b"")


def test_a_mask_that_is_off_already_is_not_found(message, agent, sign_in) -> None:
    address = url(mask_of(message, "card"))
    browser = sign_in(agent)
    assert browser.post(address).status_code == 204
    assert browser.post(address).status_code == 404


def test_the_outsider_takes_nothing_off(message, outsider, sign_in) -> None:
    browser = sign_in(outsider)
    assert browser.post(url(mask_of(message, "card"))).status_code == 404
    assert browser.post(url(mask_of(message, "card"), "other")).status_code == 404
    assert message.masks.count() == 2


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_one_takes_it_off(service, agent, colleague) -> None:
    chat = make_chat(service, agent=agent)
    message = make_message(chat, "010-1234-5678 is mine")
    mask_selection(agent, chat.pk, [Selection(text_id=1, rev=1, start=0, end=13)])
    mask = message.masks.get()

    outcomes = at_once(*(partial(lift, who, mask.pk, address=None) for who in (agent, colleague)))

    assert sorted(type(it).__name__ for it in outcomes) == ["Http404", "NoneType"]
    message.refresh_from_db()
    assert message.body == "010-1234-5678 is mine"
