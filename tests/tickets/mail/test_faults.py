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

from agents.outbox.models import OutgoingMail
from contiple.base.env import BASE_DIR
from tests.faults.people import wait_until
from tests.server import database_url
from tests.tickets.mail.corpus import mail
from tickets.mail import imap
from tickets.mail.models import PolledFolder, ReceivedMail
from tickets.models import Comment, Ticket, TicketMail

pytestmark = pytest.mark.django_db(transaction=True)
END_S = 300  # for some mails, and a wait of 30 s for a line that is silent


class Line:
    """Lines to the server. Each is cut after some bytes, or passes nothing on any more."""

    def __init__(self, port: int, chance: random.Random, bytes_max: int) -> None:
        self.port, self.chance, self.bytes_max = port, chance, bytes_max
        self.cuts = self.silences = 0
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
                threading.Thread(target=self._pass_on, args=(client,), daemon=True).start()

    def _pass_on(self, client: socket.socket) -> None:
        left = 10**9 if self.is_kind else self.chance.randrange(500, self.bytes_max)
        is_silent = self.chance.random() < 0.03
        with client, socket.create_connection(("127.0.0.1", self.port)) as server:
            threading.Thread(target=_copy, args=(client, server), daemon=True).start()
            with contextlib.suppress(OSError):
                while left > 0 and (piece := server.recv(min(2_000, left))):
                    client.sendall(piece)
                    left -= len(piece)
                if left <= 0 and is_silent:
                    self.silences += 1
                    client.recv(1)  # until the other side gives up
                self.cuts += left <= 0


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
    """New mails, answers to them, and mails that come twice."""
    with mailbox.open() as client:
        for at in range(count):
            answers = {"In_Reply_To": f"<{at - 1}@x>"} if at % 4 == 1 else {}
            sender = f"a{at - 1 if answers else at}@example.com"
            raw = mail(f"mail {at}\n{'x' * (at % 50) * 40}", From=sender, Message_ID=f"<{at}@x>", **answers)
            for _each in range(2 if at % 25 == 0 else 1):
                client.append("INBOX", "()", None, raw.replace(b"\n", b"\r\n"))


@pytest.mark.soak
@pytest.mark.parametrize("count", [120, 1_000])
def test_nothing_is_lost_or_doubled_when_lines_are_cut_and_workers_killed(imap_mailbox, capsys, count) -> None:
    chance = random.Random(11)
    line, kills = Line(imap_mailbox.port, chance, 150 * count), 0
    fill(imap_mailbox, count)
    url = imap_mailbox.url.replace(f":{imap_mailbox.port}/", f":{line.own_port}/")
    done = 0
    while done < count:
        target = min(count, done + chance.randrange(1, count // 8))
        with poller(url) as process:
            wait_until(lambda target=target: ReceivedMail.objects.count() >= target, END_S)
            readers = psutil.Process(process.pid).children()
            process.send_signal(signal.SIGKILL)
            kills += 1
        psutil.wait_procs(readers, timeout=30)
        assert not [each for each in readers if each.is_running()], "a reader outlives its worker"
        done = ReceivedMail.objects.count()
    line.is_kind = True
    with poller(url):
        wait_until(lambda: not _unread(imap_mailbox), END_S)
    line.listening.close()
    _check(imap_mailbox, count)
    with capsys.disabled():
        print(f"\n{count} mails, {line.cuts} lines cut, {line.silences} of them silent, {kills} workers killed")
    assert line.cuts
    assert kills


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
