"""Mails are read in a process of its own. One that breaks it is kept, with a clear outcome, and holds up no other."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import BytesIO

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


def test_the_process_ends_when_its_parent_does_and_knows_no_secrets(monkeypatch, tmp_path) -> None:
    _end_reader()
    monkeypatch.chdir(tmp_path)
    apart.read(mail("x"), size=1)
    process = psutil.Process(apart.reader.process.pid)
    assert not {"DATABASE_URL", "SECRET_KEY", "MASKING_KEYS"} & process.environ().keys()
    for stop in (signal.SIGTERM, signal.SIGINT):  # systemd sends it to all processes of a service, a terminal as well
        process.send_signal(stop)
    assert apart.read(mail("x"), size=1).words.new == "x"
    assert apart.reader.process.pid == process.pid
    apart.reader.process.stdin.close()
    assert process.wait(30) == 0


def test_the_process_is_killed_and_nothing_is_lost() -> None:
    apart.read(mail("x"), size=1)
    os.kill(apart.reader.process.pid, signal.SIGKILL)
    assert apart.read(mail("y"), size=1).words.new == "y"


def test_a_process_that_ends_before_it_has_the_mail_loses_none(monkeypatch) -> None:
    _end_reader()
    monkeypatch.setattr(apart, "READER", "this")  # a module that reads nothing
    found = apart.read(mail("x" * 1_000_000), size=1_000_000)
    assert (Note.UNREADABLE in found.notes, found.size) == (True, 1_000_000)


def test_memory_is_bounded_no_core_is_written_and_chats_come_first() -> None:
    apart.read(mail("x"), size=1)
    process = psutil.Process(apart.reader.process.pid)
    assert process.rlimit(psutil.RLIMIT_AS) == (reader.MEMORY_BYTES,) * 2
    assert process.rlimit(psutil.RLIMIT_CORE) == (0, 0)
    assert process.nice() > psutil.Process().nice() or process.nice() == 19


def test_a_mail_s_time_ends_with_the_mail() -> None:
    raw, answered = mail("x"), BytesIO()
    reader.answers(BytesIO(reader.ASKED.pack(False, len(raw), len(raw)) + raw), answered)
    assert (signal.alarm(0), len(answered.getvalue()) > reader.ANSWERED.size) == (0, True)


def test_mails_of_several_threads_are_not_mixed_up() -> None:
    texts = [f"mail {at} {'x' * 20_000}" for at in range(40)]
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(lambda text: apart.read(mail(text), size=1).words.new, texts)) == texts


@pytest.mark.parametrize("fault", ["HANG", "CRASH", "MEMORY", "GARBAGE", "ERROR"])
def test_a_mail_that_breaks_the_reader_is_kept_with_its_headers(mailbox, broken_reader, caplog, capfd, fault) -> None:
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
    assert f"a mail of {len(raw)} bytes broke the reader" in caplog.text
    assert capfd.readouterr().err == ""


def test_headers_that_break_the_reader_too_leave_a_mail_of_nobody_or_of_the_envelope_s_recipient(
    mailbox, broken_reader
) -> None:
    raw = mail("CRASH HEADERS-TOO")
    with pytest.raises(NobodysMail):
        take(raw)
    [row] = receive(raw, size=1, now=timezone.now(), recipients=["help@shop.example"])
    assert (row.reason, row.from_address, bool(row.sealed)) == (Reason.UNREADABLE, "", True)


@pytest.fixture
def mended(broken_reader, monkeypatch):
    """Mends the reader, as an update does."""

    def mend() -> None:
        _end_reader()
        monkeypatch.setattr(apart, "READER", "tickets.mail.reader")

    return mend


def test_a_kept_mail_is_read_again_once_the_reader_is_mended(mailbox, mended) -> None:
    [row] = receive(mail("CRASH"), size=50_000_000, now=timezone.now())
    assert not unread.read_again(row, now=timezone.now())
    mended()
    assert unread.read_again(row, now=timezone.now())
    assert not unread.read_again(row, now=timezone.now())
    ticket = Ticket.objects.get()
    assert (ticket.body, ticket.received.get().sealed, ticket.received.get().size) == ("CRASH", None, 50_000_000)
    assert ReceivedMail.objects.count() == 1


def test_only_what_was_kept_is_read_again_and_only_as_it_was_kept(mailbox, mended) -> None:
    one, two, three = (take(mail("CRASH", Message_ID=f"<{at}@x>")) for at in range(3))
    filed, empty = take(mail("x", Message_ID="<4@x>")), take(mail("", Subject=None, Message_ID="<5@x>"))
    assert (filed.sealed, empty.sealed) == (None, None)
    mended()
    one.sealed = two.sealed
    three.delete()
    ReceivedMail.objects.filter(pk=two.pk).update(ticket=filed.ticket)
    for row in (one, two, three, filed, empty):
        assert not unread.read_again(row, now=timezone.now())
    assert (Ticket.objects.count(), ReceivedMail.objects.count()) == (1, 4)


def test_past_the_service_s_limit_a_kept_mail_stays(mailbox, mended, monkeypatch) -> None:
    row = take(mail("CRASH"))
    mended()
    with monkeypatch.context() as strict:
        strict.setattr(limits, "MAIL_BY_SERVICE", limits.Limit("mail service", 1, timedelta(hours=1)))
        assert not unread.read_again(row, now=timezone.now())
    assert unread.read_again(row, now=timezone.now())


def test_a_kept_mail_stays_if_the_key_has_changed_or_the_service_has_no_address(mailbox, mended, settings) -> None:
    row = take(mail("CRASH"))
    mended()
    right, settings.SECRET_KEY = settings.SECRET_KEY, "another"
    assert not unread.read_again(row, now=timezone.now())
    settings.SECRET_KEY = right
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
