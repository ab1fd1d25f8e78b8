"""Says in words what happened to a chat, and why it rang at this agent. The facts are in ``agents.audit`` and
``routing.decisions``.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from agents import audit
from agents.models import AuditEntry
from chat.models import Chat
from chat.routing.decisions import Noted, Reason, decisions_of
from chat.routing.standing import Availability, Standing, chats_in_words, in_words

WORDS = {
    "chat.started": _("The customer started the chat and agreed to version %(policy)s of the privacy policy."),
    "chat.assigned": _("Rang at %(to)s."),
    "chat.opened": _("%(actor)s opened the chat."),
    "chat.passed_on": _("Taken from %(was)s: %(reason)s"),
    "chat.transferred": _("%(actor)s passed the chat on to %(to)s."),
    "chat.returned": _("%(actor)s returned the chat to the queue."),
    "chat.taken_over": _("%(actor)s took the chat over."),
    "chat.taken_over_from": _("%(actor)s took the chat over from %(was)s."),
    "chat.inquiry_offered": _("The customer was offered a 1:1 inquiry instead: %(reason)s"),
    "chat.masked": _("%(actor)s masked personal information."),
    "chat.revealed": _("%(actor)s unmasked personal information in message %(seq)s."),
    "chat.reveal_refused": _("%(actor)s was refused to unmask personal information in message %(seq)s."),
    "chat.reveal_limited": _("%(actor)s was refused to unmask message %(seq)s: too often within an hour."),
    "chat.reveal_gone": _("%(actor)s asked to unmask message %(seq)s, whose original is gone."),
    "chat.lifted": _("%(actor)s took a mask off message %(seq)s for good."),
    "chat.originals_destroyed": _("%(actor)s destroyed the originals of what is masked."),
    "chat.originals_expired": _("The originals of what is masked were destroyed: they are kept no longer."),
    "chat.ticket_created": _("%(actor)s created ticket #%(number)s."),
    "chat.closed": _("The chat ended: %(by)s"),
}
REASONS = {
    "missed": _("it was not opened in time."),
    "gone": _("the agent is not there any more."),
    "returned": _("the agent passed all chats on and went Offline."),
    "waited": _("the wait was longer than the longest wait set for chat."),
    "customer": _("by the customer."),
    "agent": _("by the agent."),
    "timeout": _("nobody was there any more."),
    "idle": _("the customer did not answer any more."),
    "service": _("the chat service was closed."),
}


CHOSEN = {
    Reason.RECENT: _("Rang at %(name)s, who has recent history with this customer (%(chats)s)."),
    Reason.ONLY: _("Rang at %(name)s, the only one who could take it (%(chats)s)."),
    Reason.FEWEST: _("Rang at %(name)s, who had the fewest chats (%(chats)s)."),
    Reason.LONGEST: _("Rang at %(name)s: %(chats)s, as others had, and the longest without a new one."),
}
WAITED = {
    Reason.RESTING: _("It had to wait: the agents with room had just let it ring."),
    Reason.FULL: _("It had to wait: every agent Online had as many chats as allowed."),
    Reason.UNREACHABLE: _("It had to wait: the agents Online were not reachable."),
    Reason.BREAK: _("It had to wait: no agent was Online; at least one was on a break."),
    Reason.OFFLINE: _("It had to wait: no agent was Online."),
}
# Agents who are alike in one of these share a line.
TOGETHER = [Availability.BREAK, Availability.OFFLINE, Availability.NO_PERMISSION, Availability.NO_CONTRACT]


class Happening(NamedTuple):
    """An entry of the chat's trail, in words."""

    at: datetime
    text: str


class Choice(NamedTuple):
    """A decision of the router. ``others``: the agents who were not chosen, each with the reason.

    Names and numbers are those of that time.
    """

    at: datetime
    text: str
    others: list[str]


def chat_trail(chat: Chat) -> list[Happening]:
    """What happened to the chat, oldest first. The caller has checked that an admin of the service asks."""
    return [Happening(entry.created_at, _in_words(entry)) for entry in audit.trail(chat.service, chat.subject)]


def routing_trail(chat: Chat) -> list[Choice]:
    """Why the chat rang at each agent, or waited; oldest first. Only for admins, as ``chat_trail``."""
    return [Choice(noted.at, _choice_in_words(noted), list(_others(noted))) for noted in decisions_of(chat)]


def _choice_in_words(noted: Noted) -> str:
    chosen = next((each for each in noted.standings if each.agent_id == noted.agent_id), None)
    if chosen is None:
        return str(WAITED.get(Reason(noted.reason), ""))
    chats = chats_in_words(chosen.load, chosen.limit)
    return str(CHOSEN[Reason(noted.reason)]) % {"name": chosen.name, "chats": chats}


def _others(noted: Noted) -> Iterator[str]:
    others = [each for each in noted.standings if each.agent_id != noted.agent_id]
    for standing in others:
        if standing.availability not in TOGETHER:
            yield f"{standing.name}: {_against(standing, noted)}"
    for availability in TOGETHER:
        alike = [each for each in others if each.availability == availability]
        if alike:
            yield f"{', '.join(each.name for each in alike)}: {in_words(alike[0])}"


def _against(standing: Standing, noted: Noted) -> str:
    if standing.is_free and standing.agent_id in noted.resting:
        return gettext("%(chats)s, let it ring or returned it just now") % {"chats": in_words(standing)}
    return in_words(standing)


def _in_words(entry: AuditEntry) -> str:
    reasons = {name: REASONS.get(entry.details[name], "") for name in ("reason", "by") if name in entry.details}
    try:
        return str(WORDS[_variant(entry)]) % {"actor": entry.actor, **entry.details, **reasons}
    except (KeyError, TypeError):
        return entry.action


def _variant(entry: AuditEntry) -> str:
    """The key in ``WORDS``: one action may have several wordings."""
    if entry.action == "chat.taken_over" and entry.details.get("was"):
        return "chat.taken_over_from"
    if entry.action == "chat.originals_destroyed" and not entry.actor:
        return "chat.originals_expired"
    return entry.action
