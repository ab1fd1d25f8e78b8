"""What one more connection costs the server in memory."""

import time

from tests.bench import machine, world
from tests.bench.figures import Figure
from tests.bench.machine import Server
from tests.bench.pace import Pace, run
from tests.bench.people import Agent, Crowd, Customer, Talker, Tally

FIRST = 100  # connections before: they pay for what is there once, such as threads and caches
TARGET = 2.0


def connections(pace: Pace) -> list[Figure]:
    number = FIRST + pace.connections
    desk = world.make_desk(agents=number, chats=number, per_agent=1)
    with machine.serving("layer") as server:
        echo = run(lambda: _each(server, pace, Crowd([Talker(Tally(), server.port, "/") for _ in range(number)])))
    customers, agents = (_measure(pace, make(desk)) for make in (_customers, _agents))
    return [_figure("customer", customers, echo), _figure("agent", agents, echo)]


def _figure(who: str, value: float, echo: float) -> Figure:
    name, ratio = f"memory for each further {who} (reference: an echo with a layer)", value / echo
    return Figure(name, value, "kB", echo, ratio, f"ratio ≤ {TARGET:g}", ratio <= TARGET)


def _measure(pace: Pace, make) -> float:
    with machine.serving("contiple") as server:
        return run(lambda: _each(server, pace, make(server.port)))


def _customers(desk: world.Desk):
    slug = desk.service.slug
    return lambda port: Crowd([Customer(Tally(), port, slug, guest) for guest in desk.guests])


def _agents(desk: world.Desk):
    """Each with one chat on display."""
    slug, seats = desk.service.slug, list(zip(desk.cookies, desk.guests, strict=True))
    return lambda port: Crowd([Agent(Tally(), port, slug, cookie, [guest.chat_id]) for cookie, guest in seats])


async def _each(server: Server, pace: Pace, crowd: Crowd) -> float:
    await Crowd(crowd.people[:FIRST]).connect()
    before = _settled(server)
    await Crowd(crowd.people[FIRST:]).connect()
    return (_settled(server) - before) / pace.connections


def _settled(server: Server) -> float:
    time.sleep(1)
    return server.kilobytes()
