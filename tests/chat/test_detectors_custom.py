"""A service's own words and patterns: refused where they could do harm, and stopped where they do."""

import logging
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from chat.masking.detectors import compile_custom, detect, find_custom
from chat.masking.detectors.custom import SOURCE_LENGTH_MAX, TOTAL_SECONDS, read_custom
from contiple.base.errors import Invalid
from contiple.base.texts import MESSAGE_LENGTH_MAX
from tests.cases import cases

SLOW = regex.compile(r"(?:a|aa)+$")
HOSTILE = "a" * (MESSAGE_LENGTH_MAX - 1) + "!"


def values(text: str, *patterns: regex.Pattern[str]) -> list[str]:
    return [text[span.start : span.end] for span in find_custom(text, patterns)]


@cases("typed", ["Project X", "PROJECT  x", "project\nX", "ｐｒｏｊｅｃｔ　Ｘ", "pro\u200bject x", "p̶roject x"])
def test_a_word_is_found_however_it_is_written(typed) -> None:
    assert values(f"우리 {typed}는 비밀", compile_custom("word", "Project X")) == [typed]


def test_a_word_is_no_pattern() -> None:
    assert values("a.c abc", compile_custom("word", "a.c")) == ["a.c"]


@cases(
    ("source", "text"),
    [(r"EMP-\d{5}", "EMP-12345"), (r"EMP-\d{5}", "ＥＭＰ－１２３４５"), ("[ㄱ-ㅎ]{3}", "ㅅㅂㅎ"), ("½+", "½½")],
)
def test_a_pattern_reads_the_text_and_its_shadow(source, text) -> None:
    assert values(f"가 {text} 나", compile_custom("pattern", source)) == [text]


@contextmanager
def memory_for_this_test(more: int = 500_000_000) -> Iterator[None]:
    """If it fails, it does not take the machine with it."""
    usual = resource.getrlimit(resource.RLIMIT_AS)
    size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + more, usual[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, usual)


@cases("kind_of", ["word", "pattern"])
@cases("source", ["", "  ", "\u200b", "x" * (SOURCE_LENGTH_MAX + 1)])
def test_nothing_and_too_much_are_refused(kind_of, source) -> None:
    if kind_of == "word" or source != "\u200b":
        with pytest.raises(Invalid):
            compile_custom(kind_of, source)


@cases(
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
        ("(?:q|qq)+w", "slow"),
        ("(?:x*)*y|(?:a|aa)+$", "slow"),
        (r"(.+)\1\1\1x", "slow"),
    ],
)
def test_what_can_t_be_read_matches_nothing_or_stalls_is_refused(source, says) -> None:
    with pytest.raises(Invalid) as refusal:
        compile_custom("pattern", source)
    assert says in str(refusal.value)


@pytest.mark.parametrize(
    "source",
    [
        "a{2147483647}",
        "a{4000}",
        "(?:a{1000}){1000}b",
        "((a{60}){60}){60}",
        "(?:a{1,2}){1000000}",
        "[a-z]{100000,}?",
        "(?x)a{1 0 0 0 0 0 0 0 0 0}",
        "(?i)(?i-s)(?sx:a{1#\n000000000})",
    ],
)
def test_what_would_take_all_memory_is_refused_before_it_is_compiled(source) -> None:
    """Also where it is in the database already: another process reads it from there."""
    for read in (compile_custom, read_custom):
        began, before = time.thread_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        with memory_for_this_test(), pytest.raises(Invalid):
            read("pattern", source)
        assert time.thread_time() - began < 0.05
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000


@cases("source", [r"(?:\d{4}-){3}\d{4}", r"[A-Z]{2,1000}-\d{1,4000}", r"(?:[0-9a-f]{2}:){15}[0-9a-f]{2}", "x{3000}"])
def test_repetitions_as_people_write_them_are_fine(source) -> None:
    compile_custom("pattern", source)


def test_the_sample_of_whoever_writes_it_is_tried_too() -> None:
    source = r"(?:\u0436|\u0436\u0436)+!"
    compile_custom("pattern", source, sample="ж!")
    with pytest.raises(Invalid) as refusal:
        compile_custom("pattern", source, sample="ж" * 3998 + "?!")
    assert "slow" in str(refusal.value)


@cases("source", [".", r"(?r).", "a|b", r"a\Kb"])
def test_finds_that_touch_are_one(source) -> None:
    found = find_custom("abab abab", [regex.compile(source)])
    assert [(span.start, span.end) for span in found] == {
        "a|b": [(0, 4), (5, 9)],
        r"a\Kb": [(1, 2), (3, 4), (6, 7), (8, 9)],
    }.get(source, [(0, 9)])


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
