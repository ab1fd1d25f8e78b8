"""Writes messages as rows of locked chats, masked before the first save, and publishes them after the commit."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec
from django.db import transaction

from chat.abuse import limits
from chat.conversation import live, mentions, message_masks
from chat.conversation.entries import INSERT, Entry, last_line, offered_spans, record_of, spans_of
from chat.masking.rules import NOTHING, Found
from chat.masking.spans import apply_mask
from chat.models import Chat, Mask, Message
from contiple.base import prepared, tracing

Author = Message.Author
_NOT_YET = datetime(1970, 1, 1, tzinfo=UTC)  # the time of a message is the database's


@dataclass(slots=True, kw_only=True)
class LockedChat:
    """Columns of a chat, read under its row lock, and what new messages change of them."""

    id: int
    service_id: int
    state: str
    agent_id: int | None
    last_rev: int
    unread: int
    customer_name: str = ""
    masks_on: bool = True
    rules_version: int = 0
    last_line: str | None = None  # None: it stays as it is
    owed_s: float = 0.0  # by the customer, for messages (``abuse.limits``)
    owes_s: float | None = None  # as a new message leaves it; None: it stays as it is
    spoke_last: str = ""  # customer or agent, if one of them wrote a new message
    is_answered: bool = False  # an agent wrote a new message to the customer
    mail_after_minutes: int | None = None  # what the customer has not read by then is mailed; None: never


@dataclass(slots=True, kw_only=True)
class Draft:
    """A message before it is a row of its locked chat."""

    chat: LockedChat
    shown: dict[str, Any]  # the fields of its entry that its author decides, but for the body
    body: str = ""  # before masking
    found: Found = NOTHING
    agent_id: int | None = None
    received_at: float = 0.0
    trace: tracing.Trace | None = None
    entry: Entry = field(init=False)  # from ``take_place`` on

    def take_place(self) -> None:
        """Gives the message the chat's next number, and counts what else it changes there.

        What the service says, and a note, is no answer to the customer. A note is unread for the chat's agent, if it is
        a colleague's; nothing else changes.
        """
        chat, body = self.chat, apply_mask(self.body, self.found.bounds) if self.found.masked else self.body
        chat.last_rev += 1
        self.entry = Entry(
            chat=chat.id,
            seq=chat.last_rev,
            rev=chat.last_rev,
            body=body,
            created_at=_NOT_YET,
            offers=offered_spans(self.found.offers),
            **self.shown,
        )
        if self.entry.internal or self.entry.author == Author.SYSTEM:
            chat.unread += self.is_for_agent
            return
        chat.spoke_last = self.entry.author
        chat.is_answered |= self.entry.author == Author.AGENT
        chat.last_line = last_line(body, is_file=bool(self.entry.file))
        if self.entry.author == Author.CUSTOMER:
            chat.unread += 1
            chat.owed_s += limits.cost_s(body)
            chat.owes_s = chat.owed_s

    @property
    def is_for_agent(self) -> bool:
        """Whether it is a note by a colleague of the agent who has the chat."""
        return self.entry.internal and self.agent_id is not None and self.chat.agent_id not in {None, self.agent_id}

    def deliveries(self) -> list[live.Addressed]:
        """Returns what is published once the message is committed."""
        said: list[live.Addressed] = [(live.chat_topic(self.chat.id), self.change())]
        if self.is_for_agent and self.chat.agent_id:
            said.append((live.agent_topic(self.chat.agent_id), live.Touched()))
        return said

    def change(self) -> live.Changed:
        """Returns the delivery of the committed message. Lists of chats show what people said to each other."""
        chat, entry = self.chat, self.entry
        unread = chat.unread if entry.author != Author.SYSTEM and not entry.internal else None
        trace = tracing.committed(self.trace, service=chat.service_id, chat=chat.id, seq=entry.seq)
        return live.Changed(entry, unread, self.received_at, trace)


def write(drafts: Sequence[Draft]) -> None:
    """Writes the messages, in order, and their masks. Needs the row locks of their chats."""
    if not drafts:
        return
    for draft, row in zip(drafts, _insert(drafts), strict=True):
        masks = _put_masks_on(draft, row.id) if draft.found.masked else []
        draft.entry = msgspec.structs.replace(draft.entry, created_at=row.created_at, masks=spans_of(masks))
        if draft.entry.internal:
            entry, service_id = draft.entry, draft.chat.service_id
            mentions.tell(service_id, entry.chat, entry.body, by_id=draft.agent_id, by=entry.name)
    transaction.on_commit(lambda: live.publish_all([said for it in drafts for said in it.deliveries()]), robust=True)


def _insert(drafts: Sequence[Draft]) -> list[prepared.Row]:
    """Inserts the rows and updates their chats in one statement. Returns id and time of each message."""
    for draft in drafts:
        draft.take_place()
    chats = {draft.chat.id: draft.chat for draft in drafts}
    records = [record_of(draft.entry, agent_id=draft.agent_id) for draft in drafts]
    rows = prepared.fetch(_WRITE, [_json(records).decode(), _json(list(chats.values())).decode()])
    written = {(row.chat_id, row.seq): row for row in rows}
    return [written[draft.entry.chat, draft.entry.seq] for draft in drafts]


def _put_masks_on(draft: Draft, message_id: int) -> list[Mask]:
    chat = Chat(pk=draft.chat.id, service_id=draft.chat.service_id)
    message = Message(pk=message_id, chat=chat, seq=draft.entry.seq)
    return message_masks.put_on(chat, message, original=draft.body, spans=draft.found.masked)


_json = msgspec.json.Encoder().encode
_WRITE = f"""
WITH message AS (
    {INSERT}
), new AS (
    SELECT * FROM json_to_recordset(%s::json) AS new (id bigint, last_rev integer, unread integer, last_line text,
        owes_s float, spoke_last text, is_answered boolean, mail_after_minutes integer)
), mail_wait AS (
    INSERT INTO chat_mailwait (chat_id, due_at)
    SELECT id, statement_timestamp() + make_interval(mins => mail_after_minutes) FROM new
    WHERE spoke_last = 'agent' AND mail_after_minutes IS NOT NULL
    ON CONFLICT (chat_id) DO NOTHING
), counted AS (
    UPDATE chat_chat AS chat SET
        last_rev = new.last_rev,
        unread = new.unread,
        paced_until = CASE WHEN new.owes_s IS NULL THEN chat.paced_until
            ELSE statement_timestamp() + make_interval(secs => new.owes_s) END,
        last_line = coalesce(new.last_line, chat.last_line),
        last_message_at = CASE WHEN new.last_line IS NULL THEN chat.last_message_at ELSE statement_timestamp() END,
        customer_waits_since = CASE new.spoke_last WHEN 'agent' THEN NULL WHEN '' THEN chat.customer_waits_since
            ELSE coalesce(CASE WHEN NOT new.is_answered THEN chat.customer_waits_since END, statement_timestamp()) END,
        unanswered_since = CASE new.spoke_last WHEN 'agent' THEN statement_timestamp()
            WHEN '' THEN chat.unanswered_since END,
        reminded_at = CASE new.spoke_last WHEN '' THEN chat.reminded_at END,
        first_answered_at = CASE WHEN new.is_answered THEN coalesce(chat.first_answered_at, statement_timestamp())
            ELSE chat.first_answered_at END
    FROM new WHERE chat.id = new.id
)
SELECT id, chat_id, seq, created_at FROM message
"""  # noqa: S608 - a constant
