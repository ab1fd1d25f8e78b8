"""Mails the link by which a person sets a new password."""

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.template.loader import render_to_string
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agents import account_trail, outbox
from agents.models import User
from agents.models_accounts import AccountEntry
from agents.outbox import kinds
from agents.outbox.kinds import Kind
from agents.outbox.models import OutgoingMail

KIND = "reset"


def post_reset(email: str) -> None:
    """Asks for the link. Whether the e-mail has an account is looked up by the worker: the request tells nothing."""
    outbox.post(outbox.Outgoing(kind=KIND, to=[email], subject="", text="", may_be_kept=False))


def register() -> None:
    kinds.register(KIND, Kind(gettext_lazy("Forgotten password"), make=_make, ended=_note_end))


def _make(row: OutgoingMail) -> outbox.Outgoing | None:
    """The mail goes to the address on record, never to what was typed."""
    user = _account(row)
    if user is None:
        return None
    context = {
        "user": user,
        "origin": settings.PUBLIC_ORIGIN,
        "uid": urlsafe_base64_encode(force_bytes(user.pk)),
        "token": default_token_generator.make_token(user),
    }
    text = render_to_string("agents/reset_mail.txt", context)
    subject = _("A new password for Contiple")
    return outbox.Outgoing(kind=KIND, to=[user.email], subject=subject, text=text, may_be_kept=False)


def _note_end(row: OutgoingMail) -> None:
    user = _account(row)
    if user and row.state == OutgoingMail.State.SENT:
        account_trail.record(None, user, AccountEntry.Action.RESET_MAILED)


def _account(row: OutgoingMail) -> User | None:
    return User.objects.filter(email=row.to[0], is_active=True).first()
