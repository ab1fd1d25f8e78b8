"""Bank accounts in context, IBAN, phone numbers, e-mail and IP addresses: what counts, and what does not."""

from chat.masking.detectors import detect
from tests.cases import cases


def found(text: str, *kinds: str) -> list[tuple[str, str]]:
    return [(span.kind, text[span.start : span.end]) for span in detect(text, kinds or None)]


# Bank accounts


@cases(
    ("text", "number"),
    [
        ("신한은행 110-123-456789 홍길동", "110-123-456789"),
        ("국민 123456-04-123456", "123456-04-123456"),
        ("계좌번호: 1002-345-678901", "1002-345-678901"),
        ("계좌 3333011234567", "3333011234567"),
        ("301-1234-5678-91 농협입니다", "301-1234-5678-91"),
        ("은행: 신한\n번호: 110-123-456789", "110-123-456789"),
        ("카뱅 3333 01 1234567", "3333 01 1234567"),
        ("account number 1234567890", "1234567890"),
        ("account no. 0048291038", "0048291038"),
        ("my account number is 48291038", "48291038"),
        ("1002.345.678901 우리은행", "1002.345.678901"),
    ],
)
def test_an_account_is_known_by_a_bank_or_a_word_beside_it(text, number) -> None:
    assert found(text) == [("bank_account", number)]


@cases(
    "text",
    [
        "110-123-456789",
        "3333011234567",
        "은행 02-1234-5678",
        "계좌로 입금하고 010-1234-5678 로 연락주세요",
        "계좌에 1234567890원 있어요",
        "신한은행 2026-11-22 14:30:10",
        "국민은행 20261122143010",
        "계좌이체 주문번호 2026112200123",
        "신한카드 승인번호 1234567890",
        "은행 123-456",
    ],
)
def test_other_numbers_are_no_accounts(text) -> None:
    assert not found(text, "bank_account")


# IBAN


@cases(
    "number",
    [
        "DE89370400440532013000",
        "DE89 3704 0044 0532 0130 00",
        "GB82-WEST-1234-5698-7654-32",
        "no93 8601 1117 947",
        "DE89.3704.0044\n0532.0130.00",
    ],
)
def test_an_iban_is_known_by_its_length_and_check_digits(number) -> None:
    assert found(f"IBAN {number} THANKS") == [("iban", number)]
    assert not found(f"IBAN {number[:-1]}{(int(number[-1]) + 1) % 10}", "iban")


def test_two_ibans_in_a_row_are_both_found() -> None:
    text = "DE89370400440532013000 GB82WEST12345698765432"
    assert [value for _kind, value in found(text, "iban")] == text.split()


@cases(
    "text", ["XX89370400440532013000", "DE8937040044053201300", "DE893704004405320130001", "ADE89370400440532013000"]
)
def test_what_has_no_country_or_another_length_is_none(text) -> None:
    assert not found(text, "iban")


# Phone numbers


@cases(
    "number",
    [
        "010-1234-5678",
        "01012345678",
        "010 1234 5678",
        "010.1234.5678",
        "011-234-5678",
        "02-123-4567",
        "031-123-4567",
        "(02) 1234-5678",
        "044-123-4567",
        "070-1234-5678",
        "0504-1234-5678",
        "+82 10-1234-5678",
        "+82(0)10-1234-5678",
        "+821012345678",
        "공일공 일이삼사 오육칠팔",
        "공일공에 일이삼사에 오육칠팔",
        "０１０－１２３４－５６７８",
        "+1 415 555 2671",
        "(415) 555-2671",
        "415-555-2671",
        "+44 20 7946 0958",
        "+81 90-1234-5678",
        "+86 138 0013 8000",
    ],
)
@cases("around", ["{}", "{}이에요", "tel:{},", "({})"])
def test_a_phone_number_as_people_write_it(number, around) -> None:
    assert found(around.format(number)) == [("phone", number)]


def test_another_number_behind_it_hides_none() -> None:
    text = "+1 415 555 2671 010-1234-5678 +44 20 7946 0958 12"
    assert [value for _kind, value in found(text)] == ["+1 415 555 2671", "010-1234-5678", "+44 20 7946 0958"]


def test_a_korean_number_near_an_order_is_still_one() -> None:
    assert found("예약 문의 010-1234-5678") == [("phone", "010-1234-5678")]


@cases("text", ["전화 0212345678", "call 4155552671"])
def test_in_one_piece_others_than_mobiles_need_a_word(text) -> None:
    assert [kind for kind, _value in found(text)] == ["phone"]
    assert not found(text.split()[1])


@cases(
    "text",
    [
        "1588-1234",
        "010-123-456",
        "010-1234-56789",
        "1010-1234-5678",
        "010-1234-5678-90",
        "2026-11-22",
        "주문번호 010-1234-5678",
        "115-555-2671",
        "+999 1234 5678",
        "+1 000 000 0000",
        "12-345-6789",
        "이 일이 사실인지 오늘 삼사일 안에",
    ],
)
def test_other_numbers_are_no_phone_numbers(text) -> None:
    assert not found(text, "phone")


# E-mail


@cases(
    "address",
    [
        "kim@naver.com",
        "a.b+c_d-e%f@sub.example.co.kr",
        "o'neil@example.ie",
        "kim＠naver．com",
        "kim 골뱅이 naver.com",
        "kim(at)naver.com",
        "kim@한빛.한국",
    ],
)
@cases("around", ["{}", "메일{}입니다", "<{}>", "{}.", "mailto:{}?subject=x"])
def test_an_address_in_any_text(address, around) -> None:
    assert found(around.format(address)) == [("email", address)]


@cases(
    "address",
    ["kim @ naver.com", "kim @naver.com", "kim 골뱅이 네이버 닷컴", "kim골뱅이지메일닷컴", "kim at gmail dot com"],
)
def test_with_words_and_spaces_where_many_have_their_mailbox(address) -> None:
    assert found(f"메일은 {address} 입니다") == [("email", address)]


@cases(
    "text",
    [
        "meet @ shop.com",
        "look at gmail settings",
        "골뱅이 네이버에서 샀어요",
        "@",
        "a@b",
        "@shop",
        "icon@2x.png",
        "git@github.com:a/b.git",
        "pkg@1.0.0",
        "a@.com",
        "골뱅이 무침",
        ".@x.y",
        "look (at) this.",
        "a@b.c",
    ],
)
def test_other_uses_of_the_sign_are_none(text) -> None:
    assert not found(text, "email")


# IP addresses


@cases(
    "address", ["211.234.12.87", "10.0.0.1", "2001:db8::1", "fe80::1ff:fe23:4567:890a", "2001:0db8:0:0:0:ff00:42:8329"]
)
@cases("around", ["{}", "IP는 {}입니다", "[{}]:80", "http://{}/", "{}."])
def test_an_ip_address(address, around) -> None:
    assert found(around.format(address)) == [("ip", address)]


@cases(
    "text",
    [
        "v1.2.3.4",
        "버전 1.2.3.4",
        "1.2.3.4 버전",
        "firmware: 1.2.3.4",
        "1.2.3",
        "1.2.3.4.5",
        "256.1.1.1",
        "127.0.0.1",
        "::",
        "::1",
        "12:30:45",
        "std::string",
        "a::b",
        "00:1A:2B:3C:4D:5E",
        "제2조 1.2.3.4 항",
        "1.2.3.400",
        "255.255.255.128",
        "239.1.2.3",
        "버전 3.12.0.1 에서 3.12.0.2 로",
        "2.4.1.0에서 2.4.2.0 버전으로",
    ],
)
def test_versions_times_and_this_very_machine_are_none(text) -> None:
    assert not found(text, "ip")


def test_an_address_behind_a_version_is_still_one() -> None:
    assert found("버전 1.2.3.4, ip 211.234.12.87", "ip") == [("ip", "211.234.12.87")]
    assert found("버전 1.2.3.4 입니다. 그리고 접속한 곳은 211.234.12.87", "ip") == [("ip", "211.234.12.87")]
