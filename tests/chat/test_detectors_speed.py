"""Detectors hold no message up, however it is made, and many messages cost little; and they are pure."""

import logging
import random
import sys
import time
from collections.abc import Callable
from itertools import pairwise

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from chat.masking.detectors import KINDS, MASKED_BY_DEFAULT, compile_custom, detect
from chat.masking.spans import apply_mask
from contiple.base.texts import MESSAGE_LENGTH_MAX
from tests.cases import cases
from tests.chat.labelled import PARTS, messages

# What is promised, on a core of an ordinary machine.
SECONDS_FOR_1000, SECONDS_FOR_ONE = 0.2, 0.020
# What took 1.25 ms where it was measured: on a slower or busier machine the promise is as many times longer.
UNIT_SECONDS, UNIT_TURNS = 0.00125, 60_000

TEXTS = [one.text for part in PARTS for one in messages(part)]
PIECES = [
    *("4 ", "1-", "1", "12", "4111 1111 1111 1111 ", "4111111111111111", "4111-", "1, ", "1/", "9"),
    *("900101-1234567 ", "90010112", "900101 ", "900101 뒷자리 ", "123-45-67890 ", "123-45-6789 ", "ssn 536904399 "),
    *("cvc ", "cvc 123 ", "123 cvc ", "1 2 3 ", "3자리 ", "1 12/26 123 ", "보안코드 "),
    *("M12345678 ", "M123A4567", "여권 A1234567 ", "11-22-333333-44 ", "서울 12-", "driver's license A1234567 "),
    *("계좌 ", "계좌 110-", "110-123-456789 ", "국민 1234567890 ", "DE89", "AA11 ", "de89 3704 0044 0532 0130 00 "),
    *("010-1234-5678 ", "010", "+1", "+1 415 555 2671 ", "+8210", "415-555-2671 ", "0082", "(415) 555-2671 "),
    *("@", "a.a.a.a@", "a@b.c", "a@a.", "골뱅이", "a(at)", "://a:b@", "http://a:b@c "),
    *("1.", "192.168.0.1 ", "::", "a:", "fe80::1 ", "AAAA:"),
    *("비밀번호", "비밀번호 ", "비밀번호는 ", "비밀번호: ", "비번:가1"),
    *("pw:", "pw: a", "pw a1->", 'pw "', "pin 1234 "),
    *("password is ", "password for a ", "token=", "secret key is ", "id/pw a "),
    *("aaaa가 비밀번호예요 ", "Bearer a"),
    *("eyJ", "eyJaaaaaaaa.", "sk-", "sk-a", "ghp_a", "-----BEGIN PRIVATE KEY-----"),
    *("curl -u a:", "mysql -p", "QUJD+/=="),
    *("공일", "공일공 일이삼사 오육칠팔 ", "010다시1234다시5678 ", "일 ", "이", "구요", "공에"),
    *("주문번호 ", "주문번호 1234567890123 ", "\ufdfa", "½", "\u200b", "٤", "e\u0301", "ㅡ"),
    *(" ", "\n", "a", "가", "*", "=", "[("),
    *(
        "1-0082",
        "+1(1)",
        "0.1.0.",
        "010,12\n34 ",
        "4111\n",
        "4, ",
        "4\u200b1\u200b",
        "1" + "\u0301" * 30,
        "⑽",
        "❶",
        "㏾",
    ),
    *(
        "1O",
        "010-l234-5678 ㅇㅇ",
        "零一",
        "공일공 하이픈 ",
        "010一",
        "이1234567 ",
        "뒷면 숫자 ",
        "주민번호 뒷자리 1234567 ",
    ),
    *(
        "kim @ naver.com ",
        "a 골뱅이 네이버 닷컴 ",
        "1.2.3.4 ",
        "버전 1.2.3.4 에서 ",
        "PT98 3271 ",
        "driver's license A1 2345 ",
    ),
]
# The slowest of what a search among hundreds of thousands of mixtures had come upon when they were written.
FOUND = [
    "4111 1111 1111 1111 토큰 ㅡ비번:가1DE89이pwKB de89 3704 0044 0532 0130 00 하이픈",
    "4111 1111 1111 1111 공토큰 4111 1111 1111 1111 이KB de89 3704 0044 0532 0130 00 하이픈",
    "900101-1234567 123-45-67890 ㅇㅇㅇ_pw a1->환불 공일½½버전토큰 ",
    "900101-1234567 ㅇㅇㅇ_신한 ",
    "비밀번호 11-22-333333-44 11-22-333333-44 11-22-333333-44 O[(국민٣",
    "계좌 ⑽1.한국1\u200b골뱅이415-555-2671 415-555-2671 415-555-2671 ",
    "1O123 @비번@@국민 415-555-2671 010토큰 0082010-1234-5678 ٣\xa0",
    "O010-1234-5678 ㅡk cvc +1 415 555 2671 +1 415 555 2671 @+1 415 555 2671 +1 415 555 2671 ",
    "비밀번호는 900101-1234567 〇sk-|900101-1234567 ",
    "은행세자리 가비밀번호: 123-45-67890 1.2.3.4 1.2.3.4 1.2.3.4 1O",
    "ﷺ네이버:공010다시1234다시5678 12/26",
]  # fmt: skip


def seconds(act: Callable[[], object], turns: int = 5) -> float:
    """Of the processor, not of the wall: what the machine does besides is not counted. The best of some."""
    times = []
    for _ in range(turns):
        begun = time.thread_time()
        act()
        times.append(time.thread_time() - begun)
    return min(times)


def slowness() -> float:
    """How many times slower this machine is now than the one that was promised for; at least 1."""
    return max(1.0, seconds(lambda: [number % 7 for number in range(UNIT_TURNS)]) / UNIT_SECONDS)


def fill(piece: str, length: int = MESSAGE_LENGTH_MAX) -> str:
    return (piece * length)[:length]


def holds(claim: Callable[[], bool]) -> bool:
    """A busy machine may spoil one measurement; what is slow is slow every time."""
    return any(claim() for _ in range(4))


def test_a_thousand_messages_take_a_fifth_of_a_second(capsys) -> None:
    thousand = [TEXTS[number % len(TEXTS)] for number in range(1000)]
    took = []

    def claim() -> bool:
        took.append(seconds(lambda: [detect(text) for text in thousand]))
        return took[-1] < SECONDS_FOR_1000 * slowness()

    assert holds(claim), took
    with capsys.disabled():
        print(f"\n1,000 labelled messages: all detectors in {min(took) * 1000:.0f} ms", file=sys.stderr)


def test_no_message_takes_longer_than_20_milliseconds(show) -> None:
    shuffled = random.Random(4)
    mixtures = ["".join(shuffled.sample(PIECES, shuffled.randint(2, 4))) for _ in range(150)]

    worst = slowest([*PIECES, *FOUND, *mixtures], detect)

    show(f"the slowest of {len(PIECES) + len(FOUND) + len(mixtures)} hostile messages", worst)


def test_nor_with_patterns_of_the_service_s_own_that_stall(show, caplog) -> None:
    caplog.set_level(logging.CRITICAL)
    stalling = [regex.compile(r"(?:.|..)+$(?<![^a])(?<!a)")] * 20
    own = [compile_custom("word", "콘티플"), compile_custom("pattern", r"EMP-\d{5}"), *stalling]

    worst = slowest(FOUND, lambda text: detect(text, patterns=own))

    show(f"the slowest of {len(FOUND)} of them, with {len(own)} patterns of the service's own", worst)


def slowest(pieces: list[str], act: Callable[[str], object]) -> tuple[float, str]:
    """Of messages that have nothing but one of ``pieces`` again and again; each must be as fast as is promised."""
    worst = (0.0, "")
    for piece in pieces:
        text, took = fill(piece), []

        def claim(text: str = text, took: list[float] = took) -> bool:
            took.append(seconds(lambda: act(text), turns=2))
            return took[-1] < SECONDS_FOR_ONE * slowness()

        assert holds(claim), (piece, took)
        worst = max(worst, (min(took), piece))
    return worst


@pytest.fixture
def show(capsys):
    def show(what: str, worst: tuple[float, str]) -> None:
        with capsys.disabled():
            seconds, piece = worst
            print(f"\n{what}, {piece!r} repeated: {seconds * 1000:.1f} ms", file=sys.stderr)

    return show


@cases("piece", [*PIECES, *FOUND])
def test_twice_the_text_takes_about_twice_as_long(piece) -> None:
    """Four times if every part were held against every other. A longer text than is stored shows it more clearly."""
    short, long = fill(piece), fill(piece, 2 * MESSAGE_LENGTH_MAX)
    unit = seconds(lambda: [number % 7 for number in range(UNIT_TURNS // 4)])

    assert holds(lambda: seconds(lambda: detect(long), 2) < 3 * seconds(lambda: detect(short), 2) + unit)


# What is true of any text

pieces = st.sampled_from(
    [
        *PIECES,
        "\n",
        "은 ",
        "입니다",
        "123 ",
        "👨‍👩‍👧",
        "각",
        "hong1234!",
        "kim@naver.com ",
        "５６７８",
        "Ⅷ",
        "㏾",
        "010-",
    ]
)
texts = st.one_of(st.lists(pieces, max_size=12).map("".join), st.text(max_size=80))


@given(texts)
def test_spans_are_of_known_kinds_in_order_in_the_text_and_apart(text) -> None:
    spans = detect(text)
    assert all(0 <= span.start < span.end <= len(text) and span.kind in KINDS for span in spans)
    assert all(first.end <= second.start for first, second in pairwise(spans))


@given(texts)
def test_the_same_text_has_the_same_spans(text) -> None:
    assert detect(text) == detect(text)
    assert detect(text, ()) == []


@given(texts, st.sampled_from(sorted(KINDS)))
def test_what_is_found_of_one_kind_is_covered_when_all_are_looked_for(text, kind) -> None:
    everything = detect(text)
    for span in detect(text, {kind}):
        assert any(other.start <= span.start and span.end <= other.end for other in everything)


def masked(text: str) -> str:
    return apply_mask(text, [span[1:] for span in detect(text, MASKED_BY_DEFAULT)])


def test_a_masked_message_has_nothing_left_to_mask() -> None:
    for once in map(masked, TEXTS):
        assert masked(once) == once
