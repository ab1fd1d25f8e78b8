"""Runs what is due by the clock, a job of each service in turn: workers share it, and one that fails, or has very much
to do, keeps no other waiting.

While a worker does a job in a service, others leave that service out and go on to the next.
"""

import logging
import math
import random
import time
from collections import defaultdict, deque
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from django.db import DatabaseError, connection, transaction

from contiple.base import log_ids

log = logging.getLogger(__name__)

Act = Callable[[], object]
AGAIN = object()  # an act returns it to be called once more, in a transaction of its own
PAUSE_MAX_S = 60  # a service that goes on failing is tried this often
_LOGGED_EVERY = 60  # failures, at ``PAUSE_MAX_S`` about once an hour
_WORKER_LOCK = 0x574F524B  # the first key of the advisory locks: "WORK"


class Job(NamedTuple):
    """An act in one service. It must look again whether it is still due, under the locks that it takes."""

    service_id: int
    act: Act


@dataclass
class Failure:
    """A service has failed so many times in a row, and is tried again at this time of the monotonic clock."""

    times: int = 0
    again_at: float = 0


@dataclass
class Memory:
    """One worker's memory from tick to tick: how queues looked, which services fail. It may be lost at any time.

    After ``share_s`` a run leaves the rest to the next tick, so that much work of one kind delays no other kind.
    """

    queues: dict[int, tuple] = field(default_factory=dict)
    failures: dict[int, Failure] = field(default_factory=dict)
    share_s: float = math.inf


def run(jobs: Iterable[Job], memory: Memory) -> set[int]:
    """Does the jobs, one of each service in turn, each in a transaction, for ``memory.share_s`` at most.

    In a service that fails, or where another worker is, the others wait for later. Returns the services in which
    something was left undone. Raises an error only if the database can't be reached.
    """
    acts: dict[int, deque[Act]] = defaultdict(deque)
    for job in jobs:
        acts[job.service_id].append(job.act)
    turns, ends_at = deque(_order(acts, memory)), time.monotonic() + memory.share_s
    while turns:
        service_id = turns.popleft()
        with log_ids.within(service=service_id):
            if _goes_on(service_id, acts[service_id], memory):
                turns.append(service_id)
        if time.monotonic() >= ends_at:
            break
    return {service_id for service_id, undone in acts.items() if undone}


def _order(services: Collection[int], memory: Memory) -> list[int]:
    """Those that have failed come last, if at all. The others in any order, so that two workers meet seldom."""
    now = time.monotonic()
    for service_id in [key for key, failure in memory.failures.items() if now > failure.again_at + PAUSE_MAX_S]:
        del memory.failures[service_id]
    ready = [key for key in services if key not in memory.failures or memory.failures[key].again_at <= now]
    random.shuffle(ready)
    return sorted(ready, key=memory.failures.__contains__)


def _goes_on(service_id: int, acts: deque[Act], memory: Memory) -> bool:
    """As ``_advance``; False if it fails, which is noted."""
    try:
        return _advance(service_id, acts)
    except Exception as error:
        if not connection.is_usable():
            raise
        _note_failure(service_id, error, memory)
        return False


def _advance(service_id: int, acts: deque[Act]) -> bool:
    """Does the first of the acts. Says whether to go on: some are left, and no other worker is in the service."""
    with transaction.atomic():
        if not _take_service(service_id):
            return False
        result = acts[0]()
    if result is not AGAIN:
        acts.popleft()
    return bool(acts)


def _take_service(service_id: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [_WORKER_LOCK, service_id % 2**31])
        return cursor.fetchone()[0]


def _note_failure(service_id: int, error: Exception, memory: Memory) -> None:
    """Counts it, and says it once for many: the next tick would say the same."""
    failure = memory.failures.setdefault(service_id, Failure())
    failure.times += 1
    failure.again_at = time.monotonic() + min(2 ** min(failure.times - 1, 10), PAUSE_MAX_S)
    if failure.times % _LOGGED_EVERY == 1:
        trace = None if isinstance(error, DatabaseError) else error  # a database's error may have a row in its text
        log.warning("service %s: work failed: %s", service_id, type(error).__name__, exc_info=trace)
