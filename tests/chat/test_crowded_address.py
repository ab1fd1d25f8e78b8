"""Simulates honest people and a script behind one address, others elsewhere, and a botnet: turn by turn of the desk.

A turn is half a minute: everybody comes, what rings is opened, what was open ends. Then everything is half a minute
older. The script solves as many sums as one core can in that time. The suite has a short one; with ``SOAK`` set it is
as long as the ten minutes on which the rules look back, with 200 people in the office.
"""

import itertools
import os
from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db.models import F
from django.test import Client
from django.utils import timezone

from agents import throttle
from agents.models import Attempt
from chat.abuse import limits, networks, puzzle
from chat.access import waiting_chats
from chat.customer.views import PUZZLE_HEADER
from chat.lifecycle import transitions
from chat.models import Chat, Lease, Ring
from chat.routing.assignment import assign_waiting_chats
from tests.chat.comings import be_here, come_online
from tests.chat.test_customer_views import form, post
from tests.chat.test_floods import solution
from tests.make import make_agent

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
OFFICE = "192.0.2.7"
IS_LONG = "SOAK" in os.environ
SEATS, TURNS = 20, 20 if IS_LONG else 3
TURN = timedelta(seconds=30)
MOMENTS = {
    Chat: ["created_at", "waiting_since", "turn_at", "ringing_since", "answered_at", "closed_at"],
    Ring: ["started_at", "ended_at"],
    Attempt: ["at"],
}
PEOPLE_A_TURN = 10  # of the office: 200 in a soak
TRIES_A_TURN = 10_000 if IS_LONG else 600  # of a derivation that takes a core 3 ms
BOTS = 200 if IS_LONG else 45


class Desk:
    def __init__(self, service) -> None:
        self.service = service
        self.turn = 0
        self.began = timezone.now()
        self.came: dict[str, int] = {}
        self.served: dict[str, int] = {}
        self.tries: dict[str, int] = defaultdict(int)
        self.answers: dict[str, int] = {}
        for _ in range(SEATS // 5):
            come_online(make_agent(service, chat_limit=5))
        Lease.objects.update(expires_at=timezone.now() + limits.DAY)

    def start(self, name: str, address: str, *, solves: bool = True, connects: bool = True) -> int:
        """Returns the status of the answer. A browser tries up to four sums, and then its page connects."""
        self.came[name] = self.turn
        data: dict = {}
        for _ in range(5):
            answer = post(Client(REMOTE_ADDR=address), "start", form(self.service, name=name, message="", **data))
            if answer.status_code != 428 or not solves:
                break
            data = {"solution": self._solve(name, answer[PUZZLE_HEADER])}
        self.answers[name] = answer.status_code
        if answer.status_code == 201 and connects:
            be_here(chat=Chat.objects.get(customer__name=name))
        return answer.status_code

    def end_turn(self) -> None:
        for chat in Chat.objects.filter(state=Chat.State.ACTIVE):
            transitions.close_chat(chat.pk, by=Chat.ClosedBy.AGENT)
        assign_waiting_chats(self.service.pk)
        for chat in Chat.objects.filter(state=Chat.State.RINGING).select_related("agent__service", "customer"):
            self.served[chat.customer.name] = self.turn
            transitions.answer_chat(chat.agent, chat.pk)
        self.turn += 1
        self._age(TURN - (timezone.now() - self.began))
        self.began = timezone.now()

    def _age(self, by: timedelta) -> None:
        """Moves what has happened so far into the past: the clock itself is the database's."""
        for model, moments in MOMENTS.items():
            model.objects.update(**{moment: F(moment) - by for moment in moments})

    def waits(self, kind: str) -> list[int]:
        """How many turns each of them waited for an agent; who waits still counts up to now."""
        return [self.served.get(name, self.turn) - came for name, came in self.came.items() if name.startswith(kind)]

    def _solve(self, name: str, text: str) -> str:
        solved = solution(text)
        self.tries[name.split(maxsplit=1)[0]] += sum(int(counter) + 1 for counter in solved.split(" ")[1:])
        return solved


@pytest.fixture
def desk(service, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr(puzzle, "ITERATIONS", 1)  # tries are counted, not timed
    return Desk(service)


def script(desk: Desk, numbers: Iterator[int], **how: bool) -> None:
    """One turn of a script behind the office's address."""
    end = desk.tries["Script"] + TRIES_A_TURN
    while desk.tries["Script"] < end:
        if desk.start(f"Script {next(numbers)}", OFFICE, **how) != 201:
            break


@pytest.mark.parametrize(
    "how",
    [{"solves": False}, {"connects": False}, {}],
    ids=["sends forms", "solves sums", "solves sums and connects"],
)
def test_an_office_and_a_script_behind_one_address(desk, how) -> None:
    numbers = itertools.count()
    for _ in range(TURNS):
        script(desk, numbers, **how)
        for number in range(PEOPLE_A_TURN):
            desk.start(f"Person {desk.turn}.{number}", OFFICE)
        desk.start(f"Alone {desk.turn}", f"198.51.100.{desk.turn}")
        desk.end_turn()

    counted = throttle.recent_attempts(
        limits.START_BY_NETWORK, networks.hash_of(desk.service.pk, OFFICE), now=timezone.now()
    )
    people = {name: status for name, status in desk.answers.items() if name.startswith("Person")}
    print(
        f"\n{how}: script's chats {sum(s == 201 for n, s in desk.answers.items() if n.startswith('Script'))},"
        f" counted {counted}, turns waited: alone {desk.waits('Alone')}, office {sorted(desk.waits('Person'))},"
        f" tries of the office for each {desk.tries['Person'] / len(people):.0f}"
    )
    assert set(people.values()) == {201}
    assert max(desk.waits("Alone")) <= 1
    # With the sums still easy at the beginning: 250 of the script's on one core, 200 of the office's.
    assert counted < limits.START_BY_NETWORK.attempts / 8
    places = set(waiting_chats(desk.service).values_list("customer__name", flat=True))
    assert all(name in desk.served or name in places for name in people)
    # Nothing tells a script that solves and connects from its neighbours: they wait behind the sums of one core.
    assert max(desk.waits("Person")) <= (3 if how or not IS_LONG else 12)


@pytest.mark.parametrize("connects", [False, True])
def test_a_botnet(desk, connects) -> None:
    """Nobody is asked for more than a rush asks for; bots that only start chats keep no agent from anybody."""
    for turn in range(3):
        for bot in range(BOTS // 3):
            desk.start(f"Bot {turn}.{bot}", f"203.0.113.{bot + 1}", connects=connects)
        desk.start(f"Person {turn}", OFFICE)
        desk.end_turn()

    assert {status for name, status in desk.answers.items() if name.startswith("Person")} == {201}
    places = list(waiting_chats(desk.service).values_list("customer__name", flat=True))
    print(f"\nbotnet, connects={connects}: waits {desk.waits('Person')}, places {len(places)}")
    if not connects:
        assert max(desk.waits("Person")) == 0
    assert all(name in desk.served or name in places for name in desk.came if name.startswith("Person"))
