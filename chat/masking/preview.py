"""Shows what rules would do to a text on which somebody tries them. Nothing of the text is kept."""

from collections.abc import Sequence
from typing import NamedTuple

from django.utils.functional import Promise

from chat.masking.kinds import NAMES
from chat.masking.rules import Action, Rules


class Piece(NamedTuple):
    """A piece of the text; ``action`` and ``kind`` are empty if nothing was found in it."""

    text: str
    kind: str = ""
    action: str = ""
    keep: bool = True

    @property
    def name(self) -> Promise:
        return NAMES[self.kind]


class Preview(NamedTuple):
    """The whole text in order: pieces that would be masked, that would be offered, and those between."""

    pieces: Sequence[Piece]

    @property
    def found(self) -> int:
        return sum(bool(piece.kind) for piece in self.pieces)


def preview(rules: Rules, text: str) -> Preview:
    found = rules.find(text)
    masks = [(it.start, it.end, Piece("", it.kind, Action.MASK, it.keep)) for it in found.masked]
    offers = [(it.start, it.end, Piece("", it.kind, Action.OFFER, rules.keeps(it.kind))) for it in found.offers]
    pieces, at = [], 0
    for start, end, piece in sorted(masks + offers):
        pieces += [Piece(text[at:start]), piece._replace(text=text[start:end])]
        at = end
    return Preview([piece for piece in (*pieces, Piece(text[at:])) if piece.text])
