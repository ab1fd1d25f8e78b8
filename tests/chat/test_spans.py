"""Offsets of browsers and of the database, whole characters as people see them, and the arithmetic of masks."""

import unicodedata
from itertools import pairwise

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from chat.masking.spans import MASK_CHARACTER, apply_mask, from_utf16, subtract, widen, widen_all

FAMILY = "👨‍👩‍👧‍👦"
FLAG = "🇰🇷"
THUMB = "👍🏽"
WOMAN_HEALTH = "👩🏽‍⚕️"
COMPOSED = "각"
DECOMPOSED = unicodedata.normalize("NFD", COMPOSED)
ACCENT = "e\u0301\u0323"
ARABIC = "مرحبا"
HEBREW = "שלום\u200f"
PIECES = [
    FAMILY,
    FLAG,
    THUMB,
    WOMAN_HEALTH,
    COMPOSED,
    DECOMPOSED,
    ACCENT,
    ARABIC,
    HEBREW,
    "a",
    " ",
    "\n",
    "𝟜",
    "\u200d",
]

texts = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=12).map("".join),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
)


@st.composite
def text_and_span(draw: st.DrawFn) -> tuple[str, int, int]:
    text = draw(texts.filter(bool))
    start = draw(st.integers(0, len(text) - 1))
    return text, start, draw(st.integers(start + 1, len(text)))


def units(text: str) -> int:
    """The length as JavaScript says it."""
    return len(text.encode("utf-16-le")) // 2


@given(text_and_span())
def test_a_browser_s_offsets_come_back_as_code_points(case) -> None:
    text, start, end = case
    assert from_utf16(text, units(text[:start]), units(text[:end])) == (start, end)


@pytest.mark.parametrize(("start", "end"), [(1, 2), (1, 3), (2, 3), (2, 4)])
def test_an_offset_inside_a_surrogate_pair_takes_the_whole_character(start, end) -> None:
    assert from_utf16("a😀b", start, end) == (1, 3 if end == 4 else 2)


@pytest.mark.parametrize(
    ("start", "end"), [(0, 0), (2, 1), (-1, 2), (0, 5), (4, 5), (5, 9), (0, 10**30), (10**30, 10**31)]
)
def test_offsets_outside_of_the_text_or_out_of_order_are_refused(start, end) -> None:
    with pytest.raises(ValueError, match="the span is"):
        from_utf16("a😀b", start, end)


def test_nothing_can_be_selected_in_an_empty_text() -> None:
    with pytest.raises(ValueError, match="outside"):
        from_utf16("", 0, 1)


@pytest.mark.parametrize("whole", [FAMILY, FLAG, THUMB, WOMAN_HEALTH, DECOMPOSED, ACCENT])
def test_whichever_part_is_selected_the_whole_is_meant(whole) -> None:
    text = f"a{whole}b"
    for start in range(1, 1 + len(whole)):
        for end in range(start + 1, 2 + len(whole)):
            assert widen(text, start, end) == (1, 1 + len(whole))


def test_neighbours_of_the_same_kind_stay_apart() -> None:
    assert widen(FLAG * 3, 2, 3) == (2, 4)
    assert widen(DECOMPOSED * 2, 1, 2) == (0, 3)


def test_right_to_left_text_is_counted_in_the_order_it_is_stored() -> None:
    text = f"{ARABIC} 010 {HEBREW}"
    start = text.index("010")
    assert widen(text, *from_utf16(text, start, start + 3)) == (start, start + 3)


@given(text_and_span())
def test_widening_takes_whole_graphemes_and_no_more_than_needed(case) -> None:
    text, start, end = case
    bounds = {0, *(cluster.end() for cluster in regex.finditer(r"\X", text))}

    wide_start, wide_end = widen(text, start, end)

    assert wide_start in bounds
    assert wide_end in bounds
    assert wide_start == max(bound for bound in bounds if bound <= start)
    assert wide_end == min(bound for bound in bounds if bound >= end)
    assert widen(text, wide_start, wide_end) == (wide_start, wide_end)


@given(texts.filter(bool), st.data())
def test_several_spans_are_widened_as_each_alone(text, data) -> None:
    spans = data.draw(st.lists(st.integers(0, len(text) - 1).map(lambda start: (start, start + 1)), max_size=5))
    assert widen_all(text, spans) == [widen(text, *span) for span in spans]


spans = st.tuples(st.integers(0, 30), st.integers(0, 30)).map(sorted).filter(lambda pair: pair[0] < pair[1])


@given(spans, st.lists(spans, max_size=6))
def test_subtraction_leaves_exactly_the_indexes_that_are_not_taken(span, taken) -> None:
    left = subtract(*span, [tuple(pair) for pair in taken])

    covered = {index for start, end in taken for index in range(start, end)}
    assert [index for start, end in left for index in range(start, end)] == sorted(set(range(*span)) - covered)
    assert all(start < end for start, end in left)
    assert all(first[1] < second[0] for first, second in pairwise(left))


@given(texts, st.lists(st.tuples(st.integers(0, 1), st.integers(0, 60)), max_size=5))
def test_a_mask_keeps_length_line_breaks_and_all_that_is_outside(text, cuts) -> None:
    masked_spans = [(min(start, len(text)), min(end, len(text))) for start, end in cuts]

    masked = apply_mask(text, masked_spans)

    assert len(masked) == len(text)
    inside = {index for start, end in masked_spans for index in range(start, end)}
    for index, (was, now) in enumerate(zip(text, masked, strict=True)):
        assert now == (was if index not in inside or was == "\n" else MASK_CHARACTER)


def test_masking_twice_is_masking_once() -> None:
    once = apply_mask("call 010-1234-5678", [(5, 18)])
    assert once == "call *************"
    assert apply_mask(once, [(5, 18)]) == once
