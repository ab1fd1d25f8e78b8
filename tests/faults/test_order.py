"""A sender's messages keep their order, whatever fails in between."""

import contextlib
from collections.abc import Iterator

from django.db import connection

from tests.faults.desk import assert_nothing_lost

TIMES_REFUSED = 4  # by a batch and alone, twice
FAILING = f"""
CREATE SEQUENCE refusals;
CREATE FUNCTION refuse_some() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.body LIKE '%bad luck%' AND nextval('refusals') <= {TIMES_REFUSED} THEN
        RAISE 'out of luck' USING ERRCODE = 'deadlock_detected';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER refuse_some BEFORE INSERT ON chat_message FOR EACH ROW EXECUTE FUNCTION refuse_some();
"""
REPAIRED = "DROP TRIGGER refuse_some ON chat_message; DROP FUNCTION refuse_some; DROP SEQUENCE refusals"


def test_a_message_that_is_refused_for_a_moment_is_not_overtaken(cluster, crowd, desk):
    _agent, tab, customer = desk.conversation()
    with database_that_refuses():
        customer.say(customer.chat, "Bad start, bad luck")
        for number in range(5):
            customer.say(customer.chat, f"Line {number}")
        tab.say(customer.chat, "Others are not held up")
        tab.wait_for(lambda: not tab.outbox, seconds=1.5)
        assert customer.outbox
        assert_nothing_lost(desk, customer.chat, customer, tab)


@contextlib.contextmanager
def database_that_refuses() -> Iterator[None]:
    """Some inserts fail, as they do when a database has a bad moment."""
    with connection.cursor() as cursor:
        cursor.execute(FAILING)
        try:
            yield
        finally:
            cursor.execute(REPAIRED)
