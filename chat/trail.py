"""What happened to a chat, in words. The words stand here, the facts in ``agents.audit``."""

from datetime import datetime
from typing import NamedTuple

from django.utils.translation import gettext_lazy as _

from agents import audit
from agents.models import AuditEntry
from chat.models import Chat

WORDS = {
    "chat.started": _("The customer started the chat and agreed to version %(policy)s of the privacy policy."),
    "chat.assigned": _("Rang at %(to)s."),
    "chat.opened": _("%(actor)s opened the chat."),
    "chat.passed_on": _("Taken from %(was)s: %(reason)s"),
    "chat.masked": _("%(actor)s masked personal information."),
    "chat.revealed": _("%(actor)s unmasked personal information in message %(seq)s."),
    "chat.reveal_refused": _("%(actor)s was refused to unmask personal information in message %(seq)s."),
    "chat.ticket_created": _("%(actor)s created ticket #%(number)s."),
    "chat.closed": _("The chat ended: %(by)s"),
}
REASONS = {
    "missed": _("it was not opened in time."),
    "gone": _("the agent is not there any more."),
    "customer": _("by the customer."),
    "agent": _("by the agent."),
    "timeout": _("nobody was there any more."),
    "service": _("the chat service was closed."),
}


class Line(NamedTuple):
    at: datetime
    text: str


def chat_trail(chat: Chat) -> list[Line]:
    """Oldest first. For the service's admins; the caller has checked that."""
    return [Line(entry.created_at, _in_words(entry)) for entry in audit.trail(chat.service, chat.subject)]


def _in_words(entry: AuditEntry) -> str:
    reasons = {name: REASONS.get(entry.details[name], "") for name in ("reason", "by") if name in entry.details}
    try:
        return str(WORDS[entry.action]) % {"actor": entry.actor, **entry.details, **reasons}
    except (KeyError, TypeError):
        return entry.action
