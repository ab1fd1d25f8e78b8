"""How clients write, and what comes of it: as fast as they are answered, or at a rate."""

import asyncio
import itertools
import statistics
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace

import psutil

from tests.bench.machine import Server
from tests.bench.people import Crowd, Place

WARM_S = 0.5  # before each measurement
DRAIN_S = 5.0  # after it, for what is on its way; what comes later counts as lost
BUSY = 0.9  # of a core: then it may be the clients that are measured
DISTURBED = 0.8  # a server at full speed that got less of its core had to share it


@dataclass(frozen=True)
class Rate:
    """Messages a second, by the clock and by the processor time that the servers took; ``lost`` never arrived."""

    per_second: float
    per_cpu_second: float
    clients_busy: float
    servers_busy: float
    latencies: list[float]
    lost: int


async def as_fast_as_possible(crowd: Crowd, servers: Iterable[Server], *, seconds: float) -> Rate:
    """In every chat one message after the other, the sides taking turns."""
    crowd.tally.then = Place.next_line
    for place in crowd.places:
        place.next_line()
    rate = await _observe(crowd, list(servers), seconds)
    crowd.tally.then = lambda place: None
    return await _drained(crowd, rate)


async def at_a_rate(crowd: Crowd, servers: Iterable[Server], *, per_second: float, seconds: float) -> Rate:
    """Evenly, one chat after the other, whether or not the last message has arrived."""
    crowd.tally.then = lambda place: None
    writing = asyncio.create_task(_write_evenly(crowd.places, per_second))
    rate = await _observe(crowd, list(servers), seconds)
    writing.cancel()
    return await _drained(crowd, rate)


def percentile(latencies: list[float], percent: int) -> float:
    """In milliseconds."""
    return statistics.quantiles(latencies, n=100, method="inclusive")[percent - 1] * 1000


async def _observe(crowd: Crowd, servers: list[Server], seconds: float) -> Rate:
    await asyncio.sleep(WARM_S)
    crowd.tally.begin_again()
    clients, clients_before = psutil.Process(), _cpu_seconds(psutil.Process())
    before, began = sum(server.cpu_seconds() for server in servers), time.perf_counter()
    await asyncio.sleep(seconds)
    arrived, took = crowd.tally.arrived, time.perf_counter() - began
    used = sum(server.cpu_seconds() for server in servers) - before
    busy = (_cpu_seconds(clients) - clients_before) / took
    return Rate(arrived / took, arrived / max(used, 0.01), busy, used / took, list(crowd.tally.latencies), 0)


async def _drained(crowd: Crowd, rate: Rate) -> Rate:
    deadline = time.monotonic() + DRAIN_S
    while crowd.tally.pending and time.monotonic() < deadline:  # noqa: ASYNC110 - nobody else waits for this
        await asyncio.sleep(0.02)
    lost = len(crowd.tally.pending)
    crowd.tally.pending.clear()
    return replace(rate, lost=lost)


async def _write_evenly(places: list[Place], per_second: float) -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    for number, place in enumerate(itertools.cycle(places)):
        await asyncio.sleep(max(0.0, began + number / per_second - loop.time()))
        place.next_line()


def _cpu_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system
