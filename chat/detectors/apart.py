"""Digits written apart: one by one, in pairs, or over lines, where no detector expects a sign between them."""

import re
from collections.abc import Iterator
from itertools import accumulate
from typing import NamedTuple

_SIGNS_MAX = 3
_CHAIN = re.compile(rf"(?<![\d*])(?<!\*-)\d+(?:[\s.,\-·_/~]{{1,{_SIGNS_MAX}}}\d+)+")
_GOES_ON = re.compile(r"-?\*")
_GROUP = re.compile(r"\d+")


class Chain(NamedTuple):
    """All digits that hang together, where they are, and after how many of them there is something between."""

    digits: str
    start: int
    end: int
    breaks: frozenset[int]

    @property
    def is_one_by_one(self) -> bool:
        return len(self.breaks) == len(self.digits)


def chains(text: str, length_min: int, length_max: int) -> Iterator[Chain]:
    """Those in ``text`` of so many digits, unless what may be masked digits goes on with them."""
    for match in _CHAIN.finditer(text):
        if match.end() - match.start() > length_max + _SIGNS_MAX * (length_max - 1) or _GOES_ON.match(text, match.end()):
            continue
        groups = _GROUP.findall(match.group())
        digits = "".join(groups)
        if length_min <= len(digits) <= length_max:
            yield Chain(digits, *match.span(), frozenset(accumulate(map(len, groups))))
