"""Payment cards and, beside a word for it, their security codes."""

import re
from collections.abc import Callable, Iterator
from itertools import accumulate, pairwise

from chat.masking.detectors.accounts import iban_from
from chat.masking.detectors.context import again, before, is_another_number, mentions

# The ranges of ISO/IEC 7812 that are in use, by their first digits, with the lengths that are issued in them.
_ISSUERS = re.compile(
    r"(?P<visa>4)"
    r"|(?P<mastercard>5[1-5]|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720))"
    r"|(?P<amex>3[47])"
    r"|(?P<diners>3(?:0[0-5]|095|[68-9]\d))"
    r"|(?P<jcb>35(?:2[89]|[3-8]\d))"
    r"|(?P<discover>6(?:011|5\d\d|4[4-9]\d))|(?P<unionpay>62|81)"
    r"|(?P<maestro>50(?:18|20|38)|5893|6304|6759|676[1-3])|(?P<mir>220[0-4])"
    r"|(?P<domestic>9)"  # cards for Korea alone
)
_LENGTHS = {
    "visa": (19, 16, 13),
    "mastercard": (16,),
    "amex": (15,),
    "diners": (16, 15, 14),
    "jcb": (16,),
    "discover": (19, 18, 17, 16),
    "unionpay": (19, 18, 17, 16),
    "maestro": (19, 18, 17, 16, 15, 14, 13),
    "mir": (16,),
    "domestic": (16,),
}
_DIGITS_MIN = 13
# Few cards are this short, and many other numbers are: these lengths count only beside a word for a card.
_CARD_WORD = re.compile(r"(?:카드|card|visa|비자|maestro)\D{0,16}\Z", re.IGNORECASE)
_WORD_WIDTH = 24
_LENGTH_MAX = 60  # of a card number that is written with as many signs as digits
# Groups are joined by spaces and dashes, or by signs that more often stand between different numbers.
_CHAIN = re.compile(r"\d+(?:(?:[ \t.\-~∼〜_·]{1,5}|[ \t]{0,2}(?:[,/:|]|[\-.]?\n)[ \t\n]{0,2})\d+)*")
_OF_CARDS = "0123456789 \t.-~∼〜_·,/:|\n"
_SEPARATES = re.compile(r"[,/:|\n]")
_AS_PRINTED = {(4, 4, 4, 4), (4, 6, 5), (4, 6, 4), (8, 8), (1,) * 14, (1,) * 15, (1,) * 16}
# A parcel's number has up to 34 digits; more groups are a list.
_GROUPS_OF_A_PARCEL = range(5, 10)
_GROUP = re.compile(r"\d+")
# A card's security code or expiry may be joined to it by a dash.
_ON_A_CARD = re.compile(r"\d{2,3}|(?:0[1-9]|1[0-2])(?:2[4-9]|[34]\d)")
_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)

_CODE_WORD = (
    r"(?:(?<![a-z])(?:cvc|cvv|cav|csc|cid)2?(?:'s)?(?![a-z])|[씨시]브이[씨시]|씨브이브이|시큐리티\s?(?:코드|번호)|카드\s?(?:보안|인증)\s?(?:코드|번호)|보안\s?(?:코드|번호)"
    r"|(?:card(?:'s)?\s?)?(?:security|verification)\s?(?:code|number|value)|card\s?code|유효성\s?(?:검사|확인|검증)\s?(?:코드|번호)"
    r"|(?:(?<!\d)3|세|셋)\s?자리(?:\s?(?:숫자|번호))?"
    r"|뒷면에?\s?(?:있는|적힌|쓰인|써\s?있는)?\s?(?:숫자|번호)"
    r"|(?:three|3|last\s?three|last\s?3)[ -]?digits?(?:\s?code)?\s?(?:on|at|from)\s?the\s?back)"
)
# A text without any of these has none of the words: a quick look saves the slow one.
_CODE_HINTS = (
    "cvc",
    "cvv",
    "cav",
    "csc",
    "cid",
    "보안",
    "브이",
    "시큐리티",
    "인증",
    "유효성",
    "자리",
    "뒷면",
    "code",
    "security",
    "verif",
    "digit",
)
_CODE_JOINT = (
    r"(?:\s|[:=#()\[\]\"'~,.·-]|은요?|는요?|이|가|번호|코드|요\?|숫자|뒷면|뒤|카드|[34세네]\s?자리|number|code|no\b|is\b|are\b|was\b|says\b|it's|its|of|뒤에|에"
    r"|my\b|the\b|card|on|back|behind|입니다|이에요|맞아요|있는|적힌|[이그저]거|이게|뭔가요\?|말씀이세요\?){0,10}?"
)
_CODE = r"(?<![\d*])(?<!\d[.,:/\-])(\d{3,4}|\d \d \d(?: \d)?)(?!\s?\d)(?![.,:/\-]\d)"
_NO_COUNT = r"(?!\s?(?:자리|번째|번\s|원|개|회|일|분|월|년|시|글자|digits?|times|days|%|달러|차례|명|부터|won))"
_CODE_AGAIN = re.compile(_CODE + _NO_COUNT + r"(?!\s?(?:동|호|층|쪽|페이지|km|kg|g|cm|ml))", re.IGNORECASE)
_CODE_AFTER_WORD = re.compile(
    r"(?=[ctlsv씨시카보유뒷3세셋])" + _CODE_WORD + _CODE_JOINT + _CODE + _NO_COUNT, re.IGNORECASE
)
# "415인가 451인가": people who are not sure write both.
_OR_ANOTHER_CODE = re.compile(r"\s?(?:인가요?|인지|이나|아니면|또는|or)\s?(?:아니면\s)?(\d{3,4})(?!\d)")
_CODE_BEFORE_WORD = re.compile(
    _CODE + r"(?:\s|[()\"',=-]|이|가|은|is|my|the|card|제|카드){0,6}?"
    r"(?:(?<![a-z])(?:cvc|cvv|csc|cid)2?(?![a-z])|보안\s?코드|카드\s?보안|(?:card\s?)?security\s?code)"
    r"(?!\s?(?:번호)?(?:은|는|이|가|\s|:|=|is){0,6}[\d*])",
    re.IGNORECASE,
)
# Behind a card and its expiry, a code needs no word.
_CODE_BEHIND_EXPIRY = re.compile(
    r"(?:(?<=\d{4})|(?<=\d \d))[\s,/-]{1,3}(?:exp\.?\s|유효기간\s)?(?:0[1-9]|1[0-2])\s?[/.-]?\s?(?:20)?[2-4]\d"
    r"[\s,/-]{1,3}(\d{3,4})(?!\d)(?!-\d)"
)


def cards(text: str) -> Iterator[tuple[int, int]]:
    """Finds card numbers, also beside an expiry date or another number: each run of whole groups is tried."""
    for chain in _CHAIN.finditer(text):
        if chain.end() - chain.start() >= _DIGITS_MIN:
            for start, end in _in_chain(text, chain):
                if not _is_of_a_longer_name(text, chain, start, end):
                    yield start, end


def card_codes(text: str) -> Iterator[tuple[int, int]]:
    """Finds security codes (CVC2, CVV2, CID): three or four digits beside a word, or behind card and expiry."""
    if mentions(text, _CODE_HINTS):
        named = list(_named_codes(text))
        yield from named
        yield from (match.span(1) for start, _end in again(text, named) if (match := _CODE_AGAIN.match(text, start)))
    if behind := [it for it in _CODE_BEHIND_EXPIRY.finditer(text) if _is_behind_digits(text, it.start())]:
        begin = max(0, behind[0].start() - _LENGTH_MAX)
        ends = {begin + end for _start, end in cards(text[begin : behind[-1].start()])}
        yield from (match.span(1) for match in behind if match.start() in ends)


def _is_behind_digits(text: str, end: int) -> bool:
    """Whether enough digits for a card hang together before ``end``. Cheap, to be asked first."""
    before_it = text[max(0, end - _LENGTH_MAX) : end]
    return sum(map(str.isdigit, before_it[len(before_it.rstrip(_OF_CARDS)) :])) >= _DIGITS_MIN


def _named_codes(text: str) -> Iterator[tuple[int, int]]:
    for match in (*_CODE_AFTER_WORD.finditer(text), *_CODE_BEFORE_WORD.finditer(text)):
        yield match.span(1)
        if another := _OR_ANOTHER_CODE.match(text, match.end(1)):
            yield another.span(1)


def _is_of_a_longer_name(text: str, chain: re.Match[str], start: int, end: int) -> bool:
    """Whether the digits belong to an IBAN ("PT98 3271 …") or to a foreign phone number ("+49 151 …")."""
    begin = chain.start()
    if text[begin - 1 : begin] == "+":
        return start == begin
    return text[begin - 2 : begin].isalpha() and end <= (iban_from(text, begin - 2) or 0)


def _in_chain(text: str, chain: re.Match[str]) -> Iterator[tuple[int, int]]:
    groups = [match.span() for match in _GROUP.finditer(text, *chain.span())]
    digits = "".join(text[start:end] for start, end in groups)
    if len(digits) < _DIGITS_MIN:
        return
    begins = list(accumulate((end - start for start, end in groups), initial=0))
    last_of = {begin: number for number, begin in enumerate(begins[1:])}
    is_valid = None
    for first, begin in enumerate(begins[:-1]):
        for length in _lengths(digits, begin):
            last = last_of.get(begin + length)
            if last is None:
                continue
            is_valid = is_valid or _luhn(digits)
            if not is_valid(begin, begin + length) or not _stands_alone(text, groups, first, last):
                continue
            if length > _DIGITS_MIN or _CARD_WORD.search(before(text, groups[first][0], _WORD_WIDTH)):
                yield groups[first][0], groups[last][1]
                break


def _lengths(digits: str, begin: int) -> tuple[int, ...]:
    """Returns the lengths of card numbers that begin so; none if no issuer's numbers do."""
    issuer = _ISSUERS.match(digits, begin)
    return _LENGTHS[str(issuer.lastgroup)] if issuer else ()


def _luhn(digits: str) -> Callable[[int, int], bool]:
    """Returns a function that checks the check digit of any part of ``digits`` (ISO/IEC 7812-1, annex B).

    The sums are made once; afterwards each part costs the same, whatever its length.
    """
    values = [int(digit) for digit in digits]
    sums = [
        list(accumulate((_DOUBLED[v] if i % 2 == odd else v for i, v in enumerate(values)), initial=0))
        for odd in (0, 1)
    ]  # fmt: skip

    def is_valid(start: int, end: int) -> bool:
        doubled = sums[end % 2]
        return (doubled[end] - doubled[start]) % 10 == 0

    return is_valid


def _stands_alone(text: str, groups: list[tuple[int, int]], first: int, last: int) -> bool:
    """False for a part of a longer number ("20261122-4111…"), and for one that is called an order or the like."""
    start, end = groups[first][0], groups[last][1]
    if first and _is_tight(between := text[groups[first - 1][1] : start]):
        number = groups[first - 1][1] - groups[first - 1][0]
        if not (between == "." and first == 1 and number <= 2 and first != last):  # "1.4111 1111 …": an item of a list
            return False
    if last + 1 < len(groups) and _is_tight(text[end : groups[last + 1][0]]):
        return bool(_ON_A_CARD.fullmatch(text, *groups[last + 1]))
    if _SEPARATES.search(text, start, end):
        return _is_as_printed(text, groups, first, last)
    if _is_parcel(text, groups):
        start, end = groups[0][0], groups[-1][1]
    return not is_another_number(text, start, end)


def _is_parcel(text: str, groups: list[tuple[int, int]]) -> bool:
    """Whether all groups are one number as on a parcel, "9400 4275 5828 2357 4162 18", beside which its name stands."""
    if len(groups) not in _GROUPS_OF_A_PARCEL or _SEPARATES.search(text, groups[0][0], groups[-1][1]):
        return False
    return {end - start for start, end in groups[:-1]} == {4}


def _is_as_printed(text: str, groups: list[tuple[int, int]], first: int, last: int) -> bool:
    """Whether groups joined by commas or line breaks are those of a card, and not of a longer list of numbers."""
    around = groups[max(0, first - 1) : last + 2]
    lengths = [end - start for start, end in around]
    signs = [text[end:start].strip() for (_, end), (start, _) in pairwise(around)]
    begin = min(first, 1)
    end = begin + last - first
    if tuple(lengths[begin : end + 1]) not in _AS_PRINTED or len(set(signs[begin:end])) != 1:
        return False
    goes_on = begin and (lengths[0], signs[0]) == (lengths[1], signs[1])
    goes_on = goes_on or (lengths[end + 1 :], signs[end:]) == ([lengths[end]], [signs[end - 1]])
    return not goes_on and not is_another_number(text, groups[first][0], groups[last][1])


def _is_tight(between: str) -> bool:
    return between in {"-", ".", "_"}
