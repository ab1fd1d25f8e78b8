"""A thousand clients cut at once, who come back at once, each with the rev it had: until all are caught up."""

import asyncio
import time

from django.db import connection

from tests.bench import machine, people, world
from tests.bench.figures import Figure, at_most
from tests.bench.machine import Server
from tests.bench.pace import Pace, run
from tests.bench.people import Agent, Customer, Person

AGENTS, CHATS = 200, 800
MISSED = 3  # messages in each chat that came while everybody was away
LIMIT_S, GIVE_UP_S, CONNECT_S = 10, 25, 10
RETRY_S, LOOK_S = 0.3, 0.1


def reconnect(pace: Pace) -> list[Figure]:
    desk = world.make_desk(agents=AGENTS, chats=CHATS, per_agent=CHATS // AGENTS)
    with machine.serving("contiple") as server:
        seconds, errors = run(lambda: _storm(desk, server))
    if errors:
        pace.notes.append(f"reconnect storm: {len(errors)} tries failed: {', '.join(sorted(set(errors)))}")
    name = f"reconnect storm of {AGENTS + CHATS:,} clients, {MISSED} messages missed in each chat"
    return [at_most(name, seconds, "s", LIMIT_S, ok=not errors), at_most(f"{name}: failed tries", len(errors), "", 0)]


async def _storm(desk: world.Desk, server: Server) -> tuple[float, list[str]]:
    crowd = people.visitors(desk, server.port)
    await crowd.connect()
    crowd.leave()
    await asyncio.to_thread(_write_meanwhile, [guest.chat_id for guest in desk.guests])
    began, errors = time.perf_counter(), []
    coming = [asyncio.create_task(_come_back(person, errors)) for person in crowd.people]
    _, late = await asyncio.wait(coming, timeout=GIVE_UP_S)
    for task in late:
        task.cancel()
    errors += ["not caught up"] * len(late)
    return time.perf_counter() - began, errors + [f"frame: {code}" for code in crowd.tally.errors.elements()]


def _write_meanwhile(chat_ids: list[int]) -> None:
    world.add_messages(chat_ids, MISSED)
    connection.close()


async def _come_back(person: Person, errors: list[str]) -> None:
    while True:
        try:
            async with asyncio.timeout(CONNECT_S):
                await person.connect()
        except OSError as error:
            errors.append(f"no connection ({error or type(error).__name__})")
            await asyncio.sleep(RETRY_S)
            continue
        while person.closed_with is None and not _caught_up(person):  # noqa: ASYNC110 - one look for all it reads
            await asyncio.sleep(LOOK_S)
        if person.closed_with is None:
            return
        errors.append(f"closed ({person.closed_with})")


def _caught_up(person: Person) -> bool:
    match person:
        case Agent(chat_ids=chats):
            pass
        case Customer(guest=guest):
            chats = [guest.chat_id]
    return person.is_here.is_set() and all(person.revs.get(chat, 0) == MISSED for chat in chats)
