"""Reads fingerprints of what clients show. A connection compares them with what was sent, to find what was missed."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.http import Http404

from agents.credentials import Credential, chatting_agents
from chat.access import IS_WAITING_SQL
from chat.conversation import live
from chat.models import Chat
from chat.routing.queue import places_in
from contiple.base import prepared
from helpcenter.members.sessions import running_sessions


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
    waiting: int  # customers in the queue, as ``access.waiting_chats`` counts them
    notices: str  # how many there are, and the time of the last one


Fingerprint = CustomerPage | AgentDesk


class SeenChat(NamedTuple):
    last_rev: int
    receipts: live.Receipts
    page: CustomerPage
    token_hash: str  # the customer's
    token_lasts: bool


@dataclass(frozen=True, slots=True)
class Watched:
    """A beat's question for one connection: the chats it shows, and either an agent's desk or a customer's page."""

    chat_ids: Collection[int]
    credential: Credential | None = None  # an agent's
    chat_id: int = 0  # a customer's
    member_session: str = ""  # the hash of its token, if the customer is a member
    token_mark: str = ""  # else: how the customer's ``token_hash`` begins as long as the token counts


@dataclass(frozen=True, slots=True)
class Seen:
    """A beat's answer for one connection; ``chats`` are those of the watched ones that are there."""

    chats: dict[int, SeenChat]
    fingerprint: Fingerprint | None
    may_stay: bool


def look(watched: Sequence[Watched]) -> list[Seen]:
    """Looks at all of them in five queries, however many they are."""
    chats = _chats({chat_id for item in watched for chat_id in (*item.chat_ids, item.chat_id)} - {0})
    credentials = {item.credential for item in watched if item.credential}
    permitted = chatting_agents(credentials)
    sessions = running_sessions({item.member_session for item in watched} - {""})
    desks = desk_fingerprints({credential.agent_id for credential in credentials})
    found = []
    for item in watched:
        shown = {chat_id: chats[chat_id] for chat_id in item.chat_ids if chat_id in chats}
        if item.credential:
            seen = Seen(shown, desks.get(item.credential.agent_id), item.credential in permitted)
        else:
            own = chats.get(item.chat_id)
            seen = Seen(shown, own and own.page, own is not None and _is_known(item, own, sessions))
        found.append(seen)
    return found


def _is_known(page: Watched, chat: SeenChat, sessions: set[str]) -> bool:
    """Whether the token of the customer's page counts still."""
    if page.member_session:
        return page.member_session in sessions
    return chat.token_lasts and chat.token_hash.startswith(page.token_mark)


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
    token_hash: str | None
    token_lasts: bool

    def seen(self, place: int | None) -> SeenChat:
        receipts = live.Receipts(
            self.id, self.customer_received, self.customer_read, self.agent_received, self.agent_read
        )
        page = CustomerPage(self.state, self.agent_id, self.inquiry_offer, place)
        return SeenChat(self.last_rev, receipts, page, self.token_hash or "", self.token_lasts)


# The fields of ``_ChatRow``.
_CHATS = """
SELECT chat.id, chat.service_id, chat.last_rev, chat.customer_received, chat.customer_read,
    chat.agent_received, chat.agent_read, chat.state, chat.agent_id, chat.inquiry_offer,
    customer.token_hash, customer.token_ends_at IS NULL OR customer.token_ends_at > statement_timestamp()
FROM chat_chat AS chat JOIN agents_service AS service ON service.id = chat.service_id AND NOT service.is_stopped
    JOIN helpcenter_customer AS customer ON customer.id = chat.customer_id
WHERE chat.id = ANY(%s) AND (%s::bigint IS NULL OR chat.service_id = %s)
"""
_OWN_REVS = "SELECT id, last_rev FROM chat_chat WHERE agent_id = %s AND state <> 'closed'"
# After the agent's id, the fields of ``AgentDesk``. Who waits is counted once for all agents of a service.
_DESKS = f"""
WITH agent AS MATERIALIZED (
    SELECT id, service_id, role, chat_status FROM agents_agent WHERE id = ANY(%s)
), queue AS MATERIALIZED (
    SELECT chat.service_id, count(*) AS waiting FROM chat_chat AS chat
    WHERE chat.service_id IN (SELECT service_id FROM agent) AND {IS_WAITING_SQL} GROUP BY chat.service_id
)
SELECT agent.id, agent.chat_status,
    (SELECT string_agg(concat_ws(' ', chat.id, chat.state, chat.unread > 0), ',' ORDER BY chat.id)
     FROM chat_chat AS chat WHERE chat.agent_id = agent.id AND chat.state <> 'closed'),
    CASE agent.role WHEN 'admin' THEN (
        SELECT string_agg(concat_ws(' ', chat.id, chat.state, chat.agent_id), ',' ORDER BY chat.id)
        FROM chat_chat AS chat WHERE chat.service_id = agent.service_id AND chat.state <> 'closed'
    ) END,
    coalesce(queue.waiting, 0),
    (SELECT concat_ws(' ', count(*), max(notice.at)) FROM chat_desknotice AS notice WHERE notice.agent_id = agent.id)
FROM agent LEFT JOIN queue ON queue.service_id = agent.service_id
"""  # noqa: S608 - no value comes from outside
