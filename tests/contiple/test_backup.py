"""A backup is read before it counts, and a restored one has every row; masked originals open with the same keys."""

import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection

from chat.conversation import messages
from chat.models import Mask
from contiple.base import crypto, env
from contiple.local import postgres_programs
from tests.make import make_chat, make_ticket
from tests.server import database_url

pytestmark = pytest.mark.django_db(transaction=True)
SCRIPT = env.BASE_DIR / "contiple" / "operations" / "backup.sh"
CARD = "4111 1111 1111 1111"
RESTORED = "contiple_restored"
# Opens every mask, as the product does when an agent looks.
OPEN = """
from chat.conversation.message_masks import Messages
from chat.masking import vault
from chat.models import Mask
for mask in Mask.objects.select_related("message__chat__customer", "message__chat__service"):
    hidden = Messages.around(mask).hidden_by(mask)
    print("original:", vault.unseal(hidden.holder, hidden.spot, hidden.sealed))
"""


def connecting(database: str = "") -> dict[str, str]:
    its = connection.settings_dict
    return {
        "PGHOST": its["HOST"],
        "PGPORT": str(its["PORT"] or 5432),
        "PGUSER": its["USER"],
        "PGPASSWORD": its["PASSWORD"],
        "PGDATABASE": database or its["NAME"],
    }


def back_up(folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    programs = str(postgres_programs.program("pg_dump").parent)
    environment = {"PATH": f"{programs}:{os.environ['PATH']}", "BACKUP_FOLDER": str(folder)} | connecting() | variables
    return subprocess.run(["sh", SCRIPT, "--once"], env=environment, capture_output=True, text=True)


def counts(url: str) -> dict[str, int]:
    with psycopg.connect(url) as asked:
        tables = [model._meta.db_table for model in apps.get_models(include_auto_created=True)]
        return {table: asked.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0] for table in tables}


@pytest.fixture
def restored_url() -> Iterator[str]:
    """A new, empty database."""
    for command in (f"DROP DATABASE IF EXISTS {RESTORED} WITH (FORCE)", f"CREATE DATABASE {RESTORED}"):
        with psycopg.connect(database_url(), autocommit=True) as asked:
            asked.execute(command)
    yield database_url().replace(f"/{connection.settings_dict['NAME']}?", f"/{RESTORED}?")
    with psycopg.connect(database_url(), autocommit=True) as asked:
        asked.execute(f"DROP DATABASE IF EXISTS {RESTORED} WITH (FORCE)")


def opened(url: str, keys: str) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "DATABASE_URL": url,
        "SECRET_KEY": settings.SECRET_KEY,
        "MASKING_KEYS": keys,
    }
    command = [sys.executable, "manage.py", "shell", "--no-imports", "-c", OPEN]
    return subprocess.run(command, env=environment, cwd=settings.BASE_DIR, capture_output=True, text=True)


def test_a_restored_backup_has_every_row_and_its_originals_open_with_the_keys(service, agent, tmp_path, restored_url):
    chat = make_chat(service, agent=agent)
    for number in range(3):
        messages.send_as_customer(chat, body=f"{number}: {CARD}", client_id=uuid.uuid4())
    make_ticket(service)
    assert Mask.objects.count() == 3

    done = back_up(tmp_path)

    [dump] = tmp_path.iterdir()
    assert done.returncode == 0, done.stderr
    assert dump.suffix == ".dump"
    assert dump.stat().st_mode & 0o077 == 0
    assert CARD.encode() not in dump.read_bytes()
    restore = [postgres_programs.program("pg_restore"), "--no-owner", "--exit-on-error", f"--dbname={RESTORED}", dump]
    subprocess.run(restore, env={**os.environ, **connecting(RESTORED)}, check=True)
    assert counts(restored_url) == counts(database_url())
    keys = ",".join(crypto.format_master_key(name, key) for name, key in settings.MASKING_KEYS.items())
    found = opened(restored_url, keys)
    assert found.stdout.split("\n")[:3] == [f"original: {CARD}"] * 3, found.stderr
    assert "original:" not in opened(restored_url, crypto.format_master_key("other", crypto.new_key())).stdout


def test_old_backups_go_only_when_there_is_a_new_one(tmp_path):
    old, young = tmp_path / "contiple-20200101T000000Z.dump", tmp_path / "contiple-20200102T000000Z.dump"
    foreign, part = tmp_path / "notes.txt", tmp_path / "contiple-20200103T000000Z.dump.part"
    for path, days in [(old, 20), (young, 5), (foreign, 20), (part, 1)]:
        path.touch()
        os.utime(path, (time.time() - days * 86400,) * 2)

    failed = back_up(tmp_path, PGDATABASE="no_such_database")
    assert failed.returncode != 0
    assert {old, young, foreign} == set(tmp_path.iterdir())

    assert back_up(tmp_path).returncode == 0
    left = set(tmp_path.iterdir())
    assert old not in left
    assert {young, foreign} < left
    assert len(left) == 3


def test_a_backup_that_can_not_be_read_to_its_end_never_gets_its_name(tmp_path):
    broken = tmp_path / "bin"
    broken.mkdir()
    (broken / "pg_dump").write_text('#!/bin/sh\nfor last; do :; done\necho PGDMP > "${last#--file=}"\n')
    (broken / "pg_dump").chmod(0o755)
    programs = str(postgres_programs.program("pg_dump").parent)
    folder = tmp_path / "backups"
    folder.mkdir()
    done = back_up(folder, PATH=f"{broken}:{programs}:{os.environ['PATH']}")
    assert done.returncode != 0
    assert not list(folder.glob("*.dump"))


def test_the_password_is_read_from_its_file(tmp_path):
    secret = tmp_path / "password"
    secret.write_text(connecting()["PGPASSWORD"] + "\n")
    folder = tmp_path / "backups"
    folder.mkdir()
    assert back_up(folder, PGPASSWORD="", PGPASSWORD_FILE=str(secret)).returncode == 0
