"""Mails are fetched by IMAP from a real server, each is filed once, and none is lost when a line is cut."""

import contextlib
import imaplib
import socket
import threading
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlsplit

import pytest

from agents.models import ServiceMailbox
from tests import services
from tests.make import make_service
from tests.tickets.mail.conftest import Mailbox
from tests.tickets.mail.corpus import mail
from tests.tickets.mail.imap_server import USER
from tickets.mail import filing, imap, limits, polling
from tickets.mail.models import PolledFolder, ReceivedMail
from tickets.mail.polling import Poller
from tickets.models import Ticket

NOBODY, NONE = ReceivedMail.Reason.NOBODY, "nobody@shop.example"

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def mailbox(imap_mailbox) -> Mailbox:
    return imap_mailbox


def poll() -> None:
    Poller(threading.Event()).round()


def numbered(at: int, **headers) -> bytes:
    return mail(f"mail {at}", Message_ID=f"<{at}@x>", **headers)


def bodies() -> list[str]:
    return list(Ticket.objects.order_by("number").values_list("body", flat=True))


def test_unread_mails_are_filed_in_their_order_and_marked_as_read(mailbox) -> None:
    for at in range(3):
        mailbox.put(numbered(at))
    poll()
    assert bodies() == ["mail 0", "mail 1", "mail 2"]
    assert mailbox.flags() == [{"\\Seen"}] * 3


def test_old_mails_that_somebody_has_read_are_not_filed_at_the_start(mailbox) -> None:
    mailbox.put(numbered(1), "(\\Seen)")
    poll()
    poll()
    assert bodies() == []


def test_a_mail_that_somebody_reads_in_the_mailbox_is_filed_all_the_same(mailbox) -> None:
    poll()
    mailbox.put(numbered(1), "(\\Seen)")
    poll()
    assert bodies() == ["mail 1"]


def test_a_mail_is_filed_once_however_often_it_is_looked(mailbox) -> None:
    mailbox.put(numbered(1))
    for _each in range(3):
        poll()
    PolledFolder.objects.all().delete()
    poll()
    assert bodies() == ["mail 1"]


def test_a_server_that_numbers_its_mails_anew_makes_no_second_ticket_and_loses_none(mailbox) -> None:
    mailbox.put(numbered(1))
    poll()
    mailbox.number_anew()
    mailbox.put(numbered(2))
    poll()
    assert bodies() == ["mail 1", "mail 2"]


def test_a_mail_for_no_service_stays_unread_with_a_flag_and_is_on_record_without_a_word(mailbox) -> None:
    for at in (1, 1, 2):
        mailbox.put(numbered(at, To="nobody@shop.example"))
    poll()
    assert mailbox.flags() == [{"\\Flagged"}] * 3
    one, two = ReceivedMail.objects.order_by("id")
    assert (one.service, one.reason, one.recipients, one.from_address) == (None, NOBODY, [NONE], "jun@example.com")
    assert (one.text, one.folded, one.subject, one.from_name, one.sealed) == ("", "", "", "", None)
    assert two.uid is not None


def test_once_a_service_has_the_address_the_mail_is_filed_and_its_row_gone(mailbox) -> None:
    mailbox.put(numbered(1, To=NONE))
    poll()
    ServiceMailbox.objects.update(address=NONE)
    poll()
    assert (bodies(), mailbox.flags()) == (["mail 1"], [{"\\Flagged", "\\Seen"}])
    assert not ReceivedMail.objects.filter(service=None).exists()


def test_a_mail_for_nobody_is_found_again_when_the_server_has_numbered_its_mails_anew(mailbox) -> None:
    mailbox.put(numbered(1, To=NONE))
    poll()
    mailbox.number_anew()
    poll()
    ServiceMailbox.objects.update(address=NONE)
    poll()
    assert bodies() == ["mail 1"]


def test_the_state_of_the_mailbox_is_on_record(mailbox, settings, monkeypatch) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(filing, "create_ticket", lambda *it: _fail())
        mailbox.put(numbered(1))
        poll()
    stuck = PolledFolder.objects.get()
    assert (len(stuck.failed), stuck.stuck_since is not None, stuck.last_error) == (1, True, "")
    working, settings.IMAP_URL = settings.IMAP_URL, urlsplit(mailbox.url.replace("s3cret", "wrong"))
    Poller(threading.Event()).pause()
    failed = PolledFolder.objects.get()
    assert (failed.last_error, failed.read_at) == ("error", stuck.read_at)
    settings.IMAP_URL = working
    poll()
    done = PolledFolder.objects.get()
    assert (done.failed, done.stuck_since, done.last_error) == ([], None, "")
    assert done.read_at > stuck.read_at


def test_a_service_past_its_limit_keeps_no_other_service_waiting(mailbox, monkeypatch) -> None:
    ServiceMailbox.objects.create(service=make_service("other"), address="other@shop.example")
    poll()
    for at in range(4):
        mailbox.put(numbered(at, **({"To": "other@shop.example"} if at == 3 else {})))
    with monkeypatch.context() as strict:
        strict.setattr(limits, "MAIL_BY_SERVICE", limits.Limit("mail service", 1, timedelta(hours=1)))
        poll()
        assert bodies() == ["mail 0", "mail 3"]
        monkeypatch.setattr(polling, "ASIDE_MAX", 2)
        mailbox.put(numbered(5))
        poll()
        assert len(PolledFolder.objects.get().failed) == 2  # the newest waits where it is
    poll()
    poll()
    assert sorted(bodies()) == ["mail 0", "mail 1", "mail 2", "mail 3", "mail 5"]
    assert mailbox.flags() == [{"\\Seen"}] * 5


def test_a_mail_that_can_t_be_filed_stays_unread_holds_up_no_other_and_is_tried_again(mailbox, monkeypatch) -> None:
    with monkeypatch.context() as broken:
        real = filing.create_ticket
        broken.setattr(filing, "create_ticket", lambda *it: _fail() if "1" in it[1].body else real(*it))
        for at in range(3):
            mailbox.put(numbered(at))
        poll()
        assert bodies() == ["mail 0", "mail 2"]
        assert mailbox.flags() == [{"\\Seen"}, set(), {"\\Seen"}]
    poll()
    assert bodies() == ["mail 0", "mail 2", "mail 1"]
    assert PolledFolder.objects.get().failed == []


def test_past_a_service_s_limit_the_rest_waits_in_the_mailbox(mailbox, monkeypatch) -> None:
    poll()
    for at in range(3):
        mailbox.put(numbered(at))
    with monkeypatch.context() as strict:
        strict.setattr(limits, "MAIL_BY_SERVICE", limits.Limit("mail service", 1, timedelta(hours=1)))
        poll()
        assert bodies() == ["mail 0"]
    poll()
    assert bodies() == ["mail 0", "mail 1", "mail 2"]


def test_a_line_that_is_cut_in_the_middle_of_a_mail_loses_none_and_doubles_none(mailbox, settings) -> None:
    for at in range(5):
        mailbox.put(mail(f"mail {at}\n" + "x" * 20_000, Message_ID=f"<{at}@x>"))
    for length in (3_000, 30_000, 70_000):
        with cut_after(mailbox.port, length) as port:
            settings.IMAP_URL = urlsplit(mailbox.url.replace(f":{mailbox.port}/", f":{port}/"))
            with pytest.raises((OSError, imaplib.IMAP4.error)):
                poll()
    settings.IMAP_URL = urlsplit(mailbox.url)
    poll()
    assert [body[:6] for body in bodies()] == [f"mail {at}" for at in range(5)]
    assert mailbox.flags() == [{"\\Seen"}] * 5


def test_two_workers_at_once_file_each_mail_once(mailbox) -> None:
    for at in range(5):
        mailbox.put(numbered(at))
    threads = [threading.Thread(target=lambda: Poller(threading.Event()).pause()) for _each in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    poll()
    assert sorted(bodies()) == [f"mail {at}" for at in range(5)]


def test_the_thread_goes_on_when_the_server_is_away_and_comes_back(mailbox, settings, monkeypatch) -> None:
    monkeypatch.setattr(polling, "DOWN_S", 0.05)
    settings.IMAP_URL = urlsplit(mailbox.url.replace(f":{mailbox.port}/", f":{services.free_port()}/"))
    mailbox.put(numbered(1))
    filed = threading.Event()
    monkeypatch.setattr(polling, "receive", lambda *args, **options: (_received(*args, **options), filed.set()))
    with polling.polling():
        settings.IMAP_URL = urlsplit(mailbox.url)
        assert filed.wait(30)
    assert bodies() == ["mail 1"]


def test_a_wrong_password_is_no_end_and_is_in_no_log(mailbox, settings, caplog) -> None:
    settings.IMAP_URL = urlsplit(f"imap://{USER}:hunter2@127.0.0.1:{mailbox.port}")
    poller = Poller(threading.Event())
    assert poller.pause() < poller.pause() <= polling.DOWN_MAX_S
    assert "hunter2" not in caplog.text


def test_without_encryption_the_password_goes_to_no_other_machine(mailbox, settings, monkeypatch) -> None:
    monkeypatch.setattr(imap, "_LOCAL", set())
    with pytest.raises(imap.NotSafe):
        poll()


_received = polling.receive


def _fail() -> None:
    raise RuntimeError


@contextlib.contextmanager
def cut_after(port: int, length: int) -> Iterator[int]:
    """A line to the server that is cut once ``length`` bytes have come from there."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=_pass_on, args=(listening, port, length))
        thread.start()
        yield listening.getsockname()[1]
    thread.join()


def _pass_on(listening: socket.socket, port: int, length: int) -> None:
    client, _address = listening.accept()
    with client, socket.create_connection(("127.0.0.1", port)) as server:
        up = threading.Thread(target=_copy, args=(client, server))
        up.start()
        while length > 0 and (piece := server.recv(min(1_000, length))):
            client.sendall(piece)
            length -= len(piece)
        for end in (client, server):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        up.join()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while piece := source.recv(1_000):
            target.sendall(piece)
