"""Requests wait in lanes: bounded, addresses in turn, and what is too much comes back later."""

import asyncio

import pytest

from contiple import lanes
from contiple.lanes import Lane
from tests.contiple.asgi import ask


async def queued(lane: Lane, *who: str) -> list[asyncio.Task[bool]]:
    tasks = [asyncio.create_task(lane.enter(name)) for name in who]
    await asyncio.sleep(0)
    return tasks


async def test_addresses_take_turns():
    lane = Lane(1, 10, 60)
    assert await lane.enter("flood")
    flood = await queued(lane, "flood", "flood", "flood")
    [single] = await queued(lane, "single")

    lane.leave()
    lane.leave()

    assert await single
    assert [task.done() for task in flood] == [True, False, False]


async def test_the_address_with_most_waiting_gives_way():
    lane = Lane(1, 3, 60)
    assert await lane.enter("flood")
    flood = await queued(lane, "flood", "flood", "flood")

    assert not await lane.enter("flood")
    [single] = await queued(lane, "single")

    assert [await flood[2], single.done()] == [False, False]


async def test_who_waits_too_long_or_leaves_takes_no_place():
    lane = Lane(1, 3, 0.01)
    assert await lane.enter("a")
    assert not await lane.enter("b")
    lane.seconds = 60
    [gone] = await queued(lane, "c")
    lane.leave()
    gone.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gone

    assert (lane.free, lane.waiting) == (1, {})


@pytest.mark.parametrize(("path", "method", "lane"), [("/sign-in/", "POST", "hashing"), ("/sign-in/", "GET", "pages")])
async def test_a_full_lane_says_when_to_come_back_and_probes_go_on(monkeypatch, path, method, lane):
    monkeypatch.setattr(lanes, lane, Lane(0, 0, 60))
    monkeypatch.setattr(Lane, "_has_room", lambda self, who: False)

    answer = await ask(path, method=method, accept="text/html", **{"accept-language": "ko"})

    assert (answer.status, answer.headers["retry-after"]) == (503, "10")
    assert "잠시 후" in answer.text
    assert '<a class="button button-primary" href="">다시 시도</a>' in answer.text
    assert (await ask("/health/live")).status == 200


@pytest.mark.parametrize(
    ("path", "method", "lane"),
    [
        ("/desk/demo/chats/export/", "POST", lanes.exports),
        ("/desk/demo/masking/record/export/", "POST", lanes.exports),
        ("/desk/demo/chats/export/", "GET", lanes.pages),
        ("/desk/demo/chats/", "POST", lanes.pages),
    ],
)
def test_exports_have_a_lane_of_their_own(path, method, lane):
    assert lanes._lane_of({"method": method, "path": path}) is lane
