"""How much may be on its way to a client that has not said that it read it."""

import pytest

from chat.sockets import window
from chat.sockets.window import Window


@pytest.fixture(autouse=True)
def small(monkeypatch) -> None:
    monkeypatch.setattr(window, "WINDOW_BYTES", 100)


@pytest.fixture
def to_client() -> Window:
    return Window(now=0)


def test_it_takes_just_as_much_as_it_holds(to_client) -> None:
    assert to_client.add(60)
    assert to_client.add(40)
    assert not to_client.add(1)


def test_more_than_half_of_it_wants_an_answer(to_client) -> None:
    to_client.add(50)
    assert not to_client.wants_beat
    to_client.add(1)
    assert to_client.wants_beat


def test_a_client_is_asked_once_until_it_answers(to_client) -> None:
    to_client.add(60)
    assert to_client.announce() == 60
    to_client.add(30)
    assert not to_client.wants_beat
    to_client.answer(10, now=1)
    assert to_client.wants_beat, "80 of 100 are still unanswered"


def test_an_answer_makes_room(to_client) -> None:
    to_client.add(100)
    to_client.answer(to_client.announce(), now=1)
    assert to_client.add(100)
    assert not to_client.add(1)


def test_a_client_has_read_no_more_than_it_was_told_of(to_client) -> None:
    to_client.add(30)
    to_client.announce()
    to_client.add(70)
    to_client.answer(2**53, now=1)
    assert to_client.answered_bytes == 30
    assert not to_client.add(31)


def test_an_answer_without_a_beat_reads_nothing(to_client) -> None:
    to_client.add(30)
    to_client.answer(30, now=1)
    assert to_client.answered_bytes == 0


def test_what_was_read_stays_read(to_client) -> None:
    to_client.add(30)
    to_client.announce()
    to_client.answer(30, now=1)
    to_client.answer(0, now=2)
    assert to_client.answered_bytes == 30


def test_silence_is_counted_from_the_last_answer() -> None:
    to_client = Window(now=5)
    assert to_client.silent_s(now=8) == 3
    to_client.answer(0, now=9)
    assert to_client.silent_s(now=9.5) == 0.5
