"""Many cases of one pure function as one test, which names every case that fails.

A test for each case costs more than the case: pytest sets up and reports each, in every worker.
"""

import functools
import inspect
from collections.abc import Callable, Iterable
from typing import Any


def cases(names: str | tuple[str, ...], values: Iterable[Any]) -> Callable[[Callable[..., None]], Callable[[], None]]:
    """Reads as ``pytest.mark.parametrize`` and can be stacked as well. Not for tests that use fixtures."""
    several = not isinstance(names, str)
    names = names if several else (names,)
    table = [dict(zip(names, value if several else [value], strict=True)) for value in values]
    assert table, "no cases"

    def decorate(test: Callable[..., None]) -> Callable[[], None]:
        inner, upper = getattr(test, "of_cases", (test, [{}]))
        every = [{**each, **more} for more in table for each in upper]

        @functools.wraps(inner)
        def test_all() -> None:
            failures = [failure for case in every if (failure := attempt(inner, case))]
            assert not failures, "\n".join([f"{len(failures)} of {len(every)} cases failed", *failures])

        test_all.of_cases = inner, every
        test_all.__signature__ = inspect.Signature()
        return test_all

    return decorate


def attempt(test: Callable[..., None], case: dict[str, Any]) -> str:
    """Returns what failed, with the case's name, or nothing."""
    try:
        test(**case)
    except Exception as error:
        named = ", ".join(f"{name}={value!r}" for name, value in case.items())
        return f"{named}: {type(error).__name__}: {error}"
    return ""
