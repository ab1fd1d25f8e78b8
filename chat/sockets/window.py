"""The window of a connection: how much of what was sent to its client is not answered for yet.

The server buffers without limit for a client that does not read. So the client is asked at times how far it has read
(a beat), and is dropped once more than ``WINDOW_BYTES`` lie between what was sent and what it has answered for.
"""

WINDOW_BYTES = 1024 * 1024  # after a drop the client connects anew and replays; half of it asks for an answer at once


class Window:
    """Counts bytes from the first one sent. Times are seconds of the monotonic clock."""

    __slots__ = ("announced_bytes", "answered_at", "answered_bytes", "is_answer_due", "sent_bytes")

    def __init__(self, now: float) -> None:
        self.sent_bytes = self.announced_bytes = self.answered_bytes = 0
        self.answered_at = now
        self.is_answer_due = False  # a beat is under way

    def add(self, size: int) -> bool:
        """Counts bytes that are about to be sent. False if the window is full: the client is not to get them."""
        self.sent_bytes += size
        return self.sent_bytes - self.answered_bytes <= WINDOW_BYTES

    @property
    def wants_beat(self) -> bool:
        """Says whether the window is half full and nobody has asked the client yet."""
        return not self.is_answer_due and self.sent_bytes - self.answered_bytes > WINDOW_BYTES / 2

    def announce(self) -> int:
        """Returns the bytes sent so far, which the next beat tells the client."""
        self.is_answer_due = True
        self.announced_bytes = self.sent_bytes
        return self.announced_bytes

    def answer(self, sent: int, now: float) -> None:
        """Notes that the client has read ``sent`` bytes: at most the bytes announced to it."""
        self.answered_bytes = max(self.answered_bytes, min(sent, self.announced_bytes))
        self.answered_at = now
        self.is_answer_due = False

    def silent_s(self, now: float) -> float:
        """Returns the seconds since the client's last answer."""
        return now - self.answered_at
