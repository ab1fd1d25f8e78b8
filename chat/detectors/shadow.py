"""The text as detectors read it: a shadow in which digits and dashes look like digits and dashes, and a way back.

Compatibility forms are folded (NFKC), what nobody sees is left out, and whatever people type for a dash is one. So
full-width, struck-through or interrupted digits don't get around a detector.
"""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

# ASCII and composed Hangul are their own shadow: most messages hold nothing else.
_FOLDS = re.compile(r"[^\x00-\x7f가-힣]")
# Format characters, combining marks and letters that look like nothing keep nobody from reading the digits.
_UNSEEN_CATEGORIES = {"Cf", "Mn", "Me"}
_HANGUL_FILLERS = set("\u115f\u1160\u3164\uffa0")
# U+1173 is what NFKC makes of the letter ㅡ, which is a dash in Korean typing.
_DASHES = set("‐‑‒–—―−⸺ー\u1173")
# The longest forms that stand for a number have four characters, as ⑽ and ㏾; U+FDFA alone would become eighteen.
_FOLD_LENGTH_MAX = 4

_NAMES = ["공영", "일", "이", "삼", "사", "오", "육륙", "칠", "팔", "구"]
_NUMERALS = {name: str(digit) for digit, names in enumerate(_NAMES) for name in names}
_SPOKEN_DIGIT = rf"[\d{''.join(_NUMERALS)}]"
# What is said for a dash stays as long as it was.
_SPOKEN_DASHES = {"다": "-", "시": " ", "에": "-"}
_SPOKEN = re.compile(rf"{_SPOKEN_DIGIT}(?:(?:[ .\-]{{0,3}}| ?(?:다시|에) ?){_SPOKEN_DIGIT}){{6,}}")
_SPOKEN_NUMERALS_MIN = 4
# The last syllable of "…육칠팔이에요" is a verb, not a two.
_COPULA = re.compile(r"이(?=[에예요고라야며지거었랑니네])|이?구(?=[요여])")


def read(text: str) -> tuple[str, Sequence[int]]:
    """The shadow of ``text``, and for each of its characters the index it came from."""
    if not _FOLDS.search(text):
        return text, range(len(text))
    characters: list[str] = []
    origin: list[int] = []
    for index, character in enumerate(text):
        folded = _fold(character)
        characters.append(folded)
        origin.extend([index] * len(folded))
    return "".join(characters), origin


def with_spoken_digits(shadow: str) -> str | None:
    """``shadow`` with Hangul numerals written apart ("공일공에 일이삼사 …") as digits; ``None`` where there are none.

    Numerals are syllables of common words, so only a row of seven counts, and it is a second reading beside the first.
    Each stays one character.
    """
    spoken = _SPOKEN.sub(lambda match: _spelled(match, shadow), shadow)
    return None if spoken == shadow else spoken


@lru_cache(maxsize=8192)
def _fold(character: str) -> str:
    if unicodedata.category(character) in _UNSEEN_CATEGORIES or character in _HANGUL_FILLERS:
        return ""
    folded = unicodedata.normalize("NFKC", character)
    if len(folded) > _FOLD_LENGTH_MAX or "\u2044" in folded:  # a fraction is no part of a number
        return character
    return "".join(_fold_one(part) for part in folded)


def _fold_one(character: str) -> str:
    if character in _DASHES:
        return "-"
    digit = unicodedata.digit(character, None)
    return character if digit is None else str(digit)


def _spelled(match: re.Match[str], shadow: str) -> str:
    row = match.group()
    if not _is_spoken(row):
        return row
    verb = _COPULA.search(shadow, max(match.end() - 2, match.start()), match.end() + 1)
    spoken = len(row) if verb is None else verb.start() - match.start()
    return "".join(_NUMERALS.get(sign, _SPOKEN_DASHES.get(sign, sign)) for sign in row[:spoken]) + row[spoken:]


def _is_spoken(row: str) -> bool:
    """Not for "5678이 일": a zero or a dash that is said, or more numerals than follow a number by chance."""
    return sum(sign in _NUMERALS for sign in row) >= _SPOKEN_NUMERALS_MIN or any(sign in row for sign in "공영시에")
