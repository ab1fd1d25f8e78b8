"""Delivery: this process's connections directly, the other processes' through the channel layer. Nobody else sends.

What is promised is little, on purpose: a delivery reaches every receiver that is subscribed in a living process, or it
is lost. Receivers find a lost one by number (``entries.changes_since``) at the next delivery or heartbeat.
"""

import asyncio
import logging
import threading
import uuid
from collections import defaultdict
from collections.abc import Coroutine, Sequence
from functools import partial
from typing import Protocol

import msgspec
from asgiref.sync import async_to_sync
from channels.layers import InMemoryChannelLayer, get_channel_layer
from django.db import transaction
from msgspec import Struct

from chat.entries import Entry

log = logging.getLogger(__name__)

REJOIN_S = 1.0  # the layer was away: tried again this often, while the heartbeats find what was lost


class Changed(Struct, tag="changed", dict=True):
    """A message was written or changed. Whoever renders it for many keeps the result in its ``__dict__``."""

    entry: Entry
    unread: int | None = None  # customer's messages that no agent has read; only of a new message that lists show
    received_at: float = 0.0  # when its frame came in (``metrics``)


class Marked(Struct, tag="marked", frozen=True):
    """How far each side has received and read."""

    chat: int
    customer_received: int
    customer_read: int
    agent_received: int
    agent_read: int


class Typed(Struct, tag="typed", frozen=True):
    chat: int
    author: str


class Touched(Struct, tag="touched", frozen=True):
    """Something else about the topic changed: read again what you show of it."""


Delivery = Changed | Marked | Typed | Touched


class Receiver(Protocol):
    def receive(self, topic: str, delivery: Delivery) -> None:
        """Called in the event loop; must not block and must not raise."""


def chat_topic(chat_id: int) -> str:
    return f"chat.{chat_id}"


def agent_topic(agent_id: int) -> str:
    return f"agent.{agent_id}"


def service_topic(service_id: int) -> str:
    return f"service.{service_id}"


def publish_on_commit(topic: str, delivery: Delivery) -> None:
    """Publishes after the transaction at hand is committed; never where it is rolled back."""
    transaction.on_commit(partial(publish, topic, delivery), robust=True)


def publish(topic: str, delivery: Delivery) -> None:
    """Delivers to every process. May be called from any thread; returns at once where this process has a loop."""
    publish_all([(topic, delivery)])


def publish_all(deliveries: Sequence[tuple[str, Delivery]]) -> None:
    """As ``publish``, several at once and in order."""
    if _hub is not None and _hub.loop.is_running():
        _hub.loop.call_soon_threadsafe(_hub.publish_all, deliveries)
    elif not _layer_is_local():
        for topic, delivery in deliveries:
            async_to_sync(_send)(topic, delivery, origin="")


async def subscribe(topic: str, receiver: Receiver) -> None:
    """From its return on, whatever is published on ``topic`` reaches ``receiver``. Read the state after it.

    While the channel layer is away it is only what this process publishes.
    """
    await _hub_of_this_loop().subscribe(topic, receiver)


async def unsubscribe(topic: str, receiver: Receiver) -> None:
    await _hub_of_this_loop().unsubscribe(topic, receiver)


class _Hub:
    """The topics of one process, and its one channel in the layer."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.name = uuid.uuid4().hex
        self.topics: dict[str, set[Receiver]] = defaultdict(set)
        self.channel = ""
        self.joined: set[str] = set()
        self.joining = asyncio.Lock()  # joins and leaves come one after the other, so that the last one counts
        self.rejoining = False
        self.tasks: set[asyncio.Task] = set()

    async def subscribe(self, topic: str, receiver: Receiver) -> None:
        self.topics[topic].add(receiver)
        if not _layer_is_local() and not await self._join(topic):
            self._rejoin_later()

    async def unsubscribe(self, topic: str, receiver: Receiver) -> None:
        receivers = self.topics.get(topic, set())
        receivers.discard(receiver)
        if not receivers:
            self.topics.pop(topic, None)
            await self._part(topic)

    def publish_all(self, deliveries: Sequence[tuple[str, Delivery]]) -> None:
        for topic, delivery in deliveries:
            self.dispatch(topic, delivery)
        if not _layer_is_local():
            self._spawn(self._send_all(deliveries))

    async def _send_all(self, deliveries: Sequence[tuple[str, Delivery]]) -> None:
        for topic, delivery in deliveries:
            await _send(topic, delivery, origin=self.name)

    def dispatch(self, topic: str, delivery: Delivery) -> None:
        for receiver in tuple(self.topics.get(topic, ())):
            receiver.receive(topic, delivery)

    async def _join(self, topic: str) -> bool:
        """Whether the other processes' deliveries on ``topic`` come in now, or nobody here asks for them."""
        async with self.joining:
            if topic in self.joined or topic not in self.topics:
                return True
            try:
                if not self.channel:
                    self.channel = await get_channel_layer().new_channel("live")
                    self._spawn(self._listen())
                await get_channel_layer().group_add(topic, self.channel)
            except Exception:
                log.exception("what other processes say of %s is not heard", topic)
                return False
            self.joined.add(topic)
            return True

    async def _part(self, topic: str) -> None:
        async with self.joining:
            if topic in self.topics or topic not in self.joined:
                return
            self.joined.discard(topic)
            try:
                await get_channel_layer().group_discard(topic, self.channel)
            except Exception:
                log.exception("what other processes say of %s is still heard", topic)

    def _rejoin_later(self) -> None:
        if not self.rejoining:
            self.rejoining = True
            self._spawn(self._rejoin())

    async def _rejoin(self) -> None:
        while missing := [topic for topic in self.topics if topic not in self.joined]:
            await asyncio.sleep(REJOIN_S)
            for topic in missing:
                if not await self._join(topic):
                    break
        self.rejoining = False

    async def _listen(self) -> None:
        while True:
            try:
                event = await get_channel_layer().receive(self.channel)
                if event["origin"] != self.name:
                    self.dispatch(event["topic"], _decode(event["delivery"]))
            except asyncio.CancelledError:
                raise
            except Exception:
                log.exception("a delivery from another process was lost")
                await asyncio.sleep(1)

    def _spawn(self, coroutine: Coroutine) -> None:
        task = self.loop.create_task(coroutine)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)


_hub: _Hub | None = None
_hub_lock = threading.Lock()
_decode = msgspec.msgpack.Decoder(Delivery).decode


def _hub_of_this_loop() -> _Hub:
    global _hub  # noqa: PLW0603 - one for the process, made with its loop
    loop = asyncio.get_running_loop()
    with _hub_lock:
        if _hub is None or _hub.loop is not loop:
            _hub = _Hub(loop)
        return _hub


def _layer_is_local() -> bool:
    return isinstance(get_channel_layer(), InMemoryChannelLayer)


async def _send(topic: str, delivery: Delivery, *, origin: str) -> None:
    event = {"type": "delivery", "origin": origin, "topic": topic, "delivery": msgspec.msgpack.encode(delivery)}
    try:
        await get_channel_layer().group_send(topic, event)
    except Exception:
        log.exception("other processes were not told of %s", topic)
