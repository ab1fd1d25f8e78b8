"""What is published reaches who is subscribed, here and in other processes; what is rolled back reaches nobody."""

import asyncio
import contextlib
import os
import subprocess
import sys
import threading
import uuid
from datetime import UTC, datetime

import pytest
from channels.db import database_sync_to_async
from channels.layers import get_channel_layer
from django.conf import settings as django_settings
from django.db import transaction

from chat.conversation import live
from chat.conversation.entries import Entry, ShownSpan

ENTRY = Entry(
    chat=7,
    seq=3,
    rev=5,
    author="customer",
    name="준",
    body="**** 👍🏽",
    event="",
    created_at=datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC),
    client_id=uuid.UUID(int=1),
    masks=(ShownSpan(1, 0, 4, "card"),),
)
DELIVERIES = [
    live.Changed(ENTRY, unread=2, received_at=1.5),
    live.Receipts(7, 1, 2, 3, 4),
    live.Typed(7, "agent"),
    live.Touched(),
]
WITHIN_S = 10


class Listener:
    """Keeps what it hears."""

    def __init__(self) -> None:
        self.heard: asyncio.Queue = asyncio.Queue()

    def receive(self, topic: str, delivery: live.Delivery) -> None:
        self.heard.put_nowait((topic, delivery))

    async def next(self) -> tuple[str, live.Delivery]:
        return await asyncio.wait_for(self.heard.get(), WITHIN_S)

    async def nothing_before(self, topic: str) -> None:
        """Whatever was published earlier has not come: what is published now comes first."""
        live.publish(topic, live.Touched())
        assert await self.next() == (topic, live.Touched())


@pytest.fixture
def topic() -> str:
    return f"chat.{uuid.uuid4().int % 10**9}"


# In one process


async def test_a_subscriber_hears_its_topic_and_no_other(topic) -> None:
    listener, other = Listener(), Listener()
    await live.subscribe(topic, listener)
    await live.subscribe("chat.0", other)

    for delivery in DELIVERIES:
        live.publish(topic, delivery)

    assert [await listener.next() for _ in DELIVERIES] == [(topic, delivery) for delivery in DELIVERIES]
    await other.nothing_before("chat.0")


async def test_who_left_hears_nothing_and_the_others_go_on(topic) -> None:
    gone, here = Listener(), Listener()
    await live.subscribe(topic, gone)
    await live.subscribe(topic, here)
    live.unsubscribe(topic, gone)
    live.unsubscribe(topic, gone)  # twice is harmless

    await here.nothing_before(topic)

    assert gone.heard.empty()


async def test_it_may_be_published_from_any_thread_in_order(topic) -> None:
    listener = Listener()
    await live.subscribe(topic, listener)

    thread = threading.Thread(target=lambda: [live.publish(topic, live.Typed(n, "agent")) for n in range(50)])
    thread.start()

    assert [(await listener.next())[1].chat for _ in range(50)] == list(range(50))
    thread.join()


def test_without_anybody_here_publishing_is_harmless(topic) -> None:
    live.publish(topic, live.Touched())


@pytest.mark.django_db(transaction=True)
async def test_what_is_rolled_back_is_told_to_nobody_and_what_is_committed_after_the_commit(topic) -> None:
    listener = Listener()
    await live.subscribe(topic, listener)

    def change(fail: bool) -> None:
        with contextlib.suppress(InterruptedError), transaction.atomic():
            live.publish_on_commit(topic, live.Typed(int(fail), "agent"))
            live.publish(topic, live.Touched())
            if fail:
                raise InterruptedError

    await database_sync_to_async(change)(True)
    await database_sync_to_async(change)(False)

    assert [(await listener.next())[1] for _ in range(3)] == [live.Touched(), live.Touched(), live.Typed(0, "agent")]
    await listener.nothing_before(topic)


# Between processes


@pytest.fixture
def over_redis(settings, redis_url) -> str:
    settings.CHANNEL_LAYERS = {
        "default": {"BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer", "CONFIG": {"hosts": [redis_url]}}
    }
    return redis_url


OTHER_PROCESS = """
import asyncio, contextlib, sys
import django
django.setup()
import msgspec
from chat.conversation import live
topic = sys.argv[1]

class Echo:
    def __init__(self):
        self.stop = asyncio.Event()
    def receive(self, topic, delivery):
        print(msgspec.json.encode(delivery).decode(), flush=True)
        live.publish("answers." + topic, delivery)

async def main():
    await live.subscribe(topic, Echo())
    print("ready", flush=True)
    await asyncio.sleep(30)

if sys.argv[2] == "echo":
    asyncio.run(main())
else:  # a process without connections, as the worker is, which sends from a thread of its own
    with live.sending_beside() if sys.argv[2] == "beside" else contextlib.nullcontext():
        for number in range(3):
            live.publish(topic, live.Typed(number, "agent"))
"""


@contextlib.contextmanager
def other_process(redis_url: str, topic: str, part: str):
    process = subprocess.Popen(
        [sys.executable, "-W", "error::RuntimeWarning", "-c", OTHER_PROCESS, topic, part],
        cwd=django_settings.BASE_DIR,
        env={**os.environ, "REDIS_URL": redis_url, "DJANGO_SETTINGS_MODULE": "contiple.settings"},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


async def test_another_process_hears_everything_and_is_heard(over_redis, topic) -> None:
    listener, answers = Listener(), Listener()
    await live.subscribe(topic, listener)
    await live.subscribe(f"answers.{topic}", answers)
    with other_process(over_redis, topic, "echo") as process:
        assert await asyncio.to_thread(process.stdout.readline) == "ready\n"

        for delivery in DELIVERIES:
            live.publish(topic, delivery)

        assert [(await answers.next())[1] for _ in DELIVERIES] == DELIVERIES
        # Here it came directly, once: not again through the layer.
        assert [(await listener.next())[1] for _ in DELIVERIES] == DELIVERIES
        assert listener.heard.empty()


@pytest.mark.parametrize("part", ["publish", "beside"])
async def test_a_process_without_connections_is_heard(over_redis, topic, part) -> None:
    listener = Listener()
    await live.subscribe(topic, listener)

    with other_process(over_redis, topic, part) as process:
        assert [(await listener.next())[1].chat for _ in range(3)] == [0, 1, 2]
        assert await asyncio.to_thread(process.wait, WITHIN_S) == 0


async def test_whoever_joins_second_is_not_back_before_the_topic_is_joined(over_redis, topic, monkeypatch) -> None:
    layer, joined = get_channel_layer(), []
    group_add = layer.group_add

    async def slow_group_add(*arguments) -> None:
        await asyncio.sleep(0.05)
        await group_add(*arguments)
        joined.append(arguments)

    monkeypatch.setattr(layer, "group_add", slow_group_add, raising=False)

    async def subscribe() -> int:
        await live.subscribe(topic, Listener())
        return len(joined)

    assert await asyncio.gather(subscribe(), subscribe()) == [1, 1]


async def test_what_nobody_here_asks_for_is_not_even_read(over_redis, topic, caplog) -> None:
    listener = Listener()
    await live.subscribe(topic, listener)
    await say_raw(("chat.0", b"\x80"))  # reading it would fail

    await say_from_elsewhere(topic)

    assert await listener.next() == (topic, live.Touched())
    assert "was lost" not in caplog.text


async def test_what_comes_while_a_lot_is_on_its_way_goes_with_the_next(over_redis, topic, monkeypatch) -> None:
    layer, lots = get_channel_layer(), []

    async def slow_group_send(group: str, event: dict) -> None:
        await asyncio.sleep(0.05)
        lots.append(len(event["deliveries"]))

    monkeypatch.setattr(layer, "group_send", slow_group_send, raising=False)
    await live.subscribe(topic, Listener())
    for number in range(live.LOT_MAX + 2):
        live.publish(topic, live.Typed(number, "agent"))
        await asyncio.sleep(0)
    while sum(lots) < live.LOT_MAX + 2:  # noqa: ASYNC110 - nothing tells
        await asyncio.sleep(0.01)
    assert lots == [1, live.LOT_MAX, 1]


async def say_raw(*deliveries: tuple[str, bytes]) -> None:
    event = {"type": "live", "origin": "newer version", "deliveries": deliveries}
    await get_channel_layer().group_send(live.GROUP, event)


async def say_from_elsewhere(topic: str) -> None:
    await live._send([(topic, live.Touched())], origin="another process")


# The layer fails


@pytest.fixture(autouse=True)
def not_left_alone(monkeypatch) -> None:
    """What another test found out about the layer is forgotten."""
    monkeypatch.setattr(live, "_away_until", 0.0)


class Away:
    """A layer that can't be reached."""

    async def new_channel(self, prefix: str) -> str:
        raise ConnectionError("away")

    group_add = group_discard = group_send = new_channel


async def test_without_the_layer_this_process_goes_on(topic, monkeypatch, caplog) -> None:
    monkeypatch.setattr(live, "get_channel_layer", Away)
    listener = Listener()

    await live.subscribe(topic, listener)
    live.publish(topic, live.Typed(1, "agent"))

    assert await listener.next() == (topic, live.Typed(1, "agent"))
    live.unsubscribe(topic, listener)
    assert "not heard" in caplog.text


def test_a_failing_layer_does_not_break_a_sender_without_connections(topic, monkeypatch, caplog) -> None:
    monkeypatch.setattr(live, "_hub", None)
    monkeypatch.setattr(live, "get_channel_layer", Away)

    live.publish(topic, live.Touched())

    assert "not told" in caplog.text


async def test_when_the_layer_is_back_everybody_is_heard_again(over_redis, topic, monkeypatch) -> None:
    monkeypatch.setattr(live, "REJOIN_S", 0.01)
    listener = Listener()
    with monkeypatch.context() as broken:
        broken.setattr(live, "get_channel_layer", Away)
        await live.subscribe(topic, listener)

    async def heard_from_elsewhere() -> None:
        while listener.heard.empty():
            await say_from_elsewhere(topic)
            await asyncio.sleep(0.01)

    await asyncio.wait_for(heard_from_elsewhere(), WITHIN_S)


async def test_a_delivery_that_can_t_be_read_does_not_end_the_listening(over_redis, topic, caplog) -> None:
    listener = Listener()
    await live.subscribe(topic, listener)
    await say_raw((topic, b"\x80"))

    await say_from_elsewhere(topic)

    assert await listener.next() == (topic, live.Touched())
    assert "was lost" in caplog.text
