"""Puts changes of a person's second factor on record in each of the person's services, and tells the person by mail."""

from typing import Any

from django.conf import settings
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agents import account_trail, audit, outbox
from agents.models import Agent, User
from agents.models_accounts import AccountEntry
from agents.outbox import kinds
from agents.outbox.kinds import Kind

KIND = "account"

SENTENCES = {
    "passkey_added": gettext_lazy("A passkey was added to your account."),
    "passkey_removed": gettext_lazy("A passkey was removed from your account."),
    "passkey_copied": gettext_lazy("A passkey was refused, because it may have been copied. Remove it."),
    "app_added": gettext_lazy("An authenticator app was set up for your account."),
    "app_removed": gettext_lazy("The authenticator app was removed from your account."),
    "recovery_codes_made": gettext_lazy("New recovery codes were made for your account. The old ones no longer work."),
    "recovery_code_used": gettext_lazy("A recovery code of your account was used."),
    "second_factor_reset": gettext_lazy("The operator has removed two-step verification from your account."),
}


@transaction.atomic
def record(user: User, action: str, *, actor: str = "", tells: bool = True, **details: Any) -> None:
    """Writes the entries of ``action``, a key of ``SENTENCES``. The person did it, unless ``actor`` says who.

    If it ``tells`` the person, it is also in the account's trail, and its sentence is mailed.
    """
    for agent in Agent.objects.filter(user=user, is_active=True).select_related("user", "service"):
        by = {"actor": actor} if actor else {"agent": agent}
        audit.record(agent.service_id, f"agent.{action}", f"agent:{agent.pk}", **by, **details)
    if tells:
        used = action == "recovery_code_used"
        entry = AccountEntry.Action.RECOVERY_CODE_USED if used else AccountEntry.Action.TWO_STEP_CHANGED
        account_trail.record(None, user, entry, actor=actor)
        _post(user, action)


def register() -> None:
    kinds.register(KIND, Kind(gettext_lazy("Change of a sign-in")))


def _post(user: User, action: str) -> None:
    """In every language: what another person does is told in the reader's."""
    subjects, texts = [], []
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            subjects.append(_("Your Contiple sign-in has changed"))
            context = {"sentence": SENTENCES[action], "user": user, "origin": settings.PUBLIC_ORIGIN}
            texts.append(render_to_string("agents/second_factor_mail.txt", context).strip() + "\n")
    subject, text = " / ".join(subjects), "\n".join(texts)
    outbox.post(outbox.Outgoing(kind=KIND, about=f"user:{user.pk}", to=[user.email], subject=subject, text=text))
