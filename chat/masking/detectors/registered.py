"""Numbers from a register of people or businesses: Korean resident, foreigner and business numbers, US SSN."""

import re
from collections.abc import Iterator
from datetime import date

from stdnum import ean

from chat.masking.detectors.apart import Chain, chains
from chat.masking.detectors.context import (
    ALONE_AFTER,
    ALONE_BEFORE,
    JOINT,
    is_another_number,
    is_named_otherwise,
    mentions,
)

_BETWEEN = (
    r"[\s.\-~∼〜_·]{0,5}|/"
    r"|[\s,]{0,2}(?:이고\s?|고\s?)?(?:뒷|뒤)\s?(?:자리|번호)?[는은]?[\s:]{0,3}"
)
_RESIDENT_SEVENTHS, _FOREIGN_SEVENTHS = "123490", "5678"
_REGISTRATION = {
    sevenths: re.compile(
        rf"(?<!\d)(\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))({_BETWEEN})([{sevenths}]\d{{6}})(?!\d)"
    )
    for sevenths in (_RESIDENT_SEVENTHS, _FOREIGN_SEVENTHS)
}
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
# Detectors have no clock; people born later than this will write to a later version.
_BORN_SINCE, _BORN_UNTIL = 1890, 2045
_REGISTRATION_WEIGHTS = (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)
# A corporation's number (법인등록번호) has the same form, and belongs to no person.
_CORPORATION_WORD = re.compile(
    rf"(?:법인\s?(?:등록)?\s?(?:번호)?|corporat\w{{1,4}}\s(?:reg\w{{0,10}}\s)?){JOINT}\Z", re.IGNORECASE
)
_REGISTRATION_WORD = re.compile(
    r"(?:주민|외국인|등록|생년월일|resident|foreigner|rrn|arc)[^\d\n]{0,20}\Z", re.IGNORECASE
)
# Few people are older, and today's orders are numbered by such dates: "241203-1738264".
_OLD_UNTIL = 1930
# The second half alone, which says the most.
_BACK_HALF = re.compile(
    r"(?:주민(?:등록)?|외국인\s?등록)(?:\s?번호|증)?(?:의|은|는|에서)?\s?(?:뒷|뒤)\s?(?:자리|번호|7자리|일곱\s?자리)[^\d\n]{0,6}([1-8]\d{6})(?![\d-])"
)

_BUSINESS = re.compile(rf"{ALONE_BEFORE}(\d{{3}})(\s?-\s?|\s|)(\d{{2}})(\s?-\s?|\s|)(\d{{5}}){ALONE_AFTER}")
_BUSINESS_WEIGHTS = (1, 3, 7, 1, 3, 7, 1, 3, 5)
_BUSINESS_WORD = re.compile(
    r"(?:사업자|business\s?(?:registration|reg|number|no|license)|brn\b|세금\s?계산서)[^\d\n]{0,20}\Z", re.IGNORECASE
)

_BUSINESS_WORD_BEHIND = re.compile(r"[\s(]{0,2}(?:이|가)?\s?(?:우리|저희|제)?\s?사업자")

_SOCIAL = re.compile(
    rf"{ALONE_BEFORE}(?!000|666|9)(\d{{3}})(\s?[-.]\s?|\s|)(?!00)(\d{{2}})\2(?!0000)(\d{{4}}){ALONE_AFTER}"
)
# Printed on sample cards in wallets and in leaflets, and void since.
_ADVERTISED = {("078", "05", "1120"), ("219", "09", "9999"), ("457", "55", "5462")}
_SOCIAL_WORD = re.compile(
    rf"(?:(?<![a-z])ssn|social\s?security|soc(?:ial)?\.?\s(?:sec\.?\s)?(?:number|num|no)|소셜\s?(?:시큐리티|번호|넘버)|사회\s?보장){JOINT}\Z",
    re.IGNORECASE,
)
_WORD_WIDTH = 34


def resident_numbers(text: str) -> Iterator[tuple[int, int]]:
    """Finds resident registration numbers (주민등록번호): a true date, then a seventh digit 1–4, 9 or 0.

    주민등록법 시행규칙 제2조. The check digit is not required: numbers issued since October 2020 have none.
    """
    yield from _registration_numbers(text, _RESIDENT_SEVENTHS)


def foreigner_numbers(text: str) -> Iterator[tuple[int, int]]:
    """Finds foreigner registration numbers (외국인등록번호, 출입국관리법 제31조): the same form, seventh digit 5–8."""
    yield from _registration_numbers(text, _FOREIGN_SEVENTHS)


def business_numbers(text: str) -> Iterator[tuple[int, int]]:
    """Finds business registration numbers (사업자등록번호): 3-2-5, check digit right; in one piece beside a word."""
    for match in _BUSINESS.finditer(text):
        if not _is_business("".join(match.group(1, 3, 5))):
            continue
        written = match.group(2).strip() == match.group(4).strip() == "-" and not is_named_otherwise(
            text, match.start()
        )
        if written or _follows(_BUSINESS_WORD, text, match) or _BUSINESS_WORD_BEHIND.match(text, match.end()):
            yield match.span()


def social_security_numbers(text: str) -> Iterator[tuple[int, int]]:
    """Finds US social security numbers (20 CFR 422.103; no area 000, 666, 9xx): with dashes, or beside a word."""
    for match in _SOCIAL.finditer(text):
        if match.group(1, 3, 4) in _ADVERTISED:
            continue
        written = match.group(2).strip() == "-" and not is_named_otherwise(text, match.start())
        if written or _follows(_SOCIAL_WORD, text, match):
            yield match.span()


def _registration_numbers(text: str, sevenths: str) -> Iterator[tuple[int, int]]:
    for match in _REGISTRATION[sevenths].finditer(text):
        birthday, between, rest = match.groups()
        if _is_somebody(text, match.span(), birthday + rest, written=bool(between)):
            yield match.span()
    for chain in chains(text, 13):
        if chain.digits[6] in sevenths and _is_somebody_apart(text, chain):
            yield chain.start, chain.end
    if mentions(text, ("뒷", "뒤")):
        yield from (match.span(1) for match in _BACK_HALF.finditer(text) if match.group(1)[0] in sevenths)


def _is_somebody_apart(text: str, chain: Chain) -> bool:
    """Whether the digits stand one by one, or one group ends with the day of birth and something else tells as well."""
    if not (chain.is_one_by_one or (6 in chain.breaks and _is_vouched_for(text, chain.start, chain.digits))):
        return False
    return _is_somebody(text, (chain.start, chain.end), chain.digits, written=True)


def _is_somebody(text: str, span: tuple[int, int], digits: str, *, written: bool) -> bool:
    """Whether the first seven digits may be somebody's, and nothing says that it is another number.

    A number that is ``written`` in the usual way, with a dash or the like in the middle, needs no more than that,
    unless its person would be very old.
    """
    start = span[0]
    if not (born := _year_of_birth(digits)):
        return False
    if _CORPORATION_WORD.search(text, max(0, start - _WORD_WIDTH), start) or is_another_number(text, *span):
        return False
    is_barcode = digits.startswith("880") and ean.is_valid(digits)
    if born > _OLD_UNTIL and (written or not (is_barcode or is_named_otherwise(text, start))):
        return True
    return _is_vouched_for(text, start, digits)


def _is_vouched_for(text: str, start: int, digits: str) -> bool:
    """Whether its check digit (which only older numbers have) or the words before it tell."""
    return _has_check_digit(digits) or bool(_REGISTRATION_WORD.search(text[max(0, start - _WORD_WIDTH) : start]))


def _year_of_birth(digits: str) -> int | None:
    try:
        day = date(_CENTURY[digits[6]] + int(digits[:2]), int(digits[2:4]), int(digits[4:6]))
    except ValueError:
        return None
    return day.year if _BORN_SINCE <= day.year <= _BORN_UNTIL else None


def _has_check_digit(digits: str) -> bool:
    """Whether the check digit is right for a resident's number, or for a foreigner's, which is two more."""
    *body, check = map(int, digits)
    total = sum(digit * weight for digit, weight in zip(body, _REGISTRATION_WEIGHTS, strict=True))
    return check == ((13 if digits[6] in _FOREIGN_SEVENTHS else 11) - total % 11) % 10


def _is_business(digits: str) -> bool:
    """Checks as the National Tax Service does: weights 1 3 7 1 3 7 1 3 5, and the tens of the ninth product."""
    *body, check = map(int, digits)
    total = sum(digit * weight for digit, weight in zip(body, _BUSINESS_WEIGHTS, strict=True)) + body[8] * 5 // 10
    return digits[:3] >= "101" and digits[3:5] != "00" and (10 - total % 10) % 10 == check


def _follows(word: re.Pattern[str], text: str, match: re.Match[str]) -> bool:
    return bool(word.search(text[max(0, match.start() - _WORD_WIDTH) : match.start()]))
