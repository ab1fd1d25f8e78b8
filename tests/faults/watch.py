"""How long a test looks on."""

import time
from collections.abc import Callable

WITHIN_S = 5  # invariants 3 and 6: a tick of the worker, and time in hand for a machine that does other things
TICKS_S = 2.2  # in which every worker has looked at everything twice


def remains(true: Callable[[], object], seconds: float = TICKS_S) -> None:
    """For so long it is so at every look."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert true()
        time.sleep(0.05)


def never(true: Callable[[], object], seconds: float = TICKS_S) -> None:
    remains(lambda: not true(), seconds)
