"""Mails are read in a process of its own. One that breaks it is kept, with a clear outcome, and holds up no other."""

import os
import signal
from datetime import timedelta

import psutil
import pytest
from django.db import connection
from django.utils import timezone

from agents.models import ServiceMailbox
from contiple.base.errors import TooMany
from tests.make import make_service
from tests.tickets.mail.corpus import CORPUS, mail
from tickets.mail import apart, limits, reader, unread
from tickets.mail.incoming import NobodysMail, receive
from tickets.mail.models import ReceivedMail
from tickets.mail.parsing import parse_mail
from tickets.mail.parts import Note
from tickets.models import Ticket

Reason = ReceivedMail.Reason


@pytest.fixture
def broken_reader(monkeypatch):
    """Starts a reader with a fault, and ends it afterwards."""
    _end_reader()
    monkeypatch.setattr(apart, "READER", "tests.tickets.mail.broken_reader")
    yield
    _end_reader()


@pytest.fixture
def mailbox(service) -> ServiceMailbox:
    return ServiceMailbox.objects.create(service=service, address="help@shop.example")


def _end_reader() -> None:
    apart.reader.end()


def take(raw: bytes) -> ReceivedMail:
    [row] = receive(raw, size=len(raw), now=timezone.now())
    return row


def test_a_mail_is_read_there_as_it_is_here() -> None:
    for name, (raw, _expected) in CORPUS.items():
        assert apart.read(raw, size=len(raw)) == parse_mail(raw), name


def test_the_process_ends_when_its_parent_does_and_knows_no_secrets() -> None:
    apart.read(mail("x"), size=1)
    process = psutil.Process(apart.reader.process.pid)
    assert not {"DATABASE_URL", "SECRET_KEY", "MASKING_KEYS"} & process.environ().keys()
    process.send_signal(signal.SIGTERM)  # as systemd sends it to all processes of a service at once
    assert apart.read(mail("x"), size=1).words.new == "x"
    apart.reader.process.stdin.close()
    assert process.wait(30) == 0


def test_the_process_is_killed_and_nothing_is_lost() -> None:
    apart.read(mail("x"), size=1)
    os.kill(apart.reader.process.pid, signal.SIGKILL)
    assert apart.read(mail("y"), size=1).words.new == "y"


def test_memory_is_bounded() -> None:
    apart.read(mail("x"), size=1)
    assert psutil.Process(apart.reader.process.pid).rlimit(psutil.RLIMIT_AS) == (reader.MEMORY_BYTES,) * 2


@pytest.mark.parametrize("fault", ["HANG", "CRASH", "MEMORY"])
def test_a_mail_that_breaks_the_reader_is_kept_with_its_headers(mailbox, broken_reader, fault) -> None:
    raw = mail(f"{fault} card 4111 1111 1111 1111", Subject="Where is 4111 1111 1111 1111?")
    row = take(raw)
    assert (row.reason, row.ticket, row.from_address, row.text) == (Reason.UNREADABLE, None, "jun@example.com", "")
    assert row.subject.startswith("Where is ****")
    assert Note.UNREADABLE in row.notes
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM tickets_receivedmail t WHERE encode(t.sealed, 'escape') LIKE '%%1111%%'")
        assert cursor.fetchone() == (0,)
    assert take(mail("next", Message_ID="<2@x>")).ticket is not None
    assert take(raw) == row


def test_headers_that_break_the_reader_too_leave_a_mail_of_nobody_or_of_the_envelope_s_recipient(
    mailbox, broken_reader
) -> None:
    raw = mail("CRASH HEADERS-TOO")
    with pytest.raises(NobodysMail):
        take(raw)
    [row] = receive(raw, size=1, now=timezone.now(), recipients=["help@shop.example"])
    assert (row.reason, row.from_address, bool(row.sealed)) == (Reason.UNREADABLE, "", True)


def test_a_kept_mail_is_read_again_once_the_reader_is_mended(mailbox, broken_reader, monkeypatch) -> None:
    row = take(mail("CRASH"))
    assert not unread.read_again(row, now=timezone.now())
    _end_reader()
    monkeypatch.setattr(apart, "READER", "tickets.mail.reader")
    assert unread.read_again(row, now=timezone.now())
    assert not unread.read_again(row, now=timezone.now())
    ticket = Ticket.objects.get()
    assert (ticket.body, ticket.received.get().sealed) == ("CRASH", None)
    assert ReceivedMail.objects.count() == 1


def test_a_kept_mail_stays_if_the_key_has_changed_or_the_service_has_no_address(
    mailbox, broken_reader, settings
) -> None:
    row = take(mail("CRASH"))
    settings.SECRET_KEY = "another"
    assert not unread.read_again(row, now=timezone.now())
    mailbox.delete()
    assert not unread.read_again(row, now=timezone.now())
    assert ReceivedMail.objects.get().sealed


def test_only_so_many_whole_mails_are_kept(mailbox, broken_reader, monkeypatch) -> None:
    monkeypatch.setattr(limits, "UNREADABLE_BY_SERVICE", limits.Limit("mail unreadable", 1, timedelta(hours=1)))
    take(mail("CRASH"))
    with pytest.raises(TooMany):
        take(mail("CRASH", Message_ID="<2@x>"))


def test_another_service_s_row_is_not_touched(mailbox, broken_reader) -> None:
    ServiceMailbox.objects.create(service=make_service("other"), address="other@shop.example")
    rows = receive(mail("CRASH"), size=1, now=timezone.now(), recipients=["help@shop.example", "other@shop.example"])
    assert {row.service.slug for row in rows} == {"demo", "other"}
    assert all(row.sealed for row in rows)
