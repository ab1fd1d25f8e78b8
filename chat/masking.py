"""Masks: found on append, put on by hand. ``unmasking`` has the looks under them.

**Mask**: asterisks for everybody, the original to the vault, or nowhere. Spans of one message never overlap: what is
masked a second time keeps its first mask, and only what was still readable gets a new one. So masking twice,
overlapping, or by two agents at once ends in the same text.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from msgspec import Struct

from agents import audit
from agents.models import Agent, Service
from chat import live, vault
from chat.entries import as_offers, entry_of, offers_of
from chat.models import Chat, Mask, Message
from chat.rules import NOTHING, Action, Found, Masked, Rules, rules_of
from chat.spans import Span, apply_mask, from_utf16, subtract, widen
from contiple.errors import Closed, Conflict, Invalid

MANUAL = "manual"
# Who keeps texts that may repeat a message hides there what is masked here: called with the chat and the originals, in
# the transaction of the mask. The apps above register themselves, since nothing here may import them.
copies: list[Callable[[Chat, Sequence[str]], None]] = []
LAST_LINE_LENGTH = 120


class Selection(Struct, forbid_unknown_fields=True):
    """What a person selected in one message: UTF-16 offsets in its body as it was at ``rev``.

    In a ticket ``seq`` is a comment's id.
    """

    seq: int
    rev: int
    start: int
    end: int


def search(service: Service, text: str) -> Found:
    """What is masked in ``text`` and what is offered, by the service's rules as they are now.

    Nothing where the contract has no Security Service.
    """
    return rules_of(service.pk).find(text) if is_on(service) else NOTHING


def conceal(service: Service, text: str) -> str:
    """``text`` as it may be stored where nobody unmasks: what is masked as asterisks, no original kept."""
    return apply_mask(text, search(service, text).bounds)


def masked_kinds(service: Service) -> frozenset[str]:
    """The kinds of personal data that are masked in this service before they are saved."""
    if not is_on(service):
        return frozenset()
    return frozenset(kind for kind, rule in rules_of(service.pk).kinds.items() if rule.action == Action.MASK)


def is_on(service: Service) -> bool:
    """Whether the contract has what masking needs."""
    return service.contract.security_service


def require_masking(service: Service) -> None:
    """Raises ``Closed`` where the contract has no Security Service."""
    if not is_on(service):
        raise Closed(_("Personal information masking needs Security Service in Contract Details."))


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


def require_as_selected(found: Mapping[int, Any], selections: Sequence[Selection]) -> None:
    """Each selection is of a text in ``found``, no two of the same, and none has changed since it was selected.

    Raises ``Invalid``, and ``Conflict`` for what has changed.
    """
    revs = {item.seq: item.rev for item in selections}
    if not revs or len(revs) != len(selections):
        raise Invalid(_("Select the text to mask first."))
    if any(seq not in found or not found[seq].body for seq in revs):
        raise Invalid(_("This can't be masked."))
    if any(found[seq].rev != rev for seq, rev in revs.items()):
        raise Conflict(_("This text has changed in the meantime. Select it again."))


def selected_spans(body: str, taken: Iterable[tuple[int, int]], item: tuple[int, int]) -> list[tuple[int, int]]:
    """What is still readable of a selection (UTF-16 offsets in ``body``), in whole characters; ``taken`` is masked.

    Raises ``Invalid`` for offsets outside the text.
    """
    try:
        start, end = widen(body, *from_utf16(body, *item))
    except ValueError:
        raise Invalid(_("This can't be masked.")) from None
    return [free for free in subtract(start, end, taken) if body[slice(*free)].strip()]


def named(spans: Iterable[tuple[int, int]], offers: Sequence[Span], rules: Rules) -> list[Masked]:
    """Selected spans as masks: of the kind that was offered, where the whole of an offer was taken, else by hand."""
    kinds = {(offer.start, offer.end): offer.kind for offer in offers}
    kinds_of = ((kinds.get(span, MANUAL), *span) for span in spans)
    return [Masked(kind, start, end, kind == MANUAL or rules.keeps(kind)) for kind, start, end in kinds_of]


def still_offered(offers: Sequence[Span], masked: Sequence[tuple[int, int]]) -> list[Span]:
    """``offers`` without those that a mask has touched."""
    return [it for it in offers if not any(it.start < end and start < it.end for start, end in masked)]


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


def last_line(body: str) -> str:
    """How lists show a (masked) body."""
    return " ".join(body.split())[:LAST_LINE_LENGTH]


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
