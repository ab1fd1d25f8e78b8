"""Arithmetic of spans of a text, in code points. Pure; everything is half open, ``[start, end)``.

Browsers count UTF-16 units (ECMA-262 §6.1.4), Python and PostgreSQL code points. A span that a person selected is
widened to whole grapheme clusters (UAX #29), so that no half of an emoji or of composed Hangul stays readable.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import regex

MASK_CHARACTER = "*"
_GRAPHEME = regex.compile(r"\X")


class Span(NamedTuple):
    """``kind`` is a detector's, or ``manual``."""

    kind: str
    start: int
    end: int


def from_utf16(text: str, start: int, end: int) -> tuple[int, int]:
    """Turns UTF-16 offsets into code points; an offset inside a surrogate pair takes the whole character.

    Raises ``ValueError`` if they are out of order or outside the text.
    """
    if not 0 <= start < end:
        raise ValueError("the span is empty or out of order")
    units = 0
    first = last = None
    for index, character in enumerate(text):
        units += 2 if ord(character) > 0xFFFF else 1
        if first is None and units > start:
            first = index
        if units >= end:
            last = index + 1
            break
    if first is None or last is None:
        raise ValueError("the span is outside the text")
    return first, last


def widen(text: str, start: int, end: int) -> tuple[int, int]:
    """Returns the smallest run of whole grapheme clusters that covers ``[start, end)``."""
    return widen_all(text, [(start, end)])[0]


def widen_all(text: str, spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Widens several spans; the text is read once, however many there are."""
    if not spans:
        return []
    bounds = [0, *(cluster.end() for cluster in _GRAPHEME.finditer(text))]
    return [(bounds[bisect_right(bounds, start) - 1], bounds[bisect_left(bounds, end)]) for start, end in spans]


def subtract(start: int, end: int, taken: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Returns the parts of ``[start, end)`` that are in none of ``taken``, in order."""
    left = []
    for taken_start, taken_end in sorted(taken):
        if taken_end <= start:
            continue
        if taken_start >= end:
            break
        if taken_start > start:
            left.append((start, taken_start))
        start = taken_end
    if start < end:
        left.append((start, end))
    return left


def apply_mask(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """Returns ``text`` with asterisks in the spans: as many code points as before, line breaks kept."""
    characters = list(text)
    for start, end in spans:
        for index in range(start, end):
            if characters[index] != "\n":
                characters[index] = MASK_CHARACTER
    return "".join(characters)
