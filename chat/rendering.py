"""What a chat looks like: every fragment that both pages and sockets send is rendered here, once.

``chat/_message.html`` is the one rendering of a message, for every reader: who reads decides the side it stands on
(CSS) and whether a mask is a button (the agents' script).
"""

import re
from functools import lru_cache

from django.template.loader import get_template, render_to_string
from django.utils import translation
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _

from agents.models import Agent
from chat import access, live, presence, protocol
from chat.entries import Entry
from chat.models import Chat

EVENTS = {
    "joined": _("%(name)s joined the chat."),
    "passed_on": _("The agent is not there any more. The next available agent will take over."),
    "closed_customer": _("The customer ended the chat."),
    "closed_agent": _("%(name)s ended the chat."),
    "closed_timeout": _("The chat ended because nobody was there any more."),
    "closed_service": _("The chat ended because the chat service was closed."),
}
# An address ends before closing punctuation that belongs to the sentence.
_LINK = re.compile(r"https?://[^\s<>\"'`\\]*[^\s<>\"'`\\.,;:!?)\]}*]", re.IGNORECASE)


@lru_cache(maxsize=2048)
def message_html(entry: Entry, language: str) -> str:
    """An entry as HTML, rendered once for all its receivers of a language."""
    with translation.override(language):
        return _plain(_message_template().render({"entry": entry, "body": body_html(entry)}))


def message_frame(entry: Entry, language: str) -> protocol.Message:
    return protocol.Message(
        chat=entry.chat,
        seq=entry.seq,
        rev=entry.rev,
        author=entry.author,
        html=message_html(entry, language),
        client_id=str(entry.client_id) if entry.client_id else None,
    )


def messages_html(entries: list[Entry], language: str) -> SafeString:
    return mark_safe("".join(message_html(entry, language) for entry in entries))  # noqa: S308 - rendered by templates


def body_html(entry: Entry) -> SafeString:
    """The body with links and masks. Its text content is the body, to the character: selections rest on it."""
    if entry.event:
        return escape(EVENTS[entry.event] % {"name": entry.name}) if entry.event in EVENTS else SafeString("")
    parts, at = [], 0
    for span in entry.masks:
        parts.append(_linked(entry.body[at : span.start]))
        parts.append(_mask(span.id, span.kind, entry.body[span.start : span.end]))
        at = span.end
    return mark_safe("".join([*parts, _linked(entry.body[at:])]))  # noqa: S308 - every part is escaped


def desk_frame(agent: Agent, language: str) -> protocol.Desk:
    """What the agent's widget shows now."""
    chats = list(access.open_chats_of(agent))
    waiting = Chat.objects.filter(service=agent.service_id, state=Chat.State.WAITING).count()
    with translation.override(language):
        html = render_to_string("chat/_active_chats.html", {"chats": chats, "agent": agent, "waiting": waiting})
    return protocol.Desk(
        status=agent.chat_status,
        ringing=sum(chat.state == Chat.State.RINGING for chat in chats),
        waiting=waiting,
        unread=sum(chat.unread for chat in chats if chat.state == Chat.State.ACTIVE),
        chats=[chat.pk for chat in chats],
        html=_plain(html),
    )


def status_frame(chat: Chat, language: str) -> protocol.Status:
    """How the customer's chat stands now."""
    place = presence.queue_place(chat) if chat.state == Chat.State.WAITING else None
    with translation.override(language):
        html = render_to_string("chat/_customer_status.html", {"chat": chat, "place": place, "service": chat.service})
    return protocol.Status(chat=chat.pk, state=chat.state, html=_plain(html))


def marks_frame(marked: live.Marked) -> protocol.Marks:
    return protocol.Marks(
        chat=marked.chat,
        customer_received=marked.customer_received,
        customer_read=marked.customer_read,
        agent_received=marked.agent_received,
        agent_read=marked.agent_read,
    )


def _plain(html: str) -> str:
    """Without Django's mark of safety, which frames can't carry."""
    return str.__str__(html)


@lru_cache(maxsize=1)
def _message_template():
    return get_template("chat/_message.html")


def _linked(text: str) -> str:
    parts, at = [], 0
    for match in _LINK.finditer(text):
        parts.append(escape(text[at : match.start()]))
        parts.append(
            format_html('<a href="{0}" target="_blank" rel="noopener noreferrer nofollow ugc">{0}</a>', match.group())
        )
        at = match.end()
    return "".join([*parts, escape(text[at:])])


def _mask(mask_id: int, kind: str, asterisks: str) -> str:
    return format_html('<masked-text data-mask="{}" data-kind="{}">{}</masked-text>', mask_id, kind, asterisks)
