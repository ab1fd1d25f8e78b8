"""A ticket's timeline: its comments, and what the audit trail says of it in the reader's language."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple
from zlib import crc32

from django.utils import timezone
from django.utils.html import format_html
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from agents import audit
from agents.models import Agent, AuditEntry
from agents.outbox.models import OutgoingMail
from chat.conversation.entries import offered_spans, spans_of
from chat.conversation.rendering import body_html
from chat.masking.destroying import RETENTION
from chat.masking.offers import offers_of
from contiple.templatetags.parts import moment
from tickets.mail.shown import Received, received_in
from tickets.models import Comment, Tag, Ticket
from tickets.models_settings import Group
from tickets.triage.due import ANSWER, SOLUTION
from tickets.triage.merging import merged_into

SHOWN_MAX = 200  # the latest entries: nobody reads more, and the page must stay small

ICONS = {
    "ticket.created": "ticket",
    "ticket.state": "check-circle",
    "ticket.assignee": "assign",
    "ticket.merged": "merge",
    "ticket.merged_in": "merge",
    "ticket.group": "users",
    "ticket.priority": "sliders",
    "ticket.due": "clock",
    "ticket.target": "clock",
    "ticket.edited": "edit",
    "ticket.tag_added": "tag",
    "ticket.tag_removed": "tag",
    "ticket.links_revoked": "link-off",
    "ticket.mail_returned": "alert",
    "ticket.requester_email": "edit",
    "ticket.masked": "mask",
    "ticket.lifted": "mask",
    "ticket.originals_destroyed": "trash",
}
# Comments are in the timeline themselves. Looks under masks are many: the unmasking record lists them for admins.
NOT_SHOWN = [
    "ticket.commented",
    "ticket.replied",
    "ticket.answered",
    "ticket.revealed",
    "ticket.reveal_refused",
    "ticket.reveal_limited",
    "ticket.reveal_gone",
]


_COMMENT_ICONS: dict[str, str] = {
    Comment.Kind.INTERNAL: "note",
    Comment.Kind.REPLY: "send",
    Comment.Kind.CUSTOMER: "chat",
}


@dataclass(frozen=True)
class Happening:
    """One thing that happened to a ticket. If it is a comment, ``comment`` and ``html`` say what was written."""

    key: str  # the element's id on the page
    who: str
    what: str
    icon: str
    at: datetime
    comment: Comment | None = None
    html: str = ""
    delivery: str = ""  # of a reply: the state of its mail
    received: Received | None = None  # the mail by which a customer's words came
    merged: Ticket | None = None  # the ticket, merged into this one, in which it was written
    by: int | None = None  # the agent's id; none of a customer's and the system's
    also: tuple["Happening", ...] = ()  # what the same act did beside it (`acts`)

    @property
    def template(self) -> str:
        kind = "comment" if self.comment else "merged" if self.merged else "happened"
        return f"tickets/_timeline_{kind}.html"

    @property
    def rev(self) -> int:
        """Only texts change, comments and the description of a merged ticket, and what an act did is read at once.

        A comment's is the one that its masks are put on by.
        """
        if self.comment or self.merged is None:
            return self.comment.rev if self.comment else len(self.also)
        return crc32(f"{self.merged.subject}\0{self.merged.body}".encode())


class _Names(NamedTuple):
    """What entries say by id."""

    agents: Mapping[int, str]
    tags: Mapping[int, str]
    groups: Mapping[int, str]


def timeline_of(ticket: Ticket) -> list[Happening]:
    """The ticket's timeline with the words of those merged into it, oldest first. A few queries, however long it is."""
    entries = audit.trail(ticket.service, ticket.audit_subject).exclude(action__in=NOT_SHOWN)
    shown = list(entries.reverse()[:SHOWN_MAX])
    names = _Names(_names_in(ticket, shown), _tags_in(ticket, shown), _groups_in(ticket, shown))
    happened = [_happened(entry, _what(entry, names)) for entry in reversed(shown)]
    deliveries, received = deliveries_of(ticket), received_in(ticket)
    comments = ticket.comments.prefetch_related("masks")
    written = [_written(comment, deliveries.get(comment.pk, ""), received.get(comment.pk)) for comment in comments]
    merged = [line for each in merged_into(ticket) for line in _lines_of_merged(each)]
    return sorted(happened + written + merged, key=lambda happening: happening.at)


def _lines_of_merged(ticket: Ticket) -> list[Happening]:
    """Its description and comments, to be read. What is to be masked in them is masked on its own page."""
    who = ticket.requester.name if ticket.requester else ""
    deliveries, received = deliveries_of(ticket), received_in(ticket)
    at, mail = ticket.created_at, received.get(None)
    first = Happening(f"m-{ticket.pk}", who, "", "ticket", at, received=mail, merged=ticket)
    comments = ticket.comments.prefetch_related("masks")
    lines = [_written(it, deliveries.get(it.pk, ""), received.get(it.pk), offers=False) for it in comments]
    return [first, *(replace(line, merged=ticket) for line in lines)]


def _happened(entry: AuditEntry, what: str) -> Happening:
    icon = ICONS.get(entry.action, "info")
    return Happening(f"e-{entry.pk}", _who(entry), what, icon, entry.created_at, by=entry.agent_id)


def deliveries_of(ticket: Ticket) -> dict[int, str]:
    """Returns the state of each reply's mail, by the reply's id. Of old mails nothing is known any more."""
    replies = dict(ticket.mails.filter(direction="out", comment__isnull=False).values_list("message_id", "comment"))
    mails = OutgoingMail.objects.filter(message_id__in=list(replies)).order_by("id")
    return {replies[mail]: state for mail, state in mails.values_list("message_id", "state")}


def _written(comment: Comment, delivery: str, received: Received | None, *, offers: bool = True) -> Happening:
    offered = offered_spans(offers_of(comment.offers)) if offers else []
    html = body_html(comment.body, spans_of(comment.masks.all()), offered)
    icon = _COMMENT_ICONS[comment.kind]
    line = Happening(f"c-{comment.pk}", comment.name, "", icon, comment.created_at, comment, html, delivery, received)
    return replace(line, by=comment.agent_id)


def _names_in(ticket: Ticket, entries: list[AuditEntry]) -> dict[int, str]:
    """The names of the assignees in ``entries``, by id."""
    wanted = {entry.details.get(key) for entry in entries for key in ("old", "new", "assignee")}
    ids = [value for value in wanted if isinstance(value, int)]
    agents = Agent.objects.filter(service_id=ticket.service_id, pk__in=ids).select_related("user")
    return {agent.pk: str(agent) for agent in agents}


def _tags_in(ticket: Ticket, entries: list[AuditEntry]) -> dict[int, str]:
    """The current names of the tags in ``entries``, by id."""
    ids = [entry.details["tag"] for entry in entries if isinstance(entry.details.get("tag"), int)]
    found = Tag.objects.filter(service_id=ticket.service_id, pk__in=ids) if ids else []
    return {tag.pk: tag.label for tag in found}


def _groups_in(ticket: Ticket, entries: list[AuditEntry]) -> dict[int, str]:
    """The names of the groups in ``entries``, by id; also of those that are deleted."""
    changes = [entry.details for entry in entries if entry.action == "ticket.group"]
    ids = {details[key] for details in changes for key in ("old", "new") if details[key]}
    return dict(Group.objects.filter(service_id=ticket.service_id, pk__in=ids).values_list("pk", "name")) if ids else {}


def _tag(details: dict, tags: Mapping[int, str]) -> str:
    """The tag's name. Entries of former releases store the name itself; a tag that is gone shows as ``*``."""
    return details["tag"] if isinstance(details["tag"], str) else tags.get(details["tag"], "*")


def _who(entry: AuditEntry) -> str:
    """The actor's name at that time. An agent may be called ``customer`` too, so the agent is looked at first."""
    if entry.agent_id is None and entry.actor in ("", "customer"):
        return pgettext("before what happened", "The customer") if entry.actor else _("The system")
    return entry.actor


def _what(entry: AuditEntry, names: _Names) -> str:
    words: dict[str, Callable[[dict], str]] = {
        "ticket.created": _created,
        "ticket.state": _state,
        "ticket.assignee": lambda details: _assignee(details, names.agents, by=entry.agent_id),
        "ticket.merged": lambda details: _("merged the ticket into #%(into)s") % details,
        "ticket.merged_in": lambda details: _("merged #%(merged)s into this ticket") % details,
        "ticket.group": lambda details: _group(details, names.groups),
        "ticket.priority": _priority,
        "ticket.due": _due,
        "ticket.target": _target,
        "ticket.edited": _edited,
        "ticket.tag_added": lambda details: _("added the tag %(tag)s") % {"tag": _tag(details, names.tags)},
        "ticket.tag_removed": lambda details: _("removed the tag %(tag)s") % {"tag": _tag(details, names.tags)},
        "ticket.mail_returned": lambda _details: _("got an e-mail back: it could not be delivered"),
        "ticket.links_revoked": lambda _details: _("revoked the customer’s links"),
        "ticket.requester_email": lambda _details: _("added the requester’s e-mail address"),
        "ticket.masked": lambda _details: _("masked personal information"),
        "ticket.lifted": lambda _details: _("removed a mask for good"),
        "ticket.originals_destroyed": _destroyed,
    }
    return words[entry.action](entry.details) if entry.action in words else entry.action


def _created(details: dict) -> str:
    return {
        Ticket.Channel.CHAT: _("created the ticket from a chat"),
        Ticket.Channel.HELP_CENTER: _("left a 1:1 inquiry"),
        Ticket.Channel.MAIL: _("sent an e-mail"),
    }.get(details.get("channel", ""), _("created the ticket"))


def _state(details: dict) -> str:
    labels = dict(Ticket.State.choices)
    return _("changed the state from %(old)s to %(new)s") % {
        "old": labels.get(details["old"], details["old"]),
        "new": labels.get(details["new"], details["new"]),
    }


def _priority(details: dict) -> str:
    labels = dict(Ticket.Priority.choices)
    return _("changed the priority from %(old)s to %(new)s") % {
        "old": labels.get(details["old"], details["old"]),
        "new": labels.get(details["new"], details["new"]),
    }


def _group(details: dict, names: Mapping[int, str]) -> str:
    if details["new"] is None:
        return _("took the ticket from the group %(group)s") % {"group": names.get(details["old"], "*")}
    return _("gave the ticket to the group %(group)s") % {"group": names.get(details["new"], "*")}


def _due(details: dict) -> str:
    times = {name: moment(datetime.fromisoformat(details[name])) for name in (ANSWER, SOLUTION) if name in details}
    if len(times) == 2:
        return format_html(_("set when it is due: first answer {answer}, solution {solution}"), **times)
    if ANSWER in times:
        return format_html(_("set when it is due: first answer {answer}"), **times)
    return format_html(_("set when it is due: solution {solution}"), **times)


def _target(details: dict) -> str:
    is_answer, late_s = details["target"] == ANSWER, details["late_s"]
    if not late_s:
        return _("gave the first answer in time") if is_answer else _("solved it in time")
    now = timezone.now()
    late = {"late": timesince(now - timedelta(seconds=max(late_s, 60)), now, depth=1)}
    return _("gave the first answer %(late)s late") % late if is_answer else _("solved it %(late)s late") % late


def _assignee(details: dict, names: Mapping[int, str], *, by: int | None) -> str:
    old, new = details["old"], details["new"]
    if new is None:
        return _("removed the assignee") if old == by else _("removed %(name)s as assignee") % {"name": names.get(old)}
    return _("took the ticket") if new == by else _("assigned the ticket to %(name)s") % {"name": names.get(new)}


def _edited(details: dict) -> str:
    fields = details["fields"]
    if fields == ["subject"]:
        return _("edited the subject")
    return _("edited the description") if fields == ["body"] else _("edited the subject and description")


def _destroyed(details: dict) -> str:
    if details.get("reason") == RETENTION:
        return _("destroyed the masked originals: their retention period is over")
    return _("destroyed the masked originals")
