"""Durable messages a second, and how long one takes: send → commit → acknowledgement and delivery to the other."""

import statistics
from collections.abc import Sequence
from contextlib import ExitStack

from tests.bench import load, machine, people, world
from tests.bench.figures import Figure, at_most, share
from tests.bench.load import Rate
from tests.bench.machine import CLIENT_CORE, SERVER_CORE, Server
from tests.bench.pace import Pace, run
from tests.bench.people import Crowd

CHATS, AGENTS = 200, 40
MANY_CHATS, MANY_AGENTS = 1000, 200


def one_process(pace: Pace) -> list[Figure]:
    """In-memory layer; PostgreSQL beside the clients, then beside the server."""
    desk = world.make_desk(agents=AGENTS, chats=CHATS)
    with machine.serving("echo") as echo, machine.serving("contiple") as ours:
        apart, together = run(lambda: _one_process(pace, desk, echo, ours))
    name = "durable messages/s, one web process on one core"
    return [
        share(name, "1/s", _per_second(apart), at_least=0.15),
        share(f"{name}, for a second of its processor time", "1/s", _per_cpu_second(apart)),
        share(f"{name}, PostgreSQL on it too", "1/s", _per_second(together), at_least=0.12),
    ]


def over_redis(pace: Pace) -> list[Figure]:
    """Customers at one process, agents at the other, so that every message crosses. Both share the server's core:
    the messages of both together are what each would reach with a core of its own."""
    desk = world.make_desk(agents=AGENTS, chats=CHATS)
    with ExitStack() as stack:
        url = stack.enter_context(machine.redis())
        echo = stack.enter_context(machine.serving("echo"))
        ours = [stack.enter_context(machine.serving("contiple", redis=url, worker=first)) for first in (True, False)]
        pairs = run(lambda: _over_redis(pace, desk, echo, ours))
    name = "durable messages/s over Redis, two web processes, each"
    return [
        share(name, "1/s", _per_second(pairs), at_least=0.08),
        share(f"{name}, for a second of its processor time", "1/s", _per_cpu_second(pairs)),
    ]


def on_uvicorn(pace: Pace) -> list[Figure]:
    """The same application on another server; what operators choose by."""
    try:
        import uvicorn  # noqa: F401 - asked for, not used
    except ImportError:
        pace.notes.append("uvicorn is not installed: not measured.")
        return []
    desk = world.make_desk(agents=AGENTS, chats=CHATS)
    with ExitStack() as stack:
        daphne = stack.enter_context(machine.serving("echo"))
        echo = stack.enter_context(machine.serving("echo", server="uvicorn"))
        ours = stack.enter_context(machine.serving("contiple", server="uvicorn"))
        servers, pairs = run(lambda: _on_uvicorn(pace, desk, daphne, echo, ours))
    return [
        share("bare echoes/s on uvicorn (reference: on Daphne)", "1/s", _per_second(servers)),
        share("bare echoes/s on uvicorn, for a second of its processor time", "1/s", _per_cpu_second(servers)),
        share("durable messages/s on uvicorn (reference: its own echo)", "1/s", _per_second(pairs)),
    ]


def at_leisure(pace: Pace) -> list[Figure]:
    desk = world.make_desk(agents=10, chats=50)
    return _latency(pace, desk, "50 chats, a message every 2 s each", per_second=25, limit=10)


def under_load(pace: Pace) -> list[Figure]:
    desk = world.make_desk(agents=MANY_AGENTS, chats=MANY_CHATS)
    return _latency(pace, desk, "300 messages/s over 1,000 open chats", per_second=300, limit=60)


def _latency(pace: Pace, desk: world.Desk, name: str, *, per_second: float, limit: float) -> list[Figure]:
    with machine.serving("echo") as echo, machine.serving("contiple") as ours:
        rounds = run(lambda: _at_a_rate(pace, desk, echo, ours, per_second))
    _note_losses(pace, name, [rate for rate, _ in rounds])
    medians = [_percentiles([pair[side] for pair in rounds], 50) for side in (0, 1)]
    tails = [_percentiles([pair[side] for pair in rounds], 99) for side in (0, 1)]
    return [
        at_most(f"p50 from send to delivery, {name}", medians[0], "ms", reference=medians[1]),
        at_most(f"p99 from send to delivery, {name}", tails[0], "ms", limit, reference=tails[1]),
    ]


def _percentiles(rates: list[Rate], percent: int) -> float:
    return statistics.median(load.percentile(rate.latencies, percent) for rate in rates)


Pairs = list[tuple[Rate, Rate]]


def _per_second(pairs: Pairs) -> list[tuple[float, float]]:
    return [(value.per_second, reference.per_second) for value, reference in pairs]


def _per_cpu_second(pairs: Pairs) -> list[tuple[float, float]]:
    return [(value.per_cpu_second, reference.per_cpu_second) for value, reference in pairs]


async def _one_process(pace: Pace, desk: world.Desk, echo: Server, ours: Server) -> tuple[Pairs, Pairs]:
    talkers, visitors = await _crowds(people.talkers(echo.port, CHATS), people.visitors(desk, ours.port))
    apart, together = [], []
    for _ in range(pace.rounds):
        reference = await _full_speed(pace, talkers, [echo], "echo", share_of_time=0.5)
        machine.move_postgres(CLIENT_CORE)
        apart.append((await _full_speed(pace, visitors, [ours], "messages"), reference))
        machine.move_postgres(SERVER_CORE)
        together.append((await _full_speed(pace, visitors, [ours], "messages, PostgreSQL beside"), reference))
        machine.move_postgres(CLIENT_CORE)
    return apart, together


async def _over_redis(pace: Pace, desk: world.Desk, echo: Server, ours: Sequence[Server]) -> Pairs:
    crowd = people.visitors(desk, ours[0].port, agents_port=ours[1].port)
    talkers, visitors = await _crowds(people.talkers(echo.port, CHATS), crowd)
    pairs = []
    for _ in range(pace.rounds):
        reference = await _full_speed(pace, talkers, [echo], "echo", share_of_time=0.5)
        pairs.append((await _full_speed(pace, visitors, ours, "messages over Redis"), reference))
    return pairs


async def _on_uvicorn(pace: Pace, desk: world.Desk, daphne: Server, echo: Server, ours: Server) -> tuple[Pairs, Pairs]:
    talkers, others, visitors = await _crowds(
        people.talkers(daphne.port, CHATS), people.talkers(echo.port, CHATS), people.visitors(desk, ours.port)
    )
    servers, pairs = [], []
    for _ in range(pace.rounds):
        on_daphne = await _full_speed(pace, talkers, [daphne], "echo", share_of_time=0.5)
        on_uvicorn = await _full_speed(pace, others, [echo], "echo on uvicorn", share_of_time=0.5)
        servers.append((on_uvicorn, on_daphne))
        pairs.append((await _full_speed(pace, visitors, [ours], "messages on uvicorn"), on_uvicorn))
    return servers, pairs


async def _at_a_rate(pace: Pace, desk: world.Desk, echo: Server, ours: Server, per_second: float) -> Pairs:
    talkers, visitors = await _crowds(people.talkers(echo.port, len(desk.guests)), people.visitors(desk, ours.port))
    rounds = []
    for _ in range(pace.latency_rounds):
        reference = await load.at_a_rate(talkers, [echo], per_second=per_second, seconds=pace.latency_seconds / 2)
        rate = await load.at_a_rate(visitors, [ours], per_second=per_second, seconds=pace.latency_seconds)
        rounds.append((rate, reference))
    return rounds


async def _crowds(*crowds: Crowd) -> Sequence[Crowd]:
    for crowd in crowds:
        await crowd.connect()
    return crowds


async def _full_speed(
    pace: Pace, crowd: Crowd, servers: Sequence[Server], name: str, *, share_of_time: float = 1.0
) -> Rate:
    rate = await load.as_fast_as_possible(crowd, servers, seconds=pace.seconds * share_of_time)
    if rate.clients_busy > load.BUSY:
        pace.notes.append(f"{name}: the clients took {rate.clients_busy:.0%} of their core; it may be them.")
    if name == "echo" and rate.servers_busy < load.DISTURBED and rate.clients_busy < load.BUSY:
        pace.notes.append(f"{name}: got {rate.servers_busy:.0%} of its core: this machine does other things as well.")
    if crowd.tally.errors:
        pace.notes.append(f"{name}: errors {dict(crowd.tally.errors)}")
    _note_losses(pace, name, [rate])
    return rate


def _note_losses(pace: Pace, name: str, rates: Sequence[Rate]) -> None:
    lost = sum(rate.lost for rate in rates)
    if lost:
        pace.notes.append(f"{name}: {lost} messages had not arrived after {load.DRAIN_S:g} s.")
