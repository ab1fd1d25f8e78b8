"""A service's own words and patterns: refused where they could do harm, and stopped where they do."""

import logging
import time

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from chat.detectors import compile_custom, detect, find_custom
from chat.detectors.custom import SOURCE_LENGTH_MAX, TOTAL_SECONDS
from chat.models import MESSAGE_LENGTH_MAX
from contiple.errors import Invalid

SLOW = regex.compile(r"(?:a|aa)+$")
HOSTILE = "a" * (MESSAGE_LENGTH_MAX - 1) + "!"


def values(text: str, *patterns: regex.Pattern[str]) -> list[str]:
    return [text[span.start : span.end] for span in find_custom(text, patterns)]


@pytest.mark.parametrize(
    "typed", ["Project X", "PROJECT  x", "project\nX", "ｐｒｏｊｅｃｔ　Ｘ", "pro\u200bject x", "p̶roject x"]
)
def test_a_word_is_found_however_it_is_written(typed) -> None:
    assert values(f"우리 {typed}는 비밀", compile_custom("word", "Project X")) == [typed]


def test_a_word_is_no_pattern() -> None:
    assert values("a.c abc", compile_custom("word", "a.c")) == ["a.c"]


@pytest.mark.parametrize(
    ("source", "text"),
    [(r"EMP-\d{5}", "EMP-12345"), (r"EMP-\d{5}", "ＥＭＰ－１２３４５"), ("[ㄱ-ㅎ]{3}", "ㅅㅂㅎ"), ("½+", "½½")],
)
def test_a_pattern_reads_the_text_and_its_shadow(source, text) -> None:
    assert values(f"가 {text} 나", compile_custom("pattern", source)) == [text]


@pytest.mark.parametrize("kind_of", ["word", "pattern"])
@pytest.mark.parametrize("source", ["", "  ", "\u200b", "x" * (SOURCE_LENGTH_MAX + 1)])
def test_nothing_and_too_much_are_refused(kind_of, source) -> None:
    if kind_of == "word" or source != "\u200b":
        with pytest.raises(Invalid):
            compile_custom(kind_of, source)


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("(", "regular expression"),
        ("[z-a]", "regular expression"),
        ("a{2,1}", "regular expression"),
        ("a*", "empty"),
        (r"\b", "empty"),
        ("(?=a)", "empty"),
        ("x|", "empty"),
        ("^", "empty"),
        ("(a+)+b", "slow"),
        ("(?:a|aa)+$", "slow"),
        ("(가|가가)+나", "slow"),
        ("(?R)?a", "slow"),
    ],
)
def test_what_can_t_be_read_matches_nothing_or_stalls_is_refused(source, says) -> None:
    with pytest.raises(Invalid) as refusal:
        compile_custom("pattern", source)
    assert says in str(refusal.value)


def test_a_pattern_that_would_stall_is_passed_over_and_the_others_still_work(caplog) -> None:
    good = compile_custom("word", "!")
    began = time.thread_time()

    with caplog.at_level(logging.WARNING):
        assert values(HOSTILE, good, SLOW) == ["!"]

    assert time.thread_time() - began < 5 * TOTAL_SECONDS
    assert [record.getMessage() for record in caplog.records] == [
        "Custom pattern 2 of 2 ran out of time and was passed over."
    ]
    assert "aaa" not in caplog.text


def test_however_many_there_are_the_time_is_one(caplog) -> None:
    began = time.thread_time()
    with caplog.at_level(logging.WARNING):
        assert values(HOSTILE, *[SLOW] * 50) == []
    assert time.thread_time() - began < 5 * TOTAL_SECONDS


def test_together_with_what_is_known_anyway() -> None:
    pattern = compile_custom("pattern", r"VIP-\d+")
    text = "VIP-7 4111 1111 1111 1111 VIP-010-1234-5678"
    assert [
        (span.kind, text[span.start : span.end]) for span in detect(text, {"card", "phone"}, patterns=[pattern])
    ] == [
        ("custom", "VIP-7"),
        ("card", "4111 1111 1111 1111"),
        ("phone", "VIP-010-1234-5678"),
    ]


@given(st.text(max_size=80), st.text(min_size=1, max_size=12))
def test_any_word_can_be_saved_and_is_found_in_any_text(text, word) -> None:
    try:
        pattern = compile_custom("word", word)
    except Invalid:
        return
    spans = find_custom(f"{text} {word} {text}", [pattern])
    assert any(span.end > len(text) for span in spans)
    assert all(0 <= span.start < span.end <= 2 * len(text) + len(word) + 2 for span in spans)
