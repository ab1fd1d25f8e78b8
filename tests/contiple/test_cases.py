"""A test of many cases fails if one case fails, and names each that does."""

import pytest

from tests.cases import cases


@cases("number", [1, 2, 3])
@cases(("text", "length"), [("a", 1), ("bb", 2)])
def is_as_long(text: str, length: int, number: int) -> None:
    assert len(text) == length, "too short"
    assert number != 2, "two"
    assert (text, number) != ("a", 3), "three"


def test_every_case_that_fails_is_named() -> None:
    with pytest.raises(AssertionError) as failure:
        is_as_long()
    lines = [line for line in str(failure.value).splitlines() if line.startswith(("text=", "3 of"))]
    assert [line.split(": AssertionError")[0] for line in lines] == [
        "3 of 6 cases failed",
        "text='a', length=1, number=2",
        "text='bb', length=2, number=2",
        "text='a', length=1, number=3",
    ]


def test_a_test_without_cases_is_none() -> None:
    with pytest.raises(AssertionError, match="no cases"):
        cases("number", [])
