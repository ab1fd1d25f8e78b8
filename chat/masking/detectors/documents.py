"""Passports and driver's licences."""

import re
from collections.abc import Iterator

from chat.masking.detectors.context import (
    ALONE_AFTER,
    ALONE_BEFORE,
    JOINT,
    before,
    is_another_number,
    is_named_otherwise,
    mentions,
)

_WORD_WIDTH = 40
_OUT = r"(?<![A-Za-z0-9])(?<![A-Za-z0-9*]-)"
_END = r"(?![A-Za-z0-9])(?!-[A-Za-z0-9*])"
# Ordinary, official, diplomatic, residence and single passports; since December 2021 with a letter in the middle.
_KOREAN_PASSPORT = re.compile(
    rf"{_OUT}(?:(?P<new>[MSROD]\d{{3}}[A-Z]\d{{4}})|(?P<old>[MSROD][\s-]?\d{{4}}[\s-]?\d{{4}})){_END}", re.IGNORECASE
)
_PASSPORT_HINTS = ("여권", "passport", "패스포트")
_PASSPORT_WORD = re.compile(r"(?:여권|passport|패스포트)", re.IGNORECASE)
_PASSPORT_JOINT = re.compile(rf"(?:여권|passport|패스포트){JOINT}\Z", re.IGNORECASE)
# ICAO 9303: up to nine characters. Only the word tells passports of other countries from anything else.
_PASSPORT = re.compile(rf"{_OUT}(?=[A-Z]{{0,2}}\d)[A-Z]{{0,2}}\d{{6,9}}{_END}", re.IGNORECASE)
_DAY = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\Z")

# Codes of the places of issue; on older licences the place's name.
_LICENCE_CODE = r"(?:1[1-9]|2[0-68])"
_LICENCE_PLACE = r"(?:서울|부산|경기\s?(?:남부|북부)?|강원|충북|충남|전북|전남|경북|경남|제주|대구|인천|광주|대전|울산)"
_LICENCE = re.compile(
    rf"{ALONE_BEFORE}(?:{_LICENCE_CODE}|{_LICENCE_PLACE})(\s?[\-.]\s?|\s|)"
    rf"\d{{2}}(\s?[\-.]\s?|\s|)\d{{6}}\2\d{{2}}{ALONE_AFTER}"
)
_LICENCE_WORD = re.compile(r"(?:면허|licen[sc]e)", re.IGNORECASE)
# Most states begin with a letter, some have digits alone, and some group them: "S530-4609-2187", "12 345 678".
_AMERICAN_OR_BRITISH = (
    r"[A-Z]{1,5}-?\d{5,12}(?:-\d{1,6}){0,3}|(?-i:[A-Z]{1,2})[\s-]?\d{2,4}(?:[\s-]\d{1,6}){1,4}"
    r"|[A-Z]{2,5}9{0,3}\d{6}[A-Z9]{2}\d[A-Z]{2}|\d{7,9}|\d{2,3}[\s-]\d{3}[\s-]\d{3}"
)
_FOREIGN_LICENCE = re.compile(
    rf"(?:driver'?s?|driving)[ -]?licen[sc]e{JOINT}{_OUT}({_AMERICAN_OR_BRITISH}){_END}", re.IGNORECASE
)


def passports(text: str) -> Iterator[tuple[int, int]]:
    """Finds Korean passport numbers, old (M12345678) and new (M123A4567); foreign ones beside a word for a passport."""
    for match in _KOREAN_PASSPORT.finditer(text):
        if is_another_number(text, *match.span()):
            continue
        named = _PASSPORT_WORD.search(before(text, match.start(), _WORD_WIDTH))
        if named or (_is_plain_passport(match.group()) and not is_named_otherwise(text, match.start())):
            yield match.span()
    for match in _PASSPORT.finditer(text) if mentions(text, _PASSPORT_HINTS) else ():
        line = before(text, match.start(), _WORD_WIDTH)
        if not _DAY.match(match.group()) and _PASSPORT_JOINT.search(line):
            yield match.span()


def driver_licenses(text: str) -> Iterator[tuple[int, int]]:
    """Finds Korean licence numbers (place, year, six digits, two); in one piece and foreign ones beside a word."""
    for match in _LICENCE.finditer(text):
        if is_another_number(text, *match.span()):
            continue
        written = match.group(2) and (match.group(1) or not text[match.start()].isdigit())
        named = _LICENCE_WORD.search(before(text, match.start(), _WORD_WIDTH))
        if named or (written and not is_named_otherwise(text, match.start())):
            yield match.span()
    for match in _FOREIGN_LICENCE.finditer(text) if mentions(text, ("licen",)) else ():
        if not _DAY.match(match.group(1)):
            yield match.span(1)


def _is_plain_passport(value: str) -> bool:
    """Whether it needs no word: an ordinary passport's number in capitals, as people write it."""
    return value[0] == "M" and value.upper() == value and " " not in value
