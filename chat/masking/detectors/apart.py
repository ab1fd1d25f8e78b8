"""Digits written apart: one by one, in pairs, or over lines, where no detector expects a sign between them."""

import re
from collections.abc import Iterator
from functools import cache
from itertools import accumulate
from typing import NamedTuple

_SIGN = r"[\s.,\-·_/~]"
# Within as many signs as may stand between two digits, there is no other digit and no masked one.
_BEFORE = rf"(?<![\d*])(?<!\*-)(?<!\d{_SIGN})(?<!\d{_SIGN}{{2}})(?<!\d{_SIGN}{{3}})"
_AFTER = rf"(?!{_SIGN}{{0,3}}\d)(?!-?\*)"
_GROUP = re.compile(r"\d+")
# A mobile number in any groups, since its first part is known: "0 1 0 1 2 3 …", "010 12 34 56 78".
_MOBILE = re.compile(
    rf"{_BEFORE}0{_SIGN}{{0,3}}1{_SIGN}{{0,3}}(?:0{_SIGN}{{0,3}}\d|[16-9])(?:{_SIGN}{{0,3}}\d){{7,8}}{_AFTER}"
)


class Chain(NamedTuple):
    """Digits that hang together, their bounds, and after how many digits each group of them ends."""

    digits: str
    start: int
    end: int
    breaks: frozenset[int]

    @property
    def is_one_by_one(self) -> bool:
        return len(self.breaks) == len(self.digits)


def chains(text: str, length: int) -> Iterator[Chain]:
    """Finds chains of exactly ``length`` digits in more than one piece."""
    for match in _of_length(length).finditer(text):
        groups = _GROUP.findall(match.group())
        if len(groups) > 1:
            yield Chain("".join(groups), *match.span(), frozenset(accumulate(map(len, groups))))


def mobiles(text: str) -> Iterator[tuple[int, int]]:
    """Finds possible mobile numbers written digit by digit, or in groups of which the first has three digits."""
    for match in _MOBILE.finditer(text):
        groups = _GROUP.findall(match.group())
        if len(groups[0]) == 3 or len(groups) == sum(map(len, groups)):
            yield match.span()


@cache
def _of_length(length: int) -> re.Pattern[str]:
    return re.compile(rf"{_BEFORE}\d(?:{_SIGN}{{0,3}}\d){{{length - 1}}}{_AFTER}")
