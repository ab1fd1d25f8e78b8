"""How long the database is waited for: the server's limits on every connection, and the client's own."""

import psycopg
import pytest
from django.db import connection

from contiple.base import deadlines

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    ("setting", "limit"),
    [
        ("statement_timeout", "statement"),
        ("lock_timeout", "lock"),
        ("idle_in_transaction_session_timeout", "idle_in_transaction"),
    ],
)
def test_each_connection_has_the_servers_limits(setting, limit):
    with connection.cursor() as cursor:
        cursor.execute("SELECT setting::int, unit FROM pg_settings WHERE name = %s", [setting])

        assert cursor.fetchone() == (getattr(deadlines.chosen(), limit) * 1000, "ms")


def test_a_connection_whose_answer_does_not_come_is_given_up():
    """It may still answer, and the answer must not be taken for that of the next statement."""
    given = connection.get_connection_params()
    names = {"dbname", "host", "port", "user", "password"} & given.keys()
    with deadlines.Connection.connect(**{name: given[name] for name in names}) as made:
        with deadlines.answer_within(0.2), pytest.raises(psycopg.OperationalError, match="does not answer"):
            made.execute("SELECT pg_sleep(5)")

        assert made.closed
