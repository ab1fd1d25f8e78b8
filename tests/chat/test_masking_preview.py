"""What rules would do to a text: all of it, in order, with the kind of what is found."""

from dataclasses import replace

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from chat.masking.detectors import KINDS, compile_custom, detect
from chat.masking.forms import EXAMPLES, GROUPS
from chat.masking.kinds import NAMES
from chat.masking.preview import Piece, preview
from chat.masking.rules import DEFAULT, Action, Rule

CARD = "4111 1111 1111 1111"


def test_masked_offered_and_left_alone() -> None:
    shown = preview(DEFAULT, f"{CARD} CVC 123, 123-45-67891, 010-1234-5678")
    assert shown.pieces == [
        Piece(CARD, "card", Action.MASK),
        Piece(" CVC "),
        Piece("123", "card_code", Action.MASK, keep=False),
        Piece(", "),
        Piece("123-45-67891", "brn", Action.OFFER),
        Piece(", 010-1234-5678"),
    ]
    assert shown.found == 3
    assert [str(piece.name) for piece in shown.pieces if piece.kind] == [
        "Card number",
        "Card security code",
        "Business registration number",
    ]


def test_own_patterns_are_found_with_them() -> None:
    own = (compile_custom("word", "Heron"), Rule(Action.OFFER, keep=False))
    shown = preview(replace(DEFAULT, patterns=[own]), f"Heron {CARD}")
    assert shown.pieces == [Piece("Heron", "custom", Action.OFFER, keep=False), Piece(" "), Piece(CARD, "card", "mask")]


def test_nothing() -> None:
    assert preview(DEFAULT, "Hello").pieces == [Piece("Hello")]
    assert preview(DEFAULT, "Hello").found == 0


pieces = st.sampled_from([CARD, "900101-1234567", "각", "\u0301", "👨‍👩‍👧", "\n", " ", "123-45-67891", "7"])


@given(st.lists(pieces, max_size=10).map("".join))
def test_nothing_of_the_text_is_lost_or_moved(text) -> None:
    shown = preview(DEFAULT, text)
    assert "".join(piece.text for piece in shown.pieces) == text
    assert all(piece.text for piece in shown.pieces)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("language", ["en", "ko"])
def test_each_kind_s_example_is_one_of_it(kind, language) -> None:
    with translation.override(language):
        assert [span.kind for span in detect(str(EXAMPLES[kind]))] == [kind]


def test_each_kind_has_a_row_and_a_name() -> None:
    rows = [kind for group in GROUPS for kind in group.kinds]
    assert sorted(rows) == sorted(KINDS) == sorted(EXAMPLES)
    assert set(KINDS) <= NAMES.keys()
