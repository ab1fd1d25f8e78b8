"""What happened to a ticket, in words of the reader's language, from the entries of ``agents.audit``."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from agents import audit
from agents.models import Agent, AuditEntry
from tickets.models import Ticket

SHOWN_MAX = 200  # the latest; past that nobody reads, and a page must stay small

ICONS = {
    "ticket.created": "ticket",
    "ticket.state": "check-circle",
    "ticket.assignee": "assign",
    "ticket.edited": "edit",
    "ticket.commented": "note",
    "ticket.tag_added": "tag",
    "ticket.tag_removed": "tag",
}


@dataclass(frozen=True)
class Line:
    who: str
    what: str
    icon: str
    at: datetime


def trail_of(ticket: Ticket) -> list[Line]:
    """Oldest first. Two queries, however much happened."""
    entries = list(audit.trail(ticket.service, ticket.audit_subject).reverse()[:SHOWN_MAX])[::-1]
    names = _names_in(ticket, entries)
    return [
        Line(
            who=_who(entry),
            what=_what(entry, names),
            icon=ICONS.get(entry.action, "info"),
            at=entry.created_at,
        )
        for entry in entries
    ]


def _names_in(ticket: Ticket, entries: list[AuditEntry]) -> dict[int, str]:
    """The names of the assignees that the entries tell of, by id."""
    wanted = {entry.details.get(key) for entry in entries for key in ("old", "new", "assignee")}
    ids = [value for value in wanted if isinstance(value, int)]
    agents = Agent.objects.filter(service_id=ticket.service_id, pk__in=ids).select_related("user")
    return {agent.pk: str(agent) for agent in agents}


def _who(entry: AuditEntry) -> str:
    return {"": _("The system"), "customer": _("The customer")}.get(entry.actor, entry.actor) if not entry.agent_id else entry.actor


def _what(entry: AuditEntry, names: Mapping[int, str]) -> str:
    words: dict[str, Callable[[dict], str]] = {
        "ticket.created": _created,
        "ticket.state": _state,
        "ticket.assignee": lambda details: _assignee(details, names),
        "ticket.edited": _edited,
        "ticket.commented": lambda details: _("wrote a comment"),
        "ticket.tag_added": lambda details: _("added the tag %(tag)s") % details,
        "ticket.tag_removed": lambda details: _("took off the tag %(tag)s") % details,
    }
    return words[entry.action](entry.details) if entry.action in words else entry.action


def _created(details: dict) -> str:
    return {
        Ticket.Channel.CHAT: _("made this ticket from a chat"),
        Ticket.Channel.HELP_CENTER: _("left this inquiry through Contact Us"),
    }.get(details.get("channel", ""), _("made this ticket"))


def _state(details: dict) -> str:
    labels = dict(Ticket.State.choices)
    return _("changed the state from %(old)s to %(new)s") % {
        "old": labels.get(details["old"], details["old"]),
        "new": labels.get(details["new"], details["new"]),
    }


def _assignee(details: dict, names: Mapping[int, str]) -> str:
    if details["new"] is None:
        return _("took the ticket from %(name)s") % {"name": names.get(details["old"], "?")}
    return _("gave the ticket to %(name)s") % {"name": names.get(details["new"], "?")}


def _edited(details: dict) -> str:
    fields = details["fields"]
    if fields == ["subject"]:
        return _("edited the subject")
    return _("edited the description") if fields == ["body"] else _("edited subject and description")
