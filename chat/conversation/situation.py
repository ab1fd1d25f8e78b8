"""Locks the chats of a batch of messages, and reads in one round trip all that decides about it."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from agents.credentials import Credential, chatting_among, chatting_query
from chat.conversation.writing import LockedChat
from contiple.base import prepared

if TYPE_CHECKING:
    from chat.conversation.messages import Sending


class Earlier(NamedTuple):
    """A message that is there already under the same id."""

    author: str
    internal: bool
    seq: int
    rev: int


class Situation(NamedTuple):
    """What decides about a batch of messages, read while their chats are locked."""

    chats: Mapping[int, LockedChat]
    names: Mapping[Credential, str]  # names of the agents who may chat
    earlier: dict[tuple[int, UUID], Earlier | None]  # by chat and id of the message; None: it is in this batch
    quotable: Mapping[tuple[int, int], bool]  # by chat and place, of the messages that are quoted: whether it is a note


def lock_and_look(sendings: Sequence["Sending"], *, wait: bool) -> Situation:
    """Locks the chats, by pk as everywhere; without ``wait`` those that are locked already are left out.

    The same round trip then reads who may chat, which of the messages are there already, and which are quoted.
    """
    asked = list({sending.credential for sending in sendings if sending.credential})
    quotes = [(sending.chat_id, sending.quote) for sending in sendings if sending.quote]
    statements = [
        (_LOCK.format("" if wait else "SKIP LOCKED"), [list({sending.chat_id for sending in sendings})]),
        chatting_query(asked),
        (_SENT_EARLIER, [[it.chat_id for it in sendings], [it.client_id for it in sendings]]),
    ]
    if quotes:
        statements.append((_QUOTED, [list(column) for column in zip(*quotes, strict=True)]))
    chats, chatting, earlier, *quoted = prepared.fetch_each(statements)
    return Situation(
        chats={row.id: LockedChat(**row._asdict()) for row in chats},
        names=chatting_among(asked, chatting),
        earlier={(row.chat_id, row.client_id): Earlier(*row[2:]) for row in earlier},
        quotable={(row.chat_id, row.seq): row.internal for rows in quoted for row in rows},
    )


_LOCK = """
SELECT chat.id, chat.service_id, chat.state, chat.agent_id, chat.last_rev, chat.unread,
    greatest(coalesce(extract(epoch FROM chat.paced_until - statement_timestamp()), 0), 0)::float AS owed_s,
    customer.name AS customer_name, contract.security_service AS masks_on,
    coalesce(rules.version, 0) AS rules_version,
    CASE WHEN customer.email <> '' AND coalesce(settings.mail_unread, TRUE)
        THEN coalesce(settings.mail_unread_minutes, 5) END AS mail_after_minutes
FROM chat_chat AS chat
JOIN helpcenter_customer AS customer ON customer.id = chat.customer_id
JOIN agents_contract AS contract ON contract.service_id = chat.service_id
JOIN agents_service AS service ON service.id = chat.service_id AND NOT service.is_stopped
LEFT JOIN chat_maskingrules AS rules ON rules.service_id = chat.service_id
LEFT JOIN chat_chatsettings AS settings ON settings.service_id = chat.service_id
WHERE chat.id = ANY(%s) ORDER BY chat.id FOR NO KEY UPDATE OF chat {}
"""
_SENT_EARLIER = """
SELECT message.chat_id, message.client_id, message.author, message.internal, message.seq, message.rev
FROM unnest(%s::bigint[], %s::uuid[]) AS sending (chat_id, client_id)
JOIN chat_message AS message USING (chat_id, client_id)
"""
_QUOTED = """
SELECT message.chat_id, message.seq, message.internal
FROM unnest(%s::bigint[], %s::integer[]) AS quoted (chat_id, seq)
JOIN chat_message AS message USING (chat_id, seq) WHERE message.author <> 'system' AND message.event = ''
"""
