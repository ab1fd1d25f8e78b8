"""`manage.py migrate`: Django's, beside running traffic.

One at a time migrates a database. A migration waits for a lock for ``LOCK_S`` only: whoever comes after it waits for
the same lock, so a longer wait would stop the product. Then it is rolled back and tried again, with growing pauses. A
lock that is held for hours (by a dump, say) ends it after ``GIVE_UP_S`` with a sentence; what was applied stays.
"""

import contextlib
import time
from collections.abc import Iterator
from typing import Any

from django.core.management.base import CommandError
from django.core.management.commands import migrate
from django.db import OperationalError, connection
from psycopg import errors

from contiple.base import deadlines

LOCK_S = 0.3
PAUSE_S, PAUSE_MAX_S = 0.5, 10.0
GIVE_UP_S = 15 * 60
LOOK_S = 0.5
LOCK_ID = 7_205_759_403_792_001  # of PostgreSQL's advisory locks; any number that nobody else uses
LIMITS = deadlines.Deadlines(statement=3600, lock=LOCK_S, idle_in_transaction=600, answer=3660)
TRY_AGAIN = (errors.LockNotAvailable, errors.DeadlockDetected)


class Command(migrate.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        """Migrates as Django does. Raises ``CommandError`` if a table stays locked."""
        if options["plan"] or options["check_unapplied"]:
            super().handle(*args, **options)
            return
        with _limits(), _alone():
            self._migrate_patiently(*args, **options)

    def _migrate_patiently(self, *args: Any, **options: Any) -> None:
        pause, deadline = PAUSE_S, time.monotonic() + GIVE_UP_S
        while True:
            try:
                super().handle(*args, **options)
            except OperationalError as error:
                if not isinstance(error.__cause__, TRY_AGAIN):
                    raise
                if time.monotonic() > deadline:
                    raise CommandError("A table is locked by somebody else; migrate again later.") from None
                if options["verbosity"]:
                    self.stdout.write(f" a table is in use, so it waits {pause:.1f} s and tries again.")
            else:
                return
            _drop_half_made_indexes()
            time.sleep(pause)
            pause = min(pause * 1.5, PAUSE_MAX_S)


@contextlib.contextmanager
def _limits() -> Iterator[None]:
    """Gives this thread's connection the limits of a migration, and afterwards away: it is nobody else's."""
    connection.ensure_connection()
    deadlines.set_limits(connection.connection, LIMITS)
    try:
        with deadlines.answer_within(LIMITS.answer):
            yield
    finally:
        with contextlib.suppress(OperationalError):
            deadlines.set_limits(connection.connection, deadlines.chosen())


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Waits until nobody else migrates. It asks again and again: who waits would hold up concurrent indexes."""
    with connection.cursor() as cursor:
        while True:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK_ID])
            if cursor.fetchone() == (True,):
                break
            time.sleep(LOOK_S)
    try:
        yield
    finally:
        with contextlib.suppress(OperationalError), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK_ID])


def _drop_half_made_indexes() -> None:
    """A concurrent index that was given up stays behind, invalid, and keeps its name."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT quote_ident(relname) FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid"
            " WHERE NOT indisvalid AND relnamespace = current_schema()::regnamespace"
        )
        for (name,) in cursor.fetchall():
            with contextlib.suppress(OperationalError):
                cursor.execute(f"DROP INDEX CONCURRENTLY {name}")
