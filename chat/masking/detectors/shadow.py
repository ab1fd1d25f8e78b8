"""The text as detectors read it: a shadow in which digits and dashes look like digits and dashes, and a way back.

Compatibility forms are folded (NFKC), invisible characters are left out, and every sign that people type for a dash is
one. So full-width, struck-through or interrupted digits don't get around a detector.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import cast

# ASCII and composed Hangul are their own shadow; most messages have nothing else.
_FOLDS = re.compile(r"[^\x00-\x7f가-힣]")
# Format characters, combining marks and blank letters keep nobody from reading the digits.
_UNSEEN_CATEGORIES = {"Cf", "Mn", "Me"}
_HANGUL_FILLERS = set("\u115f\u1160\u3164\uffa0")
# U+1173 is what NFKC makes of the letter ㅡ, which is a dash in Korean typing; others draw the line of a box.
_DASHES = set("‐‑‒–—―−⸺ー─━➖\u1173")
_SIGNS = {"•": "·", "∙": "·", "‧": "·", "⋅": "·", "・": "·", "。": ".", "٫": ".", "،": ",", "、": ",", "\u2800": " "}
# A character that would become longer (⑽, ㏾, U+FDFA: eighteen characters) is read as the number in it, or as it is.
_FOLD_LENGTH_MAX = 2

# Korean numerals, Chinese ones, and those of Chinese cheques.
_NAMES = [
    *("공영빵〇零", "일一壹", "이二貳贰", "삼三參叁", "사四肆", "오五伍", "육륙六陸陆", "칠七柒", "팔八捌", "구九玖"),
]
_NUMERALS = {name: str(digit) for digit, names in enumerate(_NAMES) for name in names}
# U+110B is what NFKC makes of the letter ㅇ.
_LETTERS = {**dict.fromkeys("Oo○\u110b", "0"), **dict.fromkeys("Il", "1")}
_SPOKEN_DIGIT = rf"[\d{''.join(_NUMERALS)}]"
# Words for a dash. Each is replaced by as many characters, as everything is.
_SPOKEN_DASHES = {"하이픈": " - ", "다시": "- ", "대시": "- ", "에": "-"}
_SPOKEN = re.compile(
    rf"{_SPOKEN_DIGIT}(?:(?:[ ,.\-\n]{{0,3}}| ?(?:{'|'.join(_SPOKEN_DASHES)}) ?){_SPOKEN_DIGIT}){{6,}}"
)
_SPOKEN_NUMERALS_MIN = 4
_AS_DIGITS = str.maketrans(_NUMERALS)
_NUMERAL = re.compile(f"[{''.join(_NUMERALS)}]")
_DIGIT_OR_NUMERAL = re.compile(_SPOKEN_DIGIT)
_ZERO_OR_DASH = re.compile("|".join([*_NAMES[0], *_SPOKEN_DASHES]))
_DIGIT_BEHIND = re.compile(rf"(?<=[\d ,.\-\n])[{''.join(_NUMERALS)}]{{1,8}}\d")
# "010-1234-5678 공유": digits, and the beginning of a word.
_BESIDE = re.compile(rf"(?:[{''.join(_NUMERALS)}]{{1,3}}[ ,.\-\n]+)?[\d ,.\-\n]+[ ,.\-\n][{''.join(_NUMERALS)}]{{0,3}}")
# Between digits, people type 一 for a dash.
_ONE_AS_DASH = re.compile(r"(?<=\d)一(?=\d)")
# The last syllable of "…육칠팔이에요" is a verb, not a two.
_COPULA = re.compile(r"이(?=[에예요고라야며지거었랑니네])|이?구(?=[요여])")
_LETTERS_AS_DIGITS = str.maketrans(_LETTERS)
_LETTERED_DIGIT = rf"[\d{''.join(_LETTERS)}]"
# Lengths of mobile, resident and card numbers: in such a row the last syllable is a digit.
_LIKELY_LENGTHS = {11, 13, 16}
_LATIN = re.compile(r"[A-Za-z]")
_LETTER = re.compile(f"[{''.join(_LETTERS)}]")
# "010-1234-5678 ㅇㅇ": yes.
_ANSWER = re.compile(rf" {_LETTER.pattern}+\Z")
# A letter alone is a word: "010-1234-5678 I …".
_LETTER_IN_GROUP = re.compile(rf"{_LETTERED_DIGIT}{_LETTER.pattern}|{_LETTER.pattern}{_LETTERED_DIGIT}")
# Further than any detector of such numbers looks for a word.
_LOOK_BACK, _LOOK_AHEAD = 36, 20
_NOTHING = "\0"
_WITHOUT_DIGITS = str.maketrans(dict.fromkeys("0123456789", "\n"))
_OF_NUMBERS = frozenset("0123456789+( \t\n.,-·_/~:|")
_NUMBER = re.compile(r"[\d\s.,\-·_/~:|]*")
_LETTERED = re.compile(rf"(?<![A-Za-z\d]){_LETTERED_DIGIT}(?:[ .\-]{{0,3}}{_LETTERED_DIGIT}){{8,}}")


def read(text: str) -> tuple[str, Sequence[int]]:
    """Returns the shadow of ``text``, and for each of its characters the index in ``text`` it came from."""
    pieces: list[str] = []
    origin: list[int] = []
    position = 0
    for match in _FOLDS.finditer(text):
        index = match.start()
        folded = _fold(match.group())
        pieces += [text[position:index], folded]
        origin.extend(range(position, index))
        origin.extend([index] * len(folded))
        position = index + 1
    if not pieces:
        return text, range(len(text))
    origin.extend(range(position, len(text)))
    return "".join([*pieces, text[position:]]), origin


def with_spoken_digits(shadow: str) -> str | None:
    """Returns ``shadow`` with numerals ("공일공에 일이삼사", "一三八") and letters ("OlO-1234") read as digits.

    Its length stays the same; ``None`` if there are none. Numerals are syllables of common words, so only a row of
    seven counts. It is a second reading beside the first, and blank except around such rows.
    """
    spoken, spelled = _rewritten(shadow, _SPOKEN, _spelled)
    spoken, lettered = _rewritten(spoken, _LETTERED, _lettered)
    return _surroundings(spoken, sorted([*spelled, *lettered])) if spelled or lettered else None


@lru_cache(maxsize=8192)
def _fold(character: str) -> str:
    if unicodedata.category(character) in _UNSEEN_CATEGORIES or character in _HANGUL_FILLERS:
        return ""
    folded = unicodedata.normalize("NFKC", character)
    if "\u2044" in folded:  # a fraction is no part of a number
        return character
    if len(folded) > _FOLD_LENGTH_MAX:
        return "".join(filter(str.isdigit, folded))[:_FOLD_LENGTH_MAX] or character
    return "".join(_fold_one(part) for part in folded)


def _fold_one(character: str) -> str:
    if character in _DASHES:
        return "-"
    if character in _SIGNS:
        return _SIGNS[character]
    digit = unicodedata.digit(character, None)
    return character if digit is None else str(digit)


def _rewritten(
    text: str, form: re.Pattern[str], rewrite: Callable[[re.Match[str]], str]
) -> tuple[str, list[tuple[int, int]]]:
    """Returns ``text`` with each match of ``form`` rewritten, and the bounds of the matches that changed."""
    pieces, bounds, position = [], [], 0
    for match in form.finditer(text):
        row = rewrite(match)
        if row != match.group():
            pieces += [text[position : match.start()], row]
            bounds.append(match.span())
            position = match.end()
    return "".join([*pieces, text[position:]]), bounds


def _surroundings(text: str, rows: Sequence[tuple[int, int]]) -> str:
    """Returns a text as long as ``text`` with only ``rows``, digits joined to them, and the words around."""
    kept, position = [], 0
    for start, end in rows:
        if start < position:
            continue
        begin = start
        while begin > position and text[begin - 1] in _OF_NUMBERS:
            begin -= 1
        kept.append(_words_of(text[position:begin]))
        position = cast(re.Match[str], _NUMBER.match(text, end)).end()
        kept.append(text[begin:position])
    return "".join([*kept, _words_of(text[position:])])


def _words_of(between: str) -> str:
    """Returns the words between rows that may name them, without numbers: those are in the first reading."""
    far = len(between) - _LOOK_AHEAD - _LOOK_BACK
    if far > 0:
        between = between[:_LOOK_AHEAD] + _NOTHING * far + between[-_LOOK_BACK:]
    return between.translate(_WITHOUT_DIGITS)


def _spelled(match: re.Match[str]) -> str:
    row = match.group()
    if not _is_spoken(row):
        return row
    verb = None
    if len(_DIGIT_OR_NUMERAL.findall(row)) not in _LIKELY_LENGTHS:
        verb = _COPULA.search(match.string, max(match.end() - 2, match.start()), match.end() + 1)
    spoken = len(row) if verb is None else verb.start() - match.start()
    said = _ONE_AS_DASH.sub("-", row[:spoken])
    for dash, written in _SPOKEN_DASHES.items():
        said = said.replace(dash, written)
    return said.translate(_AS_DIGITS) + row[spoken:]


def _is_spoken(row: str) -> bool:
    """Whether numerals are meant as digits: a spoken zero or dash, a digit right behind, or four; not "5678이 일"."""
    if len(_NUMERAL.findall(row)) >= _SPOKEN_NUMERALS_MIN:
        return True
    return bool(_ZERO_OR_DASH.search(row) or _DIGIT_BEHIND.search(row)) and not _BESIDE.fullmatch(row)


def _lettered(match: re.Match[str]) -> str:
    """Reads letters as digits if they are half at most and no other letter stands beside them: no word, no code."""
    row = match.group()
    letters = len(_LETTER.findall(_ANSWER.sub("", row)))
    digits = sum(map(str.isdigit, row))
    if not 0 < letters <= digits or not _LETTER_IN_GROUP.search(row) or _LATIN.match(match.string, match.end()):
        return row
    return row.translate(_LETTERS_AS_DIGITS)
