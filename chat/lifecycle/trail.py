"""What happened to a chat, and why it rang where it rang, in words. The words stand here, the facts in
``agents.audit`` and ``routing_log``.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from agents import audit
from agents.models import AuditEntry
from chat.follow_ups import registered
from chat.models import Chat
from chat.routing.decisions import Noted, Reason, decisions_of
from chat.routing.standing import Seat, Standing, chats_in_words, in_words

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
    "chat.closed": _("The chat ended: %(by)s"),
}
REASONS = {
    "missed": _("it was not opened in time."),
    "gone": _("the agent is not there any more."),
    "returned": _("the agent passed all chats on and went Offline."),
    "waited": _("the wait was longer than the longest wait of Default Setting."),
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
    Reason.RESTING: _("It had to wait: who could take it has let it ring just now."),
    Reason.FULL: _("It had to wait: everybody Online had as many chats as allowed."),
    Reason.UNREACHABLE: _("It had to wait: who is Online was not reachable."),
    Reason.BREAK: _("It had to wait: nobody was Online, somebody was on a break."),
    Reason.OFFLINE: _("It had to wait: nobody was Online."),
}
# Of these nobody wants to read a line each.
TOGETHER = [Standing.BREAK, Standing.OFFLINE, Standing.NO_PERMISSION, Standing.NO_CONTRACT]


class Line(NamedTuple):
    at: datetime
    text: str


class Choice(NamedTuple):
    """A decision of the router: ``others`` are those who were considered and not chosen, each with what spoke against
    it. Names and numbers are of then.
    """

    at: datetime
    text: str
    others: list[str]


def chat_trail(chat: Chat) -> list[Line]:
    """Oldest first. For the service's admins; the caller has checked that."""
    return [Line(entry.created_at, _in_words(entry)) for entry in audit.trail(chat.service, chat.subject)]


def routing_trail(chat: Chat) -> list[Choice]:
    """Why the chat rang where it rang, or waited. Oldest first; for the service's admins, as ``chat_trail``."""
    return [Choice(noted.at, _choice_in_words(noted), list(_others(noted))) for noted in decisions_of(chat)]


def _choice_in_words(noted: Noted) -> str:
    chosen = next((seat for seat in noted.seats if seat.agent_id == noted.agent_id), None)
    if chosen is None:
        return str(WAITED.get(Reason(noted.reason), ""))
    chats = chats_in_words(chosen.load, chosen.limit)
    return str(CHOSEN[Reason(noted.reason)]) % {"name": chosen.name, "chats": chats}


def _others(noted: Noted) -> Iterator[str]:
    others = [seat for seat in noted.seats if seat.agent_id != noted.agent_id]
    for seat in others:
        if seat.standing not in TOGETHER:
            yield f"{seat.name}: {_against(seat, noted)}"
    for standing in TOGETHER:
        alike = [seat for seat in others if seat.standing == standing]
        if alike:
            yield f"{', '.join(seat.name for seat in alike)}: {in_words(alike[0])}"


def _against(seat: Seat, noted: Noted) -> str:
    if seat.is_free and seat.agent_id in noted.resting:
        return gettext("%(chats)s, let it ring or returned it just now") % {"chats": in_words(seat)}
    return in_words(seat)


def _in_words(entry: AuditEntry) -> str:
    reasons = {name: REASONS.get(entry.details[name], "") for name in ("reason", "by") if name in entry.details}
    try:
        return str(words()[_variant(entry)]) % {"actor": entry.actor, **entry.details, **reasons}
    except (KeyError, TypeError):
        return entry.action


def words() -> Mapping[str, Promise]:
    """The words of each action, with those of the app above."""
    return {**WORDS, **registered().trail_words}


def _variant(entry: AuditEntry) -> str:
    """What differs in words though it is one action."""
    if entry.action == "chat.taken_over" and entry.details.get("was"):
        return "chat.taken_over_from"
    if entry.action == "chat.originals_destroyed" and not entry.actor:
        return "chat.originals_expired"
    return entry.action
