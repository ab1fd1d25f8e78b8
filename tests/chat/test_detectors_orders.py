"""A word for another kind of number beats shape and check digit: order numbers are not people."""

from random import Random

import pytest

from chat.masking.detectors import MASKED_BY_DEFAULT, detect
from tests.cases import cases

DRAWS, SHARE_MAX = 300, 0.02
RANDOM = Random(20_261_127)


def digits(count: int) -> str:
    return "".join(RANDOM.choices("0123456789", k=count))


def letters(count: int) -> str:
    return "".join(RANDOM.choices("ABCDEFGHJKLMNPRSTUVWXYZ", k=count))


def day() -> str:
    return f"{RANDOM.randint(15, 26):02}{RANDOM.randint(1, 12):02}{RANDOM.randint(1, 28):02}"


def fours(groups: int, joint: str, rest: int = 0) -> str:
    return joint.join([*(digits(4) for _ in range(groups)), *([digits(rest)] if rest else [])])


SHAPES = {
    "day and seven digits": lambda: f"{day()}-{digits(7)}",
    "day and seven digits in one piece": lambda: f"{day()}{digits(7)}",
    "day of four-digit year": lambda: f"20{day()}-{digits(8)}",
    "day and time": lambda: f"{day()}{RANDOM.randint(0, 23):02}{RANDOM.randint(0, 59):02}{digits(6)}",
    "six and seven digits": lambda: f"{digits(6)}-{digits(7)}",
    "16 digits": lambda: digits(16),
    "16 digits, spaces": lambda: fours(4, " "),
    "16 digits, dashes": lambda: fours(4, "-"),
    "15 digits": lambda: digits(15),
    "14 digits": lambda: digits(14),
    "13 digits": lambda: digits(13),
    "12 digits": lambda: digits(12),
    "12 digits, dashes": lambda: fours(3, "-"),
    "10 digits": lambda: digits(10),
    "parcel of 22 digits": lambda: fours(5, " ", 2),
    "parcel of 22 digits in one piece": lambda: digits(22),
    "as a licence": lambda: f"{RANDOM.randint(11, 28)}-{digits(2)}-{digits(6)}-{digits(2)}",
    "as a licence in one piece": lambda: f"{RANDOM.randint(11, 28)}{digits(10)}",
    "as a Korean account": lambda: f"{digits(6)}-{digits(2)}-{digits(6)}",
    "as another account": lambda: f"{digits(3)}-{digits(6)}-{digits(5)}",
    "as an old passport": lambda: f"M{digits(8)}",
    "as a new passport": lambda: f"M{digits(3)}{letters(1)}{digits(4)}",
    "letters and digits": lambda: f"{letters(2)}{digits(7)}",
}
SENTENCES = """
my order number is {}
order no. {}
Order #{} has not arrived
where is my order {}
{} is my order number
{} is the order
order id: {}
my order's number: {}
purchase order {}
I ordered it under {} order number
for order number ({})
{} - this is my order
order {} paid by card
please refund order {}
invoice {}
invoice number {} please
{} (invoice)
refund for invoice {}
tracking number {}
{} is the tracking number
parcel {} where is it
the parcel with number {}
shipment {}
serial number {}
S/N {}
the serial is {}
{} is the serial number
주문번호 {}
주문번호는 {}입니다
주문번호[{}]
주문번호가 {}인데요
상품 주문번호: {}
주문번호 {} 카드 취소해주세요
환불 부탁드려요 주문번호 {}
카드로 결제한 주문 {}
주문 {} 언제 와요
{} 주문 건 아직 안왔어요
{} 주문 취소해주세요
{} 주문인데 언제 와요
{}번 주문이요
{} 주문번호예요
{} 이 주문번호 확인 부탁드려요
시리얼 {} 맞나요
시리얼 넘버는 {}이에요
{} 시리얼번호입니다
제품번호 {}
일련번호가 {} 이에요
송장번호 {}
송장 {} 조회가 안돼요
운송장번호는 {} 입니다
{} 송장번호로 조회가 안돼요
{} 배송 조회요
{} 택배 어디쯤인가요
등기번호 {}
인보이스 {}
청구서 번호 {}
{} 청구서 확인해주세요
견적서 {}
예약번호 {}
접수번호 {}
""".strip().splitlines()


@pytest.mark.parametrize("shape", SHAPES)
def test_of_numbers_beside_such_a_word_fewer_than_one_in_fifty_is_masked(shape) -> None:
    texts = [RANDOM.choice(SENTENCES).format(SHAPES[shape]()) for _ in range(DRAWS)]
    masked = [text for text in texts if any(span.kind in MASKED_BY_DEFAULT for span in detect(text))]
    assert len(masked) < DRAWS * SHARE_MAX, masked


@cases(
    "text",
    [
        "my order number is 241203-1738264",
        "240519-2957316 주문 건 아직 안왔어요",
        "시리얼 230811-3264915 맞나요",
        "주문번호 240811-3264911",
        "2503271946028 배송 조회요",
        "2408190736513824 주문인데 언제 와요",
        "9400 4275 5828 2357 4162 18 배송 조회",
        "241203-1738264",  # a person of more than a hundred needs more than a date
    ],
)
def test_no_person_and_no_card(text) -> None:
    assert not [span for span in detect(text) if span.kind in MASKED_BY_DEFAULT]


@cases(
    ("text", "kind", "value"),
    [
        ("주문 4111 1111 1111 1111 카드로 결제했어요", "card", "4111 1111 1111 1111"),
        ("4111-1111-1111-1111로 주문했어요", "card", "4111-1111-1111-1111"),
        ("4111 1111 1111 1111 주문했는데 취소요", "card", "4111 1111 1111 1111"),
        ("카드번호 4111111111111111 주문 취소해주세요", "card", "4111111111111111"),
        ("order paid with 4111 1111 1111 1111", "card", "4111 1111 1111 1111"),
        ("주문번호 20241203-17382 카드 4111 1111 1111 1111", "card", "4111 1111 1111 1111"),
        ("주문자 주민번호 880604-1497261", "rrn", "880604-1497261"),
        ("주민등록번호 880604-1497261 배송 관련", "rrn", "880604-1497261"),
        ("고객 880604-1497261 입니다", "rrn", "880604-1497261"),
        ("여권번호 M12345678 주문 확인", "passport", "M12345678"),
        ("면허 11-19-123456-01 상품 수령용", "driver_license", "11-19-123456-01"),
        ("계좌번호 110-234-567890 주문 환불", "bank_account", "110-234-567890"),
        ("주민번호 250327-1946028", "rrn", "250327-1946028"),
    ],
)
def test_a_word_for_the_personal_number_itself_is_heard(text, kind, value) -> None:
    assert (kind, value) in [(span.kind, text[span.start : span.end]) for span in detect(text)]
