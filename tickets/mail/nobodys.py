"""Mails that came in for no service: a row says so, without a word of them. The mail stays where it came from.

Once a service has one of the addresses, a mail in the mailbox is fetched again, and filed.
"""

from datetime import datetime

from agents.mailboxes import mailboxes_for
from tickets.mail.known import told_apart
from tickets.mail.models import ReceivedMail
from tickets.mail.parsing import Mail

LOOKED_AT = 1_000  # the newest in a mailbox: a catch-all mailbox may get any number


def note(mail: Mail, *, now: datetime, folder: str = "", uid: int | None = None) -> None:
    """Puts the mail on record, once."""
    mail = told_apart(None, mail)
    where = {"folder": folder, "uid": uid, "recipients": list(mail.recipients)}
    first = {
        "reason": ReceivedMail.Reason.NOBODY,
        "from_address": mail.sender.email,
        "size": mail.size,
        "digest": mail.digest,
    }
    ReceivedMail.objects.update_or_create(
        service=None,
        message_id=mail.message_id,
        defaults=where,
        create_defaults={**where, **first, "notes": sorted(mail.notes), "received_at": now},
    )


def addressed_by_now(folder: str) -> list[int]:
    """Returns the numbers of the folder's mails for which there is a service by now."""
    rows = ReceivedMail.objects.filter(service=None, folder=folder).exclude(uid=None).order_by("-pk")
    found = rows.values_list("uid", "recipients")[:LOOKED_AT]
    return [uid for uid, recipients in found if uid and mailboxes_for(recipients or ())]


def forget(folder: str, uid: int) -> None:
    """Deletes the row of a mail that is filed."""
    ReceivedMail.objects.filter(service=None, folder=folder, uid=uid).delete()


def numbered_anew(folder: str) -> None:
    """Forgets the numbers: the server has given its mails others."""
    ReceivedMail.objects.filter(service=None, folder=folder).update(uid=None)
