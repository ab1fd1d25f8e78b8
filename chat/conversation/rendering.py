"""Renders messages: the fragments that pages and sockets both send.

``chat/_message.html`` is the one rendering of a message, for every reader. The reader decides the side where it stands
(CSS) and whether a mask is a button (the agents' script).
"""

from collections.abc import Sequence
from functools import lru_cache

from django.template.defaultfilters import filesizeformat
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from msgspec import structs

from chat import protocol
from chat.conversation import live
from chat.conversation.entries import Entry, ShownFile, ShownSpan, last_line
from chat.evaluation import Score
from contiple.base.links import linked

EVENTS = {
    "joined": _("%(name)s joined the chat."),
    "passed_on": _("The agent was disconnected. The next available agent will take over."),
    "transferred": _("%(name)s is transferring the chat to a colleague, who will be with you in a moment."),
    "returned": _("%(name)s has returned the chat to the queue. The next available agent will take over."),
    "reminded": _("Are you still there? Please answer when you can."),
    "reminded_end": _("Are you still there? Without an answer, this chat ends in %(name)s min."),
    "mailed": _("Unread messages sent by e-mail: %(name)s"),
    "mailed_missed": _("A link to leave a 1:1 inquiry was sent by e-mail."),
    "mail_returned": _("An e-mail to the customer came back: it was not delivered."),
    "mail_failed": _("An e-mail to the customer could not be sent."),
    "answered_by_mail": _("An answer by e-mail is in %(name)s."),
    "deleted": _("This message was deleted."),
    "left_queue": _("The customer left the queue."),
    "inquiry": _("The customer left a 1:1 inquiry instead."),
    "closed_customer": _("The customer ended the chat."),
    "closed_agent": _("%(name)s ended the chat."),
    "closed_timeout": _("The chat ended because the connection was lost."),
    "closed_idle": _("The chat ended because it was not answered."),
    "closed_service": _("The chat ended because the chat service was closed."),
    **{f"evaluated_{score.value}": format_lazy("{} ({}/5)", score.label, score.value) for score in Score},
}
# Events with words of their own: those of the service, and of the customer.
_KINDS = {"evaluation": "ask", "evaluated": "evaluation"}


def message_html(entry: Entry, language: str) -> str:
    """Returns an entry as HTML. The template is rendered once for each language and kind of entry; see ``_pattern``."""
    kind = _KINDS.get(entry.event.partition("_")[0], "event") if entry.event else ""
    filling = {
        "chat": str(entry.chat),
        "seq": str(entry.seq),
        "rev": str(entry.rev),
        "name": _escaped(entry.name),
        "iso": entry.created_at.isoformat(),
        "time": f"{entry.created_at.hour:02}:{entry.created_at.minute:02}",
        "event": _event_html(entry, language),
        "body": body_html(entry.body, entry.masks, entry.offers),
    }
    if kind == "event":
        filling["body"] = filling["event"]
    if entry.file:
        filling |= _file_filling(entry.file, language)
    if entry.edited:
        filling["edited"] = ""
    if entry.quote:
        filling["quote"] = str(entry.quote)
    return _pattern(language, entry.author, kind, entry.internal, tuple(filling)) % filling


def message_data(changed: live.Changed, language: str) -> bytes:
    """Returns the frame of a change, encoded once for all its receivers of a language."""
    made = changed.__dict__.setdefault("frames", {})
    if language not in made:
        frame = message_frame(changed.entry, language)
        frame.unread = changed.unread
        frame.line = _line_of(changed.entry) if changed.unread is not None else None
        made[language] = protocol.encode(frame)
    return made[language]


def message_frame(entry: Entry, language: str) -> protocol.Message:
    return protocol.Message(
        chat=entry.chat,
        seq=entry.seq,
        rev=entry.rev,
        author=entry.author,
        html=message_html(entry, language),
        client_id=str(entry.client_id) if entry.client_id else None,
    )


def last_line_frame(changed: live.Changed) -> protocol.LastLine | None:
    """Returns what a list of chats shows of a new message; ``None`` if the message changes no last line."""
    entry = changed.entry
    if changed.unread is None:
        return None
    return protocol.LastLine(entry.chat, entry.seq, entry.author, _line_of(entry), changed.unread)


def _line_of(entry: Entry) -> str:
    return last_line(entry.body, is_file=entry.file is not None)


def receipts_frame(receipts: live.Receipts) -> protocol.Receipts:
    return protocol.Receipts(**structs.asdict(receipts))


def messages_html(entries: list[Entry], language: str) -> SafeString:
    return mark_safe("".join(message_html(entry, language) for entry in entries))  # noqa: S308 - rendered by templates


def body_html(body: str, masks: Sequence[ShownSpan], offers: Sequence[ShownSpan] = ()) -> SafeString:
    """Returns a body with links, masks and offers to mask. An offer is plain text except to the agents' script.

    Its text content is the body, to the character: offsets of selections count on it.
    """
    if not (masks or offers):
        return mark_safe(linked(body))  # noqa: S308 - every part is escaped
    parts, at = [], 0
    for span in sorted([*masks, *offers], key=lambda span: span.start):
        parts += [linked(body[at : span.start]), _masked(span, body[span.start : span.end])]
        at = span.end
    return mark_safe("".join([*parts, linked(body[at:])]))  # noqa: S308 - every part is escaped


def _file_filling(file: ShownFile, language: str) -> dict[str, str]:
    with translation.override(language):
        size = plain(filesizeformat(file.size))
    removed = {"file_removed": ""} if file.removed else {}
    numbers = {"id": file.id, "width": file.width, "height": file.height, "thumbnail": int(file.thumbnail)}
    words = {"file_kind": _escaped(file.kind), "file_size": _escaped(size)}
    return {f"file_{name}": str(value) for name, value in numbers.items()} | words | removed


def event_text(entry: Entry) -> str:
    """Returns what a system entry says, in the language that is active; empty for a later release's event."""
    return str(EVENTS[entry.event]) % {"name": entry.name} if entry.event in EVENTS else ""


def _event_html(entry: Entry, language: str) -> str:
    if not entry.event:
        return ""
    with translation.override(language):
        return _escaped(event_text(entry))


def plain(html: str) -> str:
    """Returns the text without Django's mark of safety, which frames can't carry."""
    return str.__str__(html)


# Precedes the name of a hole in a rendered template. No template contains it.
_HOLE = "\ue000"


@lru_cache(maxsize=256)
def _pattern(language: str, author: str, kind: str, internal: bool, names: tuple[str, ...]) -> str:
    """Renders ``_message.html`` with holes for what differs. ``%`` fills them: what it gives is the message."""
    holes = {name: SafeString(f"{_HOLE}{name}{_HOLE}") for name in names}
    context = {**holes, "author": author, "kind": kind, "internal": internal}
    with translation.override(language):
        html = plain(render_to_string("chat/_message.html", context))
    # Even parts are the template's, odd ones the names of holes.
    parts = html.replace("%", "%%").split(_HOLE)
    return "".join(f"%({part})s" if number % 2 else part for number, part in enumerate(parts))


def _escaped(text: str) -> str:
    return plain(escape(text))


def _masked(span: ShownSpan, text: str) -> str:
    if span.id:
        return format_html('<masked-text data-mask="{}" data-kind="{}">{}</masked-text>', span.id, span.kind, text)
    return format_html('<offered-text data-kind="{}">{}</offered-text>', span.kind, text)
