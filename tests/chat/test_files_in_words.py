"""A file is named, with its size and its masks, wherever a conversation is nothing but text; and is linked nowhere."""

from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from chat.conversation.transcript import transcript
from chat.lifecycle import unread_mails
from chat.mails import MailWait
from chat.models import Chat, Lease, Message
from helpcenter.customers import register_customer
from tests.chat.files import PDF, send_as_agent, send_as_customer
from tests.mails import delivered
from tests.make import make_chat, make_message
from tickets.lifecycle import suggested_subject

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def known(service):
    return register_customer(service, name="Jun", email="jun@example.com", language="en")


@pytest.fixture
def chat(service, agent, known) -> Chat:
    return make_chat(service, customer=known[0], agent=agent)


def test_in_the_transcript(chat, known):
    send_as_customer(Client(), chat, known[1], PDF + bytes(2000), "receipt 4111 1111 1111 1111.pdf")
    text = transcript(chat, language="en", offset=0, length=10_000)
    name = Message.objects.get().body
    assert f"    File: {name} (2.0\xa0KB)\n" in text
    assert "4111" not in text
    assert "/files/" not in text
    assert f"파일: {name}" in transcript(chat, language="ko", offset=0, length=10_000)


def test_a_removed_one_is_said_to_be(chat, known):
    send_as_customer(Client(), chat, known[1], PDF)
    message = Message.objects.get()
    message.file[6] = True
    message.save()
    assert "    File removed: note.pdf\n" in transcript(chat, language="en", offset=0, length=10_000)


def test_in_the_mail_of_unread_messages(chat, agent, sign_in):
    send_as_agent(sign_in(agent), chat, PDF, "offer.pdf")
    Lease.objects.all().delete()
    Message.objects.update(created_at=timezone.now() - timedelta(hours=1))
    MailWait.objects.update(due_at=timezone.now() - timedelta(minutes=1))
    unread_mails.mail_unread()
    [sent] = delivered()
    for text in (sent.body, sent.alternatives[0][0]):
        assert "File: offer.pdf (" in text
        assert "/files/" not in text
    assert mail.outbox == [sent]


def test_a_files_name_is_no_subject_of_a_ticket(chat, known):
    send_as_customer(Client(), chat, known[1], PDF, "IMG_0001.pdf")
    assert suggested_subject(chat) == "Chat with Jun"
    make_message(chat, "My parcel is broken")
    assert suggested_subject(chat) == "My parcel is broken"
