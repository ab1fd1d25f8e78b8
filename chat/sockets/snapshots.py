"""Reads fingerprints of what clients show. A connection compares them with what was sent, to find what was missed."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.http import Http404

from agents.credentials import Credential, chatting_agents
from chat.conversation import live
from chat.models import Chat
from chat.routing.queue import count_waiting_sql, places_in
from contiple.base import prepared


class CustomerPage(NamedTuple):
    """The fingerprint of a customer's page: if it differs, the page must be drawn again."""

    state: str
    agent_id: int | None
    inquiry_offer: str
    place: int | None  # in the queue


class AgentDesk(NamedTuple):
    """The fingerprint of an agent's desk: if it differs, the desk must be drawn again."""

    status: str
    own_chats: str | None  # id, state and whether something is unread, of each
    all_chats: str | None  # of the service: id, state and agent of each; admins see them
    waiting: int  # customers in the queue


Fingerprint = CustomerPage | AgentDesk


class SeenChat(NamedTuple):
    last_rev: int
    receipts: live.Receipts
    page: CustomerPage


@dataclass(frozen=True, slots=True)
class Watched:
    """A beat's question for one connection: the chats it shows, and either an agent's desk or a customer's page."""

    chat_ids: Collection[int]
    credential: Credential | None = None  # an agent's
    chat_id: int = 0  # a customer's


@dataclass(frozen=True, slots=True)
class Seen:
    """A beat's answer for one connection; ``chats`` are those of the watched ones that are there."""

    chats: dict[int, SeenChat]
    fingerprint: Fingerprint | None
    may_stay: bool


def look(watched: Sequence[Watched]) -> list[Seen]:
    """Looks at all of them in four queries, however many they are."""
    chats = _chats({chat_id for item in watched for chat_id in (*item.chat_ids, item.chat_id)} - {0})
    credentials = {item.credential for item in watched if item.credential}
    permitted = chatting_agents(credentials)
    desks = desk_fingerprints({credential.agent_id for credential in credentials})
    found = []
    for item in watched:
        shown = {chat_id: chats[chat_id] for chat_id in item.chat_ids if chat_id in chats}
        if item.credential:
            seen = Seen(shown, desks.get(item.credential.agent_id), item.credential in permitted)
        else:
            own = chats.get(item.chat_id)
            seen = Seen(shown, own and own.page, own is not None)
        found.append(seen)
    return found


def desk_fingerprints(agent_ids: Iterable[int]) -> dict[int, AgentDesk]:
    return {agent_id: AgentDesk(*desk) for agent_id, *desk in prepared.fetch(_DESKS, [list(agent_ids)])}


def own_revs(agent_id: int) -> dict[int, int]:
    """Returns the last rev of each of the agent's open chats."""
    return dict(prepared.fetch(_OWN_REVS, [agent_id]))


def look_at_chat(chat_id: int, service_id: int) -> SeenChat:
    """Reads a chat of this service. Raises ``Http404`` if there is none, or the service is stopped."""
    found = _chats([chat_id], service_id)
    if not found:
        raise Http404
    return found[chat_id]


def _chats(chat_ids: Collection[int], service_id: int | None = None) -> dict[int, SeenChat]:
    """Reads those of the chats whose service, ``service_id`` if given, is not stopped."""
    if not chat_ids:
        return {}
    rows = [_ChatRow(*row) for row in prepared.fetch(_CHATS, [list(chat_ids), service_id, service_id])]
    waiting = {row.service_id for row in rows if row.state == Chat.State.WAITING}
    places = places_in(waiting) if waiting else {}
    return {row.id: row.seen(places.get(row.id)) for row in rows}


class _ChatRow(NamedTuple):
    id: int
    service_id: int
    last_rev: int
    customer_received: int
    customer_read: int
    agent_received: int
    agent_read: int
    state: str
    agent_id: int | None
    inquiry_offer: str

    def seen(self, place: int | None) -> SeenChat:
        receipts = live.Receipts(
            self.id, self.customer_received, self.customer_read, self.agent_received, self.agent_read
        )
        page = CustomerPage(self.state, self.agent_id, self.inquiry_offer, place)
        return SeenChat(self.last_rev, receipts, page)


# The fields of ``_ChatRow``.
_CHATS = """
SELECT chat.id, chat.service_id, chat.last_rev, chat.customer_received, chat.customer_read,
    chat.agent_received, chat.agent_read, chat.state, chat.agent_id, chat.inquiry_offer
FROM chat_chat AS chat JOIN agents_service AS service ON service.id = chat.service_id AND NOT service.is_stopped
WHERE chat.id = ANY(%s) AND (%s::bigint IS NULL OR chat.service_id = %s)
"""
_OWN_REVS = "SELECT id, last_rev FROM chat_chat WHERE agent_id = %s AND state <> 'closed'"
# After the agent's id, the fields of ``AgentDesk``.
_DESKS = f"""
SELECT agent.id, agent.chat_status,
    (SELECT string_agg(concat_ws(' ', chat.id, chat.state, chat.unread > 0), ',' ORDER BY chat.id)
     FROM chat_chat AS chat WHERE chat.agent_id = agent.id AND chat.state <> 'closed'),
    CASE agent.role WHEN 'admin' THEN (
        SELECT string_agg(concat_ws(' ', chat.id, chat.state, chat.agent_id), ',' ORDER BY chat.id)
        FROM chat_chat AS chat WHERE chat.service_id = agent.service_id AND chat.state <> 'closed'
    ) END,
    {count_waiting_sql("agent.service_id")}
FROM agents_agent AS agent WHERE agent.id = ANY(%s)
"""  # noqa: S608 - no value comes from outside
