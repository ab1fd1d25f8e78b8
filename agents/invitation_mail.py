"""Mails the link of an invitation."""

import logging
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from agents.invitations import NewInvitation, note_mail
from agents.mailing import mail_later
from agents.models import Agent

log = logging.getLogger(__name__)


def invitation_link(secret: str) -> str:
    return f"{settings.PUBLIC_ORIGIN}{reverse('agents:accept_invitation', args=[secret])}"


def mail_invitation(new: NewInvitation, *, by: Agent) -> None:
    """Has the link mailed soon; the invitation says then how that went. Call it after the commit."""
    if not mail_later(_mail, new, by):
        note_mail(new.invitation, sent=False)


def _mail(new: NewInvitation, by: Agent) -> None:
    context = {"link": invitation_link(new.secret), "invitation": new.invitation, "by": by, "service": by.service}
    subject = " ".join((_("Invitation to %(service)s on Contiple") % {"service": by.service.name}).split())
    text = render_to_string("agents/invitation_mail.txt", context)
    try:
        send_mail(subject, text, None, [new.invitation.email])
    except (SMTPException, OSError) as error:
        log.warning("invitation %s could not be mailed: %s", new.invitation.pk, type(error).__name__)
        note_mail(new.invitation, sent=False)
    else:
        note_mail(new.invitation, sent=True)
