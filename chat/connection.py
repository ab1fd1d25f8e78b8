"""What the two sockets have in common: frames in and out, deliveries, heartbeats, and what bounds them.

A connection shows chats; for each it keeps a cursor, the rev up to which its client has everything. Live delivery,
repair and reconnect are one path: a delivery exactly one ahead of the cursor is passed on, anything else is read from
the database from the cursor on. So what the delivery loses is found by number, and nothing is shown twice.

An idle connection costs one waiting coroutine: what it has to do is a task for as long as that takes.
"""

import asyncio
import contextlib
import logging
import time
import uuid
from collections import deque
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, ParamSpec

import msgspec
from django.db import DatabaseError
from django.http import Http404, QueryDict
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from chat import entries, group_commit, live, messages, presence, protocol, pulse, rendering
from chat.models import Chat
from contiple import metrics
from contiple.errors import DomainError, TooMany
from contiple.threads import in_thread

log = logging.getLogger(__name__)

P = ParamSpec("P")
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

# Close codes (RFC 6455 §7.4.2 leaves 4000–4999 to applications). After 4401 and 4403 a client does not come back.
UNKNOWN = 4401  # nobody: no session, no token
FORBIDDEN = 4403  # not (or no longer) permitted
SLOW = 4408  # did not say hello in time, does not read, or floods
AGAIN = 4500  # something failed here: connect again

# Daphne buffers without limit for a client that does not read: this much may be unanswered, then the socket is closed
# and its client replays. Half of it asks for an answer at once.
WINDOW_BYTES = 1024 * 1024
INBOX_SIZE = 256  # deliveries that wait for this connection; past it they are read from the database instead
SEND_BURST, SEND_PER_S = 30, 10  # of messages: nobody types faster, and a script is stopped
FRAME_BURST, FRAMES_PER_S = 500, 50  # of frames of any kind: a page that comes back asks for all it shows at once
TYPING_EVERY_S = 2
REFRESH_DELAY_S = 0.05  # several changes at once are one refresh
RETRY_S = 1.0  # after the database did not answer


class Bucket:
    """A token bucket: ``burst`` at once, ``per_s`` in the long run."""

    __slots__ = ("burst", "per_s", "taken_at", "tokens")

    def __init__(self, burst: float, per_s: float) -> None:
        self.burst, self.per_s, self.tokens, self.taken_at = burst, per_s, float(burst), time.monotonic()

    def take(self) -> bool:
        now = time.monotonic()
        self.tokens = min(self.burst, self.tokens + (now - self.taken_at) * self.per_s)
        self.taken_at = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


class Connection:
    """One socket, as an ASGI application sees it. Subclasses say what a frame does, what to show again (``refresh``),
    and who may stay (``refusal``).

    Not a consumer of Channels: those listen, each, on a channel of the layer, by two tasks for every frame. Deliveries
    come through ``live``, on one channel for the process.
    """

    decode: Callable[[str], Any]
    service_id: int  # once it is known who it is

    def __init__(self, scope: dict, send: Send) -> None:
        self.scope, self.base_send = scope, send
        self.socket_id = uuid.uuid4()
        self.language = _language(scope)
        self.leased = self.gone = False
        self.started = self.is_stale = self.overflowed = False
        self.pumping = self.refreshing = False
        self.topics: set[str] = set()
        self.tasks: set[asyncio.Task] = set()
        self.cursors: dict[int, int] = {}
        self.looking_at: set[int] = set()  # chats that are being read for the first time
        self.marks: dict[int, live.Marked] = {}
        self.inbox: deque[live.Delivery] = deque()
        self.fingerprint: tuple | None = None
        self.sent_bytes = self.announced_bytes = self.answered_bytes = 0
        self.answered_at = time.monotonic()
        self.beat_under_way = False
        self.messages_bucket, self.frames_bucket = Bucket(SEND_BURST, SEND_PER_S), Bucket(FRAME_BURST, FRAMES_PER_S)
        self.typed_at = 0.0

    @classmethod
    async def serve(cls, scope: dict, receive: Receive, send: Send) -> None:
        """The ASGI application."""
        connection = cls(scope, send)
        try:
            while (message := await receive())["type"] != "websocket.disconnect":
                if message["type"] == "websocket.connect":
                    await connection.accept()
                else:
                    await connection.take(message.get("text"))
            await connection.end()
        finally:  # also where the server cuts it off, or it fails: nothing of it may stay behind
            connection.let_go()

    async def accept(self) -> None:
        # Always accepted, and closed with a code afterwards: closing earlier reads as 1006 in the browser.
        await self._send({"type": "websocket.accept"})
        try:
            await self.begin()
        except Exception as error:
            if isinstance(error, DatabaseError):
                log.warning("a socket could not begin: %s", type(error).__name__)
            else:
                log.exception("a socket could not begin")
            await self.close(AGAIN)
            await self.end()

    async def take(self, text: str | None) -> None:
        """What the client sent."""
        if self.gone:  # closed by us; what was on its way changes nothing
            return
        if not self.frames_bucket.take():
            await self.close(SLOW)
        elif text is None or len(text.encode()) > protocol.FRAME_BYTES_MAX:
            await self._refuse("bad_frame", _("This frame can't be read."))
        else:
            await self._guarded(text)

    # For subclasses

    async def begin(self) -> None:
        raise NotImplementedError

    async def handle(self, frame: Any) -> None:
        raise NotImplementedError

    async def refresh(self) -> None:
        """Reads again, and sends, what is shown besides the messages."""
        raise NotImplementedError

    async def refusal(self) -> int | None:
        """The code to close with where this client may not be here (any more)."""
        raise NotImplementedError

    def start(self) -> None:
        """From here on deliveries are passed on and beats sent."""
        self.started = True
        pulse.join(self)
        if self.inbox:
            self._pump_soon()

    async def end(self) -> None:
        self.let_go()
        if self.leased:
            with contextlib.suppress(DatabaseError):
                await in_thread(presence.let_lease_run_out, self.socket_id)

    def let_go(self) -> None:
        """From here on nobody calls it any more. Twice is harmless."""
        pulse.leave(self)
        self.gone = True
        for task in tuple(self.tasks):
            task.cancel()
        for topic in tuple(self.topics):
            self.leave(topic)

    async def join(self, topic: str) -> None:
        if topic not in self.topics:
            self.topics.add(topic)
            await live.subscribe(topic, self)

    def leave(self, topic: str) -> None:
        if topic in self.topics:
            self.topics.discard(topic)
            live.unsubscribe(topic, self)

    def first_look(self, chat_id: int, rev: int) -> tuple[int, live.Marked, list[entries.Entry]]:
        """In a thread: last rev and marks of the chat, where this client may see it, and its changes since ``rev``.

        Raises ``Http404`` or a ``DomainError`` where it may not.
        """
        raise NotImplementedError

    async def watch(self, chat_id: int, rev: int) -> None:
        """Shows the chat from ``rev`` on: subscribes first, then reads, so that nothing falls between."""
        await self.join(live.chat_topic(chat_id))
        self.looking_at.add(chat_id)
        try:
            last_rev, marked, changes = await in_thread(self.first_look, chat_id, rev)
        except DatabaseError:  # on display it would hear nothing: its client comes back, and asks again
            await self.close(AGAIN)
            raise
        except (DomainError, Http404):
            await self.unwatch(chat_id)
            raise
        came_meanwhile = chat_id not in self.looking_at or live.chat_topic(chat_id) not in self.topics
        self.looking_at.discard(chat_id)
        await self.join(live.chat_topic(chat_id))  # where the agent has lost the chat meanwhile, it was left
        self.cursors[chat_id] = min(rev, last_rev)
        for entry in changes:
            await self.pass_on(live.Changed(entry))
        if came_meanwhile or len(changes) == entries.CHANGES_AT_ONCE:
            await self.catch_up(chat_id)
        self.marks.pop(chat_id, None)
        await self.show_marks(marked)

    async def unwatch(self, chat_id: int) -> None:
        self.looking_at.discard(chat_id)
        self.marks.pop(chat_id, None)
        self.cursors.pop(chat_id, None)
        self.leave(live.chat_topic(chat_id))

    async def catch_up(self, chat_id: int) -> None:
        while chat_id in self.cursors:
            changes = await in_thread(entries.changes_since, chat_id, self.cursors[chat_id])
            for entry in changes:
                await self.pass_on(live.Changed(entry))
            if len(changes) < entries.CHANGES_AT_ONCE:
                return

    async def pass_on(self, changed: live.Changed) -> None:
        entry = changed.entry
        if entry.rev > self.cursors.get(entry.chat, entry.rev):
            self.cursors[entry.chat] = entry.rev
            if self.may_read(entry):
                await self.tell_data(rendering.message_data(changed, self.language))
                metrics.message_delivered(changed.received_at)

    def may_read(self, entry: entries.Entry) -> bool:
        return True

    async def show_marks(self, marked: live.Marked) -> None:
        if self.marks.get(marked.chat) != marked:
            self.marks[marked.chat] = marked
            await self.tell(rendering.marks_frame(marked))

    async def show_elsewhere(self, changed: live.Changed) -> None:
        """A change in a chat of a joined topic that is not on display."""

    async def append(self, chat_id: int, frame: protocol.Send, **who: Any) -> None:
        """Commits a message and says so to its sender, by the message itself where its chat is on display here."""
        if not self.messages_bucket.take():
            raise TooMany(_("Too many messages at once. Wait a moment."))
        sending = messages.prepare(
            chat_id, service_id=self.service_id, body=frame.body, client_id=frame.client_id, **who
        )
        outcome = await group_commit.write(sending)
        if outcome is None:
            [outcome] = await in_thread(messages.append_together, [sending], wait=True)
        if not isinstance(outcome, messages.Sent):
            raise outcome or Http404
        metrics.message_acknowledged()
        if outcome.is_repeat or chat_id not in self.cursors:
            await self.tell(protocol.Ack(chat_id, frame.client_id, outcome.seq, outcome.rev))

    async def mark_seen(self, chat_id: int, frame: protocol.Seen, **who: Any) -> None:
        seeing = messages.Seeing(chat_id=chat_id, received=frame.received, read=frame.read, **who)
        outcome = await group_commit.write(seeing)
        if outcome is False:
            [outcome] = await in_thread(messages.mark_together, [seeing], wait=True)
        if isinstance(outcome, Exception):
            raise outcome

    async def tell(self, frame: protocol.ToClient) -> None:
        """Sends a frame, or closes the socket where its client does not read."""
        await self.tell_data(protocol.encode(frame))

    async def tell_data(self, data: bytes) -> None:
        """As ``tell``, for a frame that is encoded already."""
        self.sent_bytes += len(data)
        unanswered = self.sent_bytes - self.answered_bytes
        if unanswered > WINDOW_BYTES:
            await self.close(SLOW)
            return
        await self._send({"type": "websocket.send", "text": data.decode()})
        if unanswered > WINDOW_BYTES / 2 and not self.beat_under_way:
            await self.tell_beat()

    async def tell_beat(self) -> None:
        self.beat_under_way = True
        self.announced_bytes = self.sent_bytes
        await self.tell(protocol.ServerBeat(sent=self.announced_bytes))

    async def close(self, code: int) -> None:
        await self._send({"type": "websocket.close", "code": code})

    def note_answer(self, frame: protocol.Beat) -> None:
        """The client has read up to what it was told of, and no further, whatever it says. Its lease is renewed."""
        self.answered_bytes = max(self.answered_bytes, min(frame.sent, self.announced_bytes))
        self.answered_at = time.monotonic()
        self.beat_under_way = False
        pulse.renew_lease(self)

    def may_type(self) -> bool:
        now = time.monotonic()
        if now - self.typed_at < TYPING_EVERY_S:
            return False
        self.typed_at = now
        return True

    # What `live` and `pulse` call

    def receive(self, topic: str, delivery: live.Delivery) -> None:
        if len(self.inbox) >= INBOX_SIZE:
            self.overflowed = True
            return
        self.inbox.append(delivery)
        if self.started and not self.pumping:
            self._pump_soon()

    def touch(self) -> None:
        """Something that is shown besides the messages has changed."""
        self.is_stale = True
        if not self.refreshing:
            self.refreshing = True
            self.spawn(self._refresh)

    def spawn(self, step: Callable[P, Awaitable[None]], *args: P.args, **kwargs: P.kwargs) -> None:
        """Does ``step`` beside everything else, for as long as the socket is open."""
        task = asyncio.get_running_loop().create_task(self._guard(partial(step, *args, **kwargs)))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def lose_lease(self) -> None:
        """Its lease was taken away, as with a permission."""
        await self.close(await self.refusal() or AGAIN)

    def watched(self) -> pulse.Watched:
        """What is looked at for this connection at every beat."""
        raise NotImplementedError

    async def beat(self, seen: pulse.Seen) -> None:
        """Finds by number what the delivery lost, and asks for a sign of life."""
        if time.monotonic() - self.answered_at > presence.LEASE_S + presence.HEARTBEAT_S:
            await self.close(SLOW)
            return
        if not seen.may_stay and (refusal := await self.refusal()):
            await self.close(refusal)
            return
        await self.repair(seen)
        await self.tell_beat()

    async def repair(self, seen: pulse.Seen) -> None:
        for chat_id, (rev, marked) in seen.chats.items():
            if rev > self.cursors.get(chat_id, rev):
                metrics.rings_healed.labels("heartbeat").inc()
                await self.catch_up(chat_id)
            if chat_id in self.cursors:
                await self.show_marks(marked)
        if seen.fingerprint != self.fingerprint:
            self.touch()

    # The machinery

    async def _send(self, message: dict) -> None:
        if self.gone:
            return
        try:
            await self.base_send(message)
        except Exception as error:  # noqa: BLE001 - each server has an error of its own for a client that has left
            self.gone = True
            log.debug("nobody is there any more: %s", type(error).__name__)
        self.gone |= message["type"] == "websocket.close"

    async def _guarded(self, text: str) -> None:
        """A domain error becomes an error frame; it never ends the connection."""
        frame = None
        try:
            frame = self.decode(text)
            if isinstance(frame, protocol.Send):
                metrics.message_received()
            await self.handle(frame)
        except (msgspec.DecodeError, UnicodeError, RecursionError):  # the last: nested too deep to be read
            await self._refuse("bad_frame", _("This frame can't be read."), frame)
        except DomainError as error:
            await self._refuse(error.code, error.text, frame)
        except (Http404, Chat.DoesNotExist):
            await self._refuse("not_found", _("There is no such chat."), frame)
        except DatabaseError as error:
            log.warning("a frame failed: %s", type(error).__name__)
            await self._refuse("unavailable", _("That didn’t work. Try again."), frame)
        except Exception:
            log.exception("a frame failed")
            await self._refuse("unavailable", _("That didn’t work. Try again."), frame)

    async def _refuse(self, code: str, text: Any, frame: Any = None) -> None:
        with translation.override(self.language):
            said = str(text)
        await self.tell(protocol.Error(code, said, getattr(frame, "client_id", None)))

    async def _guard(self, step: Callable[[], Awaitable[None]]) -> None:
        try:
            await step()
        except DatabaseError as error:  # the next beat looks again
            log.warning("a socket's work is left: %s", type(error).__name__)
        except Exception:
            log.exception("a socket failed")
            await self.close(AGAIN)

    def _pump_soon(self) -> None:
        self.pumping = True
        self.spawn(self._pump)

    async def _pump(self) -> None:
        try:
            while self.inbox or self.overflowed:
                try:
                    await self._pump_once()
                except DatabaseError as error:
                    log.warning("deliveries wait: %s", type(error).__name__)
                    self.overflowed = True
                    await asyncio.sleep(RETRY_S)
        finally:
            self.pumping = False

    async def _pump_once(self) -> None:
        while self.inbox:
            await self._show(self.inbox.popleft())
        if self.overflowed:
            self.overflowed = False
            self.looking_at.clear()
            self.touch()
            for chat_id in tuple(self.cursors):
                await self.catch_up(chat_id)

    async def _show(self, delivery: live.Delivery) -> None:
        match delivery:
            case live.Changed():
                await self._show_change(delivery)
            case live.Marked(chat) if chat in self.cursors:
                await self.show_marks(delivery)
            case live.Typed(chat, author) if chat in self.cursors:
                await self.tell(protocol.TypingNow(chat, author))
            case live.Touched():
                self.touch()

    async def _show_change(self, changed: live.Changed) -> None:
        entry = changed.entry
        cursor = self.cursors.get(entry.chat)
        if cursor is None:
            self.looking_at.discard(entry.chat)  # whoever looks just now, looks again
            await self.show_elsewhere(changed)
        elif entry.rev == cursor + 1:
            await self.pass_on(changed)
        elif entry.rev > cursor:
            metrics.rings_healed.labels("delivery").inc()
            await self.catch_up(entry.chat)

    async def _refresh(self) -> None:
        try:
            while self.is_stale:
                await asyncio.sleep(REFRESH_DELAY_S)
                self.is_stale = False
                try:
                    async with pulse.turn():
                        await self.refresh()
                except DatabaseError as error:
                    log.warning("what is shown stays as it is: %s", type(error).__name__)
                    self.is_stale = True
                    await asyncio.sleep(RETRY_S)
        finally:
            self.refreshing = False


def _language(scope: dict) -> str:
    """The page says in the address in which language it was drawn."""
    try:
        asked = QueryDict(scope.get("query_string", b"")).get("language", "")
        return translation.get_supported_language_variant(asked)
    except (LookupError, UnicodeError):
        return "en"
