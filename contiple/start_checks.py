"""Checks before a process starts: each refuses in one clear line what would fail later, and worse."""

import psycopg
from django.db import DatabaseError, connection

from contiple.base.env import EnvError
from contiple.local.startup import NOT_MIGRATED


def check_database(*, migrated: bool = True) -> None:
    """Raises ``EnvError``, in one line and without the password, if the database does not answer or was never migrated.

    It does not use the pool, which would retry until its time-out and hide the reason.
    """
    parameters = connection.get_connection_params()
    try:
        with psycopg.connect(**{**parameters, "connect_timeout": 5}) as asked:
            found = asked.execute("SELECT to_regclass('django_migrations')").fetchone()
    except psycopg.Error as error:
        place = f"{parameters.get('host', 'localhost')}:{parameters.get('port', 5432)}/{parameters.get('dbname')}"
        raise EnvError(f"The database {place} can't be reached: {' '.join(str(error).split())}") from None
    if migrated and found == (None,):
        raise EnvError(NOT_MIGRATED.format(command="manage.py"))


def check_masking_keys() -> None:
    """Raises ``EnvError``, in one line, if masked originals are under keys that are not at hand. Needs the database."""
    from chat.masking import master_keys

    try:
        with connection.cursor() as cursor:
            missing = master_keys.missing(cursor)
    except DatabaseError:  # not migrated yet, or gone again: `ready` says so
        return
    finally:
        connection.close()
    if missing:
        raise EnvError(master_keys.complaint(missing))
