"""Which chats a connection has on display, and how far its client has each of them.

A cursor is the rev up to which the client has everything. Live delivery, repair and reconnect are one path: a change
exactly one ahead of the cursor is passed on, anything further ahead is read from the database from the cursor on. So
what the delivery loses is found by number, and nothing is shown twice.
"""

from collections.abc import Iterator
from enum import Enum

from chat.conversation.live import Receipts


class Step(Enum):
    """How a change that was delivered is treated."""

    NEXT = "it is the next one"
    READ_AGAIN = "one before it was lost: read on from the cursor"
    DROP = "the client has it"
    ELSEWHERE = "its chat is not on display"


# Bound once: to look up a member in its class takes as long as the rest of ``step_for``, with every delivery.
NEXT, READ_AGAIN, DROP, ELSEWHERE = Step


class Cursors:
    __slots__ = ("_first_reads", "_receipts", "_revs")

    def __init__(self) -> None:
        self._revs: dict[int, int] = {}
        self._receipts: dict[int, Receipts] = {}
        self._first_reads: set[int] = set()  # chats that are being read and in which nothing has changed since

    def __contains__(self, chat_id: int) -> bool:
        return chat_id in self._revs

    def __iter__(self) -> Iterator[int]:
        return iter(tuple(self._revs))

    def __getitem__(self, chat_id: int) -> int:
        return self._revs[chat_id]

    def step_for(self, chat_id: int, rev: int) -> Step:
        """Says what to do with a change of a chat; a first read of that chat is noted to have missed it."""
        cursor = self._revs.get(chat_id)
        if cursor is None:
            self._first_reads.discard(chat_id)
            return ELSEWHERE
        if rev == cursor + 1:
            return NEXT
        return READ_AGAIN if rev > cursor else DROP

    def is_behind(self, chat_id: int, rev: int) -> bool:
        """Says whether the chat is on display and its client lacks changes up to ``rev``."""
        return rev > self._revs.get(chat_id, rev)

    def advance(self, chat_id: int, rev: int) -> bool:
        """Moves the cursor up to ``rev``. False if it is there already, or the chat is not on display."""
        if rev <= self._revs.get(chat_id, rev):
            return False
        self._revs[chat_id] = rev
        return True

    def begin_reading(self, chat_id: int) -> None:
        """The chat is about to be read for the first time; its changes are still delivered as of a chat elsewhere."""
        self._first_reads.add(chat_id)

    def display(self, chat_id: int, rev: int) -> bool:
        """Puts a chat that was read on display, from ``rev`` on. False if it changed while it was read."""
        is_whole = chat_id in self._first_reads
        self._first_reads.discard(chat_id)
        self._revs[chat_id] = rev
        return is_whole

    def remove(self, chat_id: int) -> None:
        self._first_reads.discard(chat_id)
        self._receipts.pop(chat_id, None)
        self._revs.pop(chat_id, None)

    def lose_deliveries(self) -> None:
        """Unknown deliveries were lost, so any first read may have missed a change."""
        self._first_reads.clear()

    def note_receipts(self, receipts: Receipts) -> bool:
        """Notes what the client is shown of the receipts. False if it is shown just that."""
        if self._receipts.get(receipts.chat) == receipts:
            return False
        self._receipts[receipts.chat] = receipts
        return True

    def forget_receipts(self, chat_id: int) -> None:
        """The chat's receipts are shown next time even if they are the same."""
        self._receipts.pop(chat_id, None)
