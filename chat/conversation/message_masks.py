"""Masks: found on append, put on by hand. ``unmasking`` has the looks under them.

**Mask**: asterisks for everybody, the original to the vault, or nowhere. Spans of one message never overlap: what is
masked a second time keeps its first mask, and only what was still readable gets a new one. So masking twice,
overlapping, or by two agents at once ends in the same text.
"""

from collections.abc import Callable, Sequence
from typing import Any

from django.db import transaction

from agents import audit
from agents.models import Agent
from chat.conversation import live
from chat.conversation.entries import as_offers, entry_of, last_line, offers_of
from chat.masking import vault
from chat.masking.concealing import require_masking
from chat.masking.looks import Hidden, gone_is_on_record, look, opened, require_look
from chat.masking.rules import Masked, rules_of
from chat.masking.selections import Selection, named, require_as_selected, selected_spans, still_offered
from chat.masking.spans import apply_mask
from chat.models import Chat, Mask, Message

# Who keeps texts that may repeat a message hides there what is masked here: called with the chat and the originals, in
# the transaction of the mask. The apps above register themselves, since nothing here may import them.
copies: list[Callable[[Chat, Sequence[str]], None]] = []


def put_on(
    chat: Chat, message: Message, *, original: str, spans: Sequence[Masked], by: Agent | None = None
) -> list[Mask]:
    """Stores masks over ``spans``, which must be free of others. Needs the chat's row lock."""
    kept = [(span.start, span.end) for span in spans if span.keep]
    sealed = vault.seal_originals(chat, message.seq, [(span, original[slice(*span)]) for span in kept])
    sealed_at = dict(zip(kept, sealed, strict=True))
    return Mask.objects.bulk_create(
        Mask(
            message=message,
            kind=span.kind,
            start=span.start,
            end=span.end,
            sealed=sealed_at.get((span.start, span.end), b""),
            masked_by=by,
        )
        for span in spans
    )


def mask_selection(agent: Agent, chat_id: int, selections: Sequence[Selection]) -> int:
    """Masks what ``agent`` selected, in one transaction, and returns how many spans are new.

    The caller has checked that the agent may mask in this chat. Raises ``Closed`` without Security Service, ``Invalid``
    for offsets outside the text, and ``Conflict`` where a message has changed since it was selected.
    """
    require_masking(agent.service)
    with transaction.atomic():
        chat = Chat.objects.select_for_update(no_key=True).get(pk=chat_id, service=agent.service)
        messages = _messages_as_selected(chat, selections)
        originals = [text for item in selections for text in _mask_one(chat, messages[item.seq], item, agent)]
        if originals:
            for conceal_copies in copies:
                conceal_copies(chat, originals)
            audit.record(chat.service_id, "chat.masked", chat.subject, agent=agent, spans=len(originals))
    return len(originals)


def masked_originals(chat: Chat) -> list[str]:
    """What was masked by hand in ``chat``, to hide copies of it; not to be shown to anybody."""
    masks = Mask.objects.filter(message__chat=chat, masked_by__isnull=False).select_related("message")
    return vault.originals_in(chat, masks)


def change_body(chat: Chat, message: Message, body: str) -> None:
    """Saves ``body`` and the message's offers under the chat's next rev, and the lists' last line where it shows it.

    Needs the chat's row lock. The caller tells of the message itself.
    """
    chat.last_rev += 1
    message.body, message.rev = body, chat.last_rev
    message.save(update_fields=["body", "rev", "offers"])
    fields: dict[str, Any] = {"last_rev": chat.last_rev}
    if not message.internal and not chat.messages.filter(seq__gt=message.seq, internal=False).exclude(body="").exists():
        fields["last_line"] = last_line(body)
        live.publish_on_commit(live.service_topic(chat.service_id), live.Touched())
        if chat.agent_id:
            live.publish_on_commit(live.agent_topic(chat.agent_id), live.Touched())
    Chat.objects.filter(pk=chat.pk).update(**fields)


def _messages_as_selected(chat: Chat, selections: Sequence[Selection]) -> dict[int, Message]:
    wanted = chat.messages.filter(seq__in=[item.seq for item in selections])
    found = {message.seq: message for message in wanted.prefetch_related("masks").order_by("seq")}
    require_as_selected(found, selections)
    return found


def _mask_one(chat: Chat, message: Message, item: Selection, agent: Agent) -> list[str]:
    """Returns what was still readable of the selection, piece by piece."""
    body, masks, offers = message.body, list(message.masks.all()), offers_of(message.offers)
    spans = selected_spans(body, [(mask.start, mask.end) for mask in masks], (item.start, item.end))
    new = named(spans, offers, rules_of(chat.service_id))
    if new:
        masks += put_on(chat, message, original=body, spans=new, by=agent)
        message.offers = as_offers(still_offered(offers, spans))
        change_body(chat, message, apply_mask(body, spans))
        live.publish_on_commit(live.chat_topic(chat.pk), live.Changed(entry_of(message, masks)))
    return [body[slice(*span)] for span in spans]


def reveal(agent: Agent, mask_id: int, *, address: str | None) -> str:
    """The original under a mask, for this agent alone. Raises as ``look`` does, and ``Mask.DoesNotExist``."""
    return look(agent, _hidden_by(_mask_for(agent, mask_id)), address=address)


def lift(agent: Agent, mask_id: int, *, address: str | None) -> None:
    """Takes a mask off for good: what was no personal data is text again. Raises as ``reveal`` does.

    Copies of it that were hidden in a ticket stay as they are.
    """
    asked = _hidden_by(_mask_for(agent, mask_id))
    require_look(agent, asked, address=address)
    with gone_is_on_record(agent, asked, address=address), transaction.atomic():
        mask = _mask_for(agent, mask_id)
        chat = Chat.objects.select_for_update(no_key=True).get(pk=mask.message.chat_id)
        mask = _mask_for(agent, mask_id)  # as it is under the lock
        message, hidden = mask.message, _hidden_by(mask)
        original = opened(hidden)
        mask.delete()
        change_body(chat, message, message.body[: mask.start] + original + message.body[mask.end :])
        hidden.record(agent, "lifted", address)
        live.publish_on_commit(live.chat_topic(chat.pk), live.Changed(entry_of(message, message.masks.all())))


def _mask_for(agent: Agent, mask_id: int) -> Mask:
    """Raises ``Mask.DoesNotExist`` outside the agent's service."""
    return Mask.objects.select_related("message__chat").get(pk=mask_id, message__chat__service=agent.service)


def _hidden_by(mask: Mask) -> Hidden:
    message, chat = mask.message, mask.message.chat
    facts = {"kind": mask.kind, "seq": message.seq, "customer": chat.customer_id}
    return Hidden(chat.subject, *vault.kept_for(mask), facts)
