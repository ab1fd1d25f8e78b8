"""The socket of a customer's chat: its messages, and above them its state or the place in the queue."""

import asyncio
import logging
import time
from collections import Counter
from typing import NamedTuple

from django.db import DatabaseError
from django.http import Http404
from django.utils.translation import gettext_lazy as _

from chat import access, protocol
from chat.abuse import blocks, limits
from chat.abuse.networks import hash_of
from chat.conversation import entries, frames, live
from chat.conversation.current_page import is_followed, note_page
from chat.conversation.entries import Entry
from chat.models import Chat
from chat.routing import presence, queue
from chat.routing.assignment import assign_waiting_chats
from chat.routing.waits import prospects_of
from chat.sockets import snapshots
from chat.sockets.client import Send
from chat.sockets.codes import AGAIN, FORBIDDEN, SLOW, UNKNOWN
from chat.sockets.display import Display, FirstLook
from chat.sockets.snapshots import CustomerPage, Watched
from contiple.base import log_ids
from contiple.base.addresses import network, scope_address
from contiple.base.errors import Conflict, TooMany
from contiple.base.threads import in_thread
from contiple.base.waiting import too_often
from helpcenter.customers import MEMBER_PREFIX, mark_of, token_hash

log = logging.getLogger(__name__)

HELLO_WITHIN_S = 5
_open: Counter[str] = Counter()  # sockets of this process by their network


class CustomerSocket(Display):
    """One page of a customer. Its first frame must identify the customer by a token, within ``HELLO_WITHIN_S``."""

    decode = staticmethod(protocol.decode_from_customer)
    fingerprint: CustomerPage | None

    def __init__(self, scope: dict, send: Send) -> None:
        super().__init__(scope, send)
        self.chat_id: int | None = None
        self.token = ""
        self.said_hello = self.is_queueing = False
        self.shown: protocol.Status | None = None
        self.place: int | None = None
        self.member_session = ""  # the hash of its token, if the customer is a member
        self.token_mark = ""  # else: see ``snapshots.Watched``
        self.address = ""  # counted among the open sockets of its network

    async def begin(self) -> None:
        address = network(scope_address(self.scope))
        if _open[address] >= limits.SOCKETS_OF_NETWORK:
            await self._refuse_for_a_while()
            return
        if address:
            self.address = address
            _open[address] += 1
        self.spawn(self._close_without_hello)

    async def handle(self, frame: protocol.FromCustomer) -> None:
        if isinstance(frame, protocol.Hello):
            self.said_hello = True
            await self._greet(frame)
            return
        if self.chat_id is None:
            await self.client.close(UNKNOWN)
            return
        await self._take(self.chat_id, frame)

    async def _take(self, chat_id: int, frame: protocol.FromCustomer) -> None:
        match frame:
            case protocol.Send():
                await self.append(chat_id, frame)
            case protocol.Beat():
                self.note_answer(frame)
            case protocol.Typing() if self.limits.take_typing(time.monotonic()):
                live.publish(live.chat_topic(chat_id), live.Typed(chat_id, "customer"))
            case protocol.Page() if self.limits.take_page():
                await in_thread(note_page, chat_id, frame.page)
            case protocol.Seen():
                await self.note_receipt(chat_id, frame)

    async def refresh(self) -> None:
        try:
            status = await in_thread(self._status)
        except Http404:
            await self.client.close(FORBIDDEN)
            return
        if await self._queue_up(waits=status.frame.state == Chat.State.WAITING):
            status = await in_thread(self._status)  # with what moved before the queue was joined
        await self._show_status(status)

    def let_go(self) -> None:
        if self.is_queueing:
            self.is_queueing = False
            queue.leave(self.service_id, self)
        if self.address:
            _open[self.address] -= 1
            if not _open[self.address]:
                del _open[self.address]
            self.address = ""
        super().let_go()

    def note_queue(self, line: queue.Line) -> None:
        place = line.places.get(self.chat_id or 0)
        if place is None:
            self.touch()
        elif place != self.place:
            self.place, self.shown = place, None
            if self.fingerprint:
                self.fingerprint = self.fingerprint._replace(place=place)
            wait = frames.wait_text(line.minutes.get(self.chat_id or 0), self.client.language)
            self.spawn(self.client.send, protocol.Place(place, wait))

    async def refusal(self) -> int | None:
        try:
            await in_thread(self._require_known)
            await in_thread(self._chat)
        except Http404:
            return FORBIDDEN
        return None

    async def _greet(self, frame: protocol.Hello) -> None:
        if self.chat_id is not None:
            raise Conflict(_("This socket knows its customer already."))
        try:
            await self._begin_chat(frame)
        except DatabaseError as error:  # a partial start is useless: close, and the client connects again
            log.warning("a chat could not begin: %s", type(error).__name__)
            await self.client.close(AGAIN)

    async def _begin_chat(self, frame: protocol.Hello) -> None:
        try:
            found = await in_thread(self._enter, frame.token)
        except TooMany:
            await self._refuse_for_a_while()
            return
        except blocks.Blocked as error:
            await self.client.refuse(error.code, error.text)
            await self.client.close(FORBIDDEN)
            return
        if found is None:
            await self.client.close(UNKNOWN)
            return
        self.chat_id, self.service_id, state = found
        log_ids.about(service=self.service_id, chat=self.chat_id)
        self.has_lease = True
        await self._queue_up(waits=state == Chat.State.WAITING)
        self.start()
        await self.watch(self.chat_id, frame.rev)
        await self.client.send(self.first_unread)
        await self._show_status(self.first_status)

    async def _refuse_for_a_while(self) -> None:
        """Closes the socket, which is one too many. Its page connects again later."""
        wait_s = presence.RELOAD_GRACE_S
        await self.client.refuse(TooMany.code, too_often(wait_s), retry_after_s=wait_s)
        await self.client.close(SLOW)

    async def _show_status(self, status: "_Status") -> None:
        self.fingerprint, self.place = status.fingerprint, status.fingerprint.place
        if status.frame != self.shown:
            self.shown = status.frame
            await self.client.send(status.frame)

    async def _queue_up(self, *, waits: bool) -> bool:
        """Joins the queue's onlookers if the chat waits, else leaves them. True if it joined."""
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

    def watched(self) -> Watched:
        chats, own = tuple(self.cursors), self.chat_id or 0
        return Watched(chats, chat_id=own, member_session=self.member_session, token_mark=self.token_mark)

    async def _close_without_hello(self) -> None:
        await asyncio.sleep(HELLO_WITHIN_S)
        if not self.said_hello:
            await self.client.close(SLOW)

    # In threads

    def _enter(self, token: str) -> tuple[int, int, str] | None:
        """Finds the chat of the token and takes a lease. Returns the chat, its service and its state."""
        self.token = token
        found = self._found()
        if found is not None:
            chat_id, service_id, state = found
            is_member = token.startswith(MEMBER_PREFIX)
            self.member_session = token_hash(token) if is_member else ""
            self.token_mark = "" if is_member else mark_of(token)
            hashed = hash_of(service_id, scope_address(self.scope))
            blocks.require_not_blocked(service_id, network=hashed, chat_id=chat_id)
            self._arrive(chat_id, service_id, state)
        return found

    def _found(self) -> tuple[int, int, str] | None:
        return access.chat_of_token(self.scope["url_route"]["kwargs"]["service"], self.token)

    def _arrive(self, chat_id: int, service_id: int, state: str) -> None:
        """Takes a lease. With it a waiting chat is in the queue and may ring. Raises ``TooMany`` if it has too many."""
        was_away = state == Chat.State.WAITING and not presence.is_customer_here(chat_id, within_s=0)
        if not presence.take_lease(self.socket_id, chat_id=chat_id, at_most=limits.SOCKETS_OF_CHAT):
            raise TooMany(too_often(presence.RELOAD_GRACE_S))
        if was_away:
            live.publish(live.service_topic(service_id), live.Touched())
            assign_waiting_chats(service_id)

    def first_look(self, chat_id: int, rev: int) -> FirstLook:
        chat = snapshots.look_at_chat(chat_id, self.service_id)
        self.first_status = self._status_of(chat.page)
        read = chat.receipts.customer_read
        unread = entries.unread_by_customer(chat_id, read) if read < chat.last_rev else 0
        self.first_unread = protocol.Unread(chat_id, chat.last_rev, unread, follows=is_followed(chat_id))
        return FirstLook(chat.last_rev, chat.receipts, entries.changes_since(chat_id, rev))

    def _status(self) -> "_Status":
        """Reads the status and, before it, its fingerprint: a change in between is noticed at the next beat.

        Raises ``Http404`` if the token has been revoked.
        """
        self._require_known()
        return self._status_of(snapshots.look_at_chat(self.chat_id or 0, self.service_id).page)

    def _status_of(self, page: CustomerPage) -> "_Status":
        if page.state == Chat.State.ACTIVE:
            return _Status(page, frames.active_status_frame(self.chat_id or 0))
        chat = self._chat()
        return _Status(page, frames.status_frame(chat, self.client.language, **prospects_of(chat, page.place)))

    def _require_known(self) -> None:
        """Raises ``Http404`` if the token has ended: revoked, with its time, or as its member signed out."""
        if self._found() is None:
            raise Http404

    def _chat(self) -> Chat:
        chats = Chat.objects.select_related("service", "customer")
        chat = chats.filter(pk=self.chat_id or 0, service__is_stopped=False).first()
        if chat is None:
            raise Http404
        return chat


class _Status(NamedTuple):
    """How a customer's chat stands."""

    fingerprint: CustomerPage
    frame: protocol.Status
