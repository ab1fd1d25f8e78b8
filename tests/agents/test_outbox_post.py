"""Putting a mail into the outbox: in the transaction of the act, with what may not lie about sealed."""

import pytest
from django.db import transaction

from agents import outbox
from agents.models import OutgoingMail
from agents.outbox.posting import content_of
from contiple.base import crypto

pytestmark = pytest.mark.django_db
SECRET = "https://desk.example.com/invitation/very-secret/"


def mail(**fields) -> outbox.Outgoing:
    fields = {"kind": "reply", "to": ["jun@example.com"], "subject": "Hello", "text": "Hello Jun"} | fields
    return outbox.Outgoing(**fields)


def test_a_mail_waits_with_an_id_of_its_own(service):
    first, second = outbox.post(mail(service=service)), outbox.post(mail())
    assert first.state == OutgoingMail.State.WAITING
    assert first.message_id != second.message_id
    assert first.pending == ["jun@example.com"]
    assert content_of(OutgoingMail.objects.get(pk=first.pk)) == ("Hello Jun", "")


@pytest.mark.django_db(transaction=True)
def test_an_act_that_fails_leaves_no_mail():
    @transaction.atomic
    def act() -> None:
        outbox.post(mail())
        raise RuntimeError

    with pytest.raises(RuntimeError):
        act()
    assert not OutgoingMail.objects.exists()


def test_secrets_are_not_in_the_table():
    row = outbox.post(mail(text=SECRET, html=f"<a href='{SECRET}'>", may_be_kept=False))
    stored = OutgoingMail.objects.filter(pk=row.pk).values().get()
    assert "very-secret" not in repr(stored)
    assert b"very-secret" not in bytes(stored["sealed"])
    assert content_of(OutgoingMail.objects.get(pk=row.pk)) == (SECRET, f"<a href='{SECRET}'>")


def test_content_of_another_mail_can_t_be_put_in_its_place():
    row, other = (outbox.post(mail(text=SECRET, may_be_kept=False)) for _ in range(2))
    row.sealed = other.sealed
    with pytest.raises(crypto.Unreadable):
        content_of(row)


def test_nothing_becomes_another_header():
    row = outbox.post(mail(subject="Hello\r\nBcc: oscar@example.com", from_name="Demo\nTo: x"))
    assert row.subject == "Hello Bcc: oscar@example.com"
    assert row.from_name == "Demo To: x"


@pytest.mark.parametrize(
    "fields",
    [
        {"to": ["jun@example.com\r\nBcc: oscar@example.com"]},
        {"to": ["jun@example.com, oscar@example.com"]},
        {"to": ["Jun <jun@example.com>"]},
        {"cc": ["nobody"]},
        {"reply_to": "a@b\nc"},
        {"message_id": "no brackets"},
        {"in_reply_to": "<a@b>\r\nBcc: <c@d>"},
        {"references": ["<a b@c>"]},
    ],
)
def test_what_is_no_address_or_id_is_refused(fields):
    with pytest.raises(ValueError, match="this is not"):
        outbox.post(mail(**fields))
