"""Mails that a provider posts: only with its secret, within bounds, and 200 only for what is stored."""

import base64
import contextlib
import hashlib
import hmac
import http.client
import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

import pytest
from django.db import connection

from agents.models import ServiceMailbox
from agents.outbox.models import OutgoingMail
from contiple import bounds
from tests import server
from tests.make import make_service
from tests.server import Server
from tests.tickets.mail.corpus import CORPUS, mail
from tickets.mail.models import ReceivedMail
from tickets.models import Ticket

pytest.importorskip("anymail", reason="the extra `webhooks` is not installed")
pytestmark = pytest.mark.django_db(transaction=True)
SECRET, KEY = "provider:b3dW-8sKq-2nVx-7zTp-4hYm", "key-of-mailgun-5f3a9c"
FORM = "application/x-www-form-urlencoded"
Reason = ReceivedMail.Reason


@pytest.fixture(scope="module")
def running(tmp_path_factory, django_db_setup, django_db_blocker) -> Iterator[dict[str, Server]]:
    """A server for each provider."""
    folder: Path = tmp_path_factory.mktemp("webhooks")
    common = {"INBOUND_WEBHOOK_SECRET": SECRET, "INBOUND_WEBHOOK_KEY": KEY}
    with django_db_blocker.unblock():
        connection.close()
        with (
            server.running(folder / "postmark", INBOUND_WEBHOOK="postmark", **common) as postmark,
            server.running(folder / "mailgun", INBOUND_WEBHOOK="mailgun", **common) as mailgun,
        ):
            yield {"postmark": postmark, "mailgun": mailgun}


@pytest.fixture
def mailbox(transactional_db, running) -> ServiceMailbox:
    return ServiceMailbox.objects.create(service=make_service(), address="help@shop.example")


def post(at: Server, body: bytes, kind: str = "application/json", *, secret: str = SECRET) -> int:
    headers = {"Content-Type": kind}
    if secret:
        headers["Authorization"] = f"Basic {base64.b64encode(secret.encode()).decode()}"
    line = http.client.HTTPConnection(at.origin.removeprefix("http://"), timeout=60)
    with contextlib.closing(line):
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # a refusal may come before the body is sent
            line.request("POST", f"/{bounds.POSTED_MAIL}", body, headers)
        return line.getresponse().status


def form(line: bytes, boundary: bytes = b"x") -> bytes:
    """The fields of an encoded form as `multipart/form-data`."""
    fields = parse_qsl(line.decode(), encoding="latin-1", keep_blank_values=True)
    head = b'--%s\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
    parts = [head % (boundary, name.encode(), value.encode("latin-1")) for name, value in fields]
    return b"".join(parts) + b"--" + boundary + b"--\r\n"


def postmark(raw: bytes | None, *, to: str = "help@shop.example", **more) -> bytes:
    event = {"OriginalRecipient": to, "MessageID": "0001", "Headers": [], **more}
    return json.dumps(event | ({"RawEmail": raw.decode()} if raw is not None else {})).encode()


def mailgun(raw: bytes, *, key: str = KEY, to: str = "help@shop.example", sender: str = "jun@example.com") -> bytes:
    signed = hmac.new(key.encode(), b"1800000000token", hashlib.sha256).hexdigest()
    fields = {"timestamp": "1800000000", "token": "token", "signature": signed, "recipient": to, "sender": sender}
    return urlencode({**fields, "body-mime": raw}).encode()


def test_a_posted_mail_is_filed_once_and_posting_it_again_is_right_too(mailbox, running) -> None:
    body = postmark(mail("어디에 있나요?"))
    assert [post(running["postmark"], body) for _each in range(3)] == [200] * 3
    assert (Ticket.objects.get().body, OutgoingMail.objects.count()) == ("어디에 있나요?", 1)


def test_a_post_without_the_secret_stores_nothing(mailbox, running) -> None:
    body = postmark(mail("x"))
    for secret in ("", "provider:wrong", SECRET + "x", ":"):
        assert post(running["postmark"], body, secret=secret) == 400
    assert not ReceivedMail.objects.exists()


def test_a_large_body_is_refused_before_it_is_read_unless_the_secret_is_right(mailbox, running) -> None:
    body = postmark(mail("x" * 10_000_000))
    for secret in ("", "provider:wrong"):
        assert post(running["postmark"], body, secret=secret) == 413
    assert post(running["postmark"], body) == 200
    assert Ticket.objects.count() == 1


def test_a_body_over_the_bound_is_refused_with_the_secret_too(mailbox, running) -> None:
    assert post(running["postmark"], b'{"RawEmail": "' + b"x" * bounds.POSTED_MAIL_BYTES + b'"}') == 413


def test_a_mail_of_30_mb_is_filed(mailbox, running) -> None:
    assert post(running["postmark"], postmark(mail("line of a text\n" * 2_000_000))) == 200
    assert "text_cut" in ReceivedMail.objects.get().notes


def test_a_mail_for_no_service_must_come_again_until_there_is_one(mailbox, running) -> None:
    body = postmark(mail("x"), to="new@shop.example")
    assert [post(running["postmark"], body) for _each in range(2)] == [404] * 2
    row = ReceivedMail.objects.get()
    assert (row.reason, row.service, row.text, row.subject) == (Reason.NOBODY, None, "", "")
    ServiceMailbox.objects.update(address="new@shop.example")
    assert post(running["postmark"], body) == 200
    assert Ticket.objects.count() == 1


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"{", b"\xff\xfe", b'{"RawEmail": 5}', b'{"RawEmail": null}'])
def test_a_broken_post_is_answered_and_stores_nothing(mailbox, running, body) -> None:
    assert post(running["postmark"], body) >= 400
    assert not ReceivedMail.objects.exclude(reason=Reason.NOBODY).exists()


def test_a_mail_without_its_raw_form_is_filed_as_well(mailbox, running) -> None:
    event = {
        "FromFull": {"Email": "jun@example.com", "Name": "Jun Kim"},
        "ToFull": [{"Email": "help@shop.example", "Name": ""}],
        "Subject": "주문",
        "TextBody": "어디에 있나요?",
        "Headers": [{"Name": "Message-ID", "Value": "<a@example.com>"}],
        "Attachments": [{"Name": "a.pdf", "Content": "AAAA", "ContentType": "application/pdf"}],
    }
    assert [post(running["postmark"], postmark(None, **event)) for _each in range(2)] == [200] * 2
    ticket = Ticket.objects.get()
    assert (ticket.subject, ticket.body, ticket.received.get().files) == ("주문", "어디에 있나요?", ["a.pdf"])


def test_a_signed_form_is_filed_whatever_its_charset(mailbox, running) -> None:
    raw = mail("주문한 상품이 아직 오지 않았습니다.", charset="euc-kr")
    assert post(running["mailgun"], mailgun(raw, key="another-key-of-mailgun"), FORM) == 400
    assert post(running["mailgun"], mailgun(raw), FORM, secret="") == 400
    assert post(running["mailgun"], mailgun(raw), FORM) == 200
    assert post(running["mailgun"], form(mailgun(raw)), "multipart/form-data; boundary=x") == 200
    assert Ticket.objects.get().body == "주문한 상품이 아직 오지 않았습니다."


def test_a_mail_without_a_sender_in_its_envelope_is_of_a_program(mailbox, running) -> None:
    assert post(running["mailgun"], mailgun(mail("x"), sender=""), FORM) == 200
    assert ReceivedMail.objects.get().reason == Reason.AUTOMATIC


def test_every_mail_of_the_corpus_is_stored(mailbox, running) -> None:
    for name, (raw, _expected) in CORPUS.items():
        assert post(running["mailgun"], mailgun(raw), FORM) == 200, name


def test_without_the_setting_there_is_no_such_address(mailbox, client) -> None:
    assert client.post(f"/{bounds.POSTED_MAIL}", b"{}", content_type="application/json").status_code == 404


def test_the_log_holds_neither_the_secret_nor_a_mail(mailbox, running) -> None:
    post(running["postmark"], postmark(mail("Very private"), to="nobody@shop.example"))
    post(running["postmark"], postmark(mail("Very private")), secret="provider:guessed")
    log = running["postmark"].log
    assert "Very private" not in log
    assert SECRET not in log
    assert "guessed" not in log
    assert "nobody@" not in log  # mails that leave are printed in local mode
