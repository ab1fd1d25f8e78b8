"""Delivers to this process's connections directly, and to other processes through the channel layer.

It promises little, on purpose: a delivery reaches every receiver that is subscribed in a living process, or it is
lost. Receivers notice a lost one by number (``entries.changes_since``) at the next delivery or heartbeat.
"""

import asyncio
import contextlib
import logging
import threading
import time
import uuid
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from typing import Protocol

import msgspec
from asgiref.sync import async_to_sync
from channels.layers import InMemoryChannelLayer, get_channel_layer
from django.db import transaction
from msgspec import Struct

from chat.conversation.entries import Entry
from contiple.base import tracing

log = logging.getLogger(__name__)

GROUP = "contiple.live"  # the layer's group that every process is in
REJOIN_S = 1.0  # pause before joining is tried again while the layer is away
SEND_WAIT_S = 1.0  # longer than a working layer ever takes
JOIN_WAIT_S = 2.0  # the longest that a socket waits for the layer
LOT_MAX = 200  # deliveries in one event of the layer
OUTGOING_MAX = 20_000  # waiting for a layer that does not answer; the oldest are dropped first


class Changed(Struct, tag="changed", dict=True, omit_defaults=True):
    """A message was written or changed. What is rendered for many receivers is kept in its ``__dict__``."""

    entry: Entry
    unread: int | None = None  # the customer's messages that no agent has read; only with a new message that lists show
    received_at: float = 0.0  # when its frame arrived (``metrics``)
    trace: tracing.Trace | None = None


class Receipts(Struct, tag="marked", frozen=True):  # the tag that processes of earlier releases know
    """How far each side has received and read."""

    chat: int
    customer_received: int
    customer_read: int
    agent_received: int
    agent_read: int


class Typed(Struct, tag="typed", frozen=True):
    chat: int
    author: str


class Moved(Struct, tag="moved", frozen=True):
    """The customer is on another page, masked; ``at`` in ISO 8601."""

    chat: int
    page: str
    at: str


class Touched(Struct, tag="touched", frozen=True):
    """Something else about the topic changed: receivers read again what they show."""


Delivery = Changed | Receipts | Typed | Moved | Touched
Addressed = tuple[str, Delivery]  # topic and delivery


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
    """Publishes after the current transaction is committed; never if it is rolled back."""
    transaction.on_commit(lambda: publish(topic, delivery), robust=True)


def publish(topic: str, delivery: Delivery) -> None:
    """Delivers to every process. May be called from any thread; returns at once if this process has a loop."""
    publish_all([(topic, delivery)])


def publish_all(deliveries: Sequence[Addressed]) -> None:
    """Publishes several deliveries at once and in order, like ``publish``."""
    if _hub is not None and _hub.loop.is_running():
        _hub.loop.call_soon_threadsafe(_hub.publish, deliveries)
    elif not _layer_is_local():
        async_to_sync(_send)(deliveries, origin="")


@contextlib.contextmanager
def sending_beside() -> Iterator[None]:
    """For a process without a loop: a thread sends what it publishes, so that a silent layer holds up none of its work.

    At the end it waits for what is still on its way, no longer than a working layer takes.
    """
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="live", daemon=True)
    thread.start()
    hub = asyncio.run_coroutine_threadsafe(_make_hub(), loop).result()
    try:
        yield
    finally:
        asyncio.run_coroutine_threadsafe(hub.sent(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


async def subscribe(topic: str, receiver: Receiver) -> None:
    """Subscribes ``receiver`` to ``topic``. Read the state after this returns: from then on no delivery is missed.

    While the channel layer is away only deliveries of this process arrive.
    """
    await _hub_of_this_loop().subscribe(topic, receiver)


def unsubscribe(topic: str, receiver: Receiver) -> None:
    _hub_of_this_loop().unsubscribe(topic, receiver)


class _Hub:
    """The topics of one process, and its one channel in the layer.

    Every process receives all that the others publish, many deliveries at a time, and decodes those of its own topics.
    A group of the layer for each topic would cost a round trip to Redis whenever a socket comes or goes, and for every
    message; that was measured to be most of a message's time. Skipping other topics costs little.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.name = uuid.uuid4().hex
        self.topics: dict[str, set[Receiver]] = defaultdict(set)
        self.outgoing: deque[Addressed] = deque(maxlen=OUTGOING_MAX)
        self.joining: asyncio.Task | None = None
        self.sending: asyncio.Task | None = None

    async def subscribe(self, topic: str, receiver: Receiver) -> None:
        self.topics[topic].add(receiver)
        if _layer_is_local():
            return
        if self.joining is None:
            self.joining = self.loop.create_task(self._join())
        if not self.joining.done():
            await asyncio.wait([self.joining], timeout=JOIN_WAIT_S)

    def unsubscribe(self, topic: str, receiver: Receiver) -> None:
        receivers = self.topics.get(topic, set())
        receivers.discard(receiver)
        if not receivers:
            self.topics.pop(topic, None)

    def publish(self, deliveries: Sequence[Addressed]) -> None:
        for topic, delivery in deliveries:
            self.dispatch(topic, delivery)
        if _layer_is_local():
            return
        self.outgoing.extend(deliveries)
        if self.sending is None or self.sending.done():
            self.sending = self.loop.create_task(self._send_outgoing())

    def dispatch(self, topic: str, delivery: Delivery) -> None:
        for receiver in tuple(self.topics.get(topic, ())):
            receiver.receive(topic, delivery)

    async def sent(self) -> None:
        """Returns once all that was published is on its way, or the layer seems away."""
        if self.sending and not self.sending.done():
            await asyncio.wait([self.sending], timeout=SEND_WAIT_S)

    async def _send_outgoing(self) -> None:
        """Sends lot by lot: what is published while one is on its way goes with the next."""
        while self.outgoing:
            lot = [self.outgoing.popleft() for _ in range(min(len(self.outgoing), LOT_MAX))]
            await _send(lot, origin=self.name)

    async def _join(self) -> None:
        """Joins the group, trying until the layer answers; meanwhile heartbeats find lost deliveries."""
        while True:
            try:
                channel = await get_channel_layer().new_channel("live")
                await get_channel_layer().group_add(GROUP, channel)
            except Exception:
                log.exception("what other processes say is not heard")
                await asyncio.sleep(REJOIN_S)
            else:
                self.listening = self.loop.create_task(self._listen(channel))
                return

    async def _listen(self, channel: str) -> None:
        while True:
            try:
                event = await get_channel_layer().receive(channel)
                if event["origin"] != self.name:
                    for topic, delivery in event["deliveries"]:
                        if topic in self.topics:
                            self.dispatch(topic, _decode(delivery))
            except asyncio.CancelledError:
                raise
            except Exception:
                log.exception("a delivery from another process was lost")
                await asyncio.sleep(1)


_hub: _Hub | None = None
_hub_lock = threading.Lock()
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Delivery).decode


def _hub_of_this_loop() -> _Hub:
    global _hub  # noqa: PLW0603 - one for the process, made with its loop
    loop = asyncio.get_running_loop()
    with _hub_lock:
        if _hub is None or _hub.loop is not loop:
            _hub = _Hub(loop)
        return _hub


async def _make_hub() -> _Hub:
    return _hub_of_this_loop()


def _layer_is_local() -> bool:
    return isinstance(get_channel_layer(), InMemoryChannelLayer)


_away_until = 0.0  # the layer is left alone until then, by this process's monotonic clock


async def _send(deliveries: Sequence[Addressed], *, origin: str) -> None:
    """Sends to the other processes. A layer that does not answer in a moment is left alone for ``REJOIN_S``."""
    global _away_until  # noqa: PLW0603 - one for the process
    if time.monotonic() < _away_until:
        return
    event = {"type": "live", "origin": origin, "deliveries": [(topic, _encode(it)) for topic, it in deliveries]}
    try:
        async with asyncio.timeout(SEND_WAIT_S):
            await get_channel_layer().group_send(GROUP, event)
    except Exception:
        _away_until = time.monotonic() + REJOIN_S
        log.exception("other processes were not told of %s changes", len(deliveries))
