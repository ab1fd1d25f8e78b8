"""Finds personal data in a text: pure, no database, no settings, in time linear in the text's length.

Detectors read a shadow of the text (NFKC, without invisible characters and combining marks) and map what they find
back, so full-width, struck-through or interrupted digits don't get around them. Korean has no space before a particle,
so numbers are bounded by look-arounds for digits, not by ``\\b``.
"""

import re
import unicodedata
from collections.abc import Callable, Collection, Iterator
from datetime import date

from stdnum import luhn

from chat.spans import Span

# ISO/IEC 7812 ranges in use, as prefixes, with the lengths that are issued in them.
_CARD_RANGES = re.compile(
    r"(?:4(?:\d{12}|\d{15}|\d{18})"  # Visa
    r"|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}"  # Mastercard
    r"|3[47]\d{13}"  # American Express
    r"|3(?:0[0-5]|095|[68-9]\d)\d{11,13}"  # Diners Club
    r"|35(?:2[89]|[3-8]\d)\d{12}"  # JCB
    r"|6(?:011|5\d\d|4[4-9]\d|2\d\d)\d{12,15}"  # Discover, UnionPay
    r"|9[0-9]\d{14})\Z"  # Korean domestic cards
)
_CARD_DIGITS_MIN, _CARD_DIGITS_MAX = 13, 19
# What people type for a dash; U+1173 is what NFKC makes of the letter ㅡ, which is one in Korean typing.
_DASHES = r"\-‐‒–—―−~〜∼_·ー\u1173"
_DIGITS = re.compile(r"\d+")
_BETWEEN = re.compile(rf"[ \t.{_DASHES}]{{1,3}}")
_RRN = re.compile(rf"(?<!\d)(\d{{2}})(\d{{2}})(\d{{2}})[\s.{_DASHES}]{{0,5}}(\d)(\d{{6}})(?!\d)")
# Format characters, combining marks and letters that look like nothing keep nobody from reading the digits.
_UNSEEN_CATEGORIES = {"Cf", "Mn", "Me"}
_HANGUL_FILLERS = set("\u115f\u1160\u3164\uffa0")
_CENTURY = {
    "9": 1800,
    "0": 1800,
    "1": 1900,
    "2": 1900,
    "5": 1900,
    "6": 1900,
    "3": 2000,
    "4": 2000,
    "7": 2000,
    "8": 2000,
}


def detect(text: str, kinds: Collection[str] | None = None) -> list[Span]:
    """The spans of personal data in ``text``, in code points, in order, never overlapping.

    ``kinds`` limits what is looked for (default: everything that ``KINDS`` names). Where two overlap they become one,
    of the earlier's kind; of two that begin together it is the longer's.
    """
    shadow, origin = _shadow(text)
    found = [
        Span(kind, origin[start], origin[end - 1] + 1)
        for kind, finder in KINDS.items()
        if kinds is None or kind in kinds
        for start, end in finder(shadow)
    ]
    return _united(sorted(found, key=lambda span: (span.start, -span.end)))


def _shadow(text: str) -> tuple[str, list[int]]:
    """The text as detectors read it, and for each of its characters the index it came from."""
    if text.isascii():
        return text, list(range(len(text)))
    characters, origin = [], []
    for index, character in enumerate(text):
        if unicodedata.category(character) in _UNSEEN_CATEGORIES or character in _HANGUL_FILLERS:
            continue
        for folded in unicodedata.normalize("NFKC", character):
            digit = unicodedata.digit(folded, None)
            characters.append(folded if digit is None else str(digit))
            origin.append(index)
    return "".join(characters), origin


def _united(spans: list[Span]) -> list[Span]:
    """``spans``, in order, without overlaps: nothing that one of them covers is left out."""
    united: list[Span] = []
    for span in spans:
        if united and span.start < united[-1].end:
            united[-1] = united[-1]._replace(end=max(united[-1].end, span.end))
        else:
            united.append(span)
    return united


def _cards(text: str) -> Iterator[tuple[int, int]]:
    """Card numbers, also with an expiry date or another number beside them: each run of whole groups is looked at."""
    groups = [match.span() for match in _DIGITS.finditer(text)]
    for first, (start, _end) in enumerate(groups):
        end = next((end for digits, end in _runs(text, groups, first) if _is_card(digits)), None)
        if end is not None:
            yield start, end


def _runs(text: str, groups: list[tuple[int, int]], first: int) -> list[tuple[str, int]]:
    """The digits of the groups from ``first`` on as far as they belong together, with their end; the longest first."""
    runs, digits, before = [], "", groups[first][0]
    for start, end in groups[first:]:
        if len(digits) + end - start > _CARD_DIGITS_MAX or (digits and not _BETWEEN.fullmatch(text, before, start)):
            break
        digits, before = digits + text[start:end], end
        if len(digits) >= _CARD_DIGITS_MIN:
            runs.append((digits, end))
    return runs[::-1]


def _is_card(digits: str) -> bool:
    return bool(_CARD_RANGES.match(digits)) and luhn.is_valid(digits)


def _resident_numbers(text: str) -> Iterator[tuple[int, int]]:
    """Resident registration numbers (주민등록번호): seventh digit 1–4, 9 or 0, after a true date.

    The check digit is not asked for: numbers issued since October 2020 have none.
    """
    yield from _registration_numbers(text, "123490")


def _foreigner_numbers(text: str) -> Iterator[tuple[int, int]]:
    """Foreigner registration numbers (외국인등록번호): the same form, seventh digit 5–8."""
    yield from _registration_numbers(text, "5678")


def _registration_numbers(text: str, sevenths: str) -> Iterator[tuple[int, int]]:
    for match in _RRN.finditer(text):
        year, month, day, seventh, _rest = match.groups()
        if seventh in sevenths and _is_date(_CENTURY[seventh] + int(year), int(month), int(day)):
            yield match.span()


def _is_date(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


KINDS: dict[str, Callable[[str], Iterator[tuple[int, int]]]] = {
    "card": _cards,
    "rrn": _resident_numbers,
    "frn": _foreigner_numbers,
}
