"""Mails that are made to do harm: loops, floods, markup, headers within headers, and references that are not theirs."""

from datetime import timedelta

import pytest
from django.utils import timezone

from agents.models import ServiceMailbox
from agents.outbox import server
from agents.outbox.models import OutgoingMail
from tests.make import make_service
from tests.tickets.mail.corpus import mail, part, word
from tests.tickets.outgoing import made
from tickets.mail import limits, nobodys
from tickets.mail.incoming import receive
from tickets.mail.models import ReceivedMail
from tickets.mail.parsing import parse_mail
from tickets.models import Ticket

Reason = ReceivedMail.Reason


@pytest.fixture
def mailbox(service) -> ServiceMailbox:
    return ServiceMailbox.objects.create(service=service, address="help@shop.example")


def take(raw: bytes, to: str = "help@shop.example") -> ReceivedMail:
    [row] = receive(raw, size=len(raw), now=timezone.now(), recipients=[to])
    return row


def as_sent(row: OutgoingMail) -> bytes:
    """The mail as it arrives elsewhere."""
    from agents.outbox.posting import fill

    fill(row, made(row))
    return server.message_of(row).message().as_bytes()


def test_our_confirmation_is_a_program_s_mail_to_any_other_desk(mailbox) -> None:
    """RFC 3834: so two desks never answer each other, also of two installations."""
    take(mail("x", From="help@other-desk.example"))
    confirmation = as_sent(OutgoingMail.objects.get())
    OutgoingMail.objects.all().delete()  # as in the other installation, which doesn't know it
    ServiceMailbox.objects.create(service=make_service("other"), address="help@other-desk.example")
    assert take(confirmation, "help@other-desk.example").reason == Reason.AUTOMATIC
    assert not OutgoingMail.objects.exists()


def test_a_desk_that_hides_that_it_is_one_is_answered_a_few_times_only(mailbox, monkeypatch) -> None:
    """Each of its answers is a new mail to us, without a header that says so."""
    monkeypatch.setattr(limits, "MAIL_BY_SENDER", limits.Limit("mail sender", 12, timedelta(hours=1)))
    for at in range(20):
        take(mail(f"We got your mail {at}.", From="help@other.example", Message_ID=f"<{at}@other.example>"))
    assert OutgoingMail.objects.count() == limits.CONFIRMATION_BY_SENDER.attempts
    assert ReceivedMail.objects.filter(reason=Reason.TOO_MANY).count() == 8
    assert ReceivedMail.objects.count() == 20


def test_a_flood_of_one_sender_leaves_room_for_others_of_its_service_and_of_another(mailbox, monkeypatch) -> None:
    monkeypatch.setattr(limits, "MAIL_BY_SENDER", limits.Limit("mail sender", 2, timedelta(hours=1)))
    ServiceMailbox.objects.create(service=make_service("other"), address="other@shop.example")
    for at in range(5):
        take(mail("x", Message_ID=f"<{at}@x>"))
    assert take(mail("x", Message_ID="<a@x>", From="hana@example.com")).ticket
    assert take(mail("x", Message_ID="<b@x>"), "other@shop.example").ticket, "the limit is of one service"


def test_a_sender_in_other_capitals_is_the_same_sender(mailbox, monkeypatch) -> None:
    monkeypatch.setattr(limits, "MAIL_BY_SENDER", limits.Limit("mail sender", 1, timedelta(hours=1)))
    take(mail("x"))
    assert take(mail("x", Message_ID="<2@x>", From="JUN@Example.com")).reason == Reason.TOO_MANY


@pytest.mark.parametrize(
    "subject",
    [
        word(b"Order\r\nBcc: eve@example.com", "utf-8"),
        "=?utf-8?q?Order=0D=0ABcc:_eve@example.com?=",
        "Order\r Bcc: a@b",
    ],
)
def test_no_header_comes_out_of_a_subject_or_a_name(mailbox, subject) -> None:
    name = word(b"Jun\r\nBcc: eve@example.com", "utf-8")
    row = take(mail("x", Subject=subject, From=f"{name} <jun@example.com>"))
    assert "\n" not in row.ticket.subject
    assert "\n" not in row.ticket.requester.name
    sent = as_sent(OutgoingMail.objects.get())
    head = sent.partition(b"\n\n")[0]
    assert not any(line.lower().startswith(b"bcc") for line in head.splitlines())
    assert OutgoingMail.objects.get().to == ["jun@example.com"]


@pytest.mark.parametrize("form", ["html", "plain"])
def test_markup_of_a_mail_is_text_and_its_pictures_are_not_fetched(mailbox, admin, sign_in, form) -> None:
    markup = "<script>alert(1)</script><img src=https://evil.example/pixel.gif onerror=alert(1)><b>Bold</b> words"
    kind = f"text/{form}; charset=utf-8"
    ticket = take(mail(markup.encode(), Content_Type=kind)).ticket
    page = sign_in(admin).get(f"/desk/demo/tickets/{ticket.number}/").content.decode()
    for wrong in ("<script>alert", "<img src=https://evil", 'src="https://evil', "<b>Bold"):
        assert wrong not in page
    assert ("&lt;b&gt;Bold" in page) is (form == "plain")


def test_markup_of_a_mail_that_became_no_ticket_is_text_too(mailbox, admin, sign_in) -> None:
    take(mail(b"<script>alert(1)</script>", Content_Type="text/plain", Auto_Submitted="auto-replied", Subject="<b>x"))
    page = sign_in(admin).get("/desk/demo/mail/").content.decode()
    assert "<script>alert" not in page
    assert "<b>x" not in page
    assert "&lt;script&gt;" in page


def test_whoever_uses_another_s_message_id_first_keeps_no_mail_out(mailbox) -> None:
    take(mail("forged", From="eve@example.com"))
    for _each in range(2):
        row = take(mail("mine"))
    assert (row.ticket.body, row.ticket.requester.email) == ("mine", "jun@example.com")
    assert Ticket.objects.count() == 2


def test_mails_of_a_program_that_gives_all_the_same_id_are_told_apart(mailbox) -> None:
    dates = [f"Fri, 27 Nov 2026 10:{at}:00 +0900" for at in range(10, 14)]
    for date in dates * 2:
        take(mail(date, Date=date, Message_ID="<form@shop.example>"))
    assert sorted(Ticket.objects.values_list("body", flat=True)) == dates
    for date in dates:
        nobodys.note(parse_mail(mail("x", Date=date)), now=timezone.now(), folder="f", uid=int(date[20:22]))
    assert sorted(ReceivedMail.objects.filter(service=None).values_list("uid", flat=True)) == [10, 11, 12, 13]


def test_a_bounce_that_nobody_asked_for_marks_nothing(mailbox) -> None:
    take(mail("x"))
    original = part("Message-ID: <guessed@desk.example.com>\n\nx", "message/rfc822")
    raw = mail(b"--b\n" + original + b"\n--b--\n", From="MAILER-DAEMON@x.example", Message_ID="<bounce@x>",
               Content_Type="multipart/report; boundary=b")  # fmt: skip
    assert take(raw).reason == Reason.BOUNCE
    assert OutgoingMail.objects.get().state == OutgoingMail.State.WAITING
