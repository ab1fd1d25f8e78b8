"""How far each side of a chat has received and read. Receipts only grow, and never past the last message."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
from django.db import connection, transaction
from django.http import Http404
from django.utils.translation import gettext_lazy as _

from agents.credentials import Credential, chatting_agents
from chat.conversation import live
from chat.models import Chat, Message
from contiple.base import prepared
from contiple.base.errors import Closed


@dataclass(slots=True, kw_only=True)
class Receipt:
    """The messages up to ``received`` have arrived at a client, those up to ``read`` were in view."""

    chat_id: int
    received: int
    read: int
    agent_id: int | None = None  # without one it is the customer's
    credential: Credential | None = None


def note_receipt(chat: Chat, side: str, *, received: int, read: int) -> None:
    """Notes how far ``side`` (``customer`` or ``agent``) has received and read. Receipts only grow."""
    agent_id = chat.agent_id if side == Message.Author.AGENT else None
    note_receipts([Receipt(chat_id=chat.pk, received=received, read=read, agent_id=agent_id)], wait=True)


def note_receipts(receipts: Sequence[Receipt], *, wait: bool) -> list[bool | Exception]:
    """Notes in one transaction how far clients have received and read; says of each what came of it.

    False: somebody else has the chat's lock just now; with ``wait`` it is waited for. An agent who has not (any more)
    opened the chat has no receipts.
    """
    with transaction.atomic():
        names = chatting_agents({receipt.credential for receipt in receipts if receipt.credential})
        with connection.cursor() as cursor:
            # Not worth a wait for the disk: a client that comes back says again what it has seen.
            cursor.execute("SET LOCAL synchronous_commit TO off")
        chat_ids = list({receipt.chat_id for receipt in receipts})
        services = dict(prepared.fetch(_LOCK.format("" if wait else "SKIP LOCKED"), [chat_ids]))
        outcomes = [_judge(receipt, services, names, wait=wait) for receipt in receipts]
        noted = [receipt for receipt, outcome in zip(receipts, outcomes, strict=True) if outcome is True]
        for chat_id, agent_id, unread_changed, *counts in prepared.fetch(_NOTE, [_json(noted).decode()]):
            live.publish_on_commit(live.chat_topic(chat_id), live.Receipts(chat_id, *counts))
            if unread_changed:
                live.publish_on_commit(live.agent_topic(agent_id), live.Touched())
    return outcomes


def _judge(receipt: Receipt, services: dict[int, int], names: dict[Credential, str], *, wait: bool) -> bool | Exception:
    credential = receipt.credential
    if credential is not None and credential not in names:
        return Closed(_("You no longer have the chat permission."))
    if receipt.chat_id not in services:
        return Http404() if wait else False
    if credential is not None and credential.service_id != services[receipt.chat_id]:
        return Http404()
    return True


_json = msgspec.json.Encoder().encode
_LOCK = "SELECT id, service_id FROM chat_chat WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE {}"
_NOTE = """
WITH seen AS (
    SELECT receipt.chat_id,
        coalesce(max(received) FILTER (WHERE receipt.agent_id IS NULL), 0) AS customer_received,
        coalesce(max(read) FILTER (WHERE receipt.agent_id IS NULL), 0) AS customer_read,
        coalesce(max(received) FILTER (WHERE receipt.agent_id IS NOT NULL), 0) AS agent_received,
        coalesce(max(read) FILTER (WHERE receipt.agent_id IS NOT NULL), 0) AS agent_read
    FROM json_to_recordset(%s::json) AS receipt (chat_id bigint, agent_id bigint, received integer, read integer)
    JOIN chat_chat AS chat ON chat.id = receipt.chat_id
        AND (receipt.agent_id IS NULL OR (chat.agent_id = receipt.agent_id AND chat.state = 'active'))
    GROUP BY receipt.chat_id
), grown AS (
    SELECT chat.id, chat.agent_id, chat.unread,
        greatest(chat.customer_received, least(greatest(seen.customer_received, seen.customer_read), chat.last_rev))
            AS customer_received,
        greatest(chat.customer_read, least(seen.customer_read, chat.last_rev)) AS customer_read,
        greatest(chat.agent_received, least(greatest(seen.agent_received, seen.agent_read), chat.last_rev))
            AS agent_received,
        greatest(chat.agent_read, least(seen.agent_read, chat.last_rev)) AS agent_read
    FROM seen JOIN chat_chat AS chat ON chat.id = seen.chat_id
), counted AS (
    SELECT grown.*, CASE WHEN grown.agent_read > chat.agent_read THEN (
        SELECT count(*) FROM chat_message AS message
        WHERE message.chat_id = grown.id AND message.author = 'customer' AND message.seq > grown.agent_read
    ) ELSE grown.unread END AS unread_now
    FROM grown JOIN chat_chat AS chat ON chat.id = grown.id
    WHERE (grown.customer_received, grown.customer_read, grown.agent_received, grown.agent_read)
        <> (chat.customer_received, chat.customer_read, chat.agent_received, chat.agent_read)
)
UPDATE chat_chat AS chat SET customer_received = counted.customer_received, customer_read = counted.customer_read,
    agent_received = counted.agent_received, agent_read = counted.agent_read, unread = counted.unread_now
FROM counted WHERE chat.id = counted.id
RETURNING chat.id, chat.agent_id, counted.unread <> counted.unread_now AND chat.agent_id IS NOT NULL,
    chat.customer_received, chat.customer_read, chat.agent_received, chat.agent_read
"""
