"""Finds copies of a text that somebody masks elsewhere at this moment. Pure; nothing here opens an original."""

import re
from collections.abc import Sequence

from chat.masking.spans import apply_mask

# A single character says nothing by itself, and would be starred all over a text.
SHORTEST = 2
NO_COPIES = re.compile(r"(?!)")  # finds nothing


def copies_of(originals: Sequence[str], *, gap: str = r"\s+") -> re.Pattern[str]:
    """Returns a pattern that finds copies of ``originals``. ``gap`` is what may stand between two words of one."""
    words = [original.split() for original in originals if len(original.strip()) >= SHORTEST]
    # The longest first: a shorter one inside it must not leave the rest readable.
    parts = sorted((gap.join(map(re.escape, each)) for each in words), key=len, reverse=True)
    return re.compile("|".join(parts)) if parts else NO_COPIES


def bounds_of_copies(copies: re.Pattern[str], text: str) -> list[tuple[int, int]]:
    return [match.span() for match in copies.finditer(text)]


def conceal_in(text: str, originals: Sequence[str]) -> str:
    """Returns ``text`` with asterisks over copies of ``originals``."""
    return apply_mask(text, bounds_of_copies(copies_of(originals), text))
