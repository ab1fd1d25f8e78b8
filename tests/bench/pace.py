"""How long and how much: the whole bench takes six minutes, the quick one two."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar

try:
    import uvloop
except ImportError:  # the clients take more of their core then
    uvloop = None

Result = TypeVar("Result")


@dataclass(frozen=True)
class Pace:
    rounds: int = 3
    seconds: float = 3.0  # of one round at full speed; the echo has half
    latency_rounds: int = 2
    latency_seconds: float = 10.0
    connections: int = 600  # added for the figures of memory
    decisions: int = 40
    loads: int = 15  # of a page with the line for other sites, and without
    notes: list[str] = field(default_factory=list)  # what else the reader should know


FULL = Pace()
QUICK = Pace(rounds=2, seconds=2.0, latency_rounds=1, latency_seconds=6.0, connections=300, decisions=15, loads=7)


def run(main: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
    """In an event loop of its own."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop if uvloop else None) as runner:
        return runner.run(main())
