"""What counts as a card number or a registration number, however it is written, and what does not."""

import time
import unicodedata
from itertools import pairwise

from hypothesis import assume, example, given
from hypothesis import strategies as st
from stdnum import luhn

from chat.masking.detectors import MASKED_BY_DEFAULT, detect
from chat.masking.detectors.context import is_another_number
from chat.masking.detectors.overlap import united
from chat.masking.spans import Span, widen_all
from contiple.base.texts import MESSAGE_LENGTH_MAX
from tests.cases import cases

VISA = "4111111111111111"
MASTERCARD = "5500000000000004"
AMEX = "378282246310005"
RRN = "900101-1234567"
FRN = "900101-5234567"


def found(text: str) -> list[tuple[str, str]]:
    """What is masked unless a service chooses otherwise."""
    return [(span.kind, text[span.start : span.end]) for span in detect(text, MASKED_BY_DEFAULT)]


def full_width(text: str) -> str:
    return "".join(chr(ord(sign) + 0xFEE0) if sign.isdigit() or sign == "-" else sign for sign in text)


@cases(
    "card",
    [
        VISA,
        MASTERCARD,
        AMEX,
        "4222222222222",
        "2221000000000009",
        "30569309025904",
        "3530111333300000",
        "6011111111111117",
        "6221260000000000",
        "9" + luhn.calc_check_digit("9") + "00000000000000",
        "4111 1111 1111 1111",
        "4111-1111-1111-1111",
        "4111.1111.1111.1111",
        "4111  1111  1111  1111",
        "4111 - 1111 - 1111 - 1111",
        "4111–1111–1111–1111",
        "4111‑1111‑1111‑1111",
        "4111ㅡ1111ㅡ1111ㅡ1111",
        "4111\u00a01111\u00a01111\u00a01111",
        "3782 822463 10005",
        "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1",
    ],
)
def test_a_card_number_is_found_as_people_write_it(card) -> None:
    if luhn.is_valid("".join(filter(str.isdigit, card))):
        assert found(f"my card: {card}.") == [("card", card)]
    else:
        assert not found(card)


@cases("particle", ["은", "으로", "입니다", "이에요", "번", "x", "号"])
def test_a_letter_straight_behind_or_before_changes_nothing(particle) -> None:
    assert found(f"카드{VISA}{particle}") == [("card", VISA)]
    assert found(f"주민번호{RRN}{particle}") == [("rrn", RRN)]


@cases(
    "around",
    ["{} 12/26 123", "{} 123", "1. {}", "No.{}", "010-1234-5678 {}", "{} 010-1234-5678", "12 {}", "({})", "2 x {} 3"],
)
def test_other_numbers_beside_it_don_t_hide_a_card(around) -> None:
    card = "4111 1111 1111 1111"
    assert ("card", card) in found(around.format(card))


def test_each_of_several_is_found() -> None:
    assert found(f"{VISA}, {MASTERCARD} {RRN}/{FRN}") == [
        ("card", VISA),
        ("card", MASTERCARD),
        ("rrn", RRN),
        ("frn", FRN),
    ]


def test_where_two_overlap_nothing_of_either_stays_readable() -> None:
    text = "4012 4111 1111 1111 1111"
    assert "4111 1111 1111 1111" in "".join(value for _kind, value in found(text))


def test_of_two_kinds_that_overlap_the_surer_names_both() -> None:
    spans = [Span("phone", 0, 13), Span("card", 9, 28), Span("email", 28, 40), Span("phone", 30, 35)]
    assert united(spans, {"card": 0, "email": 1, "phone": 2}) == [Span("card", 0, 28), Span("email", 28, 40)]


@cases(
    "text",
    [
        "4111111111111112",  # Luhn
        "1111111111111117",  # no issuer
        "41111111111111110000",  # an order number of 20 digits
        VISA * 2,
        "0" * 40,
        "010-1234-5678",
        "+82 10 1234 5678",
        "02-123-4567 / 031-1234-5678",
        "010-1234-5678 010-8765-4321",
        "2026-11-22 17:51:03",
        "₩1,234,567,890",
        "411111111111",
        "4111\n1111\n1111\n1111\n1111",
    ],
)
def test_other_numbers_are_left_alone(text) -> None:
    assert not found(text)


@cases(
    ("number", "kind"),
    [
        (RRN, "rrn"),
        ("9001011234567", "rrn"),
        ("900101 - 1234567", "rrn"),
        ("900101–1234567", "rrn"),
        ("900101ㅡ1234567", "rrn"),
        ("900101_1234567", "rrn"),
        ("900101 1234567", "rrn"),
        ("000229-3234567", "rrn"),
        ("000229-4234567", "rrn"),
        ("960229-2234567", "rrn"),
        (FRN, "frn"),
        ("050505-7234567", "frn"),
        ("050505-8234567", "frn"),
        ("900101-6234567", "frn"),
    ],
)
def test_a_registration_number_needs_no_check_digit(number, kind) -> None:
    assert found(f"({number})") == [(kind, number)]


@cases("number", ["991231-9234567", "991231-0234567", "250327-1946028"])
def test_a_person_of_a_hundred_needs_more_than_a_date(number) -> None:
    assert not found(f"({number})")
    assert found(f"주민번호 {number}") == [("rrn", number)]


def test_one_with_a_check_digit_is_found_as_well() -> None:
    weights = (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)
    digits = "900101123456"
    check = (11 - sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True)) % 11) % 10
    assert found(f"{digits[:6]}-{digits[6:]}{check}") == [("rrn", f"900101-123456{check}")]


@cases(
    "text",
    [
        "901301-1234567",  # month 13
        "900100-1234567",
        "900132-1234567",
        "900230-1234567",
        "010229-3234567",  # 2001 had no 29 February
        "000229-1234567",  # neither had 1900
        "900101-123456",
        "900101-12345678",
        "1900101-1234567",
        "20260101-1234567",  # a date and the number of an order
        "900101-1******",
    ],
)
def test_without_a_true_date_and_seven_digits_there_is_none(text) -> None:
    assert not found(text)


@cases("number", [VISA, RRN, FRN])
@cases("between", ["\u200b", "\u200d", "\ufeff", "\u2060", "\u00ad", "\u034f", "\ufe0f", "\u3164", "\u0336", "\u20e3"])
def test_invisible_characters_and_strokes_between_the_digits_don_t_help(number, between) -> None:
    text = between.join(number)
    assert [kind for kind, _value in found(f"a{text}b")] == [kind for kind, _value in found(number)]
    assert found(f"a{text}b")[0][1].startswith(number[0])
    assert found(f"a{text}b")[0][1].endswith(number[-1])


@cases("number", [VISA, RRN, FRN])
def test_other_forms_of_digits_are_read(number) -> None:
    assert found(full_width(number))[0][1] == full_width(number)
    for zero in ("٠", "०", "𝟎", "𝟘"):
        written = "".join(chr(ord(zero) + int(sign)) if sign.isdigit() else sign for sign in number)
        assert found(f"가{written}나")[0][1] == written


def test_only_the_kinds_that_are_asked_for() -> None:
    assert [span.kind for span in detect(f"{VISA} {RRN}", kinds={"rrn"})] == ["rrn"]
    assert not detect(f"{VISA} {RRN}", kinds=())


odd = st.sampled_from(
    [VISA, RRN, FRN, "4111 1111", "½", "⒈", "㏠", "\ufdfa", "\u200b", "é", "👨‍👩‍👧", "\u0600", "-", " ", "4", "가"]
)


@given(st.one_of(st.lists(odd, max_size=20).map("".join), st.text(max_size=60)))
def test_spans_lie_in_the_text_in_order_and_never_overlap_also_when_widened(text) -> None:
    spans = detect(text)
    for bounds in ([span[1:] for span in spans], widen_all(text, [span[1:] for span in spans])):
        assert all(0 <= start < end <= len(text) for start, end in bounds)
        assert all(first[1] <= second[0] for first, second in pairwise(bounds))


@example("", VISA, "PO")
@given(st.text(max_size=30), st.sampled_from([VISA, RRN, FRN]), st.text(max_size=30))
def test_a_number_in_any_text_is_found_whole(before, number, after) -> None:
    """Unless digits stand right beside it, or a word near it says so, which makes it another number."""
    text = f"{before}은 {number} 는{after}"
    left, right = (unicodedata.normalize("NFKC", part) for part in (f"{before}은 ", f" 는{after}"))
    assume(not is_another_number(left + number + right, len(left), len(left) + len(number)))
    start = len(before) + 2
    assert any(span.start <= start and span.end >= start + len(number) for span in detect(text)) or any(
        unicodedata.normalize("NFKC", sign).strip()[-1:].isdigit() for sign in before[-1:]
    )


def fill(piece: str) -> str:
    return (piece * MESSAGE_LENGTH_MAX)[:MESSAGE_LENGTH_MAX]


def seconds(act) -> float:
    """Of the processor, not of the wall: what the machine does besides is not counted. The best of some."""
    times = []
    for _ in range(5):
        begun = time.thread_time()
        act()
        times.append(time.thread_time() - begun)
    return min(times)


@cases(
    "piece",
    [
        "1",
        "4 ",
        "4-",
        "4 - ",
        "90010112",
        "900101-1234567가",
        f"{VISA} ",
        "900101 ",
        "900101     ",
        "\u200b",
        "\ufdfa",
        "½",
        "٤",
        " ",
    ],
)
def test_the_worst_texts_take_time_in_proportion_to_their_length(piece) -> None:
    """Four times the text takes about four times as long; sixteen times if every part were held against every other."""
    text = fill(piece)

    def look(text: str) -> None:
        widen_all(text, [span[1:] for span in detect(text)])

    def in_proportion() -> bool:
        quarter, whole = seconds(lambda: look(text[: len(text) // 4])), seconds(lambda: look(text))
        # The unit is a plain walk over the characters: what takes less than some of those is too fast to compare.
        plain = seconds(lambda: [unicodedata.normalize("NFKC", sign) for sign in text])
        return whole < 7 * quarter + 20 * plain and whole < 1500 * plain

    # A busy machine may spoil one measurement; what grows with the square fails every time.
    assert any(in_proportion() for _ in range(3))
