"""The cluster in which everything happens: PostgreSQL, Redis, two web processes, a worker and a mail server, all at
their most talkative.
"""

import contextlib
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import connection

from contiple.local.cluster import TEST_SETTINGS, Cluster, Servers
from tests.faults.desk import Desk, orm_in, switch
from tests.faults.people import Crowd
from tests.leaks.mailbox import Mailbox
from tests.leaks.monitor import Monitor
from tests.leaks.paths import UNSTORABLE
from tests.leaks.run import Run
from tests.leaks.secrets import Purse
from tests.services import temporary_folder

POSTGRES = {
    **TEST_SETTINGS,
    # Every statement with its parameters, and every error with its row.
    "log_statement": "all",
    "log_error_verbosity": "default",
    "log_min_error_statement": "error",
    "log_parameter_max_length_on_error": "-1",
    # Rows are whole in the write-ahead log, changed ones too, and none of it is written over.
    "wal_level": "logical",
    "wal_compression": "off",
    "wal_keep_size": "1GB",
}
METRICS_TOKEN = "0123456789abcdef"


@dataclass
class Stage:
    """``folder`` is where what is seen is written down."""

    folder: Path
    cluster: Cluster
    crowd: Crowd
    monitor: Monitor

    def run(self, *, masks: bool) -> Run:
        """In a service of its own, with Security Service in its contract or without."""
        desk = Desk(self.cluster, self.crowd)
        switch(desk.service, security_service=masks)
        return Run(desk, Purse(random.Random()), self.place("answers"), masks=masks)

    def place(self, name: str) -> Path:
        (self.folder / name).mkdir(exist_ok=True)
        return self.folder / name


@contextlib.contextmanager
def stage(folder: Path) -> Iterator[Stage]:
    with contextlib.ExitStack() as stack:
        mails = folder / "mails"
        mails.mkdir()
        mailbox = stack.enter_context(Mailbox(mails))
        variables = {
            "SECRET_KEY": settings.SECRET_KEY,
            "LOG_LEVEL": "DEBUG",
            "EMAIL_URL": mailbox.url,
            "METRICS_TOKEN": METRICS_TOKEN,
        }
        servers = Servers(postgres_settings=POSTGRES)
        cluster = stack.enter_context(Cluster(temporary_folder(), servers=servers, variables=variables))
        stack.enter_context(orm_in(cluster.postgres.url))
        _prepare_database()
        crowd = Crowd()
        stack.callback(crowd.close)
        yield Stage(folder, cluster, crowd, Monitor(cluster.redis_url))


def _prepare_database() -> None:
    """No value is compressed, however long its row is; and some rows are refused."""
    with connection.cursor() as cursor:
        cursor.execute(_COMPRESSED)
        for (statement,) in cursor.fetchall():
            cursor.execute(statement)
        for table, column in {"chat_message": "body", "tickets_ticket": "subject"}.items():
            cursor.execute(f"ALTER TABLE {table} ADD CHECK (strpos({column}, %s) = 0)", [UNSTORABLE])


_COMPRESSED = """
SELECT format('ALTER TABLE %s ALTER %I SET STORAGE EXTERNAL', attrelid::regclass, attname)
FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND attstorage IN ('x', 'm') AND attnum > 0
AND NOT attisdropped
"""
