"""Deliveries that wait for a connection, and what becomes of those that find no room."""

import pytest
from django.db import DatabaseError

from chat.conversation.live import Typed
from chat.sockets import inbox
from chat.sockets.inbox import Inbox


@pytest.fixture(autouse=True)
def quick(monkeypatch) -> None:
    monkeypatch.setattr(inbox, "RETRY_S", 0)
    monkeypatch.setattr(inbox, "INBOX_SIZE", 3)


class Shown:
    """Keeps what a connection is given to show; deliveries of the chats in ``failing`` can't be shown, each once."""

    def __init__(self, *failing: int, error: type[Exception] = DatabaseError) -> None:
        self.failing, self.error = list(failing), error
        self.chats: list[int] = []
        self.caught_up = 0

    async def show(self, delivery: Typed) -> None:
        if delivery.chat in self.failing:
            self.failing.remove(delivery.chat)
            raise self.error
        self.chats.append(delivery.chat)

    async def catch_up(self) -> None:
        self.caught_up += 1


def typed(chat: int) -> Typed:
    return Typed(chat, "customer")


@pytest.fixture
def opened() -> Inbox:
    box = Inbox()
    box.open()
    return box


async def test_deliveries_are_shown_in_order_by_one_pump(opened) -> None:
    shown = Shown()
    assert [opened.put(typed(chat)) for chat in (1, 2, 3)] == [True, False, False]
    await opened.pump(shown.show, shown.catch_up)
    assert (shown.chats, shown.caught_up) == ([1, 2, 3], 0)


async def test_after_a_pump_the_next_delivery_wants_another(opened) -> None:
    shown = Shown()
    for chat in (1, 2):
        assert opened.put(typed(chat))
        await opened.pump(shown.show, shown.catch_up)
    assert shown.chats == [1, 2]


async def test_what_comes_while_it_is_pumped_is_shown_by_the_same_pump(opened) -> None:
    shown, wanted = Shown(), []

    async def show(delivery: Typed) -> None:
        await shown.show(delivery)
        if delivery.chat == 1:
            wanted.append(opened.put(typed(2)))

    opened.put(typed(1))
    await opened.pump(show, shown.catch_up)
    assert (shown.chats, wanted) == ([1, 2], [False])


async def test_before_the_connection_has_begun_deliveries_gather() -> None:
    box, shown = Inbox(), Shown()
    assert not box.put(typed(1))
    assert box.open()
    assert not box.put(typed(2)), "the pump that opening asked for shows it"
    await box.pump(shown.show, shown.catch_up)
    assert shown.chats == [1, 2]


def test_an_empty_inbox_wants_no_pump_when_it_is_opened() -> None:
    assert not Inbox().open()


async def test_what_finds_no_room_is_caught_up_after_the_rest(opened) -> None:
    shown = Shown()
    for chat in range(5):
        opened.put(typed(chat))
    await opened.pump(shown.show, shown.catch_up)
    assert (shown.chats, shown.caught_up) == ([0, 1, 2], 1)
    assert opened.put(typed(5)), "there is room again"


async def test_a_delivery_that_could_not_be_shown_is_caught_up(opened) -> None:
    shown = Shown(2)
    for chat in (1, 2, 3):
        opened.put(typed(chat))
    await opened.pump(shown.show, shown.catch_up)
    assert (shown.chats, shown.caught_up) == ([1, 3], 1)


async def test_a_catching_up_that_fails_is_tried_again(opened) -> None:
    shown, failures = Shown(1), [DatabaseError, DatabaseError]

    async def catch_up() -> None:
        if failures:
            raise failures.pop()
        await shown.catch_up()

    opened.put(typed(1))
    await opened.pump(shown.show, catch_up)
    assert (failures, shown.caught_up) == ([], 1)


async def test_what_nobody_foresaw_ends_the_pump_and_not_the_next(opened) -> None:
    shown = Shown(1, error=RuntimeError)
    opened.put(typed(1))
    with pytest.raises(RuntimeError):
        await opened.pump(shown.show, shown.catch_up)
    assert opened.put(typed(2))
