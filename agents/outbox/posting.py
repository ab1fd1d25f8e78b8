"""Puts mails into the outbox. Nobody waits for a mail server: the act's commit is all that a request does."""

import json
import re
import uuid
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import timezone, translation
from django.utils.crypto import salted_hmac

from agents.models import Service
from agents.outbox.models import OutgoingMail
from contiple.base import crypto

GIVE_UP_AFTER = timedelta(days=1)
# A local part may be quoted, as in Django's forms. Neither holds a line break, so no header can be added.
_QUOTED, _PLAIN = r'"(?:[^"\\\r\n\x00]|\\[^\r\n\x00])*"', r'[^\s<>,;"\x00-\x1f\x7f]+'
_ADDRESS = re.compile(rf'(?:{_QUOTED}|{_PLAIN})@[^\s<>,;"@\x00-\x1f\x7f]+')
_ID = re.compile(r"<[^<>\s\x00-\x1f\x7f]{1,250}>")


@dataclass(frozen=True, kw_only=True)
class Outgoing:
    """A mail as its writer describes it. ``may_be_kept=False``: it holds secrets, such as a link that signs in."""

    kind: str
    to: list[str]
    subject: str
    text: str
    service: Service | None = None
    cc: list[str] | tuple[str, ...] = ()
    html: str = ""
    language: str = ""
    about: str = ""
    message_id: str = ""
    in_reply_to: str = ""
    references: list[str] | tuple[str, ...] = ()
    reply_to: str = ""
    from_name: str = ""
    is_automatic: bool = True
    may_be_kept: bool = True


def post(mail: Outgoing) -> OutgoingMail:
    """Writes the mail in the current transaction, and returns its row: it leaves if, and only if, that commits.

    Line breaks in what becomes a header are taken out. Raises ``ValueError`` for an address or an id that has one.
    """
    now = timezone.now()
    row = OutgoingMail(
        service=mail.service,
        kind=mail.kind,
        about=mail.about,
        message_id=_id(mail.message_id or new_message_id()),
        language=mail.language or translation.get_language() or settings.LANGUAGE_CODE,
        is_automatic=mail.is_automatic,
        may_be_kept=mail.may_be_kept,
        created_at=now,
        give_up_at=now + GIVE_UP_AFTER,
    )
    fill(row, mail)
    row.save()
    return row


def fill(row: OutgoingMail, mail: Outgoing) -> None:
    """Writes what the mail says into the row, which is not saved."""
    row.to, row.cc = [_address(one) for one in mail.to], [_address(one) for one in mail.cc]
    row.pending = list(dict.fromkeys([*row.to, *row.cc]))
    row.reply_to = _address(mail.reply_to) if mail.reply_to else ""
    row.from_name, row.subject = _line(mail.from_name), _line(mail.subject)
    row.in_reply_to = _id(mail.in_reply_to) if mail.in_reply_to else ""
    row.references = [_id(one) for one in mail.references]
    if mail.may_be_kept:
        row.text, row.html = mail.text, mail.html
    else:
        content = json.dumps([mail.text, mail.html]).encode()
        row.sealed = crypto.seal(_key(), content, row.message_id.encode())


def content_of(row: OutgoingMail) -> tuple[str, str]:
    """Returns text and HTML. Raises ``crypto.Unreadable`` if ``SECRET_KEY`` has changed since."""
    if row.sealed is None:
        return row.text, row.html
    text, html = json.loads(crypto.unseal(_key(), bytes(row.sealed), row.message_id.encode()))
    return text, html


def new_message_id() -> str:
    return f"<{uuid.uuid4().hex}@{urlsplit(settings.PUBLIC_ORIGIN).hostname}>"


def _key() -> bytes:
    return salted_hmac("agents.outbox", "content", algorithm="sha256").digest()


def _line(text: str) -> str:
    return " ".join(text.split())


def _address(text: str) -> str:
    if not _ADDRESS.fullmatch(text):
        raise ValueError("this is not one plain e-mail address")
    return text


def _id(text: str) -> str:
    if not _ID.fullmatch(text):
        raise ValueError("this is not the id of a message")
    return text
