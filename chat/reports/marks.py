"""What the figures of a report are made of: marks. Every chat bears some, and a figure counts the chats with a mark.

A mark is a number: that a chat was received is 1, that its waiting time fell into the bucket 23 is 1023. So each figure
of any day, agent or year is a sum of rows, and one statement makes all of them, from chats or from sums.

A time falls into a bucket whose end is its begin times ``STEP``, and is read back as the middle between the two. So a
median or a 90 % value differs from the exact one by at most half a step (4.9 %), or by half a second below one second,
however many years are added up; exact values couldn't be added up at all.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from math import ceil, sqrt

STEP = 1.1
# The ends of the buckets in seconds; the last begins at 48 days. PostgreSQL's ``width_bucket`` reads the same numbers.
BOUNDS = [round(STEP**number, 6) for number in range(160)]


class Mark(IntEnum):
    """A fact about a chat. Those from ``WAITING`` on are scales: the value is added to the number."""

    RECEIVED = 1
    PROCESSED = 2
    GAVE_UP = 3
    ABSENT = 4
    WAITING = 1000
    FIRST_ANSWER = 2000
    HANDLING = 3000
    SCORE = 4000
    AT_ONCE = 5000


SCALE = 1000


@dataclass(frozen=True)
class Times:
    """How long something took, in how many chats. ``None`` if there is no chat."""

    number: int
    median_s: float | None
    most_s: float | None  # 90 % of the chats took no longer


@dataclass(frozen=True)
class Values:
    """Small whole numbers, in how many chats each. ``None`` if there is no chat."""

    numbers: Mapping[int, int]

    @property
    def number(self) -> int:
        return sum(self.numbers.values())

    @property
    def mean(self) -> float | None:
        return sum(value * number for value, number in self.numbers.items()) / self.number if self.numbers else None

    @property
    def maximum(self) -> int | None:
        return max(self.numbers, default=None)


@dataclass(frozen=True)
class Figures:
    """The figures of some chats, from how many of them bear each mark."""

    marks: Mapping[int, int]

    @property
    def received(self) -> int:
        return self._count(Mark.RECEIVED)

    @property
    def processed(self) -> int:
        return self._count(Mark.PROCESSED)

    @property
    def unprocessed(self) -> int:
        return self.received - self.processed

    @property
    def gave_up(self) -> int:
        return self._count(Mark.GAVE_UP)

    @property
    def absent(self) -> int:
        return self._count(Mark.ABSENT)

    @cached_property
    def waiting(self) -> Times:
        return times(self._scale(Mark.WAITING))

    @cached_property
    def first_answer(self) -> Times:
        return times(self._scale(Mark.FIRST_ANSWER))

    @cached_property
    def handling(self) -> Times:
        return times(self._scale(Mark.HANDLING))

    @property
    def evaluation(self) -> Values:
        return Values(self._scale(Mark.SCORE))

    @property
    def at_once(self) -> Values:
        return Values(self._scale(Mark.AT_ONCE))

    @cached_property
    def _scales(self) -> Mapping[int, dict[int, int]]:
        """The numbers of each scale by value; those that are none are of the scale 0."""
        scales: defaultdict[int, dict[int, int]] = defaultdict(dict)
        for mark, number in self.marks.items():
            scales[mark // SCALE * SCALE][mark % SCALE] = number
        return scales

    def _count(self, mark: Mark) -> int:
        return self.marks.get(mark, 0)

    def _scale(self, mark: Mark) -> dict[int, int]:
        return self._scales[mark]


def added(parts: Iterable[Mapping[int, int]]) -> Counter[int]:
    """Adds up how many chats bear each mark."""
    whole = Counter[int]()
    for part in parts:
        whole.update(part)
    return whole


def times(buckets: Mapping[int, int]) -> Times:
    """Reads times from how many chats fell into each bucket."""
    number, ordered = sum(buckets.values()), sorted(buckets.items())
    return Times(number, _percentile(ordered, number, 50), _percentile(ordered, number, 90))


def seconds_of(bucket: int) -> float:
    """Returns the time that stands for all of a bucket."""
    if bucket == 0:
        return BOUNDS[0] / 2
    return BOUNDS[min(bucket, len(BOUNDS)) - 1] * sqrt(STEP)


def _percentile(ordered: Sequence[tuple[int, int]], number: int, percent: int) -> float | None:
    """Returns the least time that so many per cent of the ``number`` of chats didn't exceed (nearest rank)."""
    rank = ceil(number * percent / 100)
    passed = 0
    for bucket, chats in ordered:
        passed += chats
        if passed >= rank:
            return seconds_of(bucket)
    return None


# The marks of the row ``chat``, with its ``evaluation``; NULL is none. The service's zone is a parameter elsewhere.
_BOUNDS_SQL = f"ARRAY[{','.join(map(str, BOUNDS))}]::float8[]"
_GAVE_UP_SQL = (
    "chat.state = 'closed' AND chat.first_answered_at IS NULL AND chat.closed_by IN ('customer', 'timeout', 'idle')"
)


def _bucket_sql(mark: Mark, since: str, until: str) -> str:
    """The mark of a time; one that clocks have made negative is in the first bucket."""
    return f"{mark.value} + width_bucket(date_part('epoch', chat.{until} - chat.{since}), {_BOUNDS_SQL})"


MARKS_SQL = f"""ARRAY[
    {Mark.RECEIVED.value},
    CASE WHEN chat.first_answered_at IS NOT NULL THEN {Mark.PROCESSED.value} END,
    CASE WHEN {_GAVE_UP_SQL} THEN {Mark.GAVE_UP.value} END,
    CASE WHEN {_GAVE_UP_SQL} AND chat.inquiry_offer = 'absent' THEN {Mark.ABSENT.value} END,
    {_bucket_sql(Mark.WAITING, "created_at", "answered_at")},
    {_bucket_sql(Mark.FIRST_ANSWER, "created_at", "first_answered_at")},
    {_bucket_sql(Mark.HANDLING, "answered_at", "closed_at")},
    {Mark.SCORE.value} + evaluation.score,
    {Mark.AT_ONCE.value} + chat.chats_at_once
]"""
