"""What a read costs the database, in pages of its memory: the same on a busy machine as on a quiet one."""

from collections.abc import Callable

from django.db import connection
from django.test.utils import CaptureQueriesContext


def buffers(read: Callable[[], object]) -> int:
    """Reads once, and then says how many buffers its SELECTs have touched."""
    with CaptureQueriesContext(connection) as queries:
        read()
    return sum(_touched(query["sql"]) for query in queries if query["sql"].startswith("SELECT"))


def _touched(sql: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " + sql.replace("%", "%%"), [])
        plan = cursor.fetchone()[0][0]["Plan"]
    return plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
