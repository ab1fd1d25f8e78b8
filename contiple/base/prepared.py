"""Statements that the server has planned before: for the few that are executed with every message.

Django binds parameters on the client's side, so that every execution is a new text to PostgreSQL, which plans it anew.
Measured on the statements of a message, with one in the transaction: 2.4 ms, prepared 1.2 ms.
"""

from collections.abc import Sequence
from typing import Any

import psycopg
from django.db import connection

Statement = tuple[str, Sequence[Any]]  # with its parameters


def fetch(statement: str, parameters: Sequence[Any]) -> list[tuple]:
    """The rows, within the transaction at hand. Raises Django's ``DatabaseError``."""
    with connection.wrap_database_errors, _cursor(statement) as cursor:
        return cursor.execute(statement, parameters, prepare=True).fetchall()


def fetch_each(statements: Sequence[Statement]) -> list[list[tuple]]:
    """As ``fetch``, of several that are executed one after the other, in one round trip."""
    cursors = [_cursor(statement) for statement, _parameters in statements]
    with connection.wrap_database_errors:
        with connection.connection.pipeline():
            for cursor, (statement, parameters) in zip(cursors, statements, strict=True):
                cursor.execute(statement, parameters, prepare=True)
        return [cursor.fetchall() for cursor in cursors]


def _cursor(statement: str) -> psycopg.Cursor:
    connection.ensure_connection()
    if connection.queries_logged:  # whoever counts queries counts these
        connection.queries_log.append({"sql": statement, "time": ""})
    return psycopg.Cursor(connection.connection)
