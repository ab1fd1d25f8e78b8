"""Puts masks on, shows what is under them, and takes them off: for every kind of text (``texts.Texts``).

A mask is asterisks for everybody; the original goes to the vault, or nowhere. Spans of one text never overlap: if
something is masked a second time, its first mask stays, and only what was still readable gets a new one. So masking
twice, overlapping, or by two agents at once ends in the same text.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import transaction

from agents import audit
from agents.models import Agent
from chat.masking import vault
from chat.masking.concealing import require_masking
from chat.masking.looks import Hidden, failure_is_on_record, look, opened, require_look
from chat.masking.models import MaskedSpan
from chat.masking.offers import as_offers, offers_of, still_offered
from chat.masking.rules import Masked, Rules, rules_of
from chat.masking.selections import Selection, named, require_as_selected, selected_spans
from chat.masking.spans import apply_mask
from chat.masking.texts import Texts


def mask_selections(agent: Agent, texts: Texts, selections: Sequence[Selection]) -> int:
    """Masks what ``agent`` selected, in one transaction, and returns how many spans are new.

    The caller has checked that the agent sees these texts; that is enough to mask in them. Raises ``Closed`` without
    Security Service, ``Invalid`` for offsets outside a text, and ``Conflict`` if a text has changed since it was
    selected.
    """
    require_masking(agent.service)
    with transaction.atomic():
        texts.lock()
        found = texts.find([item.text_id for item in selections])
        require_as_selected(found, selections)
        masking = _ByHand(texts, agent, rules_of(texts.holder.service))
        originals = [original for item in selections for original in masking.mask(found[item.text_id], item)]
        if originals:
            texts.conceal_copies(originals)
            _record_masked(agent, texts, len(originals))
    return len(originals)


def put_on(texts: Texts, text: Any, spans: Sequence[Masked], *, original: str, by: Agent | None = None) -> list[Any]:
    """Stores masks over ``spans`` of ``original``, which must be free of others. Needs the texts' lock."""
    kept = [span for span in spans if span.keep]
    to_seal = [(texts.spot(text, span.start, span.end), original[span.start : span.end]) for span in kept]
    sealed = dict(zip(kept, vault.seal_all(texts.holder, to_seal), strict=True))
    return texts.mask_model._default_manager.bulk_create(
        texts.mask_model(
            kind=span.kind,
            start=span.start,
            end=span.end,
            sealed=sealed.get(span, b""),
            masked_by=by,
            **{texts.text_field: text},
        )
        for span in spans
    )


def hide(texts: Texts, text: Any, spans: Sequence[tuple[int, int]]) -> None:
    """Puts asterisks into ``spans`` and saves the text; withdraws offers that they touch. Needs the texts' lock."""
    text.offers = as_offers(still_offered(offers_of(text.offers), spans))
    text.body = apply_mask(text.body, spans)
    texts.save(text)


def originals(texts: Texts, masks: Iterable[MaskedSpan]) -> list[str]:
    """Returns what is under those masks (with their texts fetched), but for what is destroyed.

    Not to be shown to anybody. Raises ``vault.Locked`` if some of it can't be opened now.
    """
    return vault.unseal_all(texts.holder, _sealed_under(texts, masks))


def originals_at_hand(texts: Texts, masks: Iterable[MaskedSpan]) -> list[str]:
    """Returns what can be opened now, as ``originals`` does."""
    return vault.unseal_all(texts.holder, _sealed_under(texts, masks), locked_too=False)


def reveal(agent: Agent, kind: type[Texts], mask_id: int, *, address: str | None) -> str:
    """Returns the original under a mask, for this agent alone. Raises as ``look`` does, and ``Http404``."""
    return look(agent, _hidden_by(kind, kind.mask_for(agent, mask_id)), address=address)


def lift(agent: Agent, kind: type[Texts], mask_id: int, *, address: str | None) -> None:
    """Takes a mask off for good: what was no personal data is text again. Raises as ``reveal`` does.

    Raises ``Conflict`` if that would show what is masked elsewhere. Copies that were hidden with it stay hidden.
    """
    asked = _hidden_by(kind, kind.mask_for(agent, mask_id))
    require_look(agent, asked, address=address)
    with failure_is_on_record(agent, asked, address=address), transaction.atomic():
        texts = kind.around(kind.mask_for(agent, mask_id))
        texts.lock_to_lift()
        mask = kind.mask_for(agent, mask_id)  # as it is under the lock
        hidden, text = _hidden_by(kind, mask), kind.text_of(mask)
        body = text.body[: mask.start] + opened(hidden) + text.body[mask.end :]
        texts.require_liftable(body, mask.start, mask.end)
        mask.delete()
        text.body = body
        texts.save(text)
        hidden.record(agent, "lifted", address)


class _ByHand:
    """One agent's selections being masked, under the texts' lock."""

    def __init__(self, texts: Texts, agent: Agent, rules: Rules) -> None:
        self.texts, self.agent, self.rules = texts, agent, rules

    def mask(self, text: Any, item: Selection) -> list[str]:
        """Returns what was still readable of the selection, piece by piece."""
        body, taken = text.body, [(mask.start, mask.end) for mask in text.masks.all()]
        spans = selected_spans(body, taken, item)
        if spans:
            new = named(spans, offers_of(text.offers), self.rules)
            put_on(self.texts, text, new, original=body, by=self.agent)
            hide(self.texts, text, spans)
        return [body[start:end] for start, end in spans]


def _record_masked(agent: Agent, texts: Texts, spans: int) -> None:
    holder = texts.holder
    audit.record(holder.service, f"{holder.kind}.masked", holder.subject, agent=agent, **texts.facts, spans=spans)


def _sealed_under(texts: Texts, masks: Iterable[MaskedSpan]) -> list[tuple[str, bytes]]:
    hidden = [texts.hidden_by(mask) for mask in masks]
    return [(it.spot, it.sealed) for it in hidden]


def _hidden_by(kind: type[Texts], mask: Any) -> Hidden:
    return kind.around(mask).hidden_by(mask)
