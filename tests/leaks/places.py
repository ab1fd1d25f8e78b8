"""Where the product may write something down, what has to be found there so that the search is known to see, and how
it is got at.

Nothing here names a table, a column, a page or an attribute: they are found, so that new ones are searched as well.
"""

import json
from collections.abc import Iterable, Set
from dataclasses import dataclass
from pathlib import Path

import psycopg
from django.db import connection
from psycopg import sql

from contiple.local.cluster import Cluster
from tests.faults.people import Agent, Client, Customer
from tests.leaks.run import Run
from tests.leaks.secrets import AUTOMATIC, BY_HAND
from tests.leaks.stage import Stage

ALL = frozenset({*AUTOMATIC, *BY_HAND})
INVITED = "new.person@example.com"
LEFT_IN_REDIS = "a value that the test has left there"


@dataclass(frozen=True)
class Place:
    """``shows`` are the kinds of secrets that are found here of the service that does not mask, or else the search sees
    nothing. Where the product writes no customer's words, a ``canary`` is found: something else that belongs here.

    ``forgets``: what is masked by hand is not here any more, once that is acknowledged. The write-ahead log and the
    rows of the past keep what was there before, as chat/masking/README.md says; and so does what this test itself has
    noted down while it was said: statements, deliveries, frames, answers.
    ``is_closed``: of nobody's words anything is here, masked or not.
    """

    shows: Set[str] = ALL
    canary: str = ""
    forgets: bool = True
    is_closed: bool = False


def _without_words(canary: str, *, is_closed: bool = False) -> Place:
    return Place(shows=frozenset(), canary=canary, is_closed=is_closed)


PLACES: dict[str, Place] = {
    "tables": Place(),
    "files of the database": Place(forgets=False),
    "write-ahead log": Place(forgets=False),
    "statements": Place(forgets=False),
    "traffic of Redis": Place(forgets=False),
    "values in Redis": _without_words(LEFT_IN_REDIS),
    "files of chats": _without_words("%PDF-1.7", is_closed=True),  # their names are in the tables
    "logs": _without_words("/hc/<slug:service>/", is_closed=True),
    "metrics": _without_words("contiple_chats", is_closed=True),
    "mails": Place(shows=frozenset(AUTOMATIC), canary=INVITED),
    "answers": Place(forgets=False),
    "frames to agents": Place(forgets=False),
    "frames to agents who come back": Place(),
    "frames to customers": Place(forgets=False),
    "frames to customers who come back": Place(),
    "pages of an agent": Place(),
    "pages of a colleague": Place(),
    "pages of an admin": Place(),
    "pages of customers": Place(),
    "pages of the operator": Place(shows=frozenset(AUTOMATIC)),  # names and tags; no messages
    "pages of an outsider": _without_words("Oscar", is_closed=True),
    "pages of anybody": _without_words("Policy 1 en", is_closed=True),
}


def look_at_sockets(stage: Stage, *runs: Run) -> None:
    """Of those who were there when it was said, and of those who come back when everything is masked."""
    before = list(stage.crowd.clients)
    after = [client for run in runs for client in run.come_back()]
    for kind, name in ((Agent, "frames to agents"), (Customer, "frames to customers")):
        _frames_to(stage.place(name), [client for client in before if isinstance(client, kind)])
        _frames_to(stage.place(f"{name} who come back"), [client for client in after if isinstance(client, kind)])


def look_at_redis(stage: Stage) -> None:
    stage.monitor.redis.set("left", LEFT_IN_REDIS)
    (stage.place("values in Redis") / "values").write_bytes(stage.monitor.values())
    (stage.place("traffic of Redis") / "commands").write_bytes(stage.monitor.stop())


def look_at_tables(stage: Stage) -> None:
    """Every value of every table as text, bytes as they are: a file for each column."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # which keeps samples of columns
    with psycopg.connect(stage.cluster.postgres.url) as own:
        for schema, table, columns in own.execute(_COLUMNS).fetchall():
            for name, values in _values_in(own, sql.Identifier(schema, table), columns):
                (stage.place("tables") / f"{schema}.{table}.{name}").write_bytes(values)


def files_of(cluster: Cluster) -> dict[str, tuple[Path, ...]]:
    """What its processes have written, once they have ended: with the logs goes whatever else is in the folder."""
    postgres, statements, files = (cluster.folder / name for name in ("postgres", "postgres.log", "files"))
    transactions = postgres / "pg_wal"
    return {
        "files of the database": tuple(path for path in postgres.iterdir() if path != transactions),
        "write-ahead log": (transactions,),
        "statements": (statements,),
        "files of chats": (files,),
        "logs": tuple(path for path in cluster.folder.iterdir() if path not in {postgres, statements, files}),
    }


def _frames_to(folder: Path, clients: Iterable[Client]) -> None:
    frames = [json.dumps(frame, ensure_ascii=False) for client in clients for _at, frame in client.frames]
    (folder / "frames").write_text("\n".join(frames))


def _values_in(
    own: psycopg.Connection, table: sql.Identifier, columns: list[tuple[str, str]]
) -> Iterable[tuple[str, bytes]]:
    chosen = [sql.SQL("{}" if kind == "bytea" else "{}::text").format(sql.Identifier(name)) for name, kind in columns]
    rows = own.execute(sql.SQL("SELECT {} FROM {}").format(sql.SQL(", ").join(chosen), table)).fetchall()
    for (name, _kind), values in zip(columns, zip(*rows, strict=True), strict=False):  # none, where there is no row
        yield name, b"\n".join(value.encode() if isinstance(value, str) else value for value in values if value)


# Of tables, materialized views and large objects (which are a table), in every schema: PostgreSQL's own as well.
_COLUMNS = """
SELECT nspname, relname, array_agg(ARRAY[attname::text, format_type(atttypid, NULL)] ORDER BY attnum)
FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE relkind IN ('r', 'm') AND attnum > 0 AND NOT attisdropped
GROUP BY nspname, relname
"""
