"""Lines that are cut, workers that are killed and a server that falls silent lose no mail and double none."""

import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator

import psutil
import pytest
from django.db import connection

from agents.models import ServiceMailbox
from agents.outbox.models import OutgoingMail
from contiple.base.env import BASE_DIR
from tests.faults.people import wait_until
from tests.make import make_service
from tests.server import database_url
from tests.tickets.mail.corpus import mail
from tickets.mail import imap
from tickets.mail.models import PolledFolder, ReceivedMail
from tickets.models import Comment, Ticket, TicketMail

pytestmark = pytest.mark.django_db(transaction=True)
END_S = 120  # for a share of the mails
SERVICES = ("help@shop.example", "other@shop.example")  # a service takes 3,000 mails an hour


class Line:
    """Lines to the server. Each is cut after some bytes; each eighth passes nothing on any more, and stays open."""

    def __init__(self, port: int, chance: random.Random, bytes_max: int) -> None:
        self.port, self.chance, self.bytes_max = port, chance, bytes_max
        self.lines = self.cuts = self.silences = 0
        self.is_kind = False
        self.listening = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def own_port(self) -> int:
        return self.listening.getsockname()[1]

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _address = self.listening.accept()
                self.lines += 1
                is_silent = self.lines % 8 == 4
                threading.Thread(target=self._pass_on, args=(client, is_silent), daemon=True).start()

    def _pass_on(self, client: socket.socket, is_silent: bool) -> None:
        left = 10**9 if self.is_kind else self.chance.randrange(500, self.bytes_max)
        with client, socket.create_connection(("127.0.0.1", self.port)) as server:
            threading.Thread(target=_copy, args=(client, server), daemon=True).start()
            with contextlib.suppress(OSError):
                while left > 0 and (piece := server.recv(min(2_000, left))):
                    client.sendall(piece)
                    left -= len(piece)
                if left <= 0 and is_silent:
                    self.silences += 1
                    while server.recv(2_000):  # until the other side gives up
                        pass
                self.cuts += left <= 0
            for end in (client, server):  # closing alone tells nobody as long as the other thread reads
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)


def _copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while piece := source.recv(2_000):
            target.sendall(piece)
        target.shutdown(socket.SHUT_WR)


@contextlib.contextmanager
def poller(url: str) -> Iterator[subprocess.Popen]:
    environment = {**os.environ, "DATABASE_URL": database_url(), "IMAP_URL": url, "LOG_LEVEL": "CRITICAL"}
    process = subprocess.Popen([sys.executable, "-m", "tests.tickets.mail.hasty_poller"], cwd=BASE_DIR, env=environment)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def fill(mailbox, count: int) -> None:
    """New mails, answers to them, and mails that come twice; by turns of four for one service and for the other."""
    with mailbox.open() as client:
        for at in range(count):
            answers = {"In_Reply_To": f"<{at - 1}@x>"} if at % 4 == 1 else {}
            people = {"From": f"a{at - 1 if answers else at}@example.com", "To": SERVICES[at // 4 % 2]}
            raw = mail(f"mail {at}\n{'x' * (at % 50) * 40}", Message_ID=f"<{at}@x>", **people, **answers)
            for _each in range(2 if at % 25 == 0 else 1):
                client.append("INBOX", "()", None, raw.replace(b"\n", b"\r\n"))


def through_cuts_and_kills(mailbox, count: int, kills: int) -> str:
    """Takes all mails in, with about so many kills. Returns what happened."""
    ServiceMailbox.objects.create(service=make_service("other"), address=SERVICES[1])
    chance, killed, done = random.Random(11), 0, 0
    line = Line(mailbox.port, chance, 9_000 + 40 * count)  # a first look at the mailbox takes 10 bytes for each mail
    fill(mailbox, count)
    url = mailbox.url.replace(f":{mailbox.port}/", f":{line.own_port}/")
    while done < count:
        target = min(count, done + chance.randrange(1, 2 * count // kills))
        with poller(url) as process:
            wait_until(lambda target=target: ReceivedMail.objects.count() >= target, END_S)
            readers = psutil.Process(process.pid).children()
            process.send_signal(signal.SIGKILL)
            killed += 1
        psutil.wait_procs(readers, timeout=30)
        assert not [each for each in readers if each.is_running()], "a reader outlives its worker"
        done = ReceivedMail.objects.count()
    line.is_kind = True
    with poller(url):
        wait_until(lambda: not _unread(mailbox), END_S)
    line.listening.close()
    _check(mailbox, count)
    assert line.cuts > line.silences > 0
    assert killed
    return f"{count} mails, {line.cuts} lines cut, {line.silences} of them silent, {killed} workers killed"


def test_nothing_is_lost_or_doubled_when_lines_are_cut_and_workers_killed(imap_mailbox) -> None:
    through_cuts_and_kills(imap_mailbox, 60, kills=3)


@pytest.mark.soak
def test_of_very_many_mails_on_dovecot_none_is_lost_or_doubled(dovecot_mailbox, capsys) -> None:
    done = through_cuts_and_kills(dovecot_mailbox, 5_000, kills=40)
    with capsys.disabled():
        print(f"\n{done}")


def _unread(mailbox) -> int:
    return sum("\\Seen" not in flags for flags in mailbox.flags())


def _check(mailbox, count: int) -> None:
    connection.close()
    ids = Counter(ReceivedMail.objects.values_list("message_id", flat=True))
    assert ids == Counter(f"<{at}@x>" for at in range(count))
    assert not ReceivedMail.objects.exclude(reason="").exists()
    answers = len([at for at in range(count) if at % 4 == 1])
    assert (Ticket.objects.count(), Comment.objects.count()) == (count - answers, answers)
    assert TicketMail.objects.filter(direction="in").count() == count
    assert OutgoingMail.objects.count() == count - answers  # one confirmation for each ticket
    assert _unread(mailbox) == 0
    assert PolledFolder.objects.get().failed == []


def test_a_server_that_never_answers_is_given_up_after_a_while(imap_mailbox, settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = settings.IMAP_URL._replace(netloc=f"help:x@127.0.0.1:{silent.getsockname()[1]}")
        with pytest.raises(TimeoutError), imap.opened(url, timeout_s=0.5):
            pass
