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
