"""The two sockets: an agent's desk, and a customer's chat. Frames are in ``protocol``, what they have in common in
``connection``; what they do is done by ``messages`` and ``lifecycle``.
"""

import asyncio
import logging
from collections.abc import Collection
from typing import NamedTuple

from django.conf import settings
from django.db import DatabaseError
from django.http import Http404
from django.utils.translation import gettext_lazy as _

from agents.access import agent_for, may_chat
from agents.credentials import Credential, chatting_agents, user_of_session
from agents.models import Agent
from chat import access, board, entries, live, presence, protocol, pulse, rendering
from chat.assignment import assign_waiting_chats
from chat.connection import AGAIN, FORBIDDEN, SLOW, UNKNOWN, Connection, Receive, Send
from chat.entries import Entry
from chat.models import Chat
from contiple.errors import Closed, Conflict
from contiple.threads import in_thread

log = logging.getLogger(__name__)

HELLO_WITHIN_S = 5


class AgentSocket(Connection):
    """One tab of an agent who may chat. The session says who it is; the rights are read again at every acting frame."""

    decode = staticmethod(protocol.decode_from_agent)

    def __init__(self, scope: dict, send: Send) -> None:
        super().__init__(scope, send)
        self.own_chats: frozenset[int] = frozenset()
        self.waiting = 0

    async def begin(self) -> None:
        refusal = await in_thread(self._enter)
        if refusal:
            await self.close(refusal)
            return
        self.leased = True
        await self.join(live.agent_topic(self.agent_id))
        await board.join(self.service_id, self)
        await self._follow(self.line_revs)
        self.start()
        await self.refresh()
        if self.waiting:
            await in_thread(assign_waiting_chats, self.service_id)

    def let_go(self) -> None:
        if self.leased:
            board.leave(self.service_id, self)
        super().let_go()

    async def handle(self, frame: protocol.FromAgent) -> None:
        match frame:
            case protocol.Send():
                await self.append(frame.chat, frame, agent_id=self.agent_id, credential=self.credential)
            case protocol.Beat():
                self.note_answer(frame)
            case protocol.Watch(chat, rev):
                await self.watch(chat, rev)
            case protocol.Unwatch(chat):
                await self.unwatch(chat)
            case protocol.Typing(chat):
                if self.may_type() and chat in self.cursors and await in_thread(self._holds, chat):
                    live.publish(live.chat_topic(chat), live.Typed(chat, "agent"))
            case protocol.Seen():
                await self.mark_seen(frame.chat, frame, agent_id=self.agent_id, credential=self.credential)

    async def refresh(self) -> None:
        found = await in_thread(self._desk)
        if found is None:
            await self.close(await self.refusal() or AGAIN)
            return
        if await self._follow(found[1].chats):
            found = await in_thread(self._desk) or found  # what was said before these chats were heard
        self.fingerprint, frame = found
        self.waiting = frame.waiting
        await self.tell(frame)

    def note_queue(self, places: dict[int, int]) -> None:
        if self.is_admin:  # who sees everybody's chats
            self.touch()
        elif len(places) != self.waiting:
            self.waiting = len(places)
            self.fingerprint = (*(self.fingerprint or ())[:-1], self.waiting)
            self.spawn(self.tell, rendering.waiting_frame(self.waiting, self.language))

    async def refusal(self) -> int | None:
        return await in_thread(self._refusal)

    async def show_elsewhere(self, changed: live.Changed) -> None:
        if changed.entry.chat in self.own_chats:
            self.line_revs[changed.entry.chat] = changed.entry.rev
            if line := rendering.line_frame(changed):
                await self.tell(line)

    async def repair(self, seen: pulse.Seen) -> None:
        await super().repair(seen)
        behind = [chat_id for chat_id, (rev, _m) in seen.chats.items() if rev > self.line_revs.get(chat_id, rev)]
        if any(chat_id in self.own_chats and chat_id not in self.cursors for chat_id in behind):
            self.touch()

    async def unwatch(self, chat_id: int) -> None:
        await super().unwatch(chat_id)
        if chat_id in self.own_chats:
            await self.join(live.chat_topic(chat_id))

    def watched(self) -> pulse.Watched:
        return pulse.Watched({*self.cursors, *self.own_chats}, credential=self.credential)

    async def _follow(self, chat_ids: Collection[int]) -> bool:
        """Hears of the agent's own chats, for their last lines; whether there were new ones among them."""
        before, self.own_chats = self.own_chats, frozenset(chat_ids)
        for chat_id in before - self.own_chats:
            if chat_id not in self.cursors:
                self.leave(live.chat_topic(chat_id))
        for chat_id in self.own_chats - before:
            await self.join(live.chat_topic(chat_id))
        return bool(self.own_chats - before)

    # In threads

    def _session_key(self) -> str:
        return self.scope["cookies"].get(settings.SESSION_COOKIE_NAME, "")

    def _enter(self) -> int | None:
        """Finds out who it is, who is reachable from now on. Returns the code to close with where that is nobody."""
        user = user_of_session(self._session_key())
        if user is None:
            return UNKNOWN
        agent = agent_for(user, self.scope["url_route"]["kwargs"]["service"])
        if agent is None or not may_chat(agent):
            return FORBIDDEN
        self.agent_id, self.service_id, self.is_admin = agent.pk, agent.service_id, agent.is_admin
        self.credential = Credential(agent.pk, agent.service_id, self._session_key(), user.password)
        self.line_revs = pulse.own_revs(agent.pk)
        presence.take_lease(self.socket_id, agent_id=agent.pk)
        return None

    def _refusal(self) -> int | None:
        """Who has signed in anew, as after a new password, comes back with the new cookie; others then get 4401."""
        if chatting_agents([self.credential]):
            return None
        agent = Agent.objects.select_related("service__contract", "user").get(pk=self.agent_id)
        permitted = may_chat(agent) and agent.user.is_active and not agent.service.is_stopped
        return AGAIN if permitted else FORBIDDEN

    def first_look(self, chat_id: int, rev: int) -> tuple[int, live.Marked, list[Entry]]:
        if not chatting_agents([self.credential]):
            raise Closed(_("You no longer have the chat permission."))
        last_rev, marked, _fingerprint = pulse.look_at_chat(chat_id, self.service_id)
        return last_rev, marked, entries.changes_since(chat_id, rev)

    def _holds(self, chat_id: int) -> bool:
        held = Chat.objects.filter(pk=chat_id, agent=self.agent_id, state=Chat.State.ACTIVE)
        return bool(chatting_agents([self.credential])) and held.exists()

    def _desk(self) -> tuple[tuple | None, protocol.Desk] | None:
        """With the fingerprint from before it was read: what changes in between is noticed at the next beat."""
        if not chatting_agents([self.credential]):
            return None
        fingerprint = pulse.desk_fingerprints([self.agent_id]).get(self.agent_id)
        self.line_revs = pulse.own_revs(self.agent_id)
        agent = Agent.objects.select_related("service").get(pk=self.agent_id)
        self.is_admin = agent.is_admin
        return fingerprint, rendering.desk_frame(agent, self.language)


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
                await self.mark_seen(self.chat_id, frame)

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
            board.leave(self.service_id, self)
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
            await board.join(self.service_id, self)
        else:
            board.leave(self.service_id, self)
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

    def first_look(self, chat_id: int, rev: int) -> tuple[int, live.Marked, list[Entry]]:
        last_rev, marked, fingerprint = pulse.look_at_chat(chat_id, self.service_id)
        self.first_status = self._status_of(fingerprint)
        return last_rev, marked, entries.changes_since(chat_id, rev)

    def _status(self) -> "_Status":
        """With the fingerprint from before it was read: what changes in between is noticed at the next beat."""
        return self._status_of(pulse.look_at_chat(self.chat_id or 0, self.service_id)[2])

    def _status_of(self, fingerprint: tuple) -> "_Status":
        if fingerprint[0] == Chat.State.ACTIVE:
            return _Status(fingerprint, rendering.active_status_frame(self.chat_id or 0))
        return _Status(fingerprint, rendering.status_frame(self._chat(), self.language, place=fingerprint[-1]))

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


async def no_socket(scope: dict, receive: Receive, send: Send) -> None:
    """Any other address: said by a close code, since a refused handshake tells a browser nothing."""
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.close", "code": UNKNOWN})
