"""Mails the link of an invitation, and notes how that went."""

from collections.abc import Iterable

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agents import audit, outbox
from agents.models import Agent, Invitation
from agents.outbox import kinds, upkeep
from agents.outbox.kinds import Kind
from agents.outbox.models import OutgoingMail

KIND = "invitation"


def invitation_link(secret: str) -> str:
    return f"{settings.PUBLIC_ORIGIN}{reverse('agents:accept_invitation', args=[secret])}"


def post_invitation(invitation: Invitation, secret: str, *, by: Agent) -> None:
    """Puts the link into the outbox, in the transaction that makes the invitation."""
    context = {"link": invitation_link(secret), "invitation": invitation, "by": by, "service": by.service}
    outbox.post(
        outbox.Outgoing(
            kind=KIND,
            service=by.service,
            about=_about(invitation.pk),
            to=[invitation.email],
            subject=_("Invitation to %(service)s on Contiple") % {"service": by.service.name},
            text=render_to_string("agents/invitation_mail.txt", context),
            may_be_kept=False,
        )
    )


def withdraw_invitations(service_id: int, ids: Iterable[int]) -> None:
    """Takes links that stop working out of the outbox, if they have not left yet."""
    about = [_about(pk) for pk in ids]
    upkeep.withdraw(OutgoingMail.objects.filter(service=service_id, kind=KIND, about__in=about))


def register() -> None:
    kinds.register(KIND, Kind(gettext_lazy("Invitation"), ended=_note_end))


def _note_end(row: OutgoingMail) -> None:
    """The invitation says how the mail of its link went, unless a newer one has taken its place."""
    state = Invitation.Mail.SENT if row.state == OutgoingMail.State.SENT else Invitation.Mail.FAILED
    mailed = Invitation.objects.filter(pk=row.about.partition(":")[2]).exclude(mail=Invitation.Mail.NONE)
    if mailed.update(mail=state) and state == Invitation.Mail.FAILED and row.service_id:
        audit.record(row.service_id, "invitation.mail_failed", row.about)


def _about(pk: int) -> str:
    return f"invitation:{pk}"
