"""Edits and deletes an agent's own messages and notes, for a few minutes after they were sent. It is on record.

Customers don't: what they said is what the desk acts on. A reply is changed while the agent has its chat open; after
the end the customer may have saved the conversation as it was. A note is changed wherever its chat is.

The text before is kept nowhere. Its masks and their originals go with it, so that none of them stands over characters
of the new text; asterisks that stay in it are asterisks. The new text is masked by the rules before it is saved.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Subquery
from django.http import Http404
from django.utils.translation import gettext_lazy as _

from agents import audit
from agents.models import Agent
from chat.conversation import mentions
from chat.conversation.message_masks import Messages, put_on
from chat.conversation.messages import clean_body
from chat.files import removing
from chat.masking import concealing
from chat.masking.offers import as_offers
from chat.masking.spans import apply_mask
from chat.models import Chat, Message
from chat.states import State
from contiple.base.clock import database_now
from contiple.base.errors import Conflict, DomainError, Invalid

CHANGEABLE_FOR = timedelta(minutes=5)  # as other desks have it: long enough for a slip, too short to rewrite a chat
DELETED = "deleted"  # the event of a message without its text


def edit_message(agent: Agent, chat_id: int, seq: int, *, rev: int, body: str) -> None:
    """Replaces the text, if it is still as it was at ``rev``. The same text again changes nothing, and keeps its masks.

    Raises ``Http404``, ``Invalid`` for the text or a file, and ``Conflict`` if somebody changed it meanwhile, it is not
    the agent's, or its time is over.
    """
    body = clean_body(body)
    with transaction.atomic():
        texts, message = _lock(agent, chat_id, seq)
        found = concealing.search(agent.service, body)
        masked = apply_mask(body, found.bounds)
        if masked == message.body:
            return
        _require_changeable(agent, texts.chat, message)
        if message.file:
            raise Invalid(_("The name of a file can’t be changed."))
        if message.rev != rev:
            raise Conflict(_("This message was changed meanwhile. Look at it and try again."), code="changed")
        message.masks.all().delete()
        before = message.body
        message.body, message.offers, message.edited = masked, as_offers(found.offers), True
        put_on(texts.chat, message, original=body, spans=found.masked)
        _save(texts, message, agent, "edited")
        if message.internal:
            mentions.tell_of_change(message, before, by=agent)


def delete_message(agent: Agent, chat_id: int, seq: int) -> None:
    """Takes the text out of the message, which stays in its place, and removes its file. One that is deleted stays so.

    Raises ``Http404``, and ``Conflict`` as ``edit_message``.
    """
    with transaction.atomic():
        texts, message = _lock(agent, chat_id, seq)
        if message.event == DELETED:
            return
        _require_changeable(agent, texts.chat, message)
        message.masks.all().delete()
        if message.file:
            removing.remove_with(message)
        before = message.body
        message.body, message.event = "", DELETED
        message.offers, message.file, message.quote, message.edited = None, None, None, False
        _save(texts, message, agent, "deleted")
        if message.internal:
            mentions.tell_of_change(message, before, by=agent)
        else:
            _let_customer_wait(texts.chat)
            _find_first_answer(texts.chat)


def _lock(agent: Agent, chat_id: int, seq: int) -> tuple[Messages, Message]:
    texts = Messages(Chat(pk=chat_id, service_id=agent.service_id))
    try:
        texts.lock()
    except Chat.DoesNotExist:
        raise Http404 from None
    message = texts.find([seq]).get(seq)
    if message is None:
        raise Http404
    return texts, message


def _require_changeable(agent: Agent, chat: Chat, message: Message) -> None:
    """Raises ``Conflict`` unless the agent may change the message now. Needs the chat's row lock."""
    if refusal := _refusal(agent, chat, message, database_now()):
        raise refusal


def _refusal(agent: Agent, chat: Chat, message: Message, now: datetime) -> DomainError | None:
    if message.agent_id != agent.pk or message.author != Message.Author.AGENT or message.event:
        return Conflict(_("You can change your own messages only."), code="not_yours")
    if now >= message.created_at + CHANGEABLE_FOR:
        return Conflict(_("A message can be changed for 5 minutes after it was sent."), code="late")
    if not message.internal and chat.state == State.CLOSED:
        return Conflict(_("This chat has ended."), code="ended")
    if not message.internal and (chat.agent_id != agent.pk or chat.state != State.ACTIVE):
        return Conflict(_("This chat is no longer yours."), code="not_yours")
    return None


def _let_customer_wait(chat: Chat) -> None:
    """If no answer is left to what the customer said last, the customer waits since then."""
    said = chat.messages.filter(internal=False, event="").order_by("seq")
    answered = said.filter(author=Message.Author.AGENT).values_list("seq", flat=True).last() or 0
    first = said.filter(author=Message.Author.CUSTOMER, seq__gt=answered).first()
    if first is not None:
        Chat.objects.filter(pk=chat.pk).update(customer_waits_since=first.created_at, unanswered_since=None)


def _find_first_answer(chat: Chat) -> None:
    """Writes down the first answer that is left, if there is one: what was deleted is none."""
    said = chat.messages.filter(author=Message.Author.AGENT, internal=False, event="").order_by("seq")
    Chat.objects.filter(pk=chat.pk).update(first_answered_at=Subquery(said.values("created_at")[:1]))


def _save(texts: Messages, message: Message, agent: Agent, act: str) -> None:
    texts.save(message)
    texts.conceal_copies([])  # nothing to hide, but what a search finds the chat by is written down anew
    audit.record(agent.service, f"chat.message_{act}", texts.chat.subject, agent=agent, seq=message.seq)
