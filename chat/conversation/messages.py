"""Appends to a chat. An appended message is committed, numbered in the order of commits, and there once.

Personal data of known kinds is masked before the first save. After the commit every receiver of the chat is told.
Appends to many chats share one transaction (``append_together``): a commit waits for the disk, and a statement costs
nearly the same for one row as for fifty.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from django.db import transaction
from django.http import Http404
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from agents.credentials import Credential, chatting_among, chatting_query
from agents.models import Agent
from chat.abuse import limits
from chat.conversation.writing import Draft, LockedChat, write
from chat.masking import concealing
from chat.masking.rules import NOTHING, Found, Rules, known_rules, rules_of
from chat.models import Chat, Message
from contiple.base import metrics, prepared, tracing
from contiple.base.errors import Closed, Conflict, Invalid, TooMany
from contiple.base.texts import MESSAGE_LENGTH_MAX, clean_text
from contiple.base.waiting import try_again

Author = Message.Author


@dataclass(slots=True, kw_only=True)
class Sending:
    """A person's message on its way, clean and searched for personal data (``prepare``).

    Without ``agent_id`` it is the customer's. With a ``credential`` the agent's rights are checked again at the commit.
    """

    chat_id: int
    client_id: UUID
    body: str
    found: Found
    rules: Rules  # used for ``found``; the text is searched again if they changed before the commit
    agent_id: int | None = None
    agent_name: str = ""
    credential: Credential | None = None
    received_at: float = 0.0
    trace: tracing.Trace | None = None

    @property
    def author(self) -> str:
        return Author.CUSTOMER if self.agent_id is None else Author.AGENT


@dataclass(slots=True, frozen=True)
class Sent:
    """The message is committed at the place ``seq``. ``is_repeat``: it had been before."""

    seq: int
    rev: int
    is_repeat: bool = False


class _Earlier(NamedTuple):
    """A message that is there already under the same id."""

    author: str
    sent: Sent


class _Situation(NamedTuple):
    """All that decides about a batch of messages, read while their chats are locked."""

    chats: Mapping[int, LockedChat]
    names: Mapping[Credential, str]  # names of the agents who may chat
    earlier: dict[tuple[int, UUID], _Earlier | None]  # by chat and id of the message; None: it is in this batch


def clean_body(text: str) -> str:
    """Returns the text as it is stored. Raises ``Invalid`` if it is empty, too long or can't be stored."""
    body = clean_text(text)
    if not body:
        raise Invalid(_("Write a message first."))
    if len(body) > MESSAGE_LENGTH_MAX:
        raise Invalid(_("A message has at most 4,000 characters."))
    return body


def prepare(chat_id: int, *, service_id: int, body: str, client_id: UUID, **who: Any) -> Sending:
    """Cleans and searches the text: the slow part, before any lock. Raises ``Invalid``.

    ``who`` has fields of ``Sending``. No query is made: the service's rules are those that this process knows.
    """
    body, rules, received_at = clean_body(body), known_rules(service_id), metrics.received_at()
    return Sending(
        chat_id=chat_id,
        client_id=client_id,
        body=body,
        found=rules.find(body),
        rules=rules,
        received_at=received_at,
        trace=tracing.trace(),
        **who,
    )


def send_as_customer(chat: Chat, *, body: str, client_id: UUID) -> Message:
    """Appends a message of the chat's customer; a repeated ``client_id`` returns the message that is there.

    Raises ``Invalid`` for the text, ``Conflict`` if the chat is closed, ``Http404`` if there is none.
    """
    sending = prepare(chat.pk, service_id=chat.service_id, body=body, client_id=client_id)
    [outcome] = append_together([sending], wait=True)
    if not isinstance(outcome, Sent):
        raise outcome or Http404
    return Message.objects.get(chat=sending.chat_id, seq=outcome.seq)


def append_together(sendings: Sequence[Sending], *, wait: bool) -> list[Sent | Exception | None]:
    """Appends in one transaction what may be appended, and returns each message's outcome; errors are not raised.

    ``None``: nothing was done, because the chat's row is locked by somebody else. With ``wait`` the lock is waited for.
    Raises ``DatabaseError``: then nothing is appended or, if the commit itself was cut off, perhaps everything.
    """
    with transaction.atomic():
        situation = _lock_and_look(sendings, wait=wait)
        outcomes: list[Sent | Exception | Draft | None] = []
        for sending in sendings:
            outcome = _judge(sending, situation, wait=wait)
            if isinstance(outcome, Draft):
                situation.earlier[sending.chat_id, sending.client_id] = None
            outcomes.append(outcome)
        write([outcome for outcome in outcomes if isinstance(outcome, Draft)])
    return [_sent(outcome) if isinstance(outcome, Draft) else outcome for outcome in outcomes]


def append_event(chat: Chat, event: str, *, name: str = "", internal: bool = False) -> None:
    """Appends an entry that is rendered in each reader's words (``rendering.EVENTS``). Needs the chat's row lock.

    The customer never sees one that is ``internal``.
    """
    _append(chat, author=Author.SYSTEM, event=event, name=name, internal=internal)


def append_notice(chat: Chat, body: str, *, name: str, event: str = "") -> None:
    """Appends the service's own words, such as its greeting. Needs the chat's row lock."""
    _append(chat, body, author=Author.SYSTEM, name=name, event=event)


def append_evaluation(chat: Chat, event: str, comment: str) -> int:
    """Appends the customer's evaluation, and returns its ``seq``. Needs the chat's row lock."""
    _append(chat, comment, concealing.search(chat.service, comment), author=Author.SYSTEM, event=event)
    return chat.last_rev


def append_note(chat: Chat, agent: Agent, body: str) -> None:
    """Appends a note, which agents see and the customer never does. Needs the chat's row lock. Raises ``Invalid``."""
    body = clean_body(body)
    found = concealing.search(chat.service, body)
    _append(chat, body, found, agent.pk, author=Author.AGENT, name=str(agent), internal=True)


def _append(chat: Chat, body: str = "", found: Found = NOTHING, agent_id: int | None = None, **shown: Any) -> None:
    locked = LockedChat(
        id=chat.pk,
        service_id=chat.service_id,
        state=chat.state,
        agent_id=chat.agent_id,
        last_rev=chat.last_rev,
        unread=chat.unread,
    )
    received_at = metrics.received_at()
    write([Draft(chat=locked, shown=shown, body=body, found=found, agent_id=agent_id, received_at=received_at)])
    chat.last_rev = locked.last_rev
    if locked.last_line is not None:
        chat.last_line = locked.last_line


def _lock_and_look(sendings: Sequence[Sending], *, wait: bool) -> _Situation:
    """Locks the chats, by pk as everywhere; without ``wait`` those that are locked already are left out.

    The same round trip then reads who may chat, and which of the messages are there already.
    """
    ids = list({sending.chat_id for sending in sendings})
    asked = list({sending.credential for sending in sendings if sending.credential})
    chats, chatting, earlier = prepared.fetch_each(
        [
            (_LOCK.format("" if wait else "SKIP LOCKED"), [ids]),
            chatting_query(asked),
            (_SENT_EARLIER, [[it.chat_id for it in sendings], [it.client_id for it in sendings]]),
        ]
    )
    return _Situation(
        chats={row.id: LockedChat(**row._asdict()) for row in chats},
        names=chatting_among(asked, chatting),
        earlier={
            (row.chat_id, row.client_id): _Earlier(row.author, Sent(row.seq, row.rev, is_repeat=True))
            for row in earlier
        },
    )


def _judge(sending: Sending, situation: _Situation, *, wait: bool) -> Sent | Exception | Draft | None:
    """Returns what becomes of a message: a draft to be written, a refusal, or the outcome of the first time."""
    chat, credential = situation.chats.get(sending.chat_id), sending.credential
    if credential is not None and credential not in situation.names:
        return Closed(_("You no longer have the chat permission."))
    if chat is None:
        return Http404() if wait else None
    if credential is not None and credential.service_id != chat.service_id:
        return Http404()
    if (sending.chat_id, sending.client_id) in situation.earlier:
        return _first_outcome(sending, situation.earlier[sending.chat_id, sending.client_id])
    if chat.state == Chat.State.CLOSED:
        return Conflict(_("This chat has ended."), code="ended")
    if sending.agent_id is not None and (chat.agent_id != sending.agent_id or chat.state != Chat.State.ACTIVE):
        return Conflict(_("This chat is no longer yours."), code="not_yours")
    if sending.agent_id is None and (wait_s := chat.owed_s + limits.cost_s(sending.body) - limits.OWED_S_MAX) > 0:
        return too_fast(wait_s)
    return _draft(sending, chat, situation.names)


def too_fast(wait_s: float) -> TooMany:
    """Returns the refusal of a message that may be sent again after so many seconds."""
    return TooMany(format_lazy("{} {}", _("Too many messages at once."), try_again(wait_s)), retry_after_s=wait_s)


def _first_outcome(sending: Sending, earlier: _Earlier | None) -> Sent | Exception | None:
    """Returns ``None`` if the first is in this very batch: when it is sent again, the first will be committed."""
    if earlier is None:
        return None
    return earlier.sent if earlier.author == sending.author else Invalid(_("This id is taken by another message."))


def _draft(sending: Sending, chat: LockedChat, names: Mapping[Credential, str]) -> Draft:
    shown = {
        "author": sending.author,
        "name": _author_name(sending, chat, names),
        "client_id": sending.client_id,
    }
    return Draft(
        chat=chat,
        shown=shown,
        body=sending.body,
        found=_found_now(sending, chat),
        agent_id=sending.agent_id,
        received_at=sending.received_at,
        trace=sending.trace,
    )


def _author_name(sending: Sending, chat: LockedChat, names: Mapping[Credential, str]) -> str:
    if sending.agent_id is None:
        return chat.customer_name
    return names[sending.credential] if sending.credential else sending.agent_name


def _found_now(sending: Sending, chat: LockedChat) -> Found:
    """Returns what is personal by the rules as they are under the lock: nearly always the rules of ``prepare``."""
    if not chat.masks_on:
        return NOTHING
    if sending.rules.version == chat.rules_version:
        return sending.found
    return rules_of(chat.service_id).find(sending.body)


def _sent(draft: Draft) -> Sent:
    return Sent(draft.entry.seq, draft.entry.rev)


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
SELECT message.chat_id, message.client_id, message.author, message.seq, message.rev
FROM unnest(%s::bigint[], %s::uuid[]) AS sending (chat_id, client_id)
JOIN chat_message AS message USING (chat_id, client_id)
"""
