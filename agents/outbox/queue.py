"""Which mails a worker takes next: leased, in fair turns, and cheaply while old snapshots keep dead rows.

A lease keeps other workers away from a mail. It is renewed while the worker lives, and ends ``LEASE_S`` after it died.

Services take turns, so that thousands of mails of one do not hold up another's.

An index entry of a mail that was sent can't be taken away while a transaction is open that began before (a dump, a
report): a search from the beginning would step over all of them, each time. So a look begins at the low-water mark,
the first mail that was due at the last look, and once in ``FULL_LOOK_S`` everything is looked at. What a look may have
missed (a retry, a lease that ended, a transaction that took longer than ``COMMIT_S``) comes that much later.

Measured with 36,000 mails, and another connection's REPEATABLE READ transaction open all the time: see ``delivery``.
"""

import time
import uuid
from collections import deque
from datetime import timedelta

from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.db.models.expressions import Combinable
from django.db.models.functions import Now

from agents.outbox.models import OutgoingMail

LEASE_S = 60
RENEW_S = 15
BATCH = 20
LOOK_S, LOOK_SHARE = 1.0, 20  # a look at very many takes long: it has a twentieth of the time
FULL_LOOK_S = 60.0
FOUND_MAX = 500  # of all services in one look
COMMIT_S = 10.0  # by then a row has been committed (`deadlines` ends almost every transaction before)


class Queue:
    """What one worker knows of the outbox. Used by one thread."""

    def __init__(self) -> None:
        self.run = uuid.uuid4()
        self.found: deque[int] = deque()
        self.has_more = False
        self.mark = 0
        self.look_at = 0.0
        self.looked_fully_at = float("-inf")
        self.newest: deque[tuple[float, int]] = deque()  # the last id of all rows, at the looks of the last COMMIT_S

    def claim(self) -> list[OutgoingMail]:
        """Leases up to ``BATCH`` mails that are due, and returns them in the order of their turns."""
        if time.monotonic() >= self.look_at or (self.has_more and not self.found):
            self._look()
        while self.found:
            ids = [self.found.popleft() for _ in range(min(BATCH, len(self.found)))]
            if rows := self._lease(ids):
                return sorted(rows, key=lambda row: ids.index(row.pk))
        return []

    @property
    def is_full_look_due(self) -> bool:
        return time.monotonic() - self.looked_fully_at >= FULL_LOOK_S

    def release(self, ids: set[int]) -> None:
        """Gives up the leases of mails that were not tried. They are the next to be claimed."""
        if ids:
            self._mine(ids).update(leased_until=None, leased_by=None)
            self.found.extendleft(sorted(ids, reverse=True))
            self.mark = min(self.mark, min(ids) - 1)

    def renew(self, ids: set[int]) -> set[int]:
        """Prolongs these leases, and returns which are still this worker's. May be called from another thread."""
        self._mine(ids).update(leased_until=_lease_end())
        return set(self._mine(ids).values_list("pk", flat=True))

    def _mine(self, ids: set[int]) -> QuerySet[OutgoingMail]:
        return OutgoingMail.objects.filter(pk__in=ids, leased_by=self.run, state=OutgoingMail.State.WAITING)

    def _lease(self, ids: list[int]) -> list[OutgoingMail]:
        with transaction.atomic():
            free = _due().filter(pk__in=ids).select_for_update(skip_locked=True, no_key=True)
            rows = list(free.order_by("pk"))
            chosen = OutgoingMail.objects.filter(pk__in=[row.pk for row in rows])
            chosen.update(leased_until=_lease_end(), leased_by=self.run)
        return rows

    def _look(self) -> None:
        now = time.monotonic()
        if self.is_full_look_due:
            self.looked_fully_at, self.mark = now, 0
        with connection.cursor() as cursor:
            cursor.execute("SELECT COALESCE(max(id), 0) FROM agents_outgoingmail")
            self.newest.append((now, cursor.fetchone()[0]))
            cursor.execute(_IN_TURN, [self.mark, FOUND_MAX])
            rows = cursor.fetchall()
        self.found, self.has_more = deque(pk for pk, _first in rows), len(rows) == FOUND_MAX
        self._raise_mark(now, rows[0][1] if rows else None)
        self.look_at = now + max(LOOK_S, LOOK_SHARE * (time.monotonic() - now))

    def _raise_mark(self, now: float, first_due: int | None) -> None:
        """Ids above the mark may still be unseen: of rows that are not committed yet, and of those that are due."""
        while len(self.newest) > 1 and self.newest[1][0] <= now - COMMIT_S:
            self.newest.popleft()
        seen_at, seen_id = self.newest[0]
        settled = seen_id if seen_at <= now - COMMIT_S else 0
        self.mark = max(self.mark, min(settled, first_due - 1) if first_due else settled)


def _due() -> QuerySet[OutgoingMail]:
    free = Q(leased_until=None) | Q(leased_until__lt=Now())
    return OutgoingMail.objects.filter(free, Q(due_at=None) | Q(due_at__lte=Now()), state=OutgoingMail.State.WAITING)


def _lease_end() -> Combinable:
    return Now() + timedelta(seconds=LEASE_S)


# The id of each mail that is due, the services in turn, and the lowest of these ids.
_IN_TURN = """
    SELECT id, min(id) OVER () FROM (
        SELECT id, row_number() OVER (PARTITION BY service_id ORDER BY id) AS turn
        FROM agents_outgoingmail
        WHERE state = 'waiting' AND id > %s
          AND (due_at IS NULL OR due_at <= statement_timestamp())
          AND (leased_until IS NULL OR leased_until < statement_timestamp())
    ) AS due
    ORDER BY turn, id LIMIT %s
"""
