"""Makes pools of connections recover as soon as the database is back: after a restart, and after a long absence.

Measured without it: with ten idle connections over a restart that took no time nothing succeeded for 20 s, because the
library tries one after the other and waits twice as long each time; after an absence of 20 s recovery took 8 s more.

The library has no setting for this, and Django passes its own ``check`` when it makes the pool: one in ``OPTIONS``
would be given twice. So names of the library are replaced, which ``tests/contiple/test_pools.py`` pins.
"""

from typing import Any

import psycopg
import psycopg_pool.base
from django.db import connection
from django.db.backends.postgresql.base import DatabaseWrapper
from psycopg_pool import ConnectionPool

from contiple.base import deadlines

RETRY_S = 0.5
CHECK_S = 2.0  # an empty statement is answered sooner, or the connection counts as lost

_check = ConnectionPool.check_connection


def recover_at_once() -> None:
    """Changes every pool of this process. Call it before the first one is made."""
    psycopg_pool.base.AttemptWithBackoff.INITIAL_DELAY = RETRY_S
    psycopg_pool.base.AttemptWithBackoff.DELAY_BACKOFF = 1.0
    # Django passes this attribute to the pool that it makes.
    ConnectionPool.check_connection = staticmethod(_check_and_drain)  # type: ignore[assignment]


def let_go() -> None:
    """Gives this thread's connection back to its pool before long work; the next query takes one again.

    Does nothing inside a transaction.
    """
    if not connection.in_atomic_block:
        connection.close()


def close_all() -> None:
    """Closes the pools of this process. Their threads connect beside the program, and would complain of its end."""
    made = DatabaseWrapper._connection_pools  # type: ignore[attr-defined]  # Django has no call for all of them
    while made:
        made.popitem()[1].close()


def _check_and_drain(connection: Any) -> None:
    """Checks a connection before it is used. If one is lost all the others are: they are replaced at once."""
    try:
        with deadlines.answer_within(CHECK_S):
            _check(connection)
    except psycopg.OperationalError:
        connection._pool.drain()
        raise
