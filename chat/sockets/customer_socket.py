"""The socket of a customer's chat. Frames are in ``protocol``, what both sockets have in common in ``connection``."""

import asyncio
import logging
from typing import NamedTuple

from django.db import DatabaseError
from django.http import Http404
from django.utils.translation import gettext_lazy as _

from chat import access, protocol
from chat.conversation import entries, frames, live
from chat.conversation.entries import Entry
from chat.models import Chat
from chat.routing import presence, queue
from chat.sockets import pulse
from chat.sockets.connection import AGAIN, FORBIDDEN, SLOW, UNKNOWN, Connection, Send
from contiple.base.errors import Conflict
from contiple.base.threads import in_thread

log = logging.getLogger(__name__)

HELLO_WITHIN_S = 5


class CustomerSocket(Connection):
    """One page of a customer. The first frame says by its token who it is; without one the socket has five seconds."""

    decode = staticmethod(protocol.decode_from_customer)

    def __init__(self, scope: dict, send: Send) -> None:
        super().__init__(scope, send)
        self.chat_id: int | None = None
        self.said_hello = self.is_queueing = False
        self.shown: protocol.Status | None = None
        self.place: int | None = None

    async def begin(self) -> None:
        self.spawn(self._close_without_hello)

    async def handle(self, frame: protocol.FromCustomer) -> None:
        if isinstance(frame, protocol.Hello):
            self.said_hello = True
            await self._greet(frame)
            return
        if self.chat_id is None:
            await self.close(UNKNOWN)
            return
        match frame:
            case protocol.Send():
                await self.append(self.chat_id, frame)
            case protocol.Beat():
                self.note_answer(frame)
            case protocol.Typing():
                if self.may_type():
                    live.publish(live.chat_topic(self.chat_id), live.Typed(self.chat_id, "customer"))
            case protocol.Seen():
                await self.note_receipt(self.chat_id, frame)

    async def refresh(self) -> None:
        try:
            status = await in_thread(self._status)
        except Http404:
            await self.close(FORBIDDEN)
            return
        if await self._queue_up(waits=status.frame.state == Chat.State.WAITING):
            status = await in_thread(self._status)  # what moved before the queue was heard
        await self._show_status(status)

    def let_go(self) -> None:
        if self.is_queueing:
            self.is_queueing = False
            queue.leave(self.service_id, self)
        super().let_go()

    def note_queue(self, places: dict[int, int]) -> None:
        place = places.get(self.chat_id or 0)
        if place is None:
            self.touch()
        elif place != self.place:
            self.place, self.shown = place, None
            self.fingerprint = (*(self.fingerprint or ())[:-1], place)
            self.spawn(self.tell, protocol.Place(place))

    async def refusal(self) -> int | None:
        try:
            await in_thread(self._chat)
        except Http404:
            return FORBIDDEN
        return None

    async def _greet(self, frame: protocol.Hello) -> None:
        if self.chat_id is not None:
            raise Conflict(_("This socket knows its customer already."))
        try:
            await self._begin_chat(frame)
        except DatabaseError as error:  # half begun is of no use: the client comes back
            log.warning("a chat could not begin: %s", type(error).__name__)
            await self.close(AGAIN)

    async def _begin_chat(self, frame: protocol.Hello) -> None:
        found = await in_thread(self._enter, frame.token)
        if found is None:
            await self.close(UNKNOWN)
            return
        self.chat_id, self.service_id, state = found
        self.leased = True
        await self._queue_up(waits=state == Chat.State.WAITING)
        self.start()
        await self.watch(self.chat_id, frame.rev)
        await self._show_status(self.first_status)

    async def _show_status(self, status: "_Status") -> None:
        self.fingerprint, self.place = status.fingerprint, status.fingerprint[-1]
        if status.frame != self.shown:
            self.shown = status.frame
            await self.tell(status.frame)

    async def _queue_up(self, *, waits: bool) -> bool:
        """Only who waits is moved by what happens to others. Returns whether the queue is heard from now on."""
        if waits == self.is_queueing:
            return False
        self.is_queueing = waits
        if waits:
            await queue.join(self.service_id, self)
        else:
            queue.leave(self.service_id, self)
        return waits

    def may_read(self, entry: Entry) -> bool:
        return not entry.internal

    def watched(self) -> pulse.Watched:
        return pulse.Watched(tuple(self.cursors), chat_id=self.chat_id or 0)

    async def _close_without_hello(self) -> None:
        await asyncio.sleep(HELLO_WITHIN_S)
        if not self.said_hello:
            await self.close(SLOW)

    # In threads

    def _enter(self, token: str) -> tuple[int, int, str] | None:
        """Whose token it is, who is there from now on: the chat, its service and state."""
        found = access.chat_of_token(self.scope["url_route"]["kwargs"]["service"], token)
        if found is not None:
            presence.take_lease(self.socket_id, chat_id=found[0])
        return found

    def first_look(self, chat_id: int, rev: int) -> tuple[int, live.Receipts, list[Entry]]:
        last_rev, receipts, fingerprint = pulse.look_at_chat(chat_id, self.service_id)
        self.first_status = self._status_of(fingerprint)
        return last_rev, receipts, entries.changes_since(chat_id, rev)

    def _status(self) -> "_Status":
        """With the fingerprint from before it was read: what changes in between is noticed at the next beat."""
        return self._status_of(pulse.look_at_chat(self.chat_id or 0, self.service_id)[2])

    def _status_of(self, fingerprint: tuple) -> "_Status":
        if fingerprint[0] == Chat.State.ACTIVE:
            return _Status(fingerprint, frames.active_status_frame(self.chat_id or 0))
        return _Status(fingerprint, frames.status_frame(self._chat(), self.language, place=fingerprint[-1]))

    def _chat(self) -> Chat:
        chats = Chat.objects.select_related("service")
        chat = chats.filter(pk=self.chat_id or 0, service__is_stopped=False).first()
        if chat is None:
            raise Http404
        return chat


class _Status(NamedTuple):
    """How a customer's chat stands; ``fingerprint`` ends with the place in the queue."""

    fingerprint: tuple
    frame: protocol.Status
