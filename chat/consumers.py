"""The two sockets: an agent's desk, and a customer's chat. Frames are in ``protocol``, what they have in common in
``connection``; what they do is done by ``messages`` and ``lifecycle``.
"""

import asyncio
import logging

from channels.generic.websocket import AsyncWebsocketConsumer
from django.contrib.auth import HASH_SESSION_KEY
from django.db import DatabaseError
from django.http import Http404
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _

from agents.access import agent_for, may_chat, running_service
from agents.models import Agent, User
from chat import access, live, messages, presence, protocol, rendering
from chat.assignment import assign_waiting_chats
from chat.connection import AGAIN, FORBIDDEN, SLOW, UNKNOWN, Connection, in_thread
from chat.models import Chat
from contiple.errors import Closed, Conflict
from helpcenter.access import customer_for_token

log = logging.getLogger(__name__)

HELLO_WITHIN_S = 5


class AgentSocket(Connection):
    """One tab of an agent who may chat. The session says who it is; the rights are read again at every acting frame."""

    decode = staticmethod(protocol.decode_from_agent)

    async def begin(self) -> None:
        agent = await in_thread(self._permitted_agent)
        if agent is None:
            await self.close(FORBIDDEN if self.scope["user"].is_authenticated else UNKNOWN)
            return
        self.agent_id, self.service_id = agent.pk, agent.service_id
        await self.join(live.agent_topic(agent.pk))
        await self.join(live.service_topic(agent.service_id))
        await in_thread(presence.take_lease, self.socket_id, agent=agent)
        self.leased = True
        await self.start()
        await self.refresh()
        await in_thread(assign_waiting_chats, agent.service_id)

    async def handle(self, frame: protocol.FromAgent) -> None:
        match frame:
            case protocol.Beat():
                await self.answer_beat(frame)
            case protocol.Watch(chat, rev):
                found = await in_thread(self._chat_seen, chat)
                await self.watch(found, rev)
                await self.tell(rendering.marks_frame(messages.marks_of(found)))
            case protocol.Unwatch(chat):
                await self.unwatch(chat)
            case protocol.Send(client_id, body, chat):
                self.take_token()
                message = await in_thread(self._send, chat, body, client_id)
                await self.tell(protocol.Ack(chat, client_id, message.seq, message.rev))
            case protocol.Typing(chat):
                if self.may_type() and chat in self.cursors and await in_thread(self._holds, chat):
                    live.publish(live.chat_topic(chat), live.Typed(chat, "agent"))
            case protocol.Seen(received, read, chat):
                await in_thread(self._mark_seen, chat, received, read)

    async def refresh(self) -> None:
        frame = await in_thread(self._desk_frame)
        if frame is None:
            await self.close(await self.refusal() or AGAIN)
        else:
            await self.tell(frame)

    async def refusal(self) -> int | None:
        return await in_thread(self._refusal)

    # In threads

    def _permitted_agent(self) -> Agent | None:
        user = self.scope["user"]
        agent = agent_for(user, self.scope["url_route"]["kwargs"]["service"])
        if agent is None or not may_chat(agent) or not _session_lives(self.scope, agent.user):
            return None
        return agent

    def _refusal(self) -> int | None:
        """Who has signed in anew, as after a new password, comes back with the new cookie; others then get 4401."""
        user = self.scope["user"]
        agent = agent_for(user, self.scope["url_route"]["kwargs"]["service"])
        if agent is None or not may_chat(agent):
            return FORBIDDEN
        return None if _session_lives(self.scope, agent.user) else AGAIN

    def _agent(self) -> Agent:
        agent = self._permitted_agent()
        if agent is None:
            raise Closed(_("You are not permitted to chat any more."))
        return agent

    def _chat_seen(self, chat_id: int) -> Chat:
        return access.chat_for_agent(self._agent(), chat_id)

    def _holds(self, chat_id: int) -> bool:
        return Chat.objects.filter(pk=chat_id, agent=self.agent_id, state=Chat.State.ACTIVE).exists()

    def _send(self, chat_id, body, client_id):
        agent = self._agent()
        return messages.send_as_agent(access.chat_for_agent(agent, chat_id), agent, body=body, client_id=client_id)

    def _mark_seen(self, chat_id: int, received: int, read: int) -> None:
        chat = access.chat_for_agent(self._agent(), chat_id)
        if chat.agent_id == self.agent_id and chat.state == Chat.State.ACTIVE:
            messages.mark_seen(chat, "agent", received=received, read=read)

    def _desk_frame(self) -> protocol.Desk | None:
        agent = self._permitted_agent()
        return rendering.desk_frame(agent, self.language) if agent else None


class CustomerSocket(Connection):
    """One page of a customer. The first frame says by its token who it is; without one the socket has five seconds."""

    decode = staticmethod(protocol.decode_from_customer)

    async def begin(self) -> None:
        self.chat_id: int | None = None
        self.said_hello = False
        self.shown: protocol.Status | None = None
        self.tasks.append(asyncio.create_task(self._close_without_hello()))

    async def handle(self, frame: protocol.FromCustomer) -> None:
        if isinstance(frame, protocol.Hello):
            self.said_hello = True
            await self._greet(frame)
            return
        if self.chat_id is None:
            await self.close(UNKNOWN)
            return
        match frame:
            case protocol.Beat():
                await self.answer_beat(frame)
            case protocol.Send(client_id, body):
                self.take_token()
                message = await in_thread(self._send, body, client_id)
                await self.tell(protocol.Ack(self.chat_id, client_id, message.seq, message.rev))
            case protocol.Typing():
                if self.may_type():
                    live.publish(live.chat_topic(self.chat_id), live.Typed(self.chat_id, "customer"))
            case protocol.Seen(received, read):
                await in_thread(self._mark_seen, received, read)

    async def refresh(self) -> None:
        try:
            chat = await in_thread(self._chat)
        except Http404:
            await self.close(FORBIDDEN)
            return
        frame = await in_thread(rendering.status_frame, chat, self.language)
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
        await self.start()
        await self.watch(chat, frame.rev)
        await self.tell(rendering.marks_frame(messages.marks_of(chat)))
        await self.refresh()

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

    def _chat(self) -> Chat:
        chats = Chat.objects.select_related("customer", "agent__user", "service__contract")
        chat = chats.filter(pk=self.chat_id or 0, service__is_stopped=False).first()
        if chat is None:
            raise Http404
        return chat

    def _send(self, body, client_id):
        return messages.send_as_customer(self._chat(), body=body, client_id=client_id)

    def _mark_seen(self, received: int, read: int) -> None:
        messages.mark_seen(self._chat(), "customer", received=received, read=read)


def _session_lives(scope: dict, user: User) -> bool:
    """Channels reads the session once. Signing out, or changing the password elsewhere, must end this socket too."""
    session = scope["session"]
    known = session.get(HASH_SESSION_KEY, "")
    return session.exists(session.session_key) and constant_time_compare(known, user.get_session_auth_hash())


class NoSocket(AsyncWebsocketConsumer):
    """Any other address: said by a close code, since a refused handshake tells a browser nothing."""

    async def connect(self) -> None:
        await self.accept()
        await self.close(UNKNOWN)
