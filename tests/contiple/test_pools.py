"""``contiple.base.pools`` replaces names of psycopg_pool and counts on what Django passes: a release that changes
them must not pass unnoticed.
"""

from types import SimpleNamespace

import psycopg
import pytest
from django.db import connection
from psycopg_pool import ConnectionPool
from psycopg_pool.base import AttemptWithBackoff

from contiple.base import pools


def test_the_library_waits_as_long_each_time() -> None:
    attempt = AttemptWithBackoff(timeout=60)
    delays = []
    for second in range(4):
        attempt.update_delay(float(second))
        delays.append(attempt.delay)

    assert delays == [delays[0]] * 4
    assert delays[0] == pytest.approx(pools.RETRY_S, rel=0.11)  # less or more by chance, so that not all come at once


@pytest.mark.django_db
def test_the_pool_that_django_makes_checks_and_drains() -> None:
    with connection.temporary_connection():
        pool = connection.pool
        assert pool._check is pools._check_and_drain
        assert connection.connection._pool is pool


@pytest.mark.django_db
def test_a_closed_pool_is_made_again_when_it_is_needed() -> None:
    with connection.temporary_connection():
        pool = connection.pool

    pools.close_all()

    assert pool.closed
    with connection.temporary_connection() as cursor:
        assert cursor.execute("SELECT 1").fetchone() == (1,)


def test_where_one_connection_is_lost_the_pool_is_drained(monkeypatch) -> None:
    def lost(_connection) -> None:
        raise psycopg.OperationalError

    drained = []
    monkeypatch.setattr(pools, "_check", lost)

    with pytest.raises(psycopg.OperationalError):
        ConnectionPool.check_connection(SimpleNamespace(_pool=SimpleNamespace(drain=lambda: drained.append(True))))

    assert drained == [True]
    assert callable(ConnectionPool.drain)
