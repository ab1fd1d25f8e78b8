"""Says in words what happened to a chat, and why it rang at this agent. The facts are in ``agents.audit`` and
``routing.decisions``.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from agents import audit
from agents.models import AuditEntry
from chat.conversation.message_masks import is_masked_by_hand
from chat.follow_ups import registered
from chat.models import Chat
from chat.routing.decisions import Noted, Reason, decisions_of
from chat.routing.standing import Availability, Standing, chats_in_words, in_words
from chat.tag import ChatTag

WORDS = {
    "chat.started": _("The customer started the chat and agreed to version %(policy)s of the privacy policy."),
    "chat.assigned": _("Rang for %(to)s."),
    "chat.opened": _("%(actor)s opened the chat."),
    "chat.passed_on": _("Taken from %(was)s: %(reason)s"),
    "chat.transferred": _("%(actor)s transferred the chat to %(to)s."),
    "chat.returned": _("%(actor)s returned the chat to the queue."),
    "chat.taken": _("%(actor)s took the chat from the queue."),
    "chat.taken_over": _("%(actor)s took the chat over."),
    "chat.taken_over_from": _("%(actor)s took the chat over from %(was)s."),
    "chat.inquiry_offered": _("The customer was offered a 1:1 inquiry instead: %(reason)s"),
    "chat.masked": _("%(actor)s masked personal information."),
    "chat.revealed": _("%(actor)s unmasked personal information in message %(seq)s."),
    "chat.reveal_refused": _("%(actor)s couldn't unmask message %(seq)s: no permission."),
    "chat.reveal_limited": _("%(actor)s couldn't unmask message %(seq)s: hourly limit reached."),
    "chat.reveal_locked": _("%(actor)s couldn't unmask message %(seq)s: its original can't be opened now."),
    "chat.reveal_gone": _("%(actor)s couldn't unmask message %(seq)s: its original was destroyed."),
    "chat.lifted": _("%(actor)s removed a mask from message %(seq)s for good."),
    "chat.originals_destroyed": _("%(actor)s destroyed the masked originals."),
    "chat.originals_expired": _("The masked originals were destroyed: their retention period is over."),
    "chat.file_removed": _("%(actor)s removed the file of message %(seq)s."),
    "chat.files_destroyed": _("%(actor)s destroyed the files."),
    "chat.files_expired": _("The files were destroyed: their retention period is over."),
    "chat.message_edited": _("%(actor)s edited message %(seq)s."),
    "chat.message_deleted": _("%(actor)s deleted message %(seq)s."),
    "chat.blocked": _("%(actor)s blocked %(whom)s %(length)s: %(why)s"),
    "chat.unblocked": _("%(actor)s unblocked %(whom)s."),
    "chat.marked_spam": _("%(actor)s marked the chat as spam."),
    "chat.unmarked_spam": _("%(actor)s marked the chat as no spam."),
    "chat.filed": _("%(actor)s set the category: %(path)s"),
    "chat.unfiled": _("%(actor)s removed the category."),
    "chat.tagged": _("%(actor)s added the tag %(tag)s."),
    "chat.untagged": _("%(actor)s removed the tag %(tag)s."),
    "chat.closed": _("The chat ended: %(by)s"),
    "chat.evaluation_asked": _("%(actor)s asked for an evaluation."),
    "chat.evaluated": _("The customer evaluated the chat: %(score)s of 5."),
    "chat.evaluation_changed": _("The customer changed the evaluation: %(score)s of 5."),
}
REASONS = {
    "missed": _("it was not opened in time."),
    "gone": _("the agent was disconnected."),
    "returned": _("the agent returned all chats to the queue and went Offline."),
    "absent": _("no agent was Online."),
    "waited": _("the wait exceeded the longest wait set for chat."),
    "customer": _("by the customer."),
    "agent": _("by the agent."),
    "timeout": _("nobody was connected any more."),
    "idle": _("the customer stopped answering."),
    "service": _("the chat service was closed."),
    "blocked": _("the customer was blocked."),
    "admin": _("by an admin."),
}
# Of blocks.
WHOM = {"customer": _("the customer"), "network": _("the customer’s address")}
LENGTHS = {
    "hour": _("for 1 hour"),
    "day": _("for 1 day"),
    "week": _("for 7 days"),
    "month": _("for 30 days"),
    "ever": _("for good"),
}


CHOSEN: dict[str, Promise] = {
    Reason.RECENT: _("Rang for %(name)s, who has recent history with this customer (%(chats)s)."),
    Reason.ONLY: _("Rang for %(name)s, the only available agent (%(chats)s)."),
    Reason.FEWEST: _("Rang for %(name)s, who had the fewest chats (%(chats)s)."),
    Reason.LONGEST: _("Rang for %(name)s, who had waited longest for a new chat (%(chats)s, as others had)."),
    Reason.TAKEN: _("Taken from the queue by %(name)s (%(chats)s)."),
}
WAITED: dict[str, Promise] = {
    Reason.RESTING: _("Queued: the available agents had just let it ring."),
    Reason.CROWD: _("Queued: many chats came from the same address, so customers from elsewhere go first."),
    Reason.FULL: _("Queued: all Online agents were at their limit."),
    Reason.UNREACHABLE: _("Queued: no Online agent was connected."),
    Reason.BREAK: _("Queued: no agent was Online; some were on a break."),
    Reason.OFFLINE: _("Queued: no agent was Online."),
    Reason.TOPIC: _("Queued: no agent of its queue was Online."),
}
# Agents with the same value of one of these share a line.
TOGETHER = [Availability.BREAK, Availability.OFFLINE, Availability.NO_PERMISSION, Availability.NO_CONTRACT]


class Happening(NamedTuple):
    """An entry of the chat's trail, in words."""

    at: datetime
    text: str


class Choice(NamedTuple):
    """A decision of the router. ``others``: the agents who were not chosen, each with the reason.

    Numbers are those of that time, and so is the name in ``text``; the names of ``others`` are those of today.
    """

    at: datetime
    text: str
    others: list[str]


def chat_trail(chat: Chat) -> list[Happening]:
    """What happened to the chat, oldest first. The caller has checked that an admin of the service asks."""
    entries = list(audit.trail(chat.service, chat.subject))
    tags = _tags_in(chat, entries)
    return [Happening(entry.created_at, _in_words(entry, tags)) for entry in entries]


def routing_trail(chat: Chat) -> list[Choice]:
    """Why the chat rang at each agent, or waited; oldest first. Only for admins, as ``chat_trail``."""
    return [Choice(noted.at, _choice_in_words(noted), list(_others(noted))) for noted in decisions_of(chat)]


def _choice_in_words(noted: Noted) -> str:
    chosen = next((each for each in noted.standings if each.agent_id == noted.agent_id), None)
    if chosen is None:
        return str(WAITED.get(noted.reason) or gettext("Queued (%(reason)s).") % {"reason": noted.reason})
    # A reason that a later release has written has no words here.
    words = CHOSEN.get(noted.reason, _("Rang for %(name)s (%(chats)s)."))
    return str(words) % {"name": chosen.name, "chats": chats_in_words(chosen.load, chosen.limit)}


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
        return gettext("%(chats)s, just missed or returned it") % {"chats": in_words(standing)}
    return in_words(standing)


def _tags_in(chat: Chat, entries: Sequence[AuditEntry]) -> Mapping[int, str]:
    """The names by their ids of the tags in ``entries``.

    Once something was masked by hand in this chat, only of those that the chat has: another may say what was masked.
    """
    ids = {entry.details["tag"] for entry in entries if "tag" in entry.details}
    if not ids:
        return {}
    tags = chat.tags.all() if is_masked_by_hand(chat) else ChatTag.objects.filter(service=chat.service_id)
    return dict(tags.filter(pk__in=ids).values_list("pk", "name"))


def _in_words(entry: AuditEntry, tags: Mapping[int, str]) -> str:
    tables = {"reason": REASONS, "by": REASONS, "whom": WHOM, "length": LENGTHS}
    reasons = {name: tables[name].get(value, "") for name, value in entry.details.items() if name in tables}
    if "tag" in entry.details:
        reasons["tag"] = tags.get(entry.details["tag"], "*")  # one that is on no chat any more is forgotten
    try:
        return str(words()[_variant(entry)]) % {"actor": entry.actor, **entry.details, **reasons}
    except (KeyError, TypeError):
        return entry.action


def words() -> Mapping[str, Promise]:
    """The words of each action, with those of the app above."""
    return {**WORDS, **registered().trail_words}


def _variant(entry: AuditEntry) -> str:
    """The key in ``WORDS``: one action may have several wordings."""
    if entry.action == "chat.taken_over" and entry.details.get("was"):
        return "chat.taken_over_from"
    if entry.action == "chat.originals_destroyed" and not entry.actor:
        return "chat.originals_expired"
    if entry.action == "chat.files_destroyed" and not entry.actor:
        return "chat.files_expired"
    return entry.action
