"""Appends to a chat. An appended message is committed, numbered in the order of commits, and there once.

Personal data of known kinds is masked before the first save. After the commit everybody who looks on is told.
"""

import unicodedata
from datetime import datetime
from uuid import UUID

import regex
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from agents.models import Agent
from chat import live, masking
from chat.entries import entry_of
from chat.models import MESSAGE_LENGTH_MAX, Chat, Message
from chat.spans import Span, apply_mask
from contiple.errors import Conflict, Invalid

Author = Message.Author
# UAX #15 §13 (Stream-Safe Text): no language has more marks in a row; composing them takes the square of their number.
_TOO_MANY_MARKS = regex.compile(r"\p{M}{31}")


def clean_body(text: str) -> str:
    """The text as it is stored. Raises ``Invalid`` for what is empty, too long or can't be stored.

    Composed (NFC), so that Hangul typed on any system has the same offsets and is found by the same search.
    """
    if any(_cannot_be_stored(character) for character in text) or _TOO_MANY_MARKS.search(text):
        raise Invalid(_("The text has characters that can't be stored."))
    body = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")).strip()
    if not body:
        raise Invalid(_("Write a message first."))
    if len(body) > MESSAGE_LENGTH_MAX:
        raise Invalid(_("A message has at most 4,000 characters."))
    return body


def send_as_customer(chat: Chat, *, body: str, client_id: UUID) -> Message:
    """Appends what the customer of ``chat`` wrote; a repeated ``client_id`` returns the message that is there.

    Raises ``Invalid`` for the text and ``Conflict`` where the chat is closed.
    """
    return _send(chat, body, client_id, author=Author.CUSTOMER, name=chat.customer.name)


def send_as_agent(chat: Chat, agent: Agent, *, body: str, client_id: UUID) -> Message:
    """As ``send_as_customer``, for the agent who has the chat open. ``Conflict`` where that is somebody else by now."""
    return _send(chat, body, client_id, author=Author.AGENT, name=str(agent), agent=agent)


def append_event(chat: Chat, event: str, *, name: str = "") -> Message:
    """Appends an entry that is rendered in each reader's words (``rendering.EVENTS``). Needs the chat's row lock."""
    return _append(chat, author=Author.SYSTEM, event=event, name=name)


def append_notice(chat: Chat, body: str, *, name: str) -> Message:
    """Appends the service's own words, such as its greeting. Needs the chat's row lock."""
    return _append(chat, author=Author.SYSTEM, body=body, name=name)


def mark_seen(chat: Chat, side: str, *, received: int, read: int) -> None:
    """Notes how far ``side`` (``customer`` or ``agent``) has received and read. Marks only grow."""
    with transaction.atomic():
        row = Chat.objects.select_for_update(no_key=True).get(pk=chat.pk)
        read = max(getattr(row, f"{side}_read"), min(read, row.last_rev))
        received = max(getattr(row, f"{side}_received"), min(received, row.last_rev), read)
        fields = {f"{side}_read": read, f"{side}_received": received}
        if all(getattr(row, name) == value for name, value in fields.items()):
            return
        if side == "agent":
            fields["unread"] = row.messages.filter(author=Author.CUSTOMER, seq__gt=read).count()
        unread_before = row.unread
        for name, value in fields.items():
            setattr(row, name, value)
        row.save(update_fields=list(fields))
        live.publish_on_commit(live.chat_topic(row.pk), marks_of(row))
        if row.agent_id and row.unread != unread_before:
            live.publish_on_commit(live.agent_topic(row.agent_id), live.Touched())


def marks_of(chat: Chat) -> live.Marked:
    return live.Marked(
        chat=chat.pk,
        customer_received=chat.customer_received,
        customer_read=chat.customer_read,
        agent_received=chat.agent_received,
        agent_read=chat.agent_read,
    )


def _cannot_be_stored(character: str) -> bool:
    return unicodedata.category(character) in {"Cc", "Cs"} and character not in "\n\r\t"


def _send(chat: Chat, text: str, client_id: UUID, *, author: str, name: str, agent: Agent | None = None) -> Message:
    body = clean_body(text)
    # Detection is the slow part: before the lock, so that nobody waits for it.
    spans = masking.found_spans(chat.service, body)
    with transaction.atomic():
        row = Chat.objects.select_for_update(no_key=True).get(pk=chat.pk)
        sent = row.messages.filter(client_id=client_id).first()
        if sent is not None:
            if sent.author != author:
                raise Invalid(_("This id is taken by another message."))
            return sent
        _require_open_for(row, agent)
        return _append(row, author=author, name=name, agent=agent, body=body, spans=spans, client_id=client_id)


def _require_open_for(chat: Chat, agent: Agent | None) -> None:
    if not chat.is_open:
        raise Conflict(_("This chat has ended."), code="ended")
    if agent is not None and (chat.agent_id != agent.pk or chat.state != Chat.State.ACTIVE):
        raise Conflict(_("This chat is not with you any more."), code="not_yours")


def _append(
    chat: Chat,
    *,
    author: str,
    name: str = "",
    agent: Agent | None = None,
    body: str = "",
    event: str = "",
    spans: list[Span] | None = None,
    client_id: UUID | None = None,
    now: datetime | None = None,
) -> Message:
    chat.last_rev += 1
    message = Message.objects.create(
        chat=chat,
        seq=chat.last_rev,
        rev=chat.last_rev,
        client_id=client_id,
        author=author,
        agent=agent,
        name=name,
        body=apply_mask(body, [span[1:] for span in spans or []]),
        event=event,
        created_at=now or timezone.now(),
    )
    masks = masking.put_on(chat, message, original=body, spans=spans) if spans else []
    _update_chat(chat, message)
    live.publish_on_commit(live.chat_topic(chat.pk), live.Changed(entry_of(message, masks)))
    return message


def _update_chat(chat: Chat, message: Message) -> None:
    fields: dict = {"last_rev": chat.last_rev}
    if message.body:
        fields |= {"last_line": masking.last_line(message.body), "last_message_at": message.created_at}
    if message.author == Author.CUSTOMER:
        fields["unread"] = chat.unread + 1
    Chat.objects.filter(pk=chat.pk).update(**fields)
    for name, value in fields.items():
        setattr(chat, name, value)
    if message.body and chat.agent_id:
        line = live.Lined(chat=chat.pk, seq=message.seq, author=message.author, text=chat.last_line, unread=chat.unread)
        live.publish_on_commit(live.agent_topic(chat.agent_id), line)
