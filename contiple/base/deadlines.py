"""How long this process waits for the database: every limit is here, and nowhere else.

Two sides hold them. The server ends a statement, a wait for a lock and a transaction in which nothing happens, whatever
its own settings say: each connection sets them once, when it is made. The client gives a connection up if an answer
does not come in time: a network that loses everything without a word leaves nothing else to notice. TCP's own time-outs
don't see it if a proxy in between still confirms what it then drops.

After the client gave up, nobody knows whether the last statement was done. So whatever is tried again must be safe to
do twice, as messages are by their ``client_id``.
"""

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

import psycopg
from psycopg import errors

# For libpq, which uses them on TCP. Parameters of ``DATABASE_URL`` replace them.
CONNECTING: dict[str, Any] = {
    "connect_timeout": 5,
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,  # milliseconds
}


@dataclass(frozen=True)
class Deadlines:
    """In seconds. ``answer`` is the client's own, a little more than the server may take."""

    statement: float
    lock: float
    idle_in_transaction: float
    answer: float


SERVING = Deadlines(statement=8, lock=3, idle_in_transaction=5, answer=10)
# For an operator's commands, beside which somebody sits.
PATIENT = Deadlines(statement=3600, lock=30, idle_in_transaction=600, answer=3660)

_chosen = SERVING
_own = threading.local()


def choose(deadlines: Deadlines) -> None:
    """Changes the limits of this process, for the connections that it makes from now on."""
    global _chosen  # noqa: PLW0603 - one choice for the process
    _chosen = deadlines


def chosen() -> Deadlines:
    return _chosen


@contextlib.contextmanager
def answer_within(seconds: float) -> Iterator[None]:
    """In this thread, gives connections up after ``seconds`` without an answer."""
    before = getattr(_own, "answer", None)
    _own.answer = seconds
    try:
        yield
    finally:
        _own.answer = before


class Connection(psycopg.Connection[Any]):
    """A connection with these limits. Exceeding one raises ``OperationalError`` (or ``InternalError`` if idle)."""

    @classmethod
    def connect(cls, *args: Any, **kwargs: Any) -> Self:
        connection = super().connect(*args, **kwargs)
        try:
            set_limits(connection, _chosen)
        except BaseException:
            connection.close()
            raise
        return connection

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        """Waits for an answer. A connection that gives none in time is closed: it may still give it, to nobody."""
        if timeout is not None:
            return super().wait(gen, interval, timeout)
        try:
            return super().wait(gen, interval, getattr(_own, "answer", None) or _chosen.answer)
        except errors._WaitTimeout:
            self.close()
            raise psycopg.OperationalError("the database does not answer") from None


def set_limits(connection: psycopg.Connection[Any], limits: Deadlines) -> None:
    """Sets the server's limits for this session. By statement: poolers refuse most startup parameters."""
    values = {
        "statement_timeout": limits.statement,
        "lock_timeout": limits.lock,
        "idle_in_transaction_session_timeout": limits.idle_in_transaction,
    }
    chosen = ", ".join(f"set_config('{name}', '{seconds * 1000:.0f}', false)" for name, seconds in values.items())
    connection.execute(f"SELECT {chosen}")
