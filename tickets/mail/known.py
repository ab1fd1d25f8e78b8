"""Tells whether a mail came before. Ids of mails are made by programs: some give all of their mails the same one."""

from dataclasses import replace

from agents.models import Service
from tickets.mail.models import ReceivedMail
from tickets.mail.parsing import Mail


def told_apart(service: Service | None, mail: Mail) -> Mail:
    """Returns the mail, with an id of its own if another mail of the service has had its id.

    A copy of a mail has its sender, date and subject. So nobody can keep another's mail out by using its id first.
    """
    rows = ReceivedMail.objects.filter(service=service, message_id=mail.message_id)
    digest = rows.values_list("digest", flat=True).first()
    return mail if digest in (None, "", mail.digest) else replace(mail, message_id=f"<{mail.digest}@same-id.invalid>")
