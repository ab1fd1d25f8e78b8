"""Statements that the server has planned before: for the few that are executed with every message.

Django binds parameters on the client's side, so that every execution is a new text to PostgreSQL, which plans it anew.
Measured on the statements of a message, with one in the transaction: 2.4 ms, prepared 1.2 ms.
"""

from collections.abc import Sequence
from typing import Any

import psycopg
from django.db import connection


def fetch(statement: str, parameters: Sequence[Any]) -> list[tuple]:
    """The rows, within the transaction at hand. Raises Django's ``DatabaseError``."""
    connection.ensure_connection()
    if connection.queries_logged:  # whoever counts queries counts these
        connection.queries_log.append({"sql": statement, "time": ""})
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(statement, parameters, prepare=True)
        return cursor.fetchall()
