"""What a person or a customer has called themselves is a text in a spreadsheet, and never a formula."""

import csv
from io import StringIO

import pytest

from contiple.base import spreadsheet


def read(line: str) -> list[str]:
    return next(csv.reader(StringIO(line, newline="")))


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+82 10",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        " =1+1",
        "＝1+1",
        "＋1",
        "－1",
        "＠SUM",
        '=HYPERLINK("https://evil.example","x")',
    ],
)
def test_what_begins_like_a_formula_is_made_a_text(text):
    assert read(spreadsheet.line([text])) == [f"'{text}"]


@pytest.mark.parametrize(
    "text", ["", "Mina", "한지우", "a=b", "O'Neil", "2026-11-10 12:00:00", "192.0.2.7", "2001:db8::1"]
)
def test_everything_else_stays_as_it_is(text):
    assert read(spreadsheet.line([text])) == [text]


def test_commas_quotation_marks_and_line_ends_stay_in_their_cell():
    cells = ['say "hi", then', "two\nlines", 'end"', ";", 7]
    assert read(spreadsheet.line(cells)) == [str(cell) for cell in cells]


def test_a_quotation_mark_opens_no_cell_that_is_a_formula():
    assert read(spreadsheet.line(['x",=1+1,"y'])) == ['x",=1+1,"y']


def test_lines_end_as_the_standard_says():
    assert spreadsheet.line(["a", "b"]) == '"a","b"\r\n'
