"""Offers: spans that look personal and stay readable, for an agent to mask by a click; as a row stores them. Pure."""

from collections.abc import Iterable, Sequence

from chat.masking.spans import Span

_NO_ID = 0  # a mask's spans begin with its id, and readers know an offer by this


def offers_of(stored: list | None) -> list[Span]:
    """The offers in a text's row."""
    return [Span(kind, start, end) for _id, start, end, kind in stored or ()]


def as_offers(offered: Iterable[Span]) -> list[list] | None:
    """Offers as a text's row stores them."""
    return [[_NO_ID, span.start, span.end, span.kind] for span in offered] or None


def still_offered(offers: Sequence[Span], masked: Sequence[tuple[int, int]]) -> list[Span]:
    """Returns the offers that no mask has touched."""
    return [it for it in offers if not any(it.start < end and start < it.end for start, end in masked)]
