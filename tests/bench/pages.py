"""What opening a screen costs the server: how many queries, at little and at much, and how long at much."""

import statistics
import time
from collections.abc import Callable
from itertools import cycle

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from agents.models import Agent, Contract
from chat.conversation import frames
from tests.bench import machine, world
from tests.bench.figures import Figure, at_most
from tests.bench.pace import Pace

LIMIT_MS = 100
MESSAGES, TICKETS, CHATS = 5_000, 100_000, 100_000
TIMES = 9
_UNPROCESSED, _NAMED = "?outcome=unprocessed", "?q=Customer+99"


def opening(pace: Pace) -> list[Figure]:
    machine.move_postgres(machine.SERVER_CORE)
    try:
        return _desk_frame() + _long_chat() + _switching() + _ticket_list() + _chats_and_customers()
    finally:
        machine.move_postgres(machine.CLIENT_CORE)


def _desk_frame() -> list[Figure]:
    little = world.make_desk(agents=1, chats=1, per_agent=50)
    much = world.make_desk(agents=1, chats=50, per_agent=50, waiting=1_000)
    return _figures("Active Chats with 50 chats, 1,000 waiting", _desk_of(little), _desk_of(much))


def _desk_of(desk: world.Desk) -> Callable[[], None]:
    return lambda: _render_desk(desk)


def _render_desk(desk: world.Desk) -> None:
    agent = frames.agent_of_desk(desk.agents[0].pk)
    assert len(frames.desk_frame(agent, "en").chats) == len(desk.guests)


def _long_chat() -> list[Figure]:
    desk = world.make_desk(agents=1, chats=2)
    little, much = (guest.chat_id for guest in desk.guests)
    world.add_messages([little], 60)
    world.add_messages([much], MESSAGES)
    world.analyze()
    return _figures(f"a chat with {MESSAGES:,} messages", _open(desk, little), _open(desk, much))


def _open(desk: world.Desk, chat_id: int) -> Callable[[], None]:
    return _got(desk.agents[0], reverse("chat:conversation", args=[desk.service.slug, chat_id]), HTTP_HX_REQUEST="true")


def _switching() -> list[Figure]:
    few, many = world.make_desk(agents=1, chats=2), world.make_desk(agents=1, chats=50, per_agent=50)
    for desk in (few, many):
        world.add_messages([guest.chat_id for guest in desk.guests], 60)
    world.analyze()
    return _figures("one of 50 chats after another", _switch(few), _switch(many))


def _switch(desk: world.Desk) -> Callable[[], None]:
    """Opens the chats in turn."""
    chats = cycle([_open(desk, guest.chat_id) for guest in desk.guests])

    def next_one() -> None:
        next(chats)()

    return next_one


def _ticket_list() -> list[Figure]:
    few, many = (world.make_desk(agents=1, chats=0) for _ in range(2))
    world.add_tickets(few.service, few.agents[0], 100)
    world.add_tickets(many.service, many.agents[0], TICKETS)
    little, much = (_got(desk.agents[0], reverse("tickets:list", args=[desk.service.slug])) for desk in (few, many))
    return _figures(f"the ticket list with {TICKETS:,} tickets", little, much)


def _chats_and_customers() -> list[Figure]:
    """The lists as they are opened, and by what no index has. A common name is sought otherwise than a rare one."""
    few, many = (world.make_desk(agents=1, chats=0) for _ in range(2))
    for desk, number in ((few, 100), (many, CHATS)):
        Contract.objects.filter(service=desk.service).update(customer_information=True)
        world.add_closed_chats(desk.service, desk.agents[0], number, customers=number)
    size = f"{CHATS:,} chats and customers"
    return [
        *_figures(f"Chat History with {size}", *(_list(desk, "chat:chats") for desk in (few, many))),
        *_figures(
            f"its unprocessed chats of {size}", *(_list(desk, "chat:chats", _UNPROCESSED) for desk in (few, many))
        ),
        *_figures(f"Customers with {size}", *(_list(desk, "chat:customers") for desk in (few, many))),
        _time(f"Chat History of a common name with {size}", _list(many, "chat:chats", _NAMED)),
        _time(f"Customers of a common name with {size}", _list(many, "chat:customers", _NAMED)),
    ]


def _list(desk: world.Desk, page: str, query: str = "") -> Callable[[], None]:
    return _got(desk.agents[0], reverse(page, args=[desk.service.slug]) + query)


def _got(agent: Agent, url: str, **headers: str) -> Callable[[], None]:
    client = Client(HTTP_HOST="localhost", **headers)
    client.force_login(agent.user)
    return lambda: _get(client, url)


def _get(client: Client, url: str) -> None:
    response = client.get(url)
    assert response.status_code == 200, response.status_code


def _figures(name: str, little: Callable[[], None], much: Callable[[], None]) -> list[Figure]:
    few, many = _queries(little), _queries(much)
    queries = Figure(
        f"queries to open {name} (reference: with few)", many, "", few, many / few, "the same", many == few
    )
    return [queries, _time(name, much)]


def _time(name: str, opened: Callable[[], None]) -> Figure:
    return at_most(f"time on the server to open {name}", _milliseconds(opened), "ms", LIMIT_MS)


def _queries(opened: Callable[[], None]) -> int:
    opened()
    with CaptureQueriesContext(connection) as queries:
        opened()
    return len(queries)


def _milliseconds(opened: Callable[[], None]) -> float:
    times = []
    for _ in range(TIMES):
        began = time.perf_counter()
        opened()
        times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times)
