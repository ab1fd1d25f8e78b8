"""A connection with chats on display: their messages and receipts are shown from a rev on, live and without a gap."""

from typing import Any, NamedTuple

from django.db import DatabaseError
from django.http import Http404

from chat import protocol
from chat.conversation import entries, group_commit, live, messages, receipts, rendering
from chat.sockets.client import Send
from chat.sockets.codes import AGAIN
from chat.sockets.connection import Connection
from chat.sockets.cursors import ELSEWHERE, NEXT, READ_AGAIN, Cursors
from chat.sockets.snapshots import Seen
from contiple.base import metrics, tracing
from contiple.base.errors import DomainError
from contiple.base.threads import in_thread


class FirstLook(NamedTuple):
    """A chat as it is read when it is put on display."""

    last_rev: int
    receipts: live.Receipts
    changes: list[entries.Entry]  # since the rev that was asked for
    page: protocol.PageNow | None = None  # for agents


class Display(Connection):
    def __init__(self, scope: dict, send: Send) -> None:
        super().__init__(scope, send)
        self.cursors = Cursors()

    # For subclasses to fill in

    def first_look(self, chat_id: int, rev: int) -> FirstLook:
        """Reads the chat, in a thread. Raises ``Http404`` or a ``DomainError`` if this client may not see it."""
        raise NotImplementedError

    def may_read(self, entry: entries.Entry) -> bool:
        return True

    async def show_elsewhere(self, changed: live.Changed) -> None:
        """Shows a change in a chat of a joined topic that is not on display."""

    # Which chats are shown

    async def watch(self, chat_id: int, rev: int) -> None:
        """Shows the chat from ``rev`` on: subscribes first, then reads, so that nothing falls between."""
        topic = live.chat_topic(chat_id)
        await self.join(topic)
        look = await self._look(chat_id, rev)
        was_heard = topic in self.topics
        await self.join(topic)  # it was left if the agent lost the chat meanwhile
        is_whole = self.cursors.display(chat_id, min(rev, look.last_rev)) and was_heard
        for entry in look.changes:
            await self.pass_on(live.Changed(entry))
        if not is_whole or len(look.changes) == entries.CHANGES_AT_ONCE:
            await self.catch_up(chat_id)
        self.cursors.forget_receipts(chat_id)
        await self.show_receipts(look.receipts)
        if look.page:
            await self.client.send(look.page)

    async def unwatch(self, chat_id: int) -> None:
        self.cursors.remove(chat_id)
        self.leave(live.chat_topic(chat_id))

    async def _look(self, chat_id: int, rev: int) -> FirstLook:
        self.cursors.begin_reading(chat_id)
        try:
            return await in_thread(self.first_look, chat_id, rev)
        except DatabaseError:  # it would get no changes: close, so that the client reconnects and asks again
            await self.client.close(AGAIN)
            raise
        except (DomainError, Http404):
            await self.unwatch(chat_id)
            raise

    # What is shown of them

    async def show(self, delivery: live.Delivery) -> None:
        match delivery:
            case live.Changed():
                await self._show_change(delivery)
            case live.Receipts(chat) if chat in self.cursors:
                await self.show_receipts(delivery)
            case live.Typed(chat, author) if chat in self.cursors:
                await self.client.send(protocol.TypingNow(chat, author))
            case live.Touched():
                self.touch()

    async def _show_change(self, changed: live.Changed) -> None:
        entry = changed.entry
        step = self.cursors.step_for(entry.chat, entry.rev)
        if step is NEXT:
            await self.pass_on(changed)
        elif step is READ_AGAIN:
            metrics.rings_healed.labels("delivery").inc()
            await self.catch_up(entry.chat)
        elif step is ELSEWHERE:
            await self.show_elsewhere(changed)

    async def pass_on(self, changed: live.Changed) -> None:
        entry = changed.entry
        if self.cursors.advance(entry.chat, entry.rev) and self.may_read(entry):
            await self.client.send_data(rendering.message_data(changed, self.client.language))
            metrics.message_delivered(changed.received_at)
            tracing.delivered(changed.trace, service=self.service_id, chat=entry.chat, seq=entry.seq)

    async def catch_up(self, chat_id: int) -> None:
        """Shows what is in the database past the cursor."""
        while chat_id in self.cursors:
            changes = await in_thread(entries.changes_since, chat_id, self.cursors[chat_id])
            for entry in changes:
                await self.pass_on(live.Changed(entry))
            if len(changes) < entries.CHANGES_AT_ONCE:
                return

    async def catch_up_all(self) -> None:
        self.cursors.lose_deliveries()
        self.touch()
        for chat_id in self.cursors:
            await self.catch_up(chat_id)

    async def show_receipts(self, receipts: live.Receipts) -> None:
        if self.cursors.note_receipts(receipts):
            await self.client.send(rendering.receipts_frame(receipts))

    async def repair(self, seen: Seen) -> None:
        for chat_id, chat in seen.chats.items():
            if self.cursors.is_behind(chat_id, chat.last_rev):
                metrics.rings_healed.labels("heartbeat").inc()
                await self.catch_up(chat_id)
            if chat_id in self.cursors:
                await self.show_receipts(chat.receipts)
        if seen.fingerprint != self.fingerprint:
            self.touch()

    # What the client writes

    async def append(self, chat_id: int, frame: protocol.Send, **who: Any) -> None:
        """Commits a message and tells its sender: by the message itself if its chat is on display here."""
        if not self.limits.take_message():
            raise messages.too_fast(self.limits.message_wait_s)
        who["quote"] = frame.quote
        sending = messages.prepare(
            chat_id, service_id=self.service_id, body=frame.body, client_id=frame.client_id, **who
        )
        tracing.about(service=self.service_id, chat=chat_id)
        outcome = await group_commit.write(sending)
        if outcome is None:
            [outcome] = await in_thread(messages.append_together, [sending], wait=True)
        if not isinstance(outcome, messages.Sent):
            raise outcome or Http404
        metrics.message_acknowledged()
        tracing.about(service=self.service_id, chat=chat_id, seq=outcome.seq)
        if outcome.is_repeat or chat_id not in self.cursors:
            await self.client.send(protocol.Ack(chat_id, frame.client_id, outcome.seq, outcome.rev))

    async def note_receipt(self, chat_id: int, frame: protocol.Seen, **who: Any) -> None:
        """Commits how far the client has received and read."""
        receipt = receipts.Receipt(chat_id=chat_id, received=frame.received, read=frame.read, **who)
        outcome = await group_commit.write(receipt)
        if outcome is False:
            [outcome] = await in_thread(receipts.note_receipts, [receipt], wait=True)
        if isinstance(outcome, Exception):
            raise outcome
