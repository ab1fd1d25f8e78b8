"""Mails that could not be read are kept whole, encrypted, and read again when an operator asks."""

from datetime import datetime

from django.db import transaction
from django.utils.crypto import salted_hmac

from agents.models_mailboxes import ServiceMailbox
from contiple.base import crypto
from contiple.base.errors import TooMany
from tickets.mail import apart
from tickets.mail.filing import file_mail
from tickets.mail.models import ReceivedMail
from tickets.mail.parsing import Mail
from tickets.mail.parts import Note


def sealed(raw: bytes, mail: Mail) -> bytes | None:
    """Returns the whole mail, encrypted, if it could not be read."""
    return crypto.seal(_key(), raw, mail.message_id.encode()) if Note.UNREADABLE in mail.notes else None


def read_again(row: ReceivedMail, *, now: datetime) -> bool:
    """Reads a kept mail anew, as after an update, and files it in place of ``row``. Says whether it succeeded."""
    mailbox = ServiceMailbox.objects.select_related("service__contract").filter(service=row.service_id).first()
    if row.sealed is None or mailbox is None:
        return False
    try:
        mail = apart.read(crypto.unseal(_key(), bytes(row.sealed), row.message_id.encode()), size=row.size)
    except crypto.Unreadable:  # SECRET_KEY has changed since
        return False
    return Note.UNREADABLE not in mail.notes and _is_filed(row, mailbox, mail, now)


def _is_filed(row: ReceivedMail, mailbox: ServiceMailbox, mail: Mail, now: datetime) -> bool:
    try:
        with transaction.atomic():
            gone, _by_model = ReceivedMail.objects.filter(pk=row.pk, ticket=None).delete()
            if gone:
                file_mail(mailbox, mail, now=now)
            return bool(gone)
    except TooMany:
        return False


def _key() -> bytes:
    return salted_hmac("tickets.mail", "unread", algorithm="sha256").digest()
