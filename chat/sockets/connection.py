"""The life of a socket: it is accepted, its frames are handled, deliveries and beats reach it, it is let go.

An idle connection costs one waiting coroutine: its work is done in tasks that last as long as the work does.
"""

import asyncio
import contextlib
import logging
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Any, ParamSpec

import msgspec
from django.db import DatabaseError
from django.http import Http404, QueryDict
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from chat import protocol
from chat.conversation import live
from chat.models import Chat
from chat.routing import presence
from chat.sockets import pulse
from chat.sockets.client import Client, Send
from chat.sockets.codes import AGAIN, SLOW
from chat.sockets.inbox import Inbox
from chat.sockets.limits import Limits
from chat.sockets.refresher import Refresher
from chat.sockets.snapshots import Fingerprint, Seen, Watched
from contiple.base import log_ids, metrics, tracing
from contiple.base.errors import DomainError, TooMany
from contiple.base.threads import in_thread

log = logging.getLogger(__name__)

P = ParamSpec("P")
Receive = Callable[[], Awaitable[dict[str, Any]]]


class Connection:
    """One socket, as an ASGI application. Subclasses fill in the methods that raise ``NotImplementedError``.

    It is no consumer of Channels: each of those listens on a channel of the layer, by two tasks for every frame.
    Deliveries come through ``live``, on one channel for the process.
    """

    decode: Callable[[str], Any]
    service_id: int  # once the client has said who it is

    def __init__(self, scope: dict, send: Send) -> None:
        self.scope = scope
        self.log_ids = log_ids.begin(log_ids.current().get("request", ""))
        self.client = Client(send, _language(scope))
        self.socket_id = uuid.uuid4()
        self.has_lease = False
        self.topics: set[str] = set()
        self.tasks: set[asyncio.Task] = set()
        self.limits, self.inbox, self.refresher = Limits(), Inbox(), Refresher()
        self.fingerprint: Fingerprint | None = None

    # For the server

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
        finally:  # also if the server cuts it off, or it fails: nothing of it may stay behind
            connection.let_go()

    async def accept(self) -> None:
        # Always accepted, and closed with a code afterwards: closing earlier reads as 1006 in the browser.
        await self.client.accept()
        try:
            await self.begin()
        except Exception as error:
            if isinstance(error, DatabaseError):
                log.warning("a socket could not begin: %s", type(error).__name__)
            else:
                log.exception("a socket could not begin")
            await self.client.close(AGAIN)
            await self.end()

    async def take(self, text: str | None) -> None:
        """Handles what the client sent; ``text`` is ``None`` if that was bytes."""
        if self.client.is_gone:  # closed by us; what was on its way changes nothing
            return
        if not self.limits.take_frame():
            await self.client.close(SLOW)
        elif text is None or len(text.encode()) > protocol.FRAME_BYTES_MAX:
            await self._refuse("bad_frame", _("This frame can't be read."))
        else:
            await self._handle_text(text)

    async def end(self) -> None:
        self.let_go()
        if self.has_lease:
            with contextlib.suppress(DatabaseError):
                await in_thread(presence.let_lease_run_out, self.socket_id)

    def let_go(self) -> None:
        """Ends every task and subscription of the connection. Calling it twice is harmless."""
        pulse.leave(self)
        self.client.is_gone = True
        for task in tuple(self.tasks):
            task.cancel()
        for topic in tuple(self.topics):
            self.leave(topic)

    # For subclasses to fill in

    async def begin(self) -> None:
        """The socket was accepted."""
        raise NotImplementedError

    async def handle(self, frame: Any) -> None:
        """Does what a frame of the client asks for. A ``DomainError`` is told to the client."""
        raise NotImplementedError

    async def show(self, delivery: live.Delivery) -> None:
        """Shows the client what was published on a joined topic."""
        raise NotImplementedError

    async def refresh(self) -> None:
        """Reads again, and sends, what is shown besides the messages."""
        raise NotImplementedError

    async def catch_up_all(self) -> None:
        """Deliveries were lost: reads again all that is shown."""
        raise NotImplementedError

    async def repair(self, seen: Seen) -> None:
        """Reads again what differs from what a beat found."""
        raise NotImplementedError

    async def refusal(self) -> int | None:
        """Returns the code to close with if this client may not be here (any more)."""
        raise NotImplementedError

    def watched(self) -> Watched:
        """Returns what every beat looks at for this connection."""
        raise NotImplementedError

    # For subclasses to call

    def start(self) -> None:
        """Begins to show deliveries and to send beats."""
        pulse.join(self)
        if self.inbox.open():
            self._pump()

    async def join(self, topic: str) -> None:
        if topic not in self.topics:
            self.topics.add(topic)
            await live.subscribe(topic, self)

    def leave(self, topic: str) -> None:
        if topic in self.topics:
            self.topics.discard(topic)
            live.unsubscribe(topic, self)

    def note_answer(self, frame: protocol.Beat) -> None:
        """The client answers a beat: its lease is renewed."""
        self.client.window.answer(frame.sent, time.monotonic())
        pulse.renew_lease(self)

    def touch(self) -> None:
        """Something that is shown besides the messages has changed."""
        if self.refresher.touch():
            self.spawn(self.refresher.run, self._refresh_in_turn)

    def spawn(self, step: Callable[P, Awaitable[None]], *args: P.args, **kwargs: P.kwargs) -> None:
        """Does ``step`` beside everything else, for as long as the socket is open."""
        task = asyncio.get_running_loop().create_task(self._guard(step, *args, **kwargs))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    # For `live` and `pulse` to call

    def receive(self, topic: str, delivery: live.Delivery) -> None:
        if self.inbox.put(delivery):
            self._pump()

    async def send_beat(self) -> None:
        await self.client.send_beat()

    async def beat(self, seen: Seen) -> None:
        """Finds by number what the delivery lost, and asks for a sign of life."""
        if self.client.window.silent_s(time.monotonic()) > presence.LEASE_S + presence.HEARTBEAT_S:
            await self.client.close(SLOW)
            return
        if not seen.may_stay and (refusal := await self.refusal()):
            await self.client.close(refusal)
            return
        await self.repair(seen)
        await self.client.send_beat()

    async def lose_lease(self) -> None:
        """The lease was taken away, as it is with a permission."""
        await self.client.close(await self.refusal() or AGAIN)

    # The machinery

    def _pump(self) -> None:
        self.spawn(self.inbox.pump, self.show, self.catch_up_all)

    async def _refresh_in_turn(self) -> None:
        async with pulse.turn():
            await self.refresh()

    async def _handle_text(self, text: str) -> None:
        """A domain error becomes an error frame; it never ends the connection."""
        frame = None
        try:
            frame = self.decode(text)
            await (self._handle_message if isinstance(frame, protocol.Send) else self.handle)(frame)
        except (msgspec.DecodeError, UnicodeError, RecursionError):  # the last: nested too deep to be read
            await self._refuse("bad_frame", _("This frame can't be read."), frame)
        except TooMany as error:
            client_id, wait_s = getattr(frame, "client_id", None), error.retry_after_s or None
            await self.client.refuse(error.code, error.text, client_id, retry_after_s=wait_s)
        except DomainError as error:
            await self._refuse(error.code, error.text, frame)
        except (Http404, Chat.DoesNotExist):
            await self._refuse("not_found", _("There is no such chat."), frame)
        except Exception as error:  # noqa: BLE001 - it is logged, and told to the client
            self._log_failure(error, frame)
            await self._refuse("unavailable", _("That didn’t work. Try again."), frame)

    async def _handle_message(self, frame: protocol.Send) -> None:
        metrics.message_received()
        with tracing.receiving():
            await self.handle(frame)

    def _log_failure(self, error: Exception, frame: Any) -> None:
        chat = {"chat": frame.chat} if hasattr(frame, "chat") else {}
        with log_ids.within(**chat):
            if isinstance(error, DatabaseError):
                log.warning("a frame failed: %s", type(error).__name__)
            else:
                log.error("a frame failed", exc_info=error)

    async def _refuse(self, code: str, text: Any, frame: Any = None) -> None:
        await self.client.refuse(code, text, getattr(frame, "client_id", None))

    async def _guard(self, step: Callable[P, Awaitable[None]], *args: P.args, **kwargs: P.kwargs) -> None:
        log_ids.go_on_with(self.log_ids)  # the task may have been started by another socket's message
        try:
            await step(*args, **kwargs)
        except DatabaseError as error:  # the next beat looks again
            log.warning("a socket's work is left: %s", type(error).__name__)
        except Exception:
            log.exception("a socket failed")
            await self.client.close(AGAIN)


def _language(scope: dict) -> str:
    """Returns the language in which the page was drawn, which the socket's address says."""
    try:
        asked = QueryDict(scope.get("query_string", b"")).get("language", "")
        return translation.get_supported_language_variant(asked)
    except (LookupError, UnicodeError):
        return "en"
