"""Takes mails from wherever they come, and files each for the services to which it was sent."""

import logging
from collections.abc import Iterable
from datetime import datetime
from typing import BinaryIO

from agents.mailboxes import mailboxes_for
from tickets.mail import apart
from tickets.mail.filing import file_mail
from tickets.mail.models import ReceivedMail
from tickets.mail.parsing import MAIL_LENGTH_MAX, Mail
from tickets.mail.unread import sealed

_PIECE = 1024 * 1024
log = logging.getLogger(__name__)


class NobodysMail(Exception):
    """No service has an address to which the mail was sent."""

    def __init__(self, mail: Mail) -> None:
        super().__init__()
        self.mail = mail


def receive(raw: bytes, *, size: int, now: datetime, recipients: Iterable[str] = ()) -> list[ReceivedMail]:
    """Files the mail for each service that it was sent to, and returns their rows.

    ``recipients`` are the addresses of the envelope; without them those in the headers count. ``size`` is the mail's
    own, of which ``raw`` may be the beginning. Raises ``NobodysMail``, and ``TooMany`` if it must come again later.
    """
    mail = apart.read(raw, size=size)
    mailboxes = mailboxes_for(recipients or mail.recipients)
    if not mailboxes:
        raise NobodysMail(mail)
    kept = sealed(raw, mail)
    rows = [file_mail(mailbox, mail, now=now, sealed=kept) for mailbox in mailboxes]
    for row in rows:
        log.info("mail %s: %s", row.pk, row.reason or "filed")
    return rows


def read_bounded(stream: BinaryIO) -> tuple[bytes, int]:
    """Reads a mail to its end; returns it, or of one that is too large the beginning, and its size in bytes."""
    raw = stream.read(MAIL_LENGTH_MAX + 1)
    size = len(raw)
    while piece := stream.read(_PIECE):
        size += len(piece)
    return raw, size
