"""A text is cleaned in one way, wherever it is typed."""

import time

import pytest

from contiple.base.errors import Invalid
from contiple.base.texts import can_be_stored, clean_text, tidy_text

HOSTILE = "a" + "\u0301\u0316" * 16_000


@pytest.mark.parametrize("tidy", [tidy_text, clean_text])
@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        (" one\r\ntwo\rthree\tfour\n", "one\ntwo\nthree\tfour"),
        ("\u1112\u1161\u11ab", "한"),
        ("e" + "\u0301" * 30, "\u00e9" + "\u0301" * 29),
        ("\r\n", ""),
    ],
    ids=["line ends", "Hangul", "many marks", "nothing"],
)
def test_line_ends_are_plain_and_letters_composed(tidy, typed, stored) -> None:
    assert tidy(typed) == stored
    assert can_be_stored(stored)


@pytest.mark.parametrize("text", ["a\0b", "a\x0bb", "a\x1bb", "a\x7fb", "a\x85b", "\ud83d", "e" + "\u0301" * 31])
def test_what_can_t_be_stored_is_refused(text) -> None:
    assert not can_be_stored(text)
    with pytest.raises(Invalid):
        clean_text(text)


def test_a_control_character_is_refused_at_the_end_as_well() -> None:
    """Python counts some of them as white space."""
    with pytest.raises(Invalid):
        clean_text("Hello\x1f")


@pytest.mark.parametrize("clean", [tidy_text, can_be_stored])
def test_marks_without_end_take_no_time(clean) -> None:
    """Composing so many marks in the wrong order would hold the process for seconds."""
    began = time.thread_time()

    clean(HOSTILE)

    assert time.thread_time() - began < 0.3


INVISIBLE = [
    *("\u3164", "\u115f\u1160", "\uffa0", "\u2800", "\u200b\u200d", "\u2060\ufeff"),
    *("\u202e\u2066", "\ufe0f", "\U000e0041", "\xad \u034f\n"),
]
FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"


@pytest.mark.parametrize("clean", [tidy_text, clean_text])
@pytest.mark.parametrize("text", INVISIBLE)
def test_what_nobody_can_see_is_empty(clean, text) -> None:
    assert clean(text) == ""


@pytest.mark.parametrize("text", [FAMILY, "❤\ufe0f", "a\u200bb", "ㅎㅎ", "می\u200cخواهم", "…"])
def test_what_can_be_seen_stays_with_its_joiners(text) -> None:
    assert clean_text(text) == text
