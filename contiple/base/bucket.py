"""Limits how often something may happen."""

import time


class Bucket:
    """A token bucket: ``burst`` at once, ``per_s`` in the long run."""

    __slots__ = ("burst", "per_s", "taken_at", "tokens")

    def __init__(self, burst: float, per_s: float) -> None:
        self.burst, self.per_s, self.tokens, self.taken_at = burst, per_s, float(burst), time.monotonic()

    @property
    def wait_s(self) -> float:
        """The seconds until there is a token again."""
        return max(0.0, (1 - self.tokens) / self.per_s) if self.per_s else 0.0

    def take(self) -> bool:
        """Takes a token. Returns False if there is none left."""
        now = time.monotonic()
        self.tokens = min(self.burst, self.tokens + (now - self.taken_at) * self.per_s)
        self.taken_at = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True
