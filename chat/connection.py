"""What the two sockets have in common: frames in and out, heartbeats, the pump of deliveries, and what bounds them.

A connection shows chats; for each it keeps a cursor, the rev up to which its client has everything. Live delivery,
repair and reconnect are one path: a delivery exactly one ahead of the cursor is passed on, anything else is read from
the database from the cursor on. So what the delivery loses is found by number, and nothing is shown twice.
"""

import asyncio
import contextlib
import logging
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from channels.db import database_sync_to_async
from channels.exceptions import StopConsumer
from channels.generic.websocket import AsyncWebsocketConsumer
from django.db import DatabaseError
from django.http import Http404, QueryDict
from django.utils import translation
from django.utils.translation import gettext as _

from chat import entries, live, presence, protocol, rendering
from chat.models import Chat
from contiple.errors import DomainError, TooMany

log = logging.getLogger(__name__)

# Close codes (RFC 6455 §7.4.2 leaves 4000–4999 to applications). After 4401 and 4403 a client does not come back.
UNKNOWN = 4401  # nobody: no session, no token
FORBIDDEN = 4403  # not (or no longer) permitted
SLOW = 4408  # did not say hello in time, or does not read
AGAIN = 4500  # something failed here: connect again

# Daphne buffers without limit for a client that does not read: this much may be unanswered, then the socket is closed
# and its client replays. Half of it asks for an answer at once.
WINDOW_BYTES = 1024 * 1024
INBOX_SIZE = 256  # deliveries that wait for this connection; past it they are read from the database instead
SEND_BURST, SEND_PER_S = 30, 10  # of messages: nobody types faster, and a script is stopped
TYPING_EVERY_S = 2
REFRESH_DELAY_S = 0.05  # several changes at once are one refresh
RIGHTS_EVERY_BEATS = 2  # rights are read again at least every 30 s

assert RIGHTS_EVERY_BEATS * presence.HEARTBEAT_S <= 30


def in_thread(function, *args, **kwargs):
    """Runs ``function``, which uses the database, in a thread of the pool: not the one thread that all would share."""
    return database_sync_to_async(function, thread_sensitive=False)(*args, **kwargs)


class Inbox:
    """Deliveries for one connection, in order; ``overflowed`` once some had to be dropped."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[tuple[str, live.Delivery]] = asyncio.Queue(INBOX_SIZE)
        self.overflowed = False

    def receive(self, topic: str, delivery: live.Delivery) -> None:
        try:
            self.queue.put_nowait((topic, delivery))
        except asyncio.QueueFull:
            self.overflowed = True


class Connection(AsyncWebsocketConsumer):
    """Subclasses say what a frame does, what to show again (``refresh``), and who may stay (``refusal``)."""

    decode: Any

    async def websocket_connect(self, message: dict) -> None:
        # Always accepted, and closed with a code afterwards: closing earlier reads as 1006 in the browser.
        self.socket_id = uuid.uuid4()
        self.language = _language(self.scope)
        self.inbox = Inbox()
        self.cursors: dict[int, int] = {}
        self.topics: set[str] = set()
        self.tasks: list[asyncio.Task] = []
        self.stale = asyncio.Event()
        self.sent_bytes = self.answered_bytes = 0
        self.answered_at = time.monotonic()
        self.beat_under_way = False
        self.tokens, self.tokens_at = float(SEND_BURST), time.monotonic()
        self.typed_at = 0.0
        await self.accept()
        try:
            await self.begin()
        except DatabaseError as error:
            log.warning("a socket could not begin: %s", type(error).__name__)
            await self.end()
            await self.close(AGAIN)

    async def websocket_disconnect(self, message: dict) -> None:
        await self.end()
        raise StopConsumer

    async def websocket_receive(self, message: dict) -> None:
        text = message.get("text")
        if text is None or len(text.encode()) > protocol.FRAME_BYTES_MAX:
            await self.tell(protocol.Error("bad_frame", self._say(_("This frame can't be read."))))
            return
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

    async def start(self) -> None:
        """From here on deliveries are passed on and beats sent."""
        self.tasks += [
            asyncio.create_task(self._forever(self._pump_one)),
            asyncio.create_task(self._forever(self._refresh_when_stale)),
            asyncio.create_task(self._forever(self._beat_later)),
        ]

    async def end(self) -> None:
        for task in self.tasks:
            task.cancel()
        for topic in tuple(self.topics):
            await self.leave(topic)
        if getattr(self, "leased", False):
            with contextlib.suppress(DatabaseError):
                await in_thread(presence.let_lease_run_out, self.socket_id)

    async def join(self, topic: str) -> None:
        if topic not in self.topics:
            self.topics.add(topic)
            await live.subscribe(topic, self.inbox)

    async def leave(self, topic: str) -> None:
        self.topics.discard(topic)
        await live.unsubscribe(topic, self.inbox)

    async def watch(self, chat: Chat, rev: int) -> None:
        """Shows ``chat`` from ``rev`` on: subscribes first, then reads, so that nothing falls between."""
        self.cursors[chat.pk] = min(rev, chat.last_rev)
        await self.join(live.chat_topic(chat.pk))
        await self.catch_up(chat.pk)

    async def unwatch(self, chat_id: int) -> None:
        if self.cursors.pop(chat_id, None) is not None:
            await self.leave(live.chat_topic(chat_id))

    async def catch_up(self, chat_id: int) -> None:
        while chat_id in self.cursors:
            changes = await in_thread(entries.changes_since, chat_id, self.cursors[chat_id])
            for entry in changes:
                await self._pass_on(entry)
            if len(changes) < entries.CHANGES_AT_ONCE:
                return

    async def tell(self, frame: protocol.ToClient) -> None:
        """Sends a frame, or closes the socket where its client does not read."""
        data = protocol.encode(frame).decode()
        self.sent_bytes += len(data)
        unanswered = self.sent_bytes - self.answered_bytes
        if unanswered > WINDOW_BYTES:
            await self.close(SLOW)
            return
        await self.send(text_data=data)
        if unanswered > WINDOW_BYTES / 2 and not self.beat_under_way:
            self.beat_under_way = True
            await self.tell(protocol.ServerBeat(sent=self.sent_bytes))

    async def answer_beat(self, frame: protocol.Beat) -> None:
        self.answered_bytes = max(self.answered_bytes, min(frame.sent, self.sent_bytes))
        self.answered_at = time.monotonic()
        self.beat_under_way = False
        if not await in_thread(presence.renew_lease, self.socket_id):
            await self.close(await self.refusal() or AGAIN)

    def take_token(self) -> None:
        """One message from the bucket. Raises ``TooMany``."""
        now = time.monotonic()
        self.tokens = min(SEND_BURST, self.tokens + (now - self.tokens_at) * SEND_PER_S)
        self.tokens_at = now
        if self.tokens < 1:
            raise TooMany(_("Too many messages at once. Wait a moment."))
        self.tokens -= 1

    def may_type(self) -> bool:
        now = time.monotonic()
        if now - self.typed_at < TYPING_EVERY_S:
            return False
        self.typed_at = now
        return True

    # The machinery

    async def _guarded(self, text: str) -> None:
        """A domain error becomes an error frame; it never ends the connection."""
        frame = None
        try:
            frame = type(self).decode(text)
            with translation.override(self.language):
                await self.handle(frame)
        except (msgspec.DecodeError, UnicodeError, RecursionError):  # the last: nested too deep to be read
            await self._refuse("bad_frame", _("This frame can't be read."), frame)
        except DomainError as error:
            with translation.override(self.language):
                await self._refuse(error.code, str(error), frame)
        except (Http404, Chat.DoesNotExist):
            await self._refuse("not_found", _("There is no such chat."), frame)
        except DatabaseError as error:
            log.warning("a frame failed: %s", type(error).__name__)
            await self._refuse("unavailable", _("This did not work just now. Try again."), frame)
        except Exception:
            log.exception("a frame failed")
            await self._refuse("unavailable", _("This did not work just now. Try again."), frame)

    async def _refuse(self, code: str, text: str, frame: Any) -> None:
        await self.tell(protocol.Error(code, self._say(text), getattr(frame, "client_id", None)))

    def _say(self, text: str) -> str:
        with translation.override(self.language):
            return _(text)

    async def _forever(self, step: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await step()
            except asyncio.CancelledError:
                raise
            except DatabaseError as error:
                log.warning("%s: %s", step.__name__, type(error).__name__)
                await asyncio.sleep(1)
            except Exception:
                log.exception("%s failed", step.__name__)
                await self.close(AGAIN)
                return

    async def _pump_one(self) -> None:
        _topic, delivery = await self.inbox.queue.get()
        match delivery:
            case live.Changed(entry):
                await self._show(entry)
            case live.Marked() if delivery.chat in self.cursors:
                await self.tell(rendering.marks_frame(delivery))
            case live.Typed(chat, author) if chat in self.cursors:
                await self.tell(protocol.TypingNow(chat, author))
            case live.Lined(chat, seq, author, text, unread):
                await self.tell(protocol.Line(chat, seq, author, text, unread))
            case live.Touched():
                self.stale.set()
        if self.inbox.overflowed and self.inbox.queue.empty():
            self.inbox.overflowed = False
            await self._repair()

    async def _show(self, entry: entries.Entry) -> None:
        cursor = self.cursors.get(entry.chat)
        if cursor is None or entry.rev <= cursor:
            return
        if entry.rev == cursor + 1:
            await self._pass_on(entry)
        else:
            await self.catch_up(entry.chat)

    async def _pass_on(self, entry: entries.Entry) -> None:
        if entry.rev > self.cursors.get(entry.chat, entry.rev):
            self.cursors[entry.chat] = entry.rev
            await self.tell(rendering.message_frame(entry, self.language))

    async def _refresh_when_stale(self) -> None:
        await self.stale.wait()
        await asyncio.sleep(REFRESH_DELAY_S)
        self.stale.clear()
        await self.refresh()

    async def _beat_later(self) -> None:
        await asyncio.sleep(presence.HEARTBEAT_S)
        if time.monotonic() - self.answered_at > presence.LEASE_S + presence.HEARTBEAT_S:
            await self.close(SLOW)
            return
        self.beats = getattr(self, "beats", 0) + 1
        refusal = await self.refusal() if self.beats % RIGHTS_EVERY_BEATS == 0 else None
        if refusal:
            await self.close(refusal)
            return
        await self._repair()
        self.beat_under_way = True
        await self.tell(protocol.ServerBeat(sent=self.sent_bytes))

    async def _repair(self) -> None:
        """Finds by number what the delivery lost."""
        self.stale.set()
        revs = await in_thread(_last_revs, list(self.cursors))
        for chat_id, rev in revs.items():
            if rev > self.cursors.get(chat_id, rev):
                await self.catch_up(chat_id)


def _last_revs(chat_ids: list[int]) -> dict[int, int]:
    return dict(Chat.objects.filter(pk__in=chat_ids).values_list("pk", "last_rev")) if chat_ids else {}


def _language(scope: dict) -> str:
    """The page says in the address in which language it was drawn."""
    try:
        asked = QueryDict(scope.get("query_string", b"")).get("language", "")
        return translation.get_supported_language_variant(asked)
    except (LookupError, UnicodeError):
        return "en"
