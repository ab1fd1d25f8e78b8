"""Limits how many messages, frames and signs of typing a client may send."""

import math

from contiple.base.bucket import Bucket

SEND_BURST, SEND_PER_S = 30, 10  # of messages: nobody types faster, and a script is stopped
FRAME_BURST, FRAMES_PER_S = 500, 50  # of frames of any kind: a page that comes back asks for all it shows at once
TYPING_EVERY_S = 2
PAGE_BURST, PAGES_PER_S = 5, 1  # our pages tell the last one of each second


class Limits:
    __slots__ = ("_frames", "_messages", "_pages", "_typed_at")

    def __init__(self) -> None:
        self._messages, self._frames = Bucket(SEND_BURST, SEND_PER_S), Bucket(FRAME_BURST, FRAMES_PER_S)
        self._pages, self._typed_at = Bucket(PAGE_BURST, PAGES_PER_S), -math.inf

    def take_frame(self) -> bool:
        """Counts a frame of any kind. False if there were too many."""
        return self._frames.take()

    def take_message(self) -> bool:
        """Counts a message. False if there were too many."""
        return self._messages.take()

    @property
    def message_wait_s(self) -> float:
        """The seconds until a message may be sent again."""
        return self._messages.wait_s

    def take_page(self) -> bool:
        """Counts a page that the customer came to. False if there were too many."""
        return self._pages.take()

    def take_typing(self, now: float) -> bool:
        """Counts a sign of typing at ``now``, by the monotonic clock. False if one was counted just before."""
        if now - self._typed_at < TYPING_EVERY_S:
            return False
        self._typed_at = now
        return True
