"""The two sockets: an agent's desk, and a customer's chat. Frames are in ``protocol``, what they have in common in
``connection``; what they do is done by ``messages`` and ``lifecycle``.
"""

import asyncio
import logging
from collections.abc import Collection, Hashable

from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.db import DatabaseError
from django.http import Http404
from django.utils.translation import gettext_lazy as _

from agents.access import Credential, agent_for, chatting_agents, may_chat, running_service, user_of_session
from agents.models import Agent
from chat import access, live, messages, presence, protocol, pulse, rendering
from chat.assignment import assign_waiting_chats
from chat.connection import AGAIN, FORBIDDEN, SLOW, UNKNOWN, Connection
from chat.entries import Entry
from chat.models import Chat
from contiple.errors import Closed, Conflict
from contiple.threads import in_thread
from helpcenter.access import customer_for_token

log = logging.getLogger(__name__)

HELLO_WITHIN_S = 5


class AgentSocket(Connection):
    """One tab of an agent who may chat. The session says who it is; the rights are read again at every acting frame."""

    decode = staticmethod(protocol.decode_from_agent)
    own_chats: frozenset[int] = frozenset()

    async def begin(self) -> None:
        agent = await in_thread(self._permitted_agent)
        if agent is None:
            await self.close(await in_thread(self._why_not))
            return
        self.agent_id, self.service_id = agent.pk, agent.service_id
        self.credential = Credential(agent.pk, agent.service_id, self._session_key(), agent.user.password)
        await self.join(live.agent_topic(agent.pk))
        await self.join(live.service_topic(agent.service_id))
        await in_thread(presence.take_lease, self.socket_id, agent=agent)
        self.leased = True
        self.start()
        await self.refresh()
        await in_thread(assign_waiting_chats, agent.service_id)

    async def handle(self, frame: protocol.FromAgent) -> None:
        match frame:
            case protocol.Send():
                await self.append(frame.chat, frame, agent_id=self.agent_id, credential=self.credential)
            case protocol.Beat():
                self.note_answer(frame)
            case protocol.Watch(chat, rev):
                await self.watch(await in_thread(self._chat_seen, chat), rev)
            case protocol.Unwatch(chat):
                await self.unwatch(chat)
            case protocol.Typing(chat):
                if self.may_type() and chat in self.cursors and await in_thread(self._holds, chat):
                    live.publish(live.chat_topic(chat), live.Typed(chat, "agent"))
            case protocol.Seen(received, read, chat):
                await in_thread(self._mark_seen, chat, received, read)

    async def refresh(self) -> None:
        found = await in_thread(self._desk)
        if found is None:
            await self.close(await self.refusal() or AGAIN)
            return
        self.fingerprint, frame = found
        if await self._follow(frame.chats):
            found = await in_thread(self._desk)  # what was said before these chats were heard
            frame = found[1] if found else frame
        await self.tell(frame)

    async def refusal(self) -> int | None:
        return await in_thread(self._refusal)

    async def show_elsewhere(self, changed: live.Changed) -> None:
        if line := rendering.line_frame(changed):
            await self.tell(line)

    async def unwatch(self, chat_id: int) -> None:
        await super().unwatch(chat_id)
        if chat_id in self.own_chats:
            await self.join(live.chat_topic(chat_id))

    def watched(self) -> pulse.Watched:
        return pulse.Watched(tuple(self.cursors), credential=self.credential)

    async def _follow(self, chat_ids: Collection[int]) -> bool:
        """Hears of the agent's own chats, for their last lines; whether there were new ones among them."""
        before, self.own_chats = self.own_chats, frozenset(chat_ids)
        for chat_id in before - self.own_chats:
            if chat_id not in self.cursors:
                await self.leave(live.chat_topic(chat_id))
        for chat_id in self.own_chats - before:
            await self.join(live.chat_topic(chat_id))
        return bool(self.own_chats - before)

    # In threads

    def _session_key(self) -> str:
        return self.scope["cookies"].get(settings.SESSION_COOKIE_NAME, "")

    def _permitted_agent(self) -> Agent | None:
        user = user_of_session(self._session_key())
        agent = agent_for(user, self.scope["url_route"]["kwargs"]["service"]) if user else None
        return agent if agent and may_chat(agent) else None

    def _why_not(self) -> int:
        return FORBIDDEN if user_of_session(self._session_key()) else UNKNOWN

    def _refusal(self) -> int | None:
        """Who has signed in anew, as after a new password, comes back with the new cookie; others then get 4401."""
        if chatting_agents([self.credential]):
            return None
        agent = Agent.objects.select_related("service__contract", "user").get(pk=self.agent_id)
        permitted = may_chat(agent) and agent.user.is_active and not agent.service.is_stopped
        return AGAIN if permitted else FORBIDDEN

    def _agent(self) -> Agent:
        if not chatting_agents([self.credential]):
            raise Closed(_("You are not permitted to chat any more."))
        return Agent.objects.select_related("service__contract", "user").get(pk=self.agent_id)

    def _chat_seen(self, chat_id: int) -> Chat:
        return access.chat_for_agent(self._agent(), chat_id)

    def _holds(self, chat_id: int) -> bool:
        return Chat.objects.filter(pk=chat_id, agent=self.agent_id, state=Chat.State.ACTIVE).exists()

    def _mark_seen(self, chat_id: int, received: int, read: int) -> None:
        chat = access.chat_for_agent(self._agent(), chat_id)
        if chat.agent_id == self.agent_id and chat.state == Chat.State.ACTIVE:
            messages.mark_seen(chat, "agent", received=received, read=read)

    def _desk(self) -> tuple[Hashable, protocol.Desk] | None:
        """With the fingerprint from before it was read: what changes in between is noticed at the next beat."""
        if not chatting_agents([self.credential]):
            return None
        fingerprint = pulse.desk_fingerprints([self.agent_id]).get(self.agent_id)
        return fingerprint, rendering.desk_frame(self._agent(), self.language)


class CustomerSocket(Connection):
    """One page of a customer. The first frame says by its token who it is; without one the socket has five seconds."""

    decode = staticmethod(protocol.decode_from_customer)

    async def begin(self) -> None:
        self.chat_id: int | None = None
        self.said_hello = False
        self.shown: protocol.Status | None = None
        self.spawn(self._close_without_hello())

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
            case protocol.Seen(received, read):
                await in_thread(self._mark_seen, received, read)

    async def refresh(self) -> None:
        try:
            self.fingerprint, chat, frame = await in_thread(self._status)
        except Http404:
            await self.close(FORBIDDEN)
            return
        if frame != self.shown:
            self.shown = frame
            await self.tell(frame)
        # Only who waits is moved by what happens to others.
        queue = live.service_topic(chat.service_id)
        await (self.join(queue) if chat.state == Chat.State.WAITING else self.leave(queue))

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
        chat = await in_thread(self._chat_of_token, frame.token)
        if chat is None:
            await self.close(UNKNOWN)
            return
        self.chat_id = chat.pk
        await in_thread(presence.take_lease, self.socket_id, chat=chat)
        self.leased = True
        self.start()
        await self.watch(chat, frame.rev)
        await self.refresh()

    def may_read(self, entry: Entry) -> bool:
        return not entry.internal

    def watched(self) -> pulse.Watched:
        return pulse.Watched(tuple(self.cursors), chat_id=self.chat_id or 0)

    async def _close_without_hello(self) -> None:
        await asyncio.sleep(HELLO_WITHIN_S)
        if not self.said_hello:
            await self.close(SLOW)

    # In threads

    def _chat_of_token(self, token: str) -> Chat | None:
        try:
            service = running_service(self.scope["url_route"]["kwargs"]["service"])
        except Http404:
            return None
        customer = customer_for_token(service, token)
        return access.chat_of(customer) if customer else None

    def _status(self) -> tuple[Hashable, Chat, protocol.Status]:
        fingerprint, chat = pulse.chat_fingerprint(self.chat_id or 0), self._chat()
        return fingerprint, chat, rendering.status_frame(chat, self.language)

    def _chat(self) -> Chat:
        chats = Chat.objects.select_related("customer", "agent__user", "service__contract")
        chat = chats.filter(pk=self.chat_id or 0, service__is_stopped=False).first()
        if chat is None:
            raise Http404
        return chat

    def _mark_seen(self, received: int, read: int) -> None:
        messages.mark_seen(self._chat(), "customer", received=received, read=read)


class NoSocket(AsyncWebsocketConsumer):
    """Any other address: said by a close code, since a refused handshake tells a browser nothing."""

    async def connect(self) -> None:
        await self.accept()
        await self.close(UNKNOWN)
