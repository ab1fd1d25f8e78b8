"""The socket of an agent's desk: the chats on display, the list of chats, and typing in the agent's own chats."""

import time
from collections.abc import Collection, Mapping
from functools import partial

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from agents.access import agent_for
from agents.chat_permission import may_chat, permitted_agents
from agents.credentials import Credential, chatting_agents, user_of_session
from agents.second_factor.requirement import lacks_factor
from agents.sessions import SEEN_EVERY, keep_alive
from chat import protocol
from chat.conversation import entries, frames, live, rendering
from chat.conversation.current_page import last_page
from chat.models import Chat
from chat.routing import opening, presence, queue
from chat.routing.assignment import assign_waiting_chats
from chat.sockets import snapshots
from chat.sockets.client import Send
from chat.sockets.codes import AGAIN, FORBIDDEN, UNKNOWN
from chat.sockets.display import Display, FirstLook
from chat.sockets.snapshots import AgentDesk, Seen, Watched
from contiple.base import log_ids
from contiple.base.errors import Closed
from contiple.base.threads import in_thread

ACTS = (protocol.Send, protocol.Typing, protocol.Watch)  # what a person does; the other frames a page sends by itself


class AgentSocket(Display):
    """One tab of an agent who may chat. The session identifies the agent; each acting frame reads the rights again."""

    decode = staticmethod(protocol.decode_from_agent)
    fingerprint: AgentDesk | None

    def __init__(self, scope: dict, send: Send) -> None:
        super().__init__(scope, send)
        self.own_chats: frozenset[int] = frozenset()
        self.line_revs: dict[int, int] = {}  # of the own chats: the rev up to which their last lines are shown
        self.waiting = 0
        self.line: Mapping[int, int] = {}  # the places in the queue, as far as they are known; shared by all sockets
        self.acted_at = -float("inf")

    async def begin(self) -> None:
        refusal = await in_thread(self._enter)
        if refusal:
            await self.client.close(refusal)
            return
        self.has_lease = True
        await self.join(live.agent_topic(self.agent_id))
        await queue.join(self.service_id, self)
        await self._follow(self.line_revs)
        self.start()
        await self.refresh()
        if self.waiting:
            await in_thread(assign_waiting_chats, self.service_id)

    def let_go(self) -> None:
        if self.has_lease:
            queue.leave(self.service_id, self)
        super().let_go()

    async def handle(self, frame: protocol.FromAgent) -> None:
        if isinstance(frame, ACTS):
            await self._note_act()
        match frame:
            case protocol.Send():
                is_note = isinstance(frame, protocol.Note)
                who = {"agent_id": self.agent_id, "credential": self.credential, "internal": is_note}
                await self.append(frame.chat, frame, **who)
            case protocol.Beat():
                self.note_answer(frame)
            case protocol.Watch(chat, rev):
                await self.watch(chat, rev)
            case protocol.Unwatch(chat):
                await self.unwatch(chat)
            case protocol.Typing(chat):
                await self._show_typing(chat)
            case protocol.Seen():
                await self.note_receipt(frame.chat, frame, agent_id=self.agent_id, credential=self.credential)

    async def _note_act(self) -> None:
        """Puts off the idle end of the session, now and then: an agent may chat all day without opening a page."""
        if time.monotonic() - self.acted_at >= SEEN_EVERY.total_seconds():
            self.acted_at = time.monotonic()
            await in_thread(partial(keep_alive, self.credential.session_key, now=timezone.now()))

    async def refresh(self) -> None:
        found = await in_thread(self._desk)
        if found is None:
            await self.client.close(await self.refusal() or AGAIN)
            return
        if await self._follow(found[1].chats):
            found = await in_thread(self._desk) or found  # with what changed before these chats were subscribed to
        self.fingerprint, frame = found
        self.waiting = frame.waiting
        await self.client.send(frame)

    def note_queue(self, line: queue.Line) -> None:
        if self.is_admin:  # sees everybody's chats
            self.touch()
            return
        before, self.line = self.line, line.places
        if len(line.places) != self.waiting or not before.keys() <= line.places.keys():
            self.waiting = len(line.places)
            if self.fingerprint:
                self.fingerprint = self.fingerprint._replace(waiting=self.waiting)
            self.spawn(self.client.send, frames.waiting_frame(self.waiting, self.client.language))

    async def refusal(self) -> int | None:
        return await in_thread(self._refusal)

    async def show(self, delivery: live.Delivery) -> None:
        """Passes a customer's page on even while its chat is read for the first time: the page shows the newest."""
        if isinstance(delivery, live.Moved):
            await self.client.send(protocol.PageNow(delivery.chat, delivery.page, delivery.at))
        else:
            await super().show(delivery)

    async def show_elsewhere(self, changed: live.Changed) -> None:
        if changed.entry.chat in self.own_chats:
            self.line_revs[changed.entry.chat] = changed.entry.rev
            if line := rendering.last_line_frame(changed):
                await self.client.send(line)

    async def repair(self, seen: Seen) -> None:
        await super().repair(seen)
        listed_only = [chat_id for chat_id in seen.chats if chat_id in self.own_chats and chat_id not in self.cursors]
        revs = {chat_id: seen.chats[chat_id].last_rev for chat_id in listed_only}
        if any(rev > self.line_revs.get(chat_id, rev) for chat_id, rev in revs.items()):
            self.touch()

    async def unwatch(self, chat_id: int) -> None:
        await super().unwatch(chat_id)
        if chat_id in self.own_chats:
            await self.join(live.chat_topic(chat_id))

    def watched(self) -> Watched:
        return Watched({*self.cursors, *self.own_chats}, credential=self.credential)

    async def _show_typing(self, chat_id: int) -> None:
        if not self.limits.take_typing(time.monotonic()) or chat_id not in self.cursors:
            return
        if await in_thread(self._holds, chat_id):
            live.publish(live.chat_topic(chat_id), live.Typed(chat_id, "agent"))

    async def _follow(self, chat_ids: Collection[int]) -> bool:
        """Subscribes to the agent's own chats, for their last lines. Returns whether there were new ones among them."""
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
        """Identifies the agent and takes a lease. Returns a close code if the agent is refused."""
        user = user_of_session(self._session_key())
        if user is None:
            return UNKNOWN
        agent = agent_for(user, self.scope["url_route"]["kwargs"]["service"])
        if agent is None or not may_chat(agent) or lacks_factor(agent):
            return FORBIDDEN
        self.agent_id, self.service_id, self.is_admin = agent.pk, agent.service_id, agent.is_admin
        self.credential = Credential(agent.pk, agent.service_id, self._session_key(), user.password, user.second_factor)
        log_ids.about(service=agent.service_id, agent=agent.pk)
        self.line_revs = snapshots.own_revs(agent.pk)
        presence.take_lease(self.socket_id, agent_id=agent.pk)
        return None

    def _refusal(self) -> int | None:
        """Returns the close code if the session is over or the agent may not chat any more.

        If only the session is over, the page is to connect again: after a new password it has a new cookie by then;
        without one it is refused with 4401.
        """
        if chatting_agents([self.credential]):
            return None
        return AGAIN if permitted_agents().filter(pk=self.agent_id).exists() else FORBIDDEN

    def first_look(self, chat_id: int, rev: int) -> FirstLook:
        if not chatting_agents([self.credential]):
            raise Closed(_("You no longer have the chat permission."))
        chat = snapshots.look_at_chat(chat_id, self.service_id)
        return FirstLook(chat.last_rev, chat.receipts, entries.changes_since(chat_id, rev), last_page(chat_id))

    def _holds(self, chat_id: int) -> bool:
        held = Chat.objects.filter(pk=chat_id, agent=self.agent_id, state=Chat.State.ACTIVE)
        return bool(chatting_agents([self.credential])) and held.exists()

    def _desk(self) -> tuple[AgentDesk | None, protocol.Desk] | None:
        """Reads the desk and, before it, its fingerprint: a change in between is noticed at the next beat."""
        if not chatting_agents([self.credential]):
            return None
        fingerprint = snapshots.desk_fingerprints([self.agent_id]).get(self.agent_id)
        self.line_revs = snapshots.own_revs(self.agent_id)
        agent = frames.agent_of_desk(self.agent_id)
        self.is_admin = agent.is_admin
        return fingerprint, frames.desk_frame(agent, self.client.language, closed=opening.closed_until(self.service_id))
