"""Pieces that are asked for in threads: all of them, in order, and no step more once nobody takes them."""

import asyncio
import contextlib
import threading
from collections.abc import Iterator

import pytest

from contiple.base.threads import each_in_thread

pytestmark = pytest.mark.django_db(transaction=True)  # a thread lets go of its connection


async def test_each_comes_in_order_and_an_empty_one_says_that_there_will_be_more() -> None:
    threads = set()

    def pieces() -> Iterator[bytes]:
        for piece in (b"one", b"", b"two"):
            threads.add(threading.get_ident())
            yield piece

    assert [piece async for piece in each_in_thread(pieces())] == [b"one", b"", b"two"]
    assert threading.get_ident() not in threads


@pytest.mark.parametrize("is_at_work", [False, True])
async def test_who_leaves_ends_it_once_its_step_is_done(is_at_work: bool) -> None:
    """Between two steps, and in the middle of one: a generator at work can't be closed."""
    said: list[str] = []
    works, may_go_on = threading.Event(), threading.Event()

    def pieces() -> Iterator[bytes]:
        try:
            yield b"one"
            works.set()
            may_go_on.wait(10)
            said.append("worked")
            yield b"two"
            said.append("went on")
        finally:
            said.append("closed")

    async def take() -> None:
        async with contextlib.aclosing(each_in_thread(pieces())) as taken:  # as Django does
            async for _piece in taken:
                has_one.set()
                if not is_at_work:
                    await asyncio.Event().wait()

    has_one = asyncio.Event()
    client = asyncio.create_task(take())
    await has_one.wait()
    if is_at_work:
        await asyncio.to_thread(works.wait, 10)
    client.cancel()
    await asyncio.sleep(0)
    may_go_on.set()
    await asyncio.wait([client], timeout=10)
    assert said == (["worked", "closed"] if is_at_work else ["closed"])


async def test_a_failure_is_the_takers() -> None:
    def pieces() -> Iterator[bytes]:
        yield b"one"
        raise LookupError

    with pytest.raises(LookupError):
        [piece async for piece in each_in_thread(pieces())]
