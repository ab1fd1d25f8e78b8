"""Mails are fetched by IMAP from a real server, each is filed once, and none is lost when a line is cut."""

import contextlib
import imaplib
import socket
import threading
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import quote, urlsplit

import pytest
from django.db import connection
from django.utils import timezone

from agents.models import ServiceMailbox
from tests import services
from tests.make import make_service
from tests.tickets.mail.conftest import Mailbox
from tests.tickets.mail.corpus import mail
from tests.tickets.mail.imap_server import FOLDERS, KOREAN_PASSWORD, KOREAN_USER, LONGER, UNREADABLE, USER
from tickets.mail import filing, imap, limits, nobodys, polling
from tickets.mail.models import PolledFolder, ReceivedMail
from tickets.mail.parsing import parse_mail
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
    return list(Ticket.objects.order_by("id").values_list("body", flat=True))


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


def test_nor_are_they_if_the_first_round_has_no_end(mailbox) -> None:
    mailbox.put(numbered(0))
    mailbox.put(numbered(1), "(\\Seen)")
    mailbox.put(UNREADABLE + b": yes\n" + numbered(2))
    poller = Poller(threading.Event())
    for _each in range(2):
        with pytest.raises(imaplib.IMAP4.error):
            poller.round()
    assert bodies() == ["mail 0"]


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


def test_a_server_that_numbers_its_mails_anew_makes_no_second_ticket_and_loses_none(mailbox, monkeypatch) -> None:
    poller = Poller(threading.Event())
    for at in range(3):
        mailbox.put(numbered(at))
    with monkeypatch.context() as broken:
        real = filing.create_ticket
        broken.setattr(filing, "create_ticket", lambda *it: _fail() if "1" in it[1].body else real(*it))
        poller.round()
    mailbox.delete_first()
    mailbox.number_anew()
    mailbox.put(numbered(3))  # has a number that another had
    poller.round()
    assert bodies() == ["mail 0", "mail 2", "mail 1", "mail 3"]
    row = PolledFolder.objects.get()
    assert (row.failed, row.stuck_since, row.last_uid) == ([], None, 3)


def test_a_mail_for_no_service_stays_unread_with_a_flag_and_is_on_record_without_a_word(mailbox) -> None:
    for at in (1, 1, 2):
        mailbox.put(numbered(at, To="nobody@shop.example"))
    poll()
    assert mailbox.flags() == [{"\\Flagged"}] * 3
    one, two = ReceivedMail.objects.order_by("id")
    assert (one.service, one.reason, one.recipients, one.from_address) == (None, NOBODY, [NONE], "jun@example.com")
    assert (one.text, one.folded, one.subject, one.from_name, one.sealed) == ("", "", "", "", None)
    assert (one.size, one.notes) == (len(numbered(1, To=NONE).replace(b"\n", b"\r\n")), [])
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


def test_it_is_on_record_whether_it_could_be_read(mailbox) -> None:
    unread = parse_mail(mail(b"\xff", To=NONE, Content_Type="text/plain; charset=utf-8"))
    nobodys.note(unread, now=timezone.now())
    assert ReceivedMail.objects.get().notes == sorted(unread.notes) == ["charset"]


def test_of_mails_for_nobody_the_newest_in_the_mailbox_are_looked_at_again(mailbox, monkeypatch) -> None:
    monkeypatch.setattr(nobodys, "LOOKED_AT", 2)
    for at, (folder, uid) in enumerate([("f", 1), ("f", 2), ("f", 3), ("f", None), ("g", 3)]):
        nobodys.note(parse_mail(numbered(at, To=NONE)), now=timezone.now(), folder=folder, uid=uid)
    assert nobodys.addressed_by_now("f") == []
    ServiceMailbox.objects.update(address=NONE)
    assert nobodys.addressed_by_now("f") == [3, 2]
    nobodys.forget("f", 3)
    nobodys.numbered_anew("f")
    assert (nobodys.addressed_by_now("f"), nobodys.addressed_by_now("g")) == ([], [3])
    assert ReceivedMail.objects.count() == 4


def test_it_stays_on_record_when_its_number_has_become_another_s(mailbox) -> None:
    mailbox.put(numbered(0))
    mailbox.put(numbered(1, To=NONE))
    poll()
    with mailbox.open() as client:
        client.store("2", "+FLAGS", "(\\Seen)")
    mailbox.delete_first()
    mailbox.number_anew()
    mailbox.put(numbered(2))
    ReceivedMail.objects.filter(service=None).update(uid=2)  # whatever it was on a server that is not new
    poll()
    assert bodies() == ["mail 0", "mail 2"]
    assert ReceivedMail.objects.get(service=None).uid is None


def test_the_state_of_the_mailbox_is_on_record(mailbox, settings, monkeypatch) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(filing, "create_ticket", lambda *it: _fail())
        mailbox.put(numbered(1))
        poll()
        first = PolledFolder.objects.get()
        poll()
    stuck = PolledFolder.objects.get()
    assert first.stuck_since == stuck.stuck_since
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
    fetched, fetch = [], imap.Folder.fetch
    monkeypatch.setattr(imap.Folder, "fetch", lambda *it: (fetched.append(it[1]), fetch(*it))[1])
    poll()
    assert (bodies(), fetched) == (["mail 0", "mail 2", "mail 1"], mailbox.numbers()[1:2])
    assert PolledFolder.objects.get().failed == []


def test_a_mail_that_can_t_be_filed_is_not_tried_in_each_round(mailbox, monkeypatch) -> None:
    tries = []
    monkeypatch.setattr(filing, "create_ticket", lambda *it: (tries.append(it), _fail()))
    mailbox.put(numbered(0))
    mailbox.put(UNREADABLE + b": yes\n" + numbered(1))
    poller = Poller(threading.Event())
    for _each in range(2):
        with pytest.raises(imaplib.IMAP4.error):
            poller.round()
    assert len(tries) == 1


def test_while_the_server_is_waited_for_no_connection_to_the_database_is_kept(mailbox, monkeypatch) -> None:
    kept, search, fetch = [], imap.Folder._search, imap.Folder.fetch
    monkeypatch.setattr(imap.Folder, "_search", lambda *it: (kept.append(connection.connection), search(*it))[1])
    monkeypatch.setattr(imap.Folder, "fetch", lambda *it: (kept.append(connection.connection), fetch(*it))[1])
    for at in range(2):
        mailbox.put(numbered(at))
    Poller(threading.Event()).pause()
    assert (kept, connection.connection) == ([None] * 4, None)


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


def test_a_mail_that_the_server_can_t_hand_out_holds_up_the_others_only_for_a_while(mailbox) -> None:
    poll()
    for at in range(3):
        mailbox.put((UNREADABLE + b": yes\n" if at == 1 else b"") + numbered(at))
    poller = Poller(threading.Event())
    for _each in range(polling.BREAKS_MAX):
        with pytest.raises(imaplib.IMAP4.error):
            poller.round()
        assert bodies() == ["mail 0"]
    poller.round()
    assert (bodies(), mailbox.flags()) == (["mail 0", "mail 2"], [{"\\Seen"}, set(), {"\\Seen"}])
    assert PolledFolder.objects.get().failed == [mailbox.numbers()[1]]


def test_of_mails_that_are_tried_again_one_that_can_t_be_handed_out_comes_last(mailbox, monkeypatch) -> None:
    monkeypatch.setattr(polling, "BREAKS_MAX", 1)
    monkeypatch.setattr(polling, "AGAIN_EVERY", 3)
    poller = Poller(threading.Event())
    poller.round()
    with monkeypatch.context() as broken:
        broken.setattr(filing, "create_ticket", lambda *it: _fail())
        mailbox.put(UNREADABLE + b": yes\n" + numbered(0))
        mailbox.put(numbered(1))
        with pytest.raises(imaplib.IMAP4.error):
            poller.round()
        poller.round()
    assert PolledFolder.objects.get().failed == mailbox.numbers()
    with pytest.raises(imaplib.IMAP4.error):
        poller.round()
    assert bodies() == ["mail 1"]
    poller.round()  # and new ones come again


def test_a_line_that_breaks_again_and_again_makes_no_long_pauses_as_long_as_mails_come(mailbox, settings) -> None:
    poll()
    for at in range(4):
        mailbox.put(mail(f"mail {at}\n" + "x" * 20_000, Message_ID=f"<{at}@x>"))
    poller, pauses = Poller(threading.Event()), []
    for _each in range(3):
        with cut_after(mailbox.port, 30_000) as port:
            settings.IMAP_URL = urlsplit(mailbox.url.replace(f":{mailbox.port}/", f":{port}/"))
            pauses.append(poller.pause())
    assert (len(bodies()), pauses) == (3, [polling.DOWN_S] * 3)
    for _each in range(10):
        assert polling.DOWN_S <= poller.pause() <= polling.DOWN_MAX_S <= 60


def test_a_worker_that_is_late_puts_no_old_numbers_on_record(mailbox) -> None:
    for at in range(2):
        mailbox.put(numbered(at))
    with imap.opened(urlsplit(mailbox.url)) as folder:
        row = polling._state(folder)
        folder.validity += 1
        polling._state(folder)  # another worker's
        row.last_uid = 1
        polling._note(row, 2, is_done=False)
    assert (PolledFolder.objects.get().last_uid, PolledFolder.objects.get().failed) == (None, [])


def test_the_size_of_a_mail_is_known_and_one_that_is_gone_is_none(mailbox) -> None:
    raw = LONGER + b": yes\n" + mail("x" * 5_000)
    mailbox.put(raw)
    with imap.opened(urlsplit(mailbox.url)) as folder:
        found = folder.fetch(folder.highest())
        assert folder.fetch(folder.highest() + 1) is None
    raw = raw.replace(b"\n", b"\r\n")
    assert found == (raw, len(raw) + 1_000)


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


def test_the_thread_ends_with_its_block(mailbox) -> None:
    with polling.polling():
        [thread] = [each for each in threading.enumerate() if each.name == "mail-in"]
    assert not thread.is_alive()


def test_a_worker_that_stops_begins_no_other_mail(mailbox, monkeypatch) -> None:
    stop = threading.Event()
    for at in range(3):
        mailbox.put(numbered(at))
    with monkeypatch.context() as stopping:
        stopping.setattr(polling, "receive", lambda *args, **options: (_received(*args, **options), stop.set()))
        Poller(stop).round()
        assert bodies() == ["mail 0"]
        with monkeypatch.context() as broken:
            broken.setattr(filing, "create_ticket", lambda *it: _fail())
            poll()
        stop.clear()
        Poller(stop).round()
        assert bodies() == ["mail 0", "mail 1"]
    poll()
    assert bodies() == ["mail 0", "mail 1", "mail 2"]


def test_the_database_breaks_off_in_the_middle_of_a_mail_and_it_is_filed_right_after(mailbox, monkeypatch) -> None:
    mailbox.put(numbered(1))
    poller = Poller(threading.Event())

    def break_off(*args, **options) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    with monkeypatch.context() as broken:
        broken.setattr(polling, "receive", break_off)
        assert poller.pause() == polling.DOWN_S
    assert PolledFolder.objects.get().last_error == "OperationalError"
    assert poller.pause() == polling.POLL_S
    assert (bodies(), PolledFolder.objects.get().failed) == (["mail 1"], [])


def test_a_wrong_password_is_no_end_and_is_in_no_log(mailbox, settings, caplog) -> None:
    settings.IMAP_URL = urlsplit(f"imap://{USER}:hunter2@127.0.0.1:{mailbox.port}")
    poller = Poller(threading.Event())
    assert poller.pause() < poller.pause() <= polling.DOWN_MAX_S
    assert "hunter2" not in caplog.text
    wrong, settings.IMAP_URL = settings.IMAP_URL, urlsplit(mailbox.url)
    assert poller.pause() == polling.POLL_S
    settings.IMAP_URL = wrong
    assert poller.pause() == polling.DOWN_S


def test_a_mailbox_that_could_never_be_read_is_on_record(mailbox, settings) -> None:
    working, settings.IMAP_URL = settings.IMAP_URL, urlsplit(f"imap://{USER}:wrong@127.0.0.1:{mailbox.port}")
    mailbox.put(numbered(1))
    Poller(threading.Event()).pause()
    row = PolledFolder.objects.get()
    assert (row.last_error, row.read_at, row.last_uid) == ("error", None, None)
    settings.IMAP_URL = working
    poll()
    row.refresh_from_db()
    assert (row.last_error, bodies()) == ("", ["mail 1"])


def test_without_encryption_the_password_goes_to_no_other_machine(mailbox, settings, monkeypatch) -> None:
    monkeypatch.setattr(imap, "_LOCAL", set())
    with pytest.raises(imap.NotSafe):
        poll()


def test_folders_have_names_in_any_language(mailbox, settings) -> None:
    for at, folder in enumerate(FOLDERS):
        with mailbox.open() as client:
            raw = numbered(at).replace(b"\n", b"\r\n")
            client.append(imap._encoded(folder), "()", None, raw)
        settings.IMAP_URL = urlsplit(mailbox.url.replace("INBOX", quote(folder)))
        poll()
    assert bodies() == [f"mail {at}" for at in range(3)]
    names = PolledFolder.objects.order_by("id").values_list("name", flat=True)
    assert [name.rpartition("/")[2] for name in names] == list(FOLDERS)


def test_a_folder_s_name_is_written_as_imap_has_it() -> None:
    wanted = {
        "INBOX": "INBOX",
        "台北": "&U,BTFw-",  # RFC 3501, 5.1.3
        "~peter/mail/台北/日本語": "~peter/mail/&U,BTFw-/&ZeVnLIqe-",
        "Tom & Jerry": "Tom &- Jerry",
        "문의😀": "&uzjHWNg93gA-",
        'a"b\\c': 'a\\"b\\\\c',
    }
    assert {name: imap._encoded(name) for name in wanted} == {name: f'"{word}"' for name, word in wanted.items()}


def test_a_mailbox_is_named_without_its_password() -> None:
    assert imap.name_of(urlsplit("imaps://help%40shop:s3cret@mail.example/%EB%AC%B8%EC%9D%98")) == (
        "mail.example/help@shop/문의"
    )


def test_user_and_password_may_be_korean_if_the_server_offers_sasl(mailbox) -> None:
    who = f"{quote(KOREAN_USER)}:{quote(KOREAN_PASSWORD)}"
    with imap.opened(urlsplit(f"imap://{who}@127.0.0.1:{mailbox.sasl_port}")) as folder:
        assert folder.highest() == 0
    with pytest.raises(imaplib.IMAP4.error), imap.opened(urlsplit(f"imap://{who}x@127.0.0.1:{mailbox.sasl_port}")):
        pass


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
