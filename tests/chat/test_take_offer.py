"""What looks personal and is left readable: stored as an offer, and masked by an agent's click."""

import uuid

import pytest

from agents.models import Agent, Contract
from chat.conversation import entries
from chat.conversation.message_masks import mask_selection
from chat.conversation.messages import send_as_customer
from chat.masking.models import MaskingRules
from chat.masking.selections import Selection
from chat.models import Chat, Message
from tests.chat.originals import original_under
from tests.make import make_chat

pytestmark = pytest.mark.django_db


@pytest.fixture
def chat(service, agent) -> Chat:
    return make_chat(service, agent=agent)


def offered(chat: Chat, body: str = "사업자 123-45-67891 입니다, Kim") -> Message:
    return send_as_customer(chat, body=body, client_id=uuid.uuid4())


def take(agent: Agent, message: Message, start: int, end: int) -> Message:
    mask_selection(agent, message.chat_id, [Selection(text_id=message.seq, rev=message.rev, start=start, end=end)])
    message.refresh_from_db()
    return message


def test_an_offer_that_is_taken_is_a_mask_of_its_kind(chat, agent) -> None:
    message = take(agent, offered(chat), 4, 16)
    assert message.body == "사업자 ************ 입니다, Kim"
    assert message.offers is None
    assert [(it.kind, it.masked_by) for it in message.masks.all()] == [("brn", agent)]
    assert original_under(message.masks.select_related("message__chat").get()) == "123-45-67891"


def test_a_mask_elsewhere_leaves_the_offer(chat, agent) -> None:
    message = take(agent, offered(chat), 22, 25)
    assert message.offers == [[0, 4, 16, "brn"]]
    assert message.masks.get().kind == "manual"


def test_a_mask_that_touches_an_offer_ends_it(chat, agent) -> None:
    message = take(agent, offered(chat), 0, 8)
    assert message.offers is None
    assert message.masks.get().kind == "manual"


def test_who_reads_later_sees_the_offer_too(chat, agent) -> None:
    message = offered(chat)
    assert entries.changes_since(chat.pk, 0)[-1].offers == (entries.ShownSpan(0, 4, 16, "brn"),)
    take(agent, message, 22, 25)
    assert entries.changes_since(chat.pk, 0)[-1].offers == (entries.ShownSpan(0, 4, 16, "brn"),)


def test_what_is_destroyed_at_once_is_not_kept_when_an_offer_of_it_is_taken(chat, service, agent) -> None:
    MaskingRules.objects.create(service=service, kinds={"brn": ["offer", False]})
    message = take(agent, offered(chat), 4, 16)
    assert bytes(message.masks.get().sealed) == b""


def test_nothing_is_offered_without_security_service(chat) -> None:
    Contract.objects.update(security_service=False)
    assert offered(chat).offers is None
