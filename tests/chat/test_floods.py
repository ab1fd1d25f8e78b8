"""Floods of starts, of messages and of sockets: a script gets little, and honest people hardly notice it."""

import hashlib
import itertools
import uuid
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone, translation

from agents import throttle
from agents.models import Agent, Attempt, Contract
from chat.abuse import crowds, limits, networks, puzzle
from chat.conversation import messages
from chat.customer.views import PUZZLE_HEADER
from chat.lifecycle import transitions
from chat.lifecycle.trail import routing_trail
from chat.models import Chat, ChatSettings, Lease, Message, RoutingDecision
from chat.routing.assignment import assign_waiting_chats
from chat.routing.decisions import Reason
from chat.routing.queue import queue_place, queue_places
from chat.routing.queue_limits import QueueFull
from chat.sockets import snapshots
from contiple.base import env
from contiple.base.errors import TooMany
from helpcenter.customers import token_hash
from helpcenter.models import Customer
from helpcenter.policies import current_policy
from tests.chat.comings import be_here, come_online
from tests.chat.test_customer_views import form, post
from tests.make import make_chat, make_customer

pytestmark = pytest.mark.django_db
OFFICE = "192.0.2.7"


def start(service, address: str, **data):
    return post(Client(REMOTE_ADDR=address), "start", form(service, **data))


def solution(puzzle_text: str) -> str:
    """As puzzle.js finds it."""
    challenge, iterations, bits, parts = puzzle_text.split(" ")
    counters = [counter_of(f"{challenge} {part}", int(iterations), int(bits)) for part in range(int(parts))]
    return " ".join([challenge, *map(str, counters)])


def counter_of(text: str, iterations: int, bits: int) -> int:
    for counter in itertools.count():
        found = hashlib.pbkdf2_hmac("sha256", str(counter).encode(), text.encode(), iterations)
        if int.from_bytes(found[:2]) >> (16 - bits) == 0:
            return counter
    raise AssertionError


def start_as_a_browser(service, address: str, **data):
    answer = start(service, address, **data)
    if answer.status_code == 428:
        answer = start(service, address, solution=solution(answer[PUZZLE_HEADER]), **data)
    return answer


def words(chat) -> list[str]:
    return [choice.text for choice in routing_trail(chat)]


def test_an_office_and_a_script_behind_one_address(service, agent) -> None:
    """The script sends forms without end; the people of the office have browsers; others come alone."""
    come_online(agent)
    Lease.objects.update(expires_at=timezone.now() + timedelta(hours=1))
    script = [start(service, OFFICE, name="Script").status_code for _ in range(60)]
    office = [start_as_a_browser(service, OFFICE, name=f"Person {number}") for number in range(40)]
    script += [start(service, OFFICE, name="Script").status_code for _ in range(20)]
    alone = start_as_a_browser(service, "198.51.100.9", name="Alone")

    assert {answer.status_code for answer in office} == {201}
    assert script.count(201) == puzzle.NETWORK_STARTS
    assert alone.status_code == 201
    places = queue_places(service.pk)
    assert places[Chat.objects.get(customer__name="Alone").pk] <= 2
    assert OFFICE not in str(list(Chat.objects.values()))


def test_who_comes_alone_goes_before_a_crowd_and_the_crowd_moves_on(service) -> None:
    network, now = networks.hash_of(service.pk, OFFICE), timezone.now()
    crowd = [make_chat(service, network=network, waiting_since=now) for _ in range(30)]
    alone = make_chat(service, waiting_since=now + timedelta(seconds=150))
    later = make_chat(service, waiting_since=now + timedelta(seconds=570))

    order = list(queue_places(service.pk))

    assert [chat_id for chat_id in order if chat_id not in {alone.pk, later.pk}] == [chat.pk for chat in crowd]
    assert order.index(alone.pk) == 3, "a crowd's chats go a minute after one another"
    assert order.index(later.pk) == 11


def test_a_busy_day_of_a_phone_network_is_no_crowd(service, agent) -> None:
    network = networks.hash_of(service.pk, OFFICE)
    make_chat(service, agent=agent)
    chats = [make_chat(service, network="" if number % 2 else network) for number in range(60)]
    assert list(queue_places(service.pk)) == [chat.pk for chat in chats]


def test_nobody_of_a_network_passes_an_earlier_one_as_the_crowd_grows_smaller(service) -> None:
    """Whether it is a crowd no more, or was one before its last chats came."""
    network, now = networks.hash_of(service.pk, OFFICE), timezone.now()
    early = timedelta(minutes=20)
    crowd = [make_chat(service, network=network, waiting_since=now - early, created_at=now - early) for _ in range(40)]
    Chat.objects.filter(pk__in=[chat.pk for chat in crowd[:25]]).update(state="closed", closed_at=now)
    rest = [*crowd[25:], make_chat(service, network=network, waiting_since=now)]
    alone = make_chat(service, waiting_since=now - early / 2)

    assert list(queue_places(service.pk)) == [*(chat.pk for chat in rest[:-1]), alone.pk, rest[-1].pk]


def test_a_desk_with_one_seat_serves_who_comes_alone_and_the_crowd_in_turn(service, agent) -> None:
    network, now = networks.hash_of(service.pk, OFFICE), timezone.now()
    hour = timedelta(hours=1)
    crowd = [make_chat(service, network=network, waiting_since=now - hour) for _ in range(30)]
    alone = [make_chat(service, waiting_since=now - timedelta(minutes=10 - number)) for number in range(2)]
    assert next(iter(queue_places(service.pk))) == crowd[0].pk
    long = timedelta(minutes=30)
    Chat.objects.filter(pk=crowd[0].pk).update(
        state="closed", created_at=now - hour, ringing_since=now - timedelta(minutes=5), closed_at=now
    )
    assert list(queue_places(service.pk))[:3] == [alone[0].pk, alone[1].pk, crowd[1].pk]
    Chat.objects.filter(pk=crowd[0].pk).update(ringing_since=now - long)
    assert next(iter(queue_places(service.pk))) == crowd[1].pk


def test_what_a_page_is_shown_is_the_order_of_the_router(service, agent) -> None:
    """A beat of the sockets, a change of the queue, and the router agree about a crowd."""
    network, now = networks.hash_of(service.pk, OFFICE), timezone.now()
    crowd = [make_chat(service, network=network, waiting_since=now - timedelta(minutes=5)) for _ in range(25)]
    alone = make_chat(service, waiting_since=now - timedelta(minutes=4, seconds=30))
    seen = snapshots.look([snapshots.Watched((), chat_id=chat.pk) for chat in (crowd[0], crowd[1], alone)])
    assert [item.fingerprint.place for item in seen] == [1, 3, 2]
    assert queue_place(alone) == 2
    Agent.objects.update(chat_limit=3)
    come_online(agent)
    assert assign_waiting_chats(service.pk) == 3
    assert set(Chat.objects.filter(state="ringing")) == {crowd[0], alone, crowd[1]}


def test_a_solution_counts_once_in_its_service_and_for_a_while(service, outsider) -> None:
    network, now = "n", timezone.now()
    for _ in range(puzzle.NETWORK_STARTS):
        throttle.count_attempt(limits.START_BY_NETWORK, network, now=now)
    with pytest.raises(puzzle.Unsolved) as asked:
        puzzle.require_solution(service.pk, network, "", now=now)
    solved = solution(asked.value.puzzle)
    for service_id, text in [
        (outsider.service_id, solved),
        (service.pk, f"{solved} "),
        (service.pk, f"x{solved}"),
        (service.pk, solved.partition(" ")[0] + " 99999999999" * puzzle.PARTS),
        (service.pk, solved.rpartition(" ")[0]),
        (service.pk, f"{solved} 1"),
        (service.pk, "\0 1"),
    ]:
        with pytest.raises(puzzle.Unsolved):
            puzzle.require_solution(service_id, network, text, now=now)
    puzzle.require_solution(service.pk, network, solved, now=now)
    with pytest.raises(puzzle.Unsolved):
        puzzle.require_solution(service.pk, network, solved, now=now)


def test_each_doubling_of_a_networks_starts_quadruples_the_tries_up_to_a_bound(service) -> None:
    now, tries, counted = timezone.now(), [], 1
    attempt = throttle.count_attempt(limits.START_BY_NETWORK, "n", now=now)
    for starts in (19, 20, 40, 80, 160, 5000):
        Attempt.objects.bulk_create(Attempt(key=attempt.key, at=now) for _ in range(starts - counted))
        counted = starts
        asked = puzzle.ahead(service.pk, "n", now=now)
        tries.append(asked and 2 ** int(asked.split()[2]) * int(asked.split()[3]))
    assert tries == ["", 32, 128, 512, 2048, 2048], "twice what is asked for now"


def test_the_sum_is_had_before_the_form_is_filled_in(service, agent, customer) -> None:
    """It needs no second request then. A known customer needs none."""
    come_online(agent)
    client = Client(REMOTE_ADDR=OFFICE)
    assert PUZZLE_HEADER not in post(client, "start_sum", {})
    now = timezone.now()
    for _ in range(puzzle.NETWORK_STARTS):
        throttle.count_attempt(limits.START_BY_NETWORK, networks.hash_of(service.pk, OFFICE), now=now)
    asked = post(client, "start_sum", {})
    assert asked.status_code == 204
    assert start(service, OFFICE, solution=solution(asked[PUZZLE_HEADER])).status_code == 201
    past = now - timedelta(days=2)
    make_chat(service, customer=customer, state="closed", answered_at=past, closed_at=past)
    Customer.objects.filter(pk=customer.pk).update(token_hash=token_hash("known"))
    assert PUZZLE_HEADER not in post(client, "start_sum", {}, token="known")


def test_from_many_addresses_a_rush_is_asked_and_a_usual_day_is_not(service) -> None:
    now = timezone.now()
    for _ in range(puzzle.SERVICE_STARTS + 1):
        throttle.count_attempt(limits.START_BY_SERVICE, str(service.pk), now=now)
    with pytest.raises(puzzle.Unsolved):
        puzzle.require_solution(service.pk, "n", "", now=now)
    puzzle.require_solution(service.pk, "n", "", now=now + timedelta(minutes=2))


def test_a_customer_writes_much_and_is_then_told_how_long_to_wait(service, customer) -> None:
    chat = make_chat(service, customer=customer)
    big = "가" * 4000

    def send(body: str):
        sending = messages.prepare(chat.pk, service_id=service.pk, body=body, client_id=uuid.uuid4())
        return messages.append_together([sending], wait=True)[0]

    outcomes = [send(big) for _ in range(20)]
    refused = [outcome for outcome in outcomes if isinstance(outcome, TooMany)]
    assert Message.objects.count() == 12
    assert len(refused) == 8
    assert 0 < refused[0].retry_after_s <= limits.cost_s(big)
    Chat.objects.update(paced_until=None)
    assert all(isinstance(send("Hello"), messages.Sent) for _ in range(100))


def test_an_agent_is_never_hit_by_it(service, agent) -> None:
    chat = make_chat(service, agent=agent, paced_until=timezone.now() + timedelta(hours=1))
    sending = messages.prepare(
        chat.pk, service_id=service.pk, body="x" * 4000, client_id=uuid.uuid4(), agent_id=agent.pk, agent_name="Mina"
    )
    assert isinstance(messages.append_together([sending], wait=True)[0], messages.Sent)
    assert Chat.objects.get().paced_until > timezone.now() + timedelta(minutes=50)


def test_the_wait_is_the_time_that_is_left_and_is_said_in_the_readers_language() -> None:
    now, limit = timezone.now(), throttle.Limit("test wait", 2, timedelta(hours=1))
    for ago in (58, 57):
        throttle.count_attempt(limit, "a", now=now - timedelta(minutes=ago))
    with pytest.raises(TooMany) as error:
        throttle.count_attempt(limit, "a", now=now)
    assert error.value.retry_after_s == 120
    assert str(error.value) == "Too many attempts. Try again in 2 minutes."
    with translation.override("ko"):
        assert str(error.value) == "시도 횟수가 너무 많습니다. 2분 후에 다시 시도해 주세요."
    with pytest.raises(TooMany) as error:
        throttle.count_attempt(limit, "a", now=now + timedelta(seconds=119))
    assert str(error.value).endswith("Try again in 1 second.")
    assert throttle.count_attempt(limit, "a", now=now + timedelta(seconds=120))


def test_the_readme_has_the_policy() -> None:
    table = (env.BASE_DIR / "chat/README.md").read_text().partition("holds this table to limits.py")[2]
    for name, limit in vars(limits).items():
        if isinstance(limit, throttle.Limit):
            hours = int(limit.window.total_seconds() // 3600)
            [row] = [line for line in table.splitlines() if f"`{name}`" in line]
            assert row.split("|")[3].split()[0] == str(limit.attempts)
            assert f"in {hours} hour" in row
    for name in ("SOCKETS_OF_CHAT", "SOCKETS_OF_NETWORK"):
        assert f"| `{name}` |" in table
        assert f"| {getattr(limits, name)} sockets" in table


def test_a_crowd_has_what_nobody_else_wants_but_the_last_seat(service, agent) -> None:
    network = networks.hash_of(service.pk, OFFICE)
    Agent.objects.update(chat_limit=8)
    Contract.objects.update(chats_at_once=8)
    come_online(agent)
    for _ in range(puzzle.NETWORK_STARTS):
        make_chat(service, network=network)
    ringing = Chat.objects.filter(state=Chat.State.RINGING)

    assert assign_waiting_chats(service.pk) == 7
    assert set(RoutingDecision.objects.filter(agent=None).values_list("reason", flat=True)) == {Reason.CROWD}
    alone = make_chat(service)
    assert assign_waiting_chats(service.pk) == 1
    assert ringing.filter(pk=alone.pk).exists()
    Chat.objects.filter(pk=ringing.filter(network=network).first().pk).update(state="closed", closed_at=timezone.now())
    assert assign_waiting_chats(service.pk) == 1, "somebody else is there: none is kept"


def test_colleagues_behind_one_address_have_all_seats(service, agent) -> None:
    come_online(agent)
    for _ in range(puzzle.NETWORK_STARTS - 1):
        make_chat(service, network="n")
    assert assign_waiting_chats(service.pk) == 3


@pytest.mark.parametrize(("seats", "kept"), [(0, 0), (1, 0), (2, 1), (9, 1), (19, 1), (20, 2), (200, 20)])
def test_seats_that_are_kept(seats, kept) -> None:
    assert crowds.seats_kept(seats) == kept


def test_who_is_passed_over_is_told_to_admins_once(service, agent) -> None:
    now = timezone.now()
    come_online(agent)
    crowd = [
        make_chat(service, network="n", waiting_since=now - timedelta(minutes=9)) for _ in range(puzzle.NETWORK_STARTS)
    ]
    taken = [make_chat(service, agent=agent, network="n") for _ in range(3)]
    assign_waiting_chats(service.pk)
    assert words(crowd[0]) == ["Queued: all Online agents were at their limit."]
    alone = make_chat(service)
    Chat.objects.filter(pk=taken[0].pk).update(state="closed", closed_at=now)
    for _ in range(2):
        assign_waiting_chats(service.pk)
    assert Chat.objects.get(pk=alone.pk).state == "ringing"
    assert words(crowd[0])[1:] == [
        "Queued: many chats came from the same address, so customers from elsewhere go first."
    ]


def test_whoever_was_answered_before_today_comes_alone(service, agent, customer) -> None:
    assert not crowds.is_known(customer.pk)
    past = timezone.now() - timedelta(days=2)
    chat = make_chat(service, customer=customer, state="closed", answered_at=past, closed_at=past)
    assert crowds.is_known(customer.pk)
    Chat.objects.filter(pk=chat.pk).update(closed_by=Chat.ClosedBy.ADMIN)
    assert not crowds.is_known(customer.pk)


@pytest.mark.parametrize(("limit", "own"), [(1, 1), (2, 1), (5, 3), (20, 10)])
def test_a_limited_queue_keeps_half_of_what_is_left_for_others(service, agent, limit, own) -> None:
    come_online(agent)
    Lease.objects.update(expires_at=timezone.now() + timedelta(hours=1))
    for _ in range(3):
        make_chat(service, agent=agent)
    ChatSettings.objects.filter(service=service).update(queue_limit=limit)
    for _ in range(own - 1):
        make_chat(service, network="n")

    def start_from(network: str) -> bool:
        customer = make_customer(service)
        policy = current_policy(service.help_center, "en")
        try:
            be_here(
                chat=transitions.start_chat(
                    customer, policy=policy, language="en", coming=transitions.Coming(network=network)
                )
            )
        except QueueFull:
            return False
        return True

    assert [start_from("n") for _ in range(2)] == [True, False]
    others = [start_from(f"other {number}") for number in range(limit - own + 1)]
    assert others == [True] * (limit - own) + [False]
