"""Mails the link by which a person sets a new password."""

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django.utils.translation import gettext as _

from agents import account_trail
from agents.models import User
from agents.models_accounts import AccountEntry


def mail_reset(email: str) -> None:
    """Mails the link if the e-mail is that of an active account. Call it outside of requests: see ``mailing``.

    The mail goes to the address on record, never to what was typed.
    """
    user = User.objects.filter(email=email, is_active=True).first()
    if user is None:
        return
    context = {
        "user": user,
        "origin": settings.PUBLIC_ORIGIN,
        "uid": urlsafe_base64_encode(force_bytes(user.pk)),
        "token": default_token_generator.make_token(user),
    }
    account_trail.record(None, user, AccountEntry.Action.RESET_MAILED)
    text = render_to_string("agents/reset_mail.txt", context)
    send_mail(_("A new password for Contiple"), text, None, [user.email])
