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
    agent_id: int | None = None  # None: the customer's
    credential: Credential | None = None


def note_receipt(chat: Chat, side: str, *, received: int, read: int) -> None:
    """Notes how far ``side`` (``customer`` or ``agent``) has received and read. Receipts only grow."""
    agent_id = chat.agent_id if side == Message.Author.AGENT else None
    note_receipts([Receipt(chat_id=chat.pk, received=received, read=read, agent_id=agent_id)], wait=True)


def note_receipts(receipts: Sequence[Receipt], *, wait: bool) -> list[bool | Exception]:
    """Notes in one transaction how far clients have received and read; returns each receipt's outcome.

    False: the chat's row is locked by somebody else. With ``wait`` the lock is waited for. Receipts of an agent who
    does not have the chat open are left out.
    """
    with transaction.atomic():
        names = chatting_agents({receipt.credential for receipt in receipts if receipt.credential})
        with connection.cursor() as cursor:
            # Not worth waiting for the disk: a client that reconnects sends its receipt again.
            cursor.execute("SET LOCAL synchronous_commit TO off")
        chat_ids = list({receipt.chat_id for receipt in receipts})
        chats = prepared.fetch(_LOCK.format("" if wait else "SKIP LOCKED"), [chat_ids])
        services = {chat.id: chat.service_id for chat in chats}
        outcomes = [_judge(receipt, services, names, wait=wait) for receipt in receipts]
        noted = [receipt for receipt, outcome in zip(receipts, outcomes, strict=True) if outcome is True]
        for chat in prepared.fetch(_NOTE, [_json(noted).decode()]):
            _publish(chat)
    return outcomes


def _publish(chat: prepared.Row) -> None:
    """Publishes, after the commit, how far the chat's sides have read; ``chat`` is a row of ``_NOTE``."""
    receipts = live.Receipts(
        chat=chat.id,
        customer_received=chat.customer_received,
        customer_read=chat.customer_read,
        agent_received=chat.agent_received,
        agent_read=chat.agent_read,
    )
    live.publish_on_commit(live.chat_topic(chat.id), receipts)
    if chat.agent_id and chat.unread_changed:
        live.publish_on_commit(live.agent_topic(chat.agent_id), live.Touched())


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
        WHERE message.chat_id = grown.id AND message.seq > grown.agent_read
            AND (message.author = 'customer' OR (message.internal AND message.agent_id <> grown.agent_id))
    ) ELSE grown.unread END AS unread_now
    FROM grown JOIN chat_chat AS chat ON chat.id = grown.id
    WHERE (grown.customer_received, grown.customer_read, grown.agent_received, grown.agent_read)
        <> (chat.customer_received, chat.customer_read, chat.agent_received, chat.agent_read)
)
UPDATE chat_chat AS chat SET customer_received = counted.customer_received, customer_read = counted.customer_read,
    agent_received = counted.agent_received, agent_read = counted.agent_read, unread = counted.unread_now
FROM counted WHERE chat.id = counted.id
RETURNING chat.id, chat.agent_id, counted.unread <> counted.unread_now AS unread_changed,
    chat.customer_received, chat.customer_read, chat.agent_received, chat.agent_read
"""
