"""The words around a number: they say what it is, or that it is something else. Every look is of bounded length."""

import re
from collections.abc import Iterable, Iterator
from itertools import islice

# A group of digits joined to more digits is a part of something longer. An asterisk may be a masked digit: the rest of
# a number that is masked in part must not look like a shorter number.
ALONE_BEFORE = r"(?<!\d)(?<![\d*][\-.])"
ALONE_AFTER = r"(?!\d)(?!-[\d*])(?!\.\d)"
# Korean and English join a name and its value so: "번호는", "번호 :", "No.", "number is".
JOINT = (
    r"(?:\s|[:=#()\[\]\"'~,./·?-]|은|는|이|가|요|도|번호|넘버|no\b|nr\b|num\b|number|code|is\b|was\b"
    r"|my\b|제|저의|내|입니다|이에요|예요|인데요?|이고|이요){0,8}"
)
_LOOK_BACK = 28
_AGAIN_MAX = 20  # each value is searched in the whole text; people never write so many
_OTHERS = """
    주문 송장 운송장 배송 택배 접수 예약 승인 상품 품번 모델 시리얼 제품 쿠폰 바코드 문의 티켓 거래 결제 회원 고객 관리
    추적 일련 영수증 인증 등기 버전 펌웨어 빌드 부품 코드 사건 청구 견적 계약 증권 수험 학번 사번 포인트 적립 기기 단말
    """.split()  # noqa: SIM905
_OTHERS_IN_ENGLISH = """
    order tracking track invoice serial ticket model coupon sku s/n sn imei isbn ref reference booking case voucher
    barcode item part product transaction receipt build version confirmation parcel shipment po lot error ean upc
    reservation giftcard device customer
    """.split()  # noqa: SIM905
_NUMBER_WORDS = ["번호", "코드", "넘버", "아이디", "no.", "no", "nr.", "nr", "number", "id", "code", "num"]
_OTHERWISE = re.compile(
    rf"(?:{'|'.join(_OTHERS)}|gift card|(?<![a-z])(?:{'|'.join(_OTHERS_IN_ENGLISH)}))"
    rf"\s?(?:{'|'.join(map(re.escape, _NUMBER_WORDS))})?"
    r"(?:\s|[:#=()\[\]\"'.]|은|는|이|가|도|is\b|was\b){0,5}\Z"
)
# These need no "number" behind them. "Customer" and "payment" do: a person's or a card's number may follow them.
_SHIPPED = """
    주문 송장 운송장 배송 택배 등기 시리얼 일련 제품 상품 품번 모델 인보이스 견적서 견적 청구서 쿠폰 바코드
    """.split()  # noqa: SIM905
_SHIPPED_IN_ENGLISH = """
    order invoice tracking parcel package shipment waybill consignment serial s/n sn sku imei po coupon
    """.split()  # noqa: SIM905
_NUMBER = "|".join(map(re.escape, _NUMBER_WORDS))
_JOINED = r"(?:\s|[:#=()\[\]\"'.,·-]|은|는|이|가|도|의|is\b|was\b|with\snumber\b|number\b|no\b|이에요|입니다){0,6}"
_SHIPPED_BEFORE = re.compile(
    rf"(?:{'|'.join(_SHIPPED)}|(?<![a-z])(?:{'|'.join(_SHIPPED_IN_ENGLISH)})(?:'?s)?)\s?(?:{_NUMBER})?{_JOINED}\Z"
)
_CALLED_BEFORE = re.compile(
    rf"(?:{'|'.join({*_OTHERS, *_SHIPPED})}"
    rf"|(?<![a-z])(?:{'|'.join({*_OTHERS_IN_ENGLISH, *_SHIPPED_IN_ENGLISH})})(?:'?s)?)"
    rf"\s?(?:{_NUMBER}|#){_JOINED}\Z"
)
_JOINED_AFTER = (
    r"[\s()\[\],.~-]{0,4}(?:번(?:\s?으?로)?|요|이요|이고|인데|이|가|은|는|건|라는|이라는)?[\s,]{0,2}"
    r"(?:(?:이|이게|이거|이건|제|저의|저희|내|그|해당|위)\s)?"
    r"(?:(?:is|was|are|this|that|it's|which|as|for|my|the|our|your|an?)\s){0,4}"
)
# Not "…로 주문했어요", which tells what was paid with.
_SHIPPED_AFTER = re.compile(
    rf"{_JOINED_AFTER}(?:(?:{'|'.join(_SHIPPED)})(?!\s?(?:했|하|할|해|함|합))"
    rf"|(?:{'|'.join(_SHIPPED_IN_ENGLISH)})(?![a-z]))"
)
_CALLED_AFTER = re.compile(
    rf"{_JOINED_AFTER}(?:{'|'.join({*_OTHERS, *_SHIPPED, *_OTHERS_IN_ENGLISH, *_SHIPPED_IN_ENGLISH})})\s?(?:{_NUMBER})"
    r"(?![a-z])"
)
_PERSONAL = (
    r"(?:주민|외국인|생년월일|카드|계좌|통장|은행|뱅크|여권|면허|(?<![a-z])(?:rrn|arc|ssn|card|visa|account|acct|passport"
    r"|licen[sc]e|resident|foreigner))"
)
_PERSONAL_BEFORE = re.compile(rf"{_PERSONAL}(?:\s?등록)?(?:증|들)?\s?(?:{_NUMBER})?{JOINT}\Z")
_PERSONAL_AFTER = re.compile(rf"[\s(,]{{0,3}}(?:번\s?)?(?:(?:이|제|is|my|the)\s){{0,2}}{_PERSONAL}")
# Narrower, with the word "number" or the like: a phone number near an order is still one.
_ORDER = re.compile(
    r"(?:주문|송장|운송장|등기|추적|접수|예약|승인|거래|쿠폰|시리얼|일련"
    r"|(?<![a-z])(?:order|tracking|invoice|serial|coupon|voucher|transaction|booking|reference))"
    r"\s?(?:번호|코드|넘버|no\.?|number|id|code|#)(?:[\s:#=(]|은|는|이|가|is\b){0,4}\Z"
)
# Both patterns end with one of these words, before what joins it to the number. A quick look saves the slow one.
_JOINS = " \t\n:#=()[]\"'.은는이가도"
_ENDS = (*_OTHERS, *_OTHERS_IN_ENGLISH, *_NUMBER_WORDS, "card", "is", "was")


def is_named_otherwise(text: str, start: int) -> bool:
    """Whether the words just before ``start`` call what follows an order number, a serial number or the like."""
    return _is_called(_OTHERWISE, text, start)


def is_order_number(text: str, start: int) -> bool:
    """Whether the words just before ``start`` say expressly "order number", "tracking number" or the like."""
    return _is_called(_ORDER, text, start)


def _is_called(name: re.Pattern[str], text: str, start: int) -> bool:
    words = text[max(0, start - _LOOK_BACK) : start].lower()
    return words.rstrip(_JOINS).endswith(_ENDS) and bool(name.search(words))


def is_another_number(text: str, start: int, end: int) -> bool:
    """Whether the words right beside a number call it an order, serial, invoice or parcel number, or the like.

    Such a word beats the number's form and check digit: one in ten order numbers has a
    card's. It doesn't beat a word
    for the personal number on the other side, unless it says "number" itself: "주문 4111… 카드" is a card.
    """
    words = text[max(0, start - _LOOK_BACK) : start].lower()
    following = text[end : end + _LOOK_BACK].lower()
    if _CALLED_BEFORE.search(words):
        return True
    if _PERSONAL_BEFORE.search(words):
        return False
    if _CALLED_AFTER.match(following):
        return True
    if _SHIPPED_BEFORE.search(words):
        return not _PERSONAL_AFTER.match(following)
    return bool(_SHIPPED_AFTER.match(following))


def mentions(text: str, hints: Iterable[str]) -> bool:
    """Whether any of ``hints`` (in small letters) is in ``text``: a hundred times as fast as a pattern."""
    small = text.lower()
    return any(hint in small for hint in hints)


def before(text: str, start: int, width: int) -> str:
    """Returns up to ``width`` characters of the same line before ``start``."""
    return text[max(0, start - width) : start].rpartition("\n")[2]


def after(text: str, end: int, width: int) -> str:
    """Returns up to ``width`` characters of the same line from ``end`` on."""
    return text[end : end + width].partition("\n")[0]


def again(text: str, spans: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Finds where the values of the first ``spans`` are repeated, each as a word of its own."""
    for value in {text[start:end] for start, end in islice(spans, _AGAIN_MAX)}:
        position = text.find(value)
        while position >= 0:
            end = position + len(value)
            if not (_is_latin(text[position - 1 : position]) or _is_latin(text[end : end + 1])):
                yield position, end
            position = text.find(value, end)


def _is_latin(sign: str) -> bool:
    return sign.isascii() and sign.isalnum()
