"""Card codes, passports, licences, business numbers, social security numbers: what counts, and what does not."""

from chat.masking.detectors import MASKED_BY_DEFAULT, OFFERED_BY_DEFAULT, detect
from tests.cases import cases


def found(text: str, *kinds: str) -> list[tuple[str, str]]:
    return [(span.kind, text[span.start : span.end]) for span in detect(text, kinds or None)]


# Which kinds there are


def test_what_support_needs_is_not_masked_unless_a_service_says_so() -> None:
    assert {
        *("card", "card_code", "rrn", "frn", "passport", "driver_license", "bank_account", "iban", "us_ssn", "secret")
    } == MASKED_BY_DEFAULT  # fmt: skip
    assert {"brn"} == OFFERED_BY_DEFAULT


def test_without_a_choice_everything_is_looked_for() -> None:
    text = "010-1234-5678 kim@naver.com 211.234.12.87 124-81-00998"
    assert [kind for kind, _value in found(text)] == ["phone", "email", "ip", "brn"]
    assert found(text, "brn") == [("brn", "124-81-00998")]


# Card codes


@cases(
    ("text", "code"),
    [
        ("CVC 123", "123"),
        ("cvv: 0123", "0123"),
        ("보안코드는 123이에요", "123"),
        ("카드 뒷면 세 자리 123", "123"),
        ("씨브이씨 １２３", "１２３"),
        ("123이 cvc 번호입니다", "123"),
        ("the 3 digits on the back are 123", "123"),
        ("cvc 1 2 3", "1 2 3"),
        ("the security code on the back says 123", "123"),
        ("뒷면에 적힌 숫자 123", "123"),
    ],
)
def test_a_card_code_is_known_by_the_word_beside_it(text, code) -> None:
    assert found(text) == [("card_code", code)]


@cases("text", ["cvc가 123인가 456인가", "cvc 123, 아니 cvc 456", "cvc 123은 456 말고 123"])
def test_who_says_two_codes_or_one_twice_has_all_masked(text) -> None:
    assert [kind for kind, _value in found(text)] == ["card_code", "card_code"]


def test_not_what_only_looks_like_it() -> None:
    assert found("cvc 123, 123동 123호, 1234, 0123") == [("card_code", "123")]


def test_behind_a_card_and_its_expiry_it_needs_no_word() -> None:
    card = "4111 1111 1111 1111"
    assert found(f"{card} 12/27 123") == [("card", card), ("card_code", "123")]
    assert found("2026-11-22 12/27 123") == []


@cases(
    "text",
    [
        "123",
        "총 123개",
        "CVC가 뭐예요?",
        "cvc 12345",
        "cvc 3자리",
        "보안코드 482913",
        "cvc 2026년",
        "1,234 cvc",
        "cvc 1.234",
    ],
)
def test_other_numbers_are_no_card_codes(text) -> None:
    assert not found(text, "card_code")


# Cards that are a part of something


@cases(
    "text",
    [
        "20261122-4111111111111111",
        "4111-1111-1111-1111-1111",
        "주문번호 4111111111111111",
        "order no. 4111111111111111",
        "0.4111111111111111",
        "PT98 3271 6237 1542 8561 1052 5",  # of an IBAN
        "+49 151 12345678",
        "4915112345678",  # thirteen digits and no word: few cards have so few
        "4111, 1111, 1111, 11, 11",
    ],
)
def test_a_longer_number_or_an_order_number_is_no_card(text) -> None:
    assert not found(text, "card")


@cases("before", ["결제", "고객", "인증은", "주문번호 12, 카드", "order with", "주문번호\n\n카드는"])
def test_a_card_near_such_a_word_is_still_one(before) -> None:
    assert found(f"{before} 4111111111111111") == [("card", "4111111111111111")]


@cases(
    "card", ["4111, 1111, 1111, 1111", "4111/1111/1111/1111", "사일일일 일일일일 일일일일 일일일일", "6759649826438453"]
)
def test_a_card_in_other_clothes(card) -> None:
    assert found(f"카드 {card} 입니다", "card") == [("card", card)]


def test_a_card_of_thirteen_digits_needs_a_word() -> None:
    assert found("카드 4222222222222", "card") == [("card", "4222222222222")]
    assert not found("4222222222222", "card")


# Resident numbers besides what test_detectors.py says


@cases(
    "text",
    [
        "법인등록번호 110111-1234567",
        "8801011234567",
        "주문번호 9001011234567",
        "송장번호: 9001015234567",
        "주문번호 900101-1234567",
        "주문 240616-4829103 건",
        "order #900101-1234567",
        "240512-4293847 주문 취소해 주세요",
        "240512-0293847",  # who was born in 1824 writes no more
        "240512, 3829104",
        "주민센터 뒷문 1234567호",
    ],
)
def test_a_barcode_a_corporation_or_an_order_is_nobody(text) -> None:
    assert not found(text, "rrn", "frn")


def test_unless_it_is_called_one() -> None:
    assert found("주민번호 8801011234567") == [("rrn", "8801011234567")]
    assert found("주문번호 아니고 주민번호 900101-1234567") == [("rrn", "900101-1234567")]


def test_its_check_digit_says_less_than_the_word() -> None:
    assert not found("주문번호 900101-1234568", "rrn", "frn")


@cases(("text", "kind"), [("주민 뒷자리 1234567이요", "rrn"), ("외국인등록번호 뒷자리는 5234567", "frn")])
def test_the_half_behind_the_birthday_says_enough(text, kind) -> None:
    assert [(kind, len(value)) for kind, value in found(text)] == [(kind, 7)]


@cases(
    "number",
    [
        "900101에 1234567",
        "900101 다시 1234567",
        "구공공일공일 일이삼사오육칠",
        "900101 뒷자리 1234567",
        "900101/1234567",
    ],
)
def test_a_resident_number_as_it_is_said(number) -> None:
    assert found(f"주민번호는 {number}이에요") == [("rrn", number)]


# Passports


@cases("number", ["M12345678", "M123A4567"])
def test_a_korean_passport_of_the_ordinary_kind_needs_no_word(number) -> None:
    assert found(f"{number}로 예약했어요") == [("passport", number)]


@cases("number", ["S12345678", "r12345678", "E12345678", "TR1234567", "123456789", "M 12345678", "M 1234 5678"])
def test_others_need_one(number) -> None:
    assert found(f"여권번호는 {number}입니다") == [("passport", number)]
    assert found(f"일본 여권이에요 {number}") == [("passport", number)]
    assert found(f"passport no. {number}") == [("passport", number)]
    assert not found(f"({number}) 입력", "passport")


@cases(
    "text",
    [
        "시리얼 M12345678",
        "모델 M123A4567",
        "XM12345678",
        "M123456789",
        "여권 만료일 20301231",
        "A-M12345678",
        "M12345678-1",
    ],
)
def test_other_things_are_no_passports(text) -> None:
    assert not found(text, "passport")


# Driver's licences


@cases(
    "number", ["11-22-333333-44", "28 22 333333 44", "서울 12-345678-90", "경기북부 12-345678-90", "경남12-345678-90"]
)
def test_a_licence_is_known_by_its_place_and_form(number) -> None:
    assert found(f"면허 {number} 입니다") == [("driver_license", number)]
    assert found(f"({number})") == [("driver_license", number)]


def test_in_one_piece_it_needs_a_word() -> None:
    assert found("운전면허 112233333344") == [("driver_license", "112233333344")]
    assert found("driver's license: D1234567") == [("driver_license", "D1234567")]
    assert not found("112233333344")


@cases("number", ["S530-4609-2187", "F255-921-50-094-0", "12345678", "12 345 678", "MORGA753116SM9IJ"])
def test_those_of_other_countries_need_the_whole_word(number) -> None:
    assert found(f"driver's license number: {number}", "driver_license") == [("driver_license", number)]
    assert not found(number, "driver_license")


def test_a_day_is_no_licence() -> None:
    assert not found("driver's license 20301231", "driver_license")


@cases("text", ["10-22-333333-44", "29-22-333333-44", "1-11-22-333333-44", "부품번호 11-22-333333-44", "11-22-3333-44"])
def test_other_numbers_are_no_licences(text) -> None:
    assert not found(text, "driver_license")


# Business numbers


@cases("number", ["124-81-00998", "124 - 81 - 00998"])
def test_a_business_number_has_a_check_digit(number) -> None:
    assert found(number) == [("brn", number)]
    assert not found(number.replace("998", "997"), "brn")


def test_in_one_piece_it_needs_a_word_as_well() -> None:
    assert found("사업자번호 1248100998") == [("brn", "1248100998")]
    assert found("1248100998 사업자번호예요") == [("brn", "1248100998")]
    assert not found("1248100998", "brn")
    assert not found("견적번호 124-81-00998", "brn")


# US social security numbers


@cases("text", ["536-90-4399", "SSN 536904399", "my ssn is 536 90 4399", "soc sec no. 536.90.4399"])
def test_a_social_security_number(text) -> None:
    assert [kind for kind, _value in found(text)] == ["us_ssn"]


@cases(
    "text",
    [
        "000-12-3456",
        "666-12-3456",
        "912-34-5678",
        "536-00-4399",
        "536-90-0000",
        "078-05-1120",
        "536904399",
        "536 90 4399",
        "1-536-90-4399",
    ],
)
def test_what_was_never_given_out_is_none(text) -> None:
    assert not found(text, "us_ssn")
