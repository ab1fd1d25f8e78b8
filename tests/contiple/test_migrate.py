"""`manage.py migrate` beside running traffic: nobody waits long for it, nothing deadlocks, and two at once do no harm.

The newest migrations of all apps are tried from the schema of the release before, whose models do the traffic.
"""

import re
import uuid
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import connections
from django.db.backends.postgresql.base import DatabaseWrapper
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader

from tests.contiple.release import RELEASES, Release
from tests.faults.people import wait_until
from tests.server import database_url

ACKNOWLEDGED_WITHIN_S = 3


@pytest.fixture(params=RELEASES)
def before(request, django_db_setup, django_db_blocker) -> Iterator[Any]:
    """The models of a release, in a database of its own with that release's schema."""
    own, name = connections["default"], f"release_{uuid.uuid4().hex[:8]}"
    url = re.sub(r"/[^/?]+\?", f"/{name}?", database_url())
    with psycopg.connect(database_url(), autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
        try:
            with django_db_blocker.unblock():
                place = {**own.settings_dict, "NAME": name, "OPTIONS": {}}
                connections["default"] = DatabaseWrapper(place, "default")
                executor = MigrationExecutor(connections["default"])
                targets = list(RELEASES[request.param].items())
                others = [node for node in executor.loader.graph.leaf_nodes() if node[0] not in dict(targets)]
                executor.migrate(targets + others)
                yield Release(executor.loader.project_state(targets).apps, place, url)
        finally:
            connections["default"].close()
            connections["default"] = own
            server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def test_the_release_before_goes_on_while_two_migrate_to_this_one(before) -> None:
    with before.traffic():
        both = [before.migrate() for _ in range(2)]
        said = [process.communicate(timeout=300)[1] for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert before.failed == []
    assert before.done >= {"send", "start", "sign_in", "invite", "unmask", "report"}
    print(f"longest of {len(before.took)} acknowledgements: {max(before.took):.2f} s")
    assert max(before.took) < ACKNOWLEDGED_WITHIN_S
    applied = MigrationExecutor(connections["default"]).loader.applied_migrations
    assert set(MigrationLoader(None).graph.leaf_nodes()) <= set(applied)


def test_whoever_comes_after_one_that_was_killed_goes_on(before) -> None:
    """A reader who doesn't end keeps an index half made; the process that makes it is killed."""
    with psycopg.connect(before.url) as reader, psycopg.connect(before.url, autocommit=True) as looker:
        reader.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        reader.execute("SELECT set_config('idle_in_transaction_session_timeout', '0', true)")
        killed = before.migrate()
        wait_until(lambda: looker.execute("SELECT FROM pg_index WHERE NOT indisvalid").fetchall(), 60)
        killed.kill()
        killed.communicate()
    after = before.migrate()
    said = after.communicate(timeout=120)[1]
    assert after.returncode == 0, said


# What a new migration may not do


def new_migrations() -> list[tuple[str, Any]]:
    loader, released = MigrationLoader(None), next(iter(RELEASES.values()))
    return [
        (f"{app}.{name}", migration)
        for (app, name), migration in sorted(loader.disk_migrations.items())
        if app in released and name > released[app]
    ]


def statements(name: str, connection: Any) -> list[str]:
    """The SQL of a migration."""
    loader = MigrationLoader(connection, replace_migrations=False)
    migration = loader.disk_migrations[tuple(name.split("."))]
    return loader.collect_sql([(migration, False)])


def locked_tables(sql: list[str], made: set[str]) -> set[str]:
    """Tables that traffic can't write until the end of the transaction: altered, indexed, or referenced anew."""
    forms = [
        r'^ALTER TABLE "?(\w+)"?',
        r'^CREATE (?:UNIQUE )?INDEX (?!CONCURRENTLY).* ON "(\w+)"',
        r'REFERENCES "(\w+)"',
    ]
    return {found for line in sql for form in forms for found in re.findall(form, line)} - made


def made_tables(sql: list[str]) -> set[str]:
    return {found for line in sql for found in re.findall(r'^CREATE TABLE "(\w+)"', line)}


@pytest.mark.django_db(transaction=True)
def test_a_new_migration_locks_one_table_and_makes_no_index_that_blocks() -> None:
    """Several locks in one transaction are a deadlock with whoever takes them in another order: split the migration.

    An index on a table that exists: ``AddIndexBesideTraffic`` in a migration with ``atomic = False``. Such a one has
    one operation: after a second one that had to give up, the first can't be done again.
    """
    wrong, new = [], new_migrations()
    sqls = {name: statements(name, connections["default"]) for name, _migration in new}
    made = {table for sql in sqls.values() for table in made_tables(sql)}
    for name, migration in new:
        locked = locked_tables(sqls[name], made)
        if migration.atomic and len(locked) > 1:
            wrong.append(f"{name} locks {sorted(locked)}: a migration for each")
        if not migration.atomic and len(migration.operations) > 1:
            wrong.append(f"{name} isn't atomic and has several operations: a migration for each")
        if any(type(operation) is AddIndexConcurrently for operation in migration.operations):
            wrong.append(f"{name} can't be tried again: AddIndexBesideTraffic instead of AddIndexConcurrently")
        blocking = [line for line in sqls[name] if re.match(r"CREATE (UNIQUE )?INDEX (?!CONCURRENTLY)", line)]
        wrong += [f"{name}: {line}" for line in blocking if locked_tables([line], made)]
    assert wrong == []


def test_the_rule_finds_what_it_forbids() -> None:
    new = ['CREATE TABLE "new" ("id" bigint);', 'ALTER TABLE "new" ADD CONSTRAINT x;', 'CREATE INDEX "i" ON "new" (a);']
    made = made_tables(new)
    assert made == {"new"}
    assert locked_tables(new, made) == set()
    assert locked_tables(['ALTER TABLE "a" ADD COLUMN x;', 'ALTER TABLE "b" ADD COLUMN x;'], made) == {"a", "b"}
    assert locked_tables(['CREATE INDEX "i" ON "a" (x);', 'CREATE INDEX CONCURRENTLY "i" ON "b" (x);'], made) == {"a"}
    foreign = 'ALTER TABLE "new" ADD CONSTRAINT f FOREIGN KEY ("x") REFERENCES "{}" ("id") DEFERRABLE;'
    assert locked_tables([foreign.format("a"), foreign.format("b")], made) == {"a", "b"}
