import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from helpcenter.colours import CONTRAST_MIN, DARK, LIGHT, contrast, legible, on_colour

colours = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


@given(colours)
@example("#7a7a7a")  # neither light nor dark text can be read on it
@example("#ff0000")
def test_text_on_any_colour_can_be_read(colour):
    assert contrast(legible(colour), on_colour(colour)) >= CONTRAST_MIN


@given(colours)
def test_a_legible_colour_stays_as_it_is(colour):
    if max(contrast(colour, LIGHT), contrast(colour, DARK)) >= CONTRAST_MIN:
        assert legible(colour) == colour


@given(colours)
def test_it_is_made_darker_and_no_more_than_it_must(colour):
    shade = legible(colour)
    assert all(int(shade[at : at + 2], 16) <= int(colour[at : at + 2], 16) for at in (1, 3, 5))
    assert contrast(shade, colour) < 1.1


@pytest.mark.parametrize(
    ("colour", "text"), [("#2f5bd7", LIGHT), ("#000000", LIGHT), ("#ffffff", DARK), ("#ffd400", DARK)]
)
def test_light_or_dark(colour, text):
    assert on_colour(colour) == text


def test_contrast_is_that_of_wcag():
    assert contrast("#000", "#fff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.478, abs=0.001)
