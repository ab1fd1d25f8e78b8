"""Messages go on if the chat's data key can't be opened now; nothing is lost, refused, or shown as destroyed."""

import pytest
from django.urls import reverse

from agents.models import AuditEntry
from chat.conversation import message_masks
from chat.conversation.messages import send_as_customer
from chat.masking.looks import OriginalLocked
from chat.masking.models import DataKey
from chat.models import Mask, Message
from contiple.base import crypto
from contiple.base.errors import Closed
from tests.chat.comings import new_id
from tests.make import make_chat

pytestmark = pytest.mark.django_db(transaction=True)
FIRST, SECOND = "4111 1111 1111 1111", "4539 1488 0343 6467"


def look(agent, mask) -> str:
    return message_masks.reveal(agent, mask.pk, address=None)


@pytest.mark.parametrize("same_name", [True, False])
def test_a_further_card_is_stored_and_masked_and_the_first_opens_when_the_right_key_is_back(
    settings, service, agent, sign_in, same_name
) -> None:
    """As after a restore with another key, of the same name or another: I7."""
    chat = make_chat(service, agent=agent)
    send_as_customer(chat, body=f"My card {FIRST}", client_id=new_id())
    right = dict(settings.MASKING_KEYS)
    wrong = {next(iter(right)) if same_name else "2030": crypto.new_key()}

    settings.MASKING_KEYS = wrong
    send_as_customer(chat, body=f"Or card {SECOND}", client_id=new_id())

    first, second = Mask.objects.order_by("pk")
    assert list(Message.objects.order_by("seq").values_list("body", flat=True)) == [
        f"My card {'*' * 19}",
        f"Or card {'*' * 19}",
    ]
    assert look(agent, second) == SECOND
    with pytest.raises(OriginalLocked):
        look(agent, first)
    answer = sign_in(agent).post(reverse("chat:reveal", args=["demo", first.pk]))
    assert answer.status_code == 503
    assert "destroyed" in answer.content.decode()  # it says that it is not
    assert not AuditEntry.objects.filter(action="chat.reveal_gone").exists()
    assert AuditEntry.objects.filter(action="chat.reveal_locked").count() == 2
    assert DataKey.objects.count() == 2

    settings.MASKING_KEYS = {**right, "wrong": next(iter(wrong.values()))}
    assert (look(agent, first), look(agent, second)) == (FIRST, SECOND)


def test_without_the_permission_it_is_refused_first(settings, service, agent, colleague) -> None:
    chat = make_chat(service, agent=agent)
    send_as_customer(chat, body=f"My card {FIRST}", client_id=new_id())
    settings.MASKING_KEYS = {"2030": crypto.new_key()}
    type(colleague).objects.filter(pk=colleague.pk).update(unmask_permission=False)
    with pytest.raises(Closed):
        look(type(colleague).objects.get(pk=colleague.pk), Mask.objects.get())
