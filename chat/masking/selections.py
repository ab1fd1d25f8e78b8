"""A person's selections: offsets from a browser, checked and turned into spans of the text. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _
from msgspec import Struct

from chat.masking.rules import Masked, Rules
from chat.masking.spans import Span, from_utf16, subtract, widen
from contiple.base.errors import Conflict, Invalid

MANUAL = "manual"


# Browsers send the text's id as "seq": pages that the release before has sent are still open.
class Selection(Struct, forbid_unknown_fields=True, rename={"text_id": "seq"}):
    """A selection in one text: UTF-16 offsets in its body as it was at ``rev``."""

    text_id: int
    rev: int
    start: int
    end: int


def require_as_selected(found: Mapping[int, Any], selections: Sequence[Selection]) -> None:
    """Checks that each selection is of a text in ``found``, no two of the same, none changed since it was selected.

    Raises ``Invalid``, and ``Conflict`` if a text has changed.
    """
    revs = {item.text_id: item.rev for item in selections}
    if not revs or len(revs) != len(selections):
        raise Invalid(_("Select the text to mask first."))
    if any(text_id not in found or not found[text_id].body for text_id in revs):
        raise Invalid(_("This can't be masked."))
    if any(found[text_id].rev != rev for text_id, rev in revs.items()):
        raise Conflict(_("This text has changed in the meantime. Select it again."))


def selected_spans(body: str, taken: Iterable[tuple[int, int]], item: Selection) -> list[tuple[int, int]]:
    """Returns what is still readable of a selection, in whole characters; the spans in ``taken`` are masked already.

    Raises ``Invalid`` for offsets outside the text.
    """
    try:
        start, end = widen(body, *from_utf16(body, item.start, item.end))
    except ValueError:
        raise Invalid(_("This can't be masked.")) from None
    return [free for free in subtract(start, end, taken) if body[slice(*free)].strip()]


def named(spans: Iterable[tuple[int, int]], offers: Sequence[Span], rules: Rules) -> list[Masked]:
    """Names each span by the offer that it takes as a whole, and the others as masked by hand."""
    kinds = {(offer.start, offer.end): offer.kind for offer in offers}
    kinds_of = ((kinds.get(span, MANUAL), *span) for span in spans)
    return [Masked(kind, start, end, kind == MANUAL or rules.keeps(kind)) for kind, start, end in kinds_of]
