"""Appends to a chat. An appended message is committed, numbered in the order of commits, and there once.

Personal data of known kinds is masked before the first save. After the commit everybody who looks on is told.
Appends to many chats share one transaction (``append_together``): a commit waits for the disk, and a statement costs
nearly the same for one row as for fifty.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec
import regex
from django.db import transaction
from django.http import Http404
from django.utils.translation import gettext_lazy as _

from agents.credentials import Credential, chatting_among, chatting_query
from agents.models import Agent
from chat.conversation import live, message_masks
from chat.conversation.entries import Entry, as_offers, offered_spans, spans_of
from chat.masking import concealing
from chat.masking.rules import NOTHING, Found, Rules, known_rules, rules_of
from chat.masking.spans import apply_mask
from chat.models import MESSAGE_LENGTH_MAX, Chat, Mask, Message
from contiple.base import metrics, prepared
from contiple.base.errors import Closed, Conflict, Invalid

Author = Message.Author
# Control characters but tab and line end, and halves of surrogate pairs: PostgreSQL or UTF-8 can't take them.
_CANNOT_BE_STORED = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
# UAX #15 §13 (Stream-Safe Text): no language has more marks in a row; composing them takes the square of their number.
_TOO_MANY_MARKS = regex.compile(r"\p{M}{31}")


@dataclass(slots=True, kw_only=True)
class Sending:
    """A person's message on its way, clean and searched for personal data (``prepare``).

    Without ``agent_id`` it is the customer's. With a ``credential`` the agent's rights are read again at the commit.
    """

    chat_id: int
    client_id: UUID
    body: str
    found: Found
    rules: Rules  # by which it was searched; it is again, where those of the chat's service are others at the commit
    agent_id: int | None = None
    agent_name: str = ""
    credential: Credential | None = None
    received_at: float = 0.0

    @property
    def author(self) -> str:
        return Author.CUSTOMER if self.agent_id is None else Author.AGENT


@dataclass(slots=True, frozen=True)
class Sent:
    """The message is committed at the place ``seq``. ``is_repeat``: it had been before."""

    seq: int
    rev: int
    is_repeat: bool = False


@dataclass(slots=True)
class _Row:
    """What is read of a chat under its lock, and what a message changes of it."""

    id: int
    service_id: int
    state: str
    agent_id: int | None
    last_rev: int
    unread: int
    customer_name: str = ""
    masks_on: bool = True
    rules_version: int = 0
    last_line: str | None = None  # new, where it is not None
    spoke_last: str = ""  # of customer and agent, among the new messages


@dataclass(slots=True, kw_only=True)
class _Line:
    """What becomes a message's row."""

    chat: _Row
    author: str
    name: str = ""
    agent_id: int | None = None
    body: str = ""
    event: str = ""
    internal: bool = False
    client_id: UUID | None = None
    found: Found = NOTHING
    received_at: float = 0.0
    seq: int = 0


# Chat and id of a message → its author, and where it is; ``None``: in the batch at hand.
_Known = dict[tuple[int, UUID], tuple[str, Sent] | None]


def clean_body(text: str) -> str:
    """The text as it is stored. Raises ``Invalid`` for what is empty, too long or can't be stored.

    Composed (NFC), so that Hangul typed on any system has the same offsets and is found by the same search.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if _CANNOT_BE_STORED.search(text) or (not text.isascii() and _TOO_MANY_MARKS.search(text)):
        raise Invalid(_("The text has characters that can't be stored."))
    body = unicodedata.normalize("NFC", text).strip()
    if not body:
        raise Invalid(_("Write a message first."))
    if len(body) > MESSAGE_LENGTH_MAX:
        raise Invalid(_("A message has at most 4,000 characters."))
    return body


def prepare(chat_id: int, *, service_id: int, body: str, client_id: UUID, **who: Any) -> Sending:
    """Cleans and searches the text: the slow part, before any lock. ``who`` is of ``Sending``. Raises ``Invalid``.

    It asks no database: the rules of the service are those that this process knows.
    """
    body, rules, received_at = clean_body(body), known_rules(service_id), metrics.received_at()
    return Sending(
        chat_id=chat_id,
        client_id=client_id,
        body=body,
        found=rules.find(body),
        rules=rules,
        received_at=received_at,
        **who,
    )


def send_as_customer(chat: Chat, *, body: str, client_id: UUID) -> Message:
    """Appends what the customer of ``chat`` wrote; a repeated ``client_id`` returns the message that is there.

    Raises ``Invalid`` for the text, ``Conflict`` where the chat is closed, ``Http404`` where there is none.
    """
    return _send(prepare(chat.pk, service_id=chat.service_id, body=body, client_id=client_id))


def send_as_agent(chat: Chat, agent: Agent, *, body: str, client_id: UUID) -> Message:
    """As ``send_as_customer``, for the agent who has the chat open. ``Conflict`` where that is somebody else by now."""
    who = {"agent_id": agent.pk, "agent_name": str(agent)}
    return _send(prepare(chat.pk, service_id=chat.service_id, body=body, client_id=client_id, **who))


def append_together(sendings: Sequence[Sending], *, wait: bool) -> list[Sent | Exception | None]:
    """Appends, in one transaction, what may be appended; says of each what came of it (an error is not raised).

    ``None``: nothing was done, because somebody else has the chat's lock just now; with ``wait`` it is waited for.
    Raises ``DatabaseError``: then nothing is appended, or, where the commit itself was cut off, perhaps all of it.
    """
    with transaction.atomic():
        chats, names, known = _lock_and_look(sendings, wait=wait)
        outcomes: list[Sent | Exception | _Line | None] = []
        for sending in sendings:
            outcome = _judge(sending, chats, names, known, wait=wait)
            if isinstance(outcome, _Line):
                known[sending.chat_id, sending.client_id] = None
            outcomes.append(outcome)
        _write([outcome for outcome in outcomes if isinstance(outcome, _Line)])
    return [Sent(outcome.seq, outcome.seq) if isinstance(outcome, _Line) else outcome for outcome in outcomes]


def append_event(chat: Chat, event: str, *, name: str = "") -> None:
    """Appends an entry that is rendered in each reader's words (``rendering.EVENTS``). Needs the chat's row lock."""
    _append(chat, author=Author.SYSTEM, event=event, name=name)


def append_notice(chat: Chat, body: str, *, name: str) -> None:
    """Appends the service's own words, such as its greeting. Needs the chat's row lock."""
    _append(chat, author=Author.SYSTEM, body=body, name=name)


def append_note(chat: Chat, agent: Agent, body: str) -> None:
    """Appends what agents see and the customer never does. Needs the chat's row lock. Raises ``Invalid``."""
    body = clean_body(body)
    found = concealing.search(chat.service, body)
    _append(chat, author=Author.AGENT, name=str(agent), agent_id=agent.pk, body=body, found=found, internal=True)


def _send(sending: Sending) -> Message:
    [outcome] = append_together([sending], wait=True)
    if not isinstance(outcome, Sent):
        raise outcome or Http404
    return Message.objects.get(chat=sending.chat_id, seq=outcome.seq)


def _append(chat: Chat, **fields: Any) -> None:
    row = _Row(chat.pk, chat.service_id, chat.state, chat.agent_id, chat.last_rev, chat.unread)
    _write([_Line(chat=row, received_at=metrics.received_at(), **fields)])
    chat.last_rev = row.last_rev
    if row.last_line is not None:
        chat.last_line = row.last_line


def _judge(
    sending: Sending,
    chats: dict[int, _Row],
    names: dict[Credential, str],
    known: _Known,
    *,
    wait: bool,
) -> Sent | Exception | _Line | None:
    """What comes of a message: a line to be written, a refusal, or what came of it the first time."""
    chat, credential = chats.get(sending.chat_id), sending.credential
    if credential is not None and credential not in names:
        return Closed(_("You no longer have the chat permission."))
    if chat is None:
        return Http404() if wait else None
    if credential is not None and credential.service_id != chat.service_id:
        return Http404()
    if (sending.chat_id, sending.client_id) in known:
        return _first_outcome(sending, known[sending.chat_id, sending.client_id])
    if chat.state == Chat.State.CLOSED:
        return Conflict(_("This chat has ended."), code="ended")
    if sending.agent_id is not None and (chat.agent_id != sending.agent_id or chat.state != Chat.State.ACTIVE):
        return Conflict(_("This chat is no longer yours."), code="not_yours")
    return _Line(
        chat=chat,
        author=sending.author,
        name=_author_name(sending, chat, names),
        agent_id=sending.agent_id,
        body=sending.body,
        client_id=sending.client_id,
        found=_found_now(sending, chat),
        received_at=sending.received_at,
    )


def _found_now(sending: Sending, chat: _Row) -> Found:
    """What is personal in it by the rules as its chat is locked, which are nearly always those of ``prepare``."""
    if not chat.masks_on:
        return NOTHING
    if sending.rules.version == chat.rules_version:
        return sending.found
    return rules_of(chat.service_id).find(sending.body)


def _first_outcome(sending: Sending, there: tuple[str, Sent] | None) -> Sent | Exception | None:
    """``None`` where the first is in this very batch: asked again, it will have been committed."""
    if there is None:
        return None
    author, sent = there
    return sent if author == sending.author else Invalid(_("This id is taken by another message."))


def _author_name(sending: Sending, chat: _Row, names: dict[Credential, str]) -> str:
    if sending.agent_id is None:
        return chat.customer_name
    return names[sending.credential] if sending.credential else sending.agent_name


def _lock_and_look(sendings: Sequence[Sending], *, wait: bool) -> tuple[dict[int, _Row], dict[Credential, str], _Known]:
    """Locks the chats, by pk as everywhere; without ``wait`` those that are locked already are left out.

    Then, in the same round trip, looks who may chat and which of the messages are there already.
    """
    ids = list({sending.chat_id for sending in sendings})
    asked = list({sending.credential for sending in sendings if sending.credential})
    rows, found, sent = prepared.fetch_each(
        [
            (_LOCK.format("" if wait else "SKIP LOCKED"), [ids]),
            chatting_query(asked),
            (_SENT_BEFORE, [[it.chat_id for it in sendings], [it.client_id for it in sendings]]),
        ]
    )
    chats = {row[0]: _Row(*row) for row in rows}
    known: _Known = {(row[0], row[1]): (row[2], Sent(row[3], row[4], is_repeat=True)) for row in sent}
    return chats, chatting_among(asked, found), known


def _write(lines: Sequence[_Line]) -> None:
    """Writes the rows of messages whose chats are locked, and tells of them after the commit."""
    if not lines:
        return
    bodies = [apply_mask(line.body, line.found.bounds) for line in lines]
    for line, body in zip(lines, bodies, strict=True):
        _count(line, body)
    chats = {line.chat.id: line.chat for line in lines}
    rows = [_row_of(line, body) for line, body in zip(lines, bodies, strict=True)]
    found = prepared.fetch(_WRITE, [_json(rows).decode(), _json(list(chats.values())).decode()])
    written = {(chat_id, seq): (pk, created_at) for pk, chat_id, seq, created_at in found}
    deliveries: list[tuple[str, live.Delivery]] = []
    for line, body in zip(lines, bodies, strict=True):
        pk, created_at = written[line.chat.id, line.seq]
        masks = _put_masks_on(line, pk) if line.found.masked else []
        entry = Entry(
            chat=line.chat.id,
            seq=line.seq,
            rev=line.seq,
            author=line.author,
            name=line.name,
            body=body,
            event=line.event,
            created_at=created_at,
            client_id=line.client_id,
            masks=spans_of(masks),
            internal=line.internal,
            offers=offered_spans(line.found.offers),
        )
        unread = line.chat.unread if body and not line.internal else None
        delivery = live.Changed(entry, unread, line.received_at)
        deliveries.append((live.chat_topic(line.chat.id), delivery))
    transaction.on_commit(lambda: live.publish_all(deliveries), robust=True)


def _count(line: _Line, body: str) -> None:
    """Takes the next place in the chat, and notes what else the message changes there. Of a note nothing."""
    chat = line.chat
    chat.last_rev += 1
    line.seq = chat.last_rev
    if line.internal:
        return
    if body:
        chat.last_line = message_masks.last_line(body)
    if line.author == Author.CUSTOMER:
        chat.unread += 1
    if line.author != Author.SYSTEM:
        chat.spoke_last = line.author


def _row_of(line: _Line, body: str) -> dict[str, Any]:
    return {
        "chat_id": line.chat.id,
        "seq": line.seq,
        "client_id": line.client_id,
        "author": line.author,
        "agent_id": line.agent_id,
        "name": line.name,
        "body": body,
        "event": line.event,
        "internal": line.internal,
        "offers": as_offers(line.found.offers),
    }


def _put_masks_on(line: _Line, pk: int) -> list[Mask]:
    chat = Chat(pk=line.chat.id, service_id=line.chat.service_id)
    message = Message(pk=pk, chat=chat, seq=line.seq)
    return message_masks.put_on(chat, message, original=line.body, spans=line.found.masked)


_json = msgspec.json.Encoder().encode

_LOCK = """
SELECT chat.id, chat.service_id, chat.state, chat.agent_id, chat.last_rev, chat.unread, customer.name,
    contract.security_service, coalesce(rules.version, 0)
FROM chat_chat AS chat
JOIN helpcenter_customer AS customer ON customer.id = chat.customer_id
JOIN agents_contract AS contract ON contract.service_id = chat.service_id
JOIN agents_service AS service ON service.id = chat.service_id AND NOT service.is_stopped
LEFT JOIN chat_maskingrules AS rules ON rules.service_id = chat.service_id
WHERE chat.id = ANY(%s) ORDER BY chat.id FOR NO KEY UPDATE OF chat {}
"""
_SENT_BEFORE = """
SELECT message.chat_id, message.client_id, message.author, message.seq, message.rev
FROM unnest(%s::bigint[], %s::uuid[]) AS sending (chat_id, client_id)
JOIN chat_message AS message USING (chat_id, client_id)
"""
# One parameter for all rows: as JSON they cost the client next to nothing, as parameters they would cost the most.
_WRITE = """
WITH message AS (
    INSERT INTO chat_message (chat_id, seq, rev, client_id, author, agent_id, name, body, event, internal, offers,
        created_at)
    SELECT chat_id, seq, seq, client_id, author, agent_id, name, body, event, internal, offers, statement_timestamp()
    FROM json_to_recordset(%s::json) AS line (chat_id bigint, seq integer, client_id uuid, author text,
        agent_id bigint, name text, body text, event text, internal boolean, offers jsonb)
    RETURNING id, chat_id, seq, created_at
), counted AS (
    UPDATE chat_chat AS chat SET
        last_rev = line.last_rev,
        unread = line.unread,
        last_line = coalesce(line.last_line, chat.last_line),
        last_message_at = CASE WHEN line.last_line IS NULL THEN chat.last_message_at ELSE statement_timestamp() END,
        unanswered_since = CASE line.spoke_last WHEN 'agent' THEN statement_timestamp()
            WHEN '' THEN chat.unanswered_since END,
        reminded_at = CASE line.spoke_last WHEN '' THEN chat.reminded_at END
    FROM json_to_recordset(%s::json) AS line (id bigint, last_rev integer, unread integer, last_line text,
        spoke_last text)
    WHERE chat.id = line.id
)
SELECT id, chat_id, seq, created_at FROM message
"""
