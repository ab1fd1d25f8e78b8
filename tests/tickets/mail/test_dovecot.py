"""Mails are fetched from a real Dovecot, if the machine has one. Each behaviour is tried on Twisted's server, too."""

import threading
from urllib.parse import quote, urlsplit

import pytest

from agents.models import ServiceMailbox
from tests.faults.people import wait_until
from tests.tickets.mail import dovecot as dovecots
from tests.tickets.mail.conftest import Mailbox
from tests.tickets.mail.corpus import b64, mail, multipart, part
from tests.tickets.mail.dovecot import Dovecot
from tests.tickets.mail.imap_server import FOLDERS, KOREAN_PASSWORD, KOREAN_USER
from tickets.mail import imap, polling
from tickets.mail.models import PolledFolder, ReceivedMail
from tickets.mail.polling import Poller
from tickets.models import Ticket

if why_not := dovecots.why_not():
    pytest.skip(why_not, allow_module_level=True)  # one line, not one for each test

OLD_LOCKS_S = 150  # Dovecot respects a lock of a killed process for up to two minutes

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def server(dovecot) -> Dovecot:
    return dovecot


@pytest.fixture
def mailbox(dovecot_mailbox) -> Mailbox:
    return dovecot_mailbox


def poll() -> None:
    Poller(threading.Event()).round()


def numbered(at: int, **headers) -> bytes:
    return mail(f"mail {at}", Message_ID=f"<{at}@x>", **headers)


def bodies() -> list[str]:
    return list(Ticket.objects.order_by("id").values_list("body", flat=True))


def test_unread_mails_are_filed_once_in_their_order_and_marked_as_read(mailbox, server) -> None:
    mailbox.put(numbered(0), "(\\Seen)")
    for at in (1, 2):
        mailbox.put(numbered(at))
    poll()
    mailbox.put(numbered(3), "(\\Seen)")
    poll()
    poll()
    assert bodies() == ["mail 1", "mail 2", "mail 3"]
    assert mailbox.flags() == [{"\\Seen"}] * 4
    assert PolledFolder.objects.get().last_uid == 4
    wait_until(lambda: server.said("Login: user=") == server.said("Disconnected: Logged out"))


def test_a_mail_for_no_service_stays_unread_with_a_flag_until_a_service_has_the_address(mailbox) -> None:
    mailbox.put(numbered(1, To="nobody@shop.example"))
    poll()
    assert mailbox.flags() == [{"\\Flagged"}]
    ServiceMailbox.objects.update(address="nobody@shop.example")
    poll()
    assert (bodies(), mailbox.flags()) == (["mail 1"], [{"\\Flagged", "\\Seen"}])


def test_a_mail_that_is_gone_from_the_mailbox_holds_up_no_other(mailbox, monkeypatch) -> None:
    for at in range(3):
        mailbox.put(numbered(at))

    def receive(*args, **options) -> None:
        with mailbox.open() as client:
            client.uid("STORE", "2", "+FLAGS", "(\\Deleted)")
            client.expunge()
        _received(*args, **options)

    monkeypatch.setattr(polling, "receive", receive)
    poll()
    assert (bodies(), mailbox.flags()) == (["mail 0", "mail 2"], [{"\\Seen"}] * 2)


def test_a_server_that_numbers_its_mails_anew_makes_no_second_ticket_and_loses_none(mailbox, server) -> None:
    for at in range(2):
        mailbox.put(numbered(at))
    poll()
    before = PolledFolder.objects.get()
    server.number_anew()
    mailbox.put(numbered(2))
    poll()
    after = PolledFolder.objects.get()
    assert (after.uid_validity == before.uid_validity, after.last_uid) == (False, 3)
    assert bodies() == ["mail 0", "mail 1", "mail 2"]


def test_folders_have_names_in_any_language(mailbox, settings) -> None:
    for at, folder in enumerate(FOLDERS):
        name = imap._encoded(folder)
        with mailbox.open() as client:
            client.create(name)
            client.append(name, "()", None, numbered(at).replace(b"\n", b"\r\n"))
        settings.IMAP_URL = urlsplit(mailbox.url.replace("INBOX", quote(folder)))
        poll()
    assert bodies() == [f"mail {at}" for at in range(3)]


def test_user_and_password_may_be_korean(mailbox, server) -> None:
    who = f"{quote(KOREAN_USER)}:{quote(KOREAN_PASSWORD)}"
    with imap.opened(urlsplit(f"imap://{who}@127.0.0.1:{server.port}")) as folder:
        assert folder.highest() == 0


@pytest.mark.parametrize("scheme", ["imap", "imaps"])
def test_the_line_is_encrypted_and_the_certificate_must_be_trusted(mailbox, server, settings, monkeypatch, scheme):
    mailbox.put(numbered(1))
    port = server.port if scheme == "imap" else server.tls_port
    settings.IMAP_URL = urlsplit(mailbox.url.replace("imap:", f"{scheme}:").replace(f":{server.port}/", f":{port}/"))
    monkeypatch.setattr(imap, "_LOCAL", set())
    poll()
    assert bodies() == ["mail 1"]
    monkeypatch.delenv("SSL_CERT_FILE")
    pause = Poller(threading.Event()).pause()
    assert (pause, PolledFolder.objects.get().last_error) == (polling.DOWN_S, "SSLCertVerificationError")


def test_a_mail_of_30_mb_is_filed_and_a_larger_one_is_on_record(mailbox) -> None:
    for at, size in enumerate((21_000_000, 29_000_000)):
        file = part(b64(b"x" * size), "application/pdf; name=big.pdf", Content_Transfer_Encoding="base64")
        mailbox.put(multipart(part(f"mail {at}"), file, Message_ID=f"<{at}@x>"))
    mailbox.put(numbered(2))
    poll()
    assert (bodies()[0], bodies()[-1]) == ("mail 0", "mail 2")
    big, bigger, _small = ReceivedMail.objects.order_by("id")
    assert (big.files, big.notes, bigger.notes) == (["big.pdf"], [], ["too_large"])
    assert bigger.size > 39_000_000


def test_of_a_mail_that_is_too_large_only_the_beginning_is_fetched_and_its_size_is_known(mailbox, monkeypatch) -> None:
    monkeypatch.setattr(imap, "MAIL_LENGTH_MAX", 1_000)
    raw = mail("x" * 5_000)
    mailbox.put(raw)
    with imap.opened(urlsplit(mailbox.url)) as folder:
        beginning, size = folder.fetch(folder.highest())
        assert folder.fetch(folder.highest() + 1) is None
    raw = raw.replace(b"\n", b"\r\n")
    assert (beginning, size) == (raw[:1_001], len(raw))


def test_a_mail_that_the_server_can_t_hand_out_holds_up_the_others_only_for_a_while(mailbox, server) -> None:
    poll()
    for at in range(3):
        mailbox.put(numbered(at))
    broken = next(path for path in server.inbox.rglob("*,S=*") if b"mail 1" in path.read_bytes())
    broken.unlink()
    broken.mkdir()
    poller = Poller(threading.Event())
    pauses = [poller.pause() for _each in range(polling.BREAKS_MAX + 1)]
    assert pauses[-1] == polling.POLL_S
    assert bodies() == ["mail 0", "mail 2"]


def test_processes_of_the_server_that_are_killed_lose_no_mail_and_double_none(mailbox, server, monkeypatch) -> None:
    monkeypatch.setattr(polling, "DOWN_S", 0.01)
    count, kills, done = 30, [], threading.Event()
    for at in range(count):
        mailbox.put(mail(f"mail {at}\n{'x' * 100_000}", Message_ID=f"<{at}@x>"))

    def kill() -> None:
        while not done.wait(0.15):
            kills.append(server.kill_sessions())

    killer = threading.Thread(target=kill)
    killer.start()
    poller = Poller(threading.Event())
    try:
        for _each in range(200):
            poller.pause()
            if len(bodies()) == count:
                break
    finally:
        done.set()
        killer.join()
    wait_until(lambda: poller.pause() == polling.POLL_S, OLD_LOCKS_S)
    assert sum(kills)
    assert [body.split("\n")[0] for body in bodies()] == [f"mail {at}" for at in range(count)]
    assert mailbox.flags() == [{"\\Seen"}] * count


def test_the_server_is_restarted_and_mails_come_again(mailbox, server) -> None:
    poll()
    mailbox.put(numbered(1))
    server.stop()
    poller = Poller(threading.Event())
    for _each in range(10):
        assert poller.pause() <= 60
    server.start()
    assert poller.pause() == polling.POLL_S
    assert bodies() == ["mail 1"]


_received = polling.receive
