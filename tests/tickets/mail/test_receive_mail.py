"""`manage.py receive_mail` as a mail server starts it: the exit code says what became of the mail."""

import os
import subprocess
import sys

import pytest

from agents.models import ServiceMailbox
from contiple.base.env import BASE_DIR
from tests import services
from tests.make import make_service
from tests.server import database_url
from tests.tickets.mail.corpus import CORPUS, mail
from tickets.mail.models import ReceivedMail
from tickets.mail.parsing import MAIL_LENGTH_MAX
from tickets.models import Ticket

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def mailbox(transactional_db) -> ServiceMailbox:
    return ServiceMailbox.objects.create(service=make_service(), address="help@shop.example")


def pipe(raw: bytes, *options: str, **environment: str) -> subprocess.CompletedProcess:
    environment = {**os.environ, "DATABASE_URL": database_url(), **environment}
    command = [sys.executable, "manage.py", "receive_mail", *options]
    return subprocess.run(command, input=raw, env=environment, cwd=BASE_DIR, capture_output=True)


def test_a_mail_is_filed_and_the_server_is_done_with_it(mailbox) -> None:
    done = pipe(mail("어디에 있나요?"), "--to", "help@shop.example", "--from", "jun@example.com")
    assert (done.returncode, done.stderr.count(b"jun@example.com")) == (os.EX_OK, 0)
    assert Ticket.objects.get().body == "어디에 있나요?"


def test_what_can_t_be_filed_is_kept_so_the_server_is_done_with_it(mailbox) -> None:
    assert pipe(mail("x"), "--to", "help@shop.example", "--from", "").returncode == os.EX_OK
    assert ReceivedMail.objects.get().reason == ReceivedMail.Reason.AUTOMATIC


def test_an_unknown_address_is_said_to_be_one(mailbox) -> None:
    assert pipe(mail("x"), "--to", "nobody@shop.example").returncode == os.EX_NOUSER
    assert not ReceivedMail.objects.exists()


def test_nothing_is_no_mail(mailbox) -> None:
    assert pipe(b" \n").returncode == os.EX_DATAERR


def test_without_the_database_the_mail_must_come_again(mailbox) -> None:
    gone = f"postgresql://localhost:{services.free_port()}/none"
    assert pipe(mail("x"), DATABASE_URL=gone).returncode == os.EX_TEMPFAIL


def test_with_settings_that_can_t_be_used_the_mail_must_come_again(mailbox) -> None:
    done = pipe(mail("x"), LOG_LEVEL="nonsense")
    assert (done.returncode, done.stderr.count(b"\n")) == (os.EX_TEMPFAIL, 1)


def test_of_a_mail_that_is_too_large_the_beginning_becomes_a_ticket(mailbox) -> None:
    raw, _expected = CORPUS["files"]
    raw = raw.replace(b"see both", b"see all of it") + b"eHh4\n" * (MAIL_LENGTH_MAX // 5 + 1)
    assert pipe(raw).returncode == os.EX_OK
    row = ReceivedMail.objects.get()
    assert (row.ticket.body, row.notes, row.size) == ("see all of it", ["too_large"], len(raw))
