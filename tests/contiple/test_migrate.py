"""`manage.py migrate` beside running traffic: nobody waits long for it, nothing deadlocks, and two at once do no harm.

The newest migrations of all apps are tried from the schema of the release before, whose models do the traffic.
"""

import contextlib
import os
import re
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import DatabaseError, connections, transaction
from django.db.backends.postgresql.base import DatabaseWrapper
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.utils import timezone

from tests.server import database_url

# The last migrations of each release that an installation may come from, newest first.
RELEASES = {
    "routing and settings": {"agents": "0004_labels", "chat": "0007_chat_settings_kept_alike",
                             "helpcenter": "0003_chat_settings_leave", "tickets": "0003_tags_by_id"},
    "masking rules": {"agents": "0003_audit_by_month", "chat": "0005_data_key_holders",
                      "helpcenter": "0002_waiting_and_silence", "tickets": "0003_tags_by_id"},
}  # fmt: skip
ACKNOWLEDGED_WITHIN_S = 3
WRITERS = 4
REPORT_S = 1.0  # a statement that reads for so long keeps a migration waiting


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


class Release:
    def __init__(self, apps: Any, place: dict, url: str) -> None:
        self.apps, self.place, self.url = apps, place, url
        self.took: list[float] = []
        self.failed: list[str] = []
        self.stop = threading.Event()

    def make_chat(self) -> int:
        get, now = self.apps.get_model, timezone.now()
        service = get("agents.Service").objects.create(slug=uuid.uuid4().hex[:8], name="Demo")
        center = get("helpcenter.HelpCenter").objects.create(service=service)
        policy = get("helpcenter.PrivacyPolicy").objects.create(help_center=center, version=1, language="en", text="P")
        customer = get("helpcenter.Customer").objects.create(service=service, name="Jun")
        chat = get("chat.Chat").objects.create(service=service, customer=customer, policy=policy, consented_at=now)
        return chat.pk

    def send(self, chat_id: int) -> None:
        """As a message is appended: the chat is locked, the message inserted, the chat updated."""
        chats, messages = self.apps.get_model("chat.Chat").objects, self.apps.get_model("chat.Message").objects
        with transaction.atomic():
            chat = chats.select_for_update(no_key=True).get(pk=chat_id)
            seq = chat.last_rev + 1
            messages.create(chat=chat, seq=seq, rev=seq, author="customer", name="Jun", body="Hi")
            chats.filter(pk=chat_id).update(last_rev=seq)

    def report(self, _chat_id: int) -> None:
        with connections["default"].cursor() as cursor:
            cursor.execute("SELECT pg_sleep(%s) FROM chat_message, agents_contract RIGHT JOIN chat_chat ON true"
                           " LIMIT 1", [REPORT_S])  # fmt: skip

    def repeat(self, act: Callable[[int], None], chat_id: int, *, measured: bool) -> None:
        connections["default"] = DatabaseWrapper(self.place, "default")
        while not self.stop.wait(0.01 if measured else REPORT_S):
            began = time.monotonic()
            try:
                act(chat_id)
            except DatabaseError as error:
                self.failed.append(f"{type(error.__cause__).__name__}: {error}")
            if measured:
                self.took.append(time.monotonic() - began)
        connections["default"].close()

    @contextlib.contextmanager
    def traffic(self) -> Iterator[None]:
        acts = [(self.send, self.make_chat(), True) for _ in range(WRITERS)] + [(self.report, 0, False)]
        threads = [threading.Thread(target=self.repeat, args=act[:2], kwargs={"measured": act[2]}) for act in acts]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self.stop.set()
            for thread in threads:
                thread.join()

    def migrate(self) -> subprocess.Popen:
        environment = {**os.environ, "DATABASE_URL": self.url}
        environment.pop("PGOPTIONS", None)
        return subprocess.Popen(
            [sys.executable, "manage.py", "migrate", "--noinput", "--verbosity=0"],
            cwd=settings.BASE_DIR, env=environment, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip


def test_the_release_before_goes_on_while_two_migrate_to_this_one(before) -> None:
    with before.traffic():
        both = [before.migrate() for _ in range(2)]
        said = [process.communicate(timeout=120)[1] for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert before.failed == []
    print(f"longest of {len(before.took)} acknowledgements: {max(before.took):.2f} s")
    assert max(before.took) < ACKNOWLEDGED_WITHIN_S
    applied = MigrationExecutor(connections["default"]).loader.applied_migrations
    assert set(MigrationLoader(None).graph.leaf_nodes()) <= set(applied)


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


def locked_tables(sql: list[str]) -> set[str]:
    """Existing tables that nobody can use until the end of the transaction."""
    made = {found for line in sql for found in re.findall(r'^CREATE TABLE "(\w+)"', line)}
    altered = {found for line in sql for found in re.findall(r'^ALTER TABLE "?(\w+)"?', line)}
    indexed = {
        found for line in sql
        for found in re.findall(r'^CREATE (?:UNIQUE )?INDEX (?!CONCURRENTLY).* ON "(\w+)"', line)
    }  # fmt: skip
    return (altered | indexed) - made


@pytest.mark.django_db
def test_a_new_migration_locks_one_table_and_makes_no_index_that_blocks() -> None:
    """Several locks in one transaction are a deadlock with whoever takes them in another order: split the migration.

    An index on a table that exists: ``AddIndexConcurrently`` in a migration with ``atomic = False``.
    """
    wrong = []
    for name, migration in new_migrations():
        sql = statements(name, connections["default"])
        locked = locked_tables(sql)
        if migration.atomic and len(locked) > 1:
            wrong.append(f"{name} locks {sorted(locked)}: a migration for each")
        blocking = [line for line in sql if re.match(r"CREATE (UNIQUE )?INDEX (?!CONCURRENTLY)", line)]
        wrong += [f"{name}: {line}" for line in blocking if locked_tables([line]) <= locked and locked_tables([line])]
    assert wrong == []


def test_the_rule_finds_what_it_forbids() -> None:
    made = [
        'CREATE TABLE "new" ("id" bigint);',
        'ALTER TABLE "new" ADD CONSTRAINT x;',
        'CREATE INDEX "i" ON "new" (a);',
    ]
    assert locked_tables(made) == set()
    assert locked_tables(['ALTER TABLE "a" ADD COLUMN x;', 'ALTER TABLE "b" ADD COLUMN x;']) == {"a", "b"}
    assert locked_tables(['CREATE INDEX "i" ON "a" (x);', 'CREATE INDEX CONCURRENTLY "i" ON "b" (x);']) == {"a"}
