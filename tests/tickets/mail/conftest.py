"""A mailbox on a real IMAP server (Twisted's, or Dovecot), whose mails become tickets of the service Demo."""

import contextlib
import imaplib
import socket
import subprocess
import sys
from collections.abc import Iterator
from urllib.parse import quote, urlsplit

import pytest

from agents.models import ServiceMailbox
from contiple.base.env import BASE_DIR
from tests import services
from tests.make import make_service
from tests.tickets.mail import dovecot as dovecots
from tests.tickets.mail.imap_server import PASSWORD, USER


class Mailbox:
    """The mailbox as another client sees it."""

    def __init__(self, port: int, sasl_port: int) -> None:
        self.port, self.sasl_port = port, sasl_port
        self.url = f"imap://{USER}:{quote(PASSWORD, safe='')}@127.0.0.1:{port}/INBOX"

    @contextlib.contextmanager
    def open(self) -> Iterator[imaplib.IMAP4]:
        client = imaplib.IMAP4("127.0.0.1", self.port, timeout=30)
        client.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # else each mail takes 40 ms to put in
        client.login(USER, f'"{PASSWORD}"' if " " in PASSWORD else PASSWORD)
        client.select()
        yield client
        client.logout()

    def put(self, raw: bytes, flags: str = "()") -> None:
        with self.open() as client:
            client.append("INBOX", flags, None, raw.replace(b"\n", b"\r\n"))

    def flags(self) -> list[set[str]]:
        with self.open() as client:
            lines = client.fetch("1:*", "(FLAGS)")[1]
        return [{each.decode() for each in imaplib.ParseFlags(line)} - {"\\Recent"} for line in lines if line]

    def numbers(self) -> list[int]:
        with self.open() as client:
            return [int(each) for each in client.uid("SEARCH", "ALL")[1][0].split()]

    def delete_first(self) -> None:
        with self.open() as client:
            client.store("1", "+FLAGS", "(\\Deleted)")
            client.expunge()

    def number_anew(self) -> None:
        with self.open() as client:
            client.delete("Other")


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[int, int]]:
    ports = services.free_port(), services.free_port()
    command = [sys.executable, "-m", "tests.tickets.mail.imap_server", *map(str, ports)]
    process = subprocess.Popen(command, cwd=BASE_DIR)
    services.wait_for_port(ports[1], process)
    yield ports
    process.terminate()
    process.wait()


@pytest.fixture
def imap_mailbox(transactional_db, server, settings) -> Mailbox:
    mailbox = Mailbox(*server)
    settings.IMAP_URL = urlsplit(mailbox.url)
    ServiceMailbox.objects.create(service=make_service(), address="help@shop.example")
    with mailbox.open() as client:
        if client.search(None, "ALL")[1][0]:
            client.store("1:*", "+FLAGS", "(\\Deleted)")
            client.expunge()
    return mailbox


@pytest.fixture
def dovecot() -> Iterator[dovecots.Dovecot]:
    """A Dovecot of the test's own, if the machine has the program."""
    if why_not := dovecots.why_not():
        pytest.skip(why_not)
    with dovecots.running() as server:
        yield server


@pytest.fixture
def dovecot_mailbox(transactional_db, dovecot, settings, monkeypatch) -> Mailbox:
    monkeypatch.setenv("SSL_CERT_FILE", str(dovecot.certificate))
    mailbox = Mailbox(dovecot.port, dovecot.port)
    settings.IMAP_URL = urlsplit(mailbox.url)
    ServiceMailbox.objects.create(service=make_service(), address="help@shop.example")
    return mailbox
