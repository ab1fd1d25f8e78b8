"""Appends to a chat. An appended message is committed, numbered in the order of commits, and there once.

Personal data of known kinds is masked before the first save. After the commit every receiver of the chat is told.
Appends to many chats share one transaction (``append_together``): a commit waits for the disk, and a statement costs
nearly the same for one row as for fifty.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import Http404
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from agents.credentials import Credential
from agents.models import Agent
from chat.abuse import limits
from chat.conversation.entries import ShownFile
from chat.conversation.situation import Earlier, Situation, lock_and_look
from chat.conversation.writing import Draft, LockedChat, write
from chat.masking import concealing
from chat.masking.rules import NOTHING, Found, Rules, known_rules, rules_of
from chat.models import Chat, Message
from contiple.base import metrics, tracing
from contiple.base.errors import Closed, Conflict, Invalid, TooMany
from contiple.base.texts import MESSAGE_LENGTH_MAX, clean_text
from contiple.base.waiting import try_again

Author = Message.Author


@dataclass(slots=True, kw_only=True)
class Sending:
    """A person's message on its way, clean and searched for personal data (``prepare``).

    Without ``agent_id`` it is the customer's. With a ``credential`` the agent's rights are checked again at the commit.
    A note (``internal``) is an agent's, whoever has the chat, and for agents alone.
    """

    chat_id: int
    client_id: UUID
    body: str
    found: Found
    rules: Rules  # used for ``found``; the text is searched again if they changed before the commit
    agent_id: int | None = None
    agent_name: str = ""
    credential: Credential | None = None
    file: ShownFile | None = None  # the body is its name
    internal: bool = False
    quote: int = 0  # the place of the message that it answers; 0: none
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
        situation = lock_and_look(sendings, wait=wait)
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


def _judge(sending: Sending, situation: Situation, *, wait: bool) -> Sent | Exception | Draft | None:
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
    return _refused(sending, chat, situation) or _draft(sending, chat, situation.names)


def _refused(sending: Sending, chat: LockedChat, situation: Situation) -> Exception | None:
    """Returns why a message is not written. A note is not for the chat's agent alone, and may come after the end."""
    if sending.internal:
        return _refused_quote(sending, situation)
    if chat.state == Chat.State.CLOSED:
        return Conflict(_("This chat has ended."), code="ended")
    if sending.agent_id is not None and (chat.agent_id != sending.agent_id or chat.state != Chat.State.ACTIVE):
        return Conflict(_("This chat is no longer yours."), code="not_yours")
    if sending.agent_id is None and (wait_s := chat.owed_s + limits.cost_s(sending.body) - limits.OWED_S_MAX) > 0:
        return too_fast(wait_s)
    return _refused_quote(sending, situation)


def _refused_quote(sending: Sending, situation: Situation) -> Invalid | None:
    """Only what stands in the chat can be quoted; to the customer, only what the customer sees."""
    if not sending.quote:
        return None
    is_note = situation.quotable.get((sending.chat_id, sending.quote))
    if is_note is None or (is_note and not sending.internal):
        return Invalid(_("The message that this answers isn’t there any more."))
    return None


def too_fast(wait_s: float) -> TooMany:
    """Returns the refusal of a message that may be sent again after so many seconds."""
    return TooMany(format_lazy("{} {}", _("Too many messages at once."), try_again(wait_s)), retry_after_s=wait_s)


def _first_outcome(sending: Sending, earlier: Earlier | None) -> Sent | Exception | None:
    """Returns ``None`` if the first is in this very batch: when it is sent again, the first will be committed."""
    if earlier is None:
        return None
    if (earlier.author, earlier.internal) != (sending.author, sending.internal):
        return Invalid(_("This id is taken by another message."))
    return Sent(earlier.seq, earlier.rev, is_repeat=True)


def _draft(sending: Sending, chat: LockedChat, names: Mapping[Credential, str]) -> Draft:
    shown = {
        "author": sending.author,
        "name": _author_name(sending, chat, names),
        "client_id": sending.client_id,
        "file": sending.file,
        "internal": sending.internal,
        "quote": sending.quote or None,
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
