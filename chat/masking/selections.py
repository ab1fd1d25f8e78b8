"""What a person selects to be masked: offsets from a browser, checked and turned into spans of the text."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _
from msgspec import Struct

from chat.masking.rules import Masked, Rules
from chat.masking.spans import Span, from_utf16, subtract, widen
from contiple.base.errors import Conflict, Invalid

MANUAL = "manual"


class Selection(Struct, forbid_unknown_fields=True):
    """What a person selected in one message: UTF-16 offsets in its body as it was at ``rev``.

    In a ticket ``seq`` is a comment's id.
    """

    seq: int
    rev: int
    start: int
    end: int


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
