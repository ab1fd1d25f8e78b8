"""Bank accounts: Korean ones and others in context, and IBAN by its check digits."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from stdnum import numdb
from stdnum.iso7064 import mod_97_10

from chat.masking.detectors.context import JOINT, after, before, is_another_number, is_named_otherwise, mentions

_DIGITS_MIN, _DIGITS_MAX = 10, 16
# British and American numbers have as few as eight digits; they count only if they are called an account number.
_DIGITS_MIN_CALLED = 8
# In groups joined by one kind of sign, or in one piece. Banks group as they like: 6-2-6, 3-3-6, 4-2-7, 3-4-4-2 …
_NUMBER = re.compile(
    r"(?<![\dA-Za-z])(?<![\d*][\-.])(?:\d{2,7}(?:\s?[-.]\s?\d{1,8}){1,4}|\d{2,6}(?: \d{2,8}){1,4}|\d{8,16})"
    r"(?![\dA-Za-z])(?!-\d)"
)
_MONEY = re.compile(r"\s?(?:원|만\s?원|won|krw|달러|usd|개|건|%)", re.IGNORECASE)
_DAY = re.compile(
    r"(?:19|20)\d\d[\s-]+(?:0?[1-9]|1[0-2])[\s-]+(?:0?[1-9]|[12]\d|3[01])(?!\d)"
    r"|20[12]\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
)
_PHONE = re.compile(
    r"(?:01[016789]|0[2-6]\d?|070|080|050\d)(?:\s?-\s?|\s)\d{3,4}(?:\s?-\s?|\s)\d{4}\Z|01[016789]\d{7,8}\Z|82\D"
)
_BANK = (
    r"(?:국민|kb|신한|우리|하나|외환|농협|nh|기업|ibk|카카오|카뱅|토스|케이|제일|씨티|대구|아이엠|부산|광주|전북|제주|경남"
    r"|새마을(?:금고)?|신협|우체국|수협|산업|저축|산림조합)"
)
_STRONG_WORDS = r"계좌|통장|은행|뱅크|예금주|(?<![a-z])(?:bank|account\s?(?:number|no|num|#)|acct|a/c|iban|wire)"
_WEAK_WORDS = r"입금|송금|이체|환불|refund|deposit|transfer|account"
# The last of them, however many there are.
_STRONG = re.compile(rf".*(?:{_STRONG_WORDS})", re.IGNORECASE | re.DOTALL)
_ANY = re.compile(rf".*(?:{_STRONG_WORDS}|{_WEAK_WORDS})", re.IGNORECASE | re.DOTALL)
_CALLED = re.compile(rf"(?:계좌\s?번호|(?<![a-z])(?:account\s?(?:number|no|num|#)|acct|a/c)){JOINT}\Z", re.IGNORECASE)
_BANK_JUST_BEFORE = re.compile(
    rf"(?<![가-힣A-Za-z]){_BANK}(?:은행|뱅크|bank)?(?:\s|[:(),/]|[가-힣]{{2,4}}\s){{0,4}}\Z", re.IGNORECASE
)
_BANK_JUST_AFTER = re.compile(
    rf"[\s(,/]{{0,3}}(?:[가-힣]{{2,4}}[\s,/]{{1,2}})?{_BANK}"
    r"(?:은행|뱅크|bank|통장|계좌|입니다|이에요|예요|이고|이구|인데|이요|요|으?로|\b|\s|[)/,\d])|[\s(,/]{0,3}(?:은행|계좌)",
    re.IGNORECASE,
)
# A text without any of these words has no account number: a quick look saves the slow ones.
_HINTS = """
    국민 kb 신한 우리 하나 외환 농협 nh 기업 ibk 카카오 카뱅 토스 케이 제일 씨티 대구 아이엠 부산 광주 전북 제주 경남
    새마을 신협 우체국 수협 산업 저축 산림조합 계좌 통장 은행 뱅크 예금주 입금 송금 이체 환불
    bank account acct a/c iban wire refund deposit transfer
    """.split()  # noqa: SIM905
# Between the word and the number, these say that the number is another one.
_OTHER = re.compile(
    r"(?:주문|송장|승인|접수|오류|에러|코드|사업자|전화|연락처|휴대폰|핸드폰|폰번호|문자|팩스|문의|카드|고객|회원|예약|거래|쿠폰|상품"
    r"|order|error|phone|call|tel|card|tracking|invoice|customer|ticket|\bref|transaction|confirmation|(?<!\bno)[.!?]\s)",
    re.IGNORECASE,
)
_DIGIT_OR_END = re.compile(r"[\d\n]")
_NEAR, _FAR = 16, 28

# A look-ahead, so that the search goes on inside the match: the next number may begin there.
_IBAN = re.compile(r"(?<![A-Za-z])(?=([A-Z]{2}\d{2}(?:[ .\n-]?[A-Z0-9]){11,30}))", re.IGNORECASE)
_STRUCTURE = re.compile(r"(\d+)!([nac])")
_SIGNS = {"n": "0-9", "a": "A-Z", "c": "A-Z0-9"}


def bank_accounts(text: str) -> Iterator[tuple[int, int]]:
    """Finds numbers of ten to sixteen digits (of eight, if called so) beside a Korean bank or a word for an account."""
    if not mentions(text, _HINTS):
        return
    for match in _NUMBER.finditer(text):
        digits = sum(map(str.isdigit, match.group()))
        called = _DIGITS_MIN_CALLED <= digits < _DIGITS_MIN and _CALLED.search(before(text, match.start(), _FAR))
        if (called or _DIGITS_MIN <= digits <= _DIGITS_MAX) and _is_account(text, match):
            yield match.span()


def ibans(text: str) -> Iterator[tuple[int, int]]:
    """Finds international account numbers (ISO 13616) by country, its length and structure, and both check digits."""
    for match in _IBAN.finditer(text):
        if end := _end_of_iban(text, match):
            yield match.start(), end


def iban_from(text: str, start: int) -> int | None:
    """Returns the end of the IBAN that begins at ``start``."""
    match = _IBAN.match(text, start)
    return match and _end_of_iban(text, match)


def _end_of_iban(text: str, match: re.Match[str]) -> int | None:
    form = _iban_form(match.group(1)[:2].upper())
    end = _end_of(text, match.start(), match.end(1), form.length)
    if end is None or not form.is_iban("".join(filter(str.isalnum, text[match.start() : end]))):
        return None
    return end


def _is_account(text: str, match: re.Match[str]) -> bool:
    number = match.group()
    if _MONEY.match(text, match.end()) or _DAY.match(number) or _PHONE.match(number):
        return False
    if is_named_otherwise(text, match.start()) or is_another_number(text, *match.span()):
        return False
    in_groups = "-" in number or "." in number
    line = text[max(0, match.start() - _FAR) : match.start()]
    if not in_groups:  # then a heading on a line above, as in a form, and a word before another number don't count
        line = _DIGIT_OR_END.split(line)[-1]
    return _is_called_one(line, in_groups) or bool(_BANK_JUST_AFTER.match(after(text, match.end(), _NEAR)))


def _is_called_one(line: str, in_groups: bool) -> bool:
    if word := (_ANY if in_groups else _STRONG).match(line):
        between = len(line) - word.end()
        if (in_groups or between <= _NEAR) and not _OTHER.search(line, word.end()):
            return True
    return bool(_BANK_JUST_BEFORE.search(line))


class _Form(NamedTuple):
    """The form of a country's account numbers behind the country and the check digits."""

    length: int
    rest: re.Pattern[str]

    def is_iban(self, value: str) -> bool:
        return bool(self.rest.fullmatch(value, 4)) and mod_97_10.is_valid(value[4:] + value[:4])


@lru_cache(maxsize=700)
def _iban_form(country: str) -> _Form:
    """Reads the form from the library's register; its own validation of a number takes five times as long."""
    structure = numdb.get("iban").info(country)[0][1].get("bban")
    if structure is None:
        return _Form(0, re.compile(r"(?!)"))
    parts = _STRUCTURE.findall(structure)
    rest = "".join(f"[{_SIGNS[kind]}]{{{length}}}" for length, kind in parts)
    return _Form(4 + sum(int(length) for length, _kind in parts), re.compile(rest, re.IGNORECASE))


def _end_of(text: str, start: int, end: int, length: int) -> int | None:
    """Returns the end of ``length`` letters and digits from ``start``; ``None`` if more follow at once."""
    count = 0
    for index in range(start, end if length else start):
        count += text[index].isalnum()
        if count == length:
            following = text[index + 1 : index + 2]
            return None if following.isascii() and following.isalnum() else index + 1
    return None
