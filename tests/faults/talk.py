"""Conversations under load: pairs of a customer and the agent who has the chat on display, both writing."""

from collections.abc import Iterator

from tests.faults.desk import Desk, assert_nothing_lost
from tests.faults.people import Agent, Client, Crowd, Customer, wait_until

WRITE_EVERY_S = 0.15  # below the limit of each socket (10 a second), above what anybody types
# What is refused for a moment is sent again after 2 s, a socket comes back after 0.75 s and less often later.
HEALED_S = 20

Pair = tuple[Customer, Agent]


def conversations(desk: Desk, number: int, *, customers_at: str = "", agents_at: str = "") -> list[Pair]:
    made = [desk.conversation(customer_at=customers_at, agent_at=agents_at) for _ in range(number)]
    return [(customer, tab) for _agent, tab, customer in made]


def write_all(crowd: Crowd, pairs: list[Pair], *, every_s: float = WRITE_EVERY_S) -> None:
    for customer, agent in pairs:
        crowd.write(customer, customer.chat, every_s=every_s)
        crowd.write(agent, customer.chat, every_s=every_s)


def clients(pairs: list[Pair]) -> Iterator[Client]:
    return (client for pair in pairs for client in pair)


def written(pairs: list[Pair]) -> int:
    return sum(len(client.acknowledged) for client in clients(pairs))


def wait_for_more(pairs: list[Pair], number: int, seconds: float = 20) -> float:
    """Returns when so many more are acknowledged, and how long it took."""
    wanted = written(pairs) + number
    return wait_until(
        lambda: written(pairs) >= wanted, seconds, otherwise=lambda: f"{written(pairs)} of {wanted} in {seconds} s"
    )


def assert_every_word_arrived(desk: Desk, crowd: Crowd, pairs: list[Pair], seconds: float = HEALED_S) -> None:
    crowd.stop_writing()
    for customer, agent in pairs:
        assert_nothing_lost(desk, customer.chat, customer, agent, seconds=seconds)


def codes(pairs: list[Pair]) -> list[int]:
    return [code for client in clients(pairs) for code in client.codes]


def sent_again(pairs: list[Pair]) -> int:
    return sum(times > 1 for client in clients(pairs) for times in client.handed_over.values())
