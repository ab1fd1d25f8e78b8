"""What an agent is shown of the mails by which a ticket's words came, beside the words."""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from tickets.mail.models import ReceivedMail
from tickets.mail.parts import Note
from tickets.models import Ticket, TicketMail

NOTES = {
    Note.TOO_LARGE: _("The e-mail was too large. Only its beginning was read."),
    Note.TOO_NESTED: _("The e-mail has too many parts. Only its subject was read."),
    Note.TEXT_CUT: _("The text was too long. Its end is missing."),
    Note.CHARSET: _("Some characters could not be read."),
    Note.WINMAIL: _(
        "Outlook packed files into winmail.dat, which can’t be opened here. Ask the sender for the files themselves."
    ),
    Note.UNREADABLE: _("The text of the e-mail could not be read."),
    Note.ENCRYPTED: _("The e-mail is encrypted and can’t be read here."),
    Note.EMPTY: _("There was no text in the e-mail."),
    Note.MORE_FILES: _("There were more files than are named here."),
}


@dataclass(frozen=True)
class Received:
    """``other_sender`` is the address of a sender who is not the requester, as far as the mail tells."""

    mail: ReceivedMail
    other_sender: str = ""

    @property
    def notes(self) -> list:
        return [NOTES[Note(note)] for note in self.mail.notes if note in set(Note)]


def received_in(ticket: Ticket) -> dict[int | None, Received]:
    """Returns the received mails of the ticket by the comment they became; ``None`` is the description."""
    named = ticket.mails.filter(direction=TicketMail.Direction.IN, is_from_requester=False)
    others = dict(named.values_list("message_id", "from_address"))
    rows = ticket.received.filter(reason=ReceivedMail.Reason.FILED)
    return {row.comment_id: Received(row, others.get(row.message_id, "")) for row in rows}
