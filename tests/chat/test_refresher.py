"""When what is shown besides the messages is read again."""

import pytest
from django.db import DatabaseError

from chat.sockets import refresher
from chat.sockets.refresher import Refresher


@pytest.fixture(autouse=True)
def quick(monkeypatch) -> None:
    monkeypatch.setattr(refresher, "REFRESH_DELAY_S", 0)
    monkeypatch.setattr(refresher, "RETRY_S", 0)


class Reader:
    """Counts readings; ``during`` is done within each, the first thing first."""

    def __init__(self, *during) -> None:
        self.during = list(during)
        self.readings = 0

    async def __call__(self) -> None:
        self.readings += 1
        if self.during:
            self.during.pop(0)()


def fail() -> None:
    raise DatabaseError


def fail_for_good() -> None:
    raise RuntimeError


async def test_several_changes_at_once_are_one_reading() -> None:
    shown, read = Refresher(), Reader()
    assert [shown.touch() for _ in range(3)] == [True, False, False], "one run does for all"
    await shown.run(read)
    assert read.readings == 1


async def test_a_change_after_it_was_read_is_another_run() -> None:
    shown, read = Refresher(), Reader()
    for _ in range(2):
        assert shown.touch()
        await shown.run(read)
    assert read.readings == 2


async def test_a_change_while_it_is_read_is_read_by_the_same_run() -> None:
    shown, began = Refresher(), []
    read = Reader(lambda: began.append(shown.touch()))
    shown.touch()
    await shown.run(read)
    assert (read.readings, began) == (2, [False])


async def test_a_database_that_does_not_answer_is_asked_again() -> None:
    shown, read = Refresher(), Reader(fail, fail)
    shown.touch()
    await shown.run(read)
    assert read.readings == 3
    assert shown.touch()


async def test_what_nobody_foresaw_ends_the_run_and_not_the_next() -> None:
    shown, read = Refresher(), Reader(fail_for_good)
    shown.touch()
    with pytest.raises(RuntimeError):
        await shown.run(read)
    assert shown.touch()
    await shown.run(read)
    assert read.readings == 2


async def test_nothing_is_read_that_has_not_changed() -> None:
    read = Reader()
    await Refresher().run(read)
    assert read.readings == 0
