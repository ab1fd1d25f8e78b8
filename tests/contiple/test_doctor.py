"""The doctor finds real faults, says what to do, and ends with 1 only if something is broken."""

import os
import socket
import socketserver
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO

import pytest
from django.conf import settings as installed
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from agents import outbox
from agents.models import OutgoingMail
from chat import beats
from chat.beats import WorkerBeat
from contiple import doctor
from contiple import doctor_database as database
from contiple.base import crypto
from contiple.doctor import BROKEN, LOOK, OK
from tests.make import make_chat, make_service
from tests.services import free_port

pytestmark = pytest.mark.django_db(transaction=True)


def states(check, *args) -> list[str]:
    return [found.state for found in doctor.findings([lambda: check(*args)])]


def run(**options) -> tuple[int, str]:
    said = StringIO()
    try:
        call_command("doctor", stdout=said, **options)
    except SystemExit as end:
        return end.code, said.getvalue()
    return 0, said.getvalue()


def test_a_healthy_installation_ends_with_0_and_a_broken_part_with_1_and_its_cure(server, settings, tmp_path):
    settings.PUBLIC_ORIGIN = server.origin
    beats.Beats().note(0.1)
    (tmp_path / "contiple-1.dump").touch()
    code, said = run(backups=tmp_path)
    assert code == 0, said
    assert " 0 broken." in said
    WorkerBeat.objects.all().delete()
    (tmp_path / "contiple-1.dump").unlink()
    code, said = run(backups=tmp_path, web=10_000)
    assert code == 1
    needed = database.OF_A_WEB_PROCESS * 10_000 + database.OF_A_WORKER + database.SPARE
    for part in ("There is no backup", f"Set it to {needed} or more"):
        assert part in said
    assert said.count("→") >= said.count("\nbroken")


def test_every_cure_is_said_and_no_ok_has_one():
    found = [*doctor.findings([doctor.mode, doctor.redis, doctor.mail_server, doctor.disk, database.worker])]
    assert all(bool(it.cure) is (it.state is not OK) for it in found)


def test_a_database_that_does_not_answer_ends_with_1_and_the_rest_is_checked():
    url = f"postgresql://nobody:a-secret@127.0.0.1:{free_port()}/none"
    environment = {**os.environ, "DATABASE_URL": url}
    done = subprocess.run(
        [sys.executable, "manage.py", "doctor"], env=environment, cwd=installed.BASE_DIR, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "broken  The database 127.0.0.1:" in done.stdout
    assert "ok      Translations are compiled." in done.stdout
    assert "a-secret" not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_missing_migrations_are_found():
    assert states(database.migrations) == [OK]
    [(_app, latest)] = MigrationLoader(connection).graph.leaf_nodes("chat")
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'chat' AND name = %s RETURNING *", [latest])
        [row] = cursor.fetchall()
    try:
        assert states(database.migrations) == [BROKEN]
    finally:
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO django_migrations VALUES (%s, %s, %s, %s)", row)


def test_time_outs_that_a_pooler_has_swallowed_are_found():
    assert states(database.time_outs) == [OK]
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = 0")
    try:
        assert states(database.time_outs) == [BROKEN]
    finally:
        connection.close()


def test_keys_that_do_not_open_what_is_there_are_found(settings):
    from chat.conversation.message_masks import holder_of
    from chat.masking import vault

    assert states(database.masking_keys) == [OK]
    first = settings.MASKING_KEYS
    service = make_service("sealed")
    vault.seal_all(holder_of(make_chat(service)), [("1:0:4", "1234")])
    settings.MASKING_KEYS = {"new": crypto.new_key(), **first}
    vault.seal_all(holder_of(make_chat(service)), [("1:0:4", "1234")])
    assert states(database.masking_keys) == [LOOK]
    settings.MASKING_KEYS = {"other": crypto.new_key()}
    assert states(database.masking_keys) == [BROKEN]


def test_a_worker_that_is_gone_or_never_was_is_found():
    assert states(database.worker) == [BROKEN]
    beats.Beats().note(0.1)
    assert states(database.worker) == [OK]
    with connection.cursor() as cursor:
        cursor.execute("UPDATE chat_workerbeat SET at = at - interval '5 minutes'")
    assert states(database.worker) == [BROKEN]


def test_mails_that_wait_or_were_given_up_are_found(service):
    assert states(database.outgoing_mails) == [OK]
    mail = outbox.post(outbox.Outgoing(kind="test", to=["jun@example.com"], subject="", text=""))
    assert states(database.outgoing_mails) == [OK]
    OutgoingMail.objects.update(created_at=mail.created_at - timedelta(minutes=16))
    [found] = doctor.findings([database.outgoing_mails])
    assert (found.state, found.what) == (BROKEN, "1 e-mails wait, the first for 16 minutes.")
    OutgoingMail.objects.update(state=OutgoingMail.State.DEAD)
    assert states(database.outgoing_mails) == [LOOK]


def test_redis_is_asked(settings, redis_url):
    settings.REDIS_URL = redis_url
    assert states(doctor.redis) == [OK]
    settings.REDIS_URL = f"redis://:a-secret@127.0.0.1:{free_port()}/0"
    [found] = doctor.findings([doctor.redis])
    assert found.state is BROKEN
    assert "a-secret" not in found.what
    settings.REDIS_URL = ""
    assert states(doctor.redis) == [OK]


class MailServer(socketserver.StreamRequestHandler):
    """Lets nobody in."""

    def handle(self) -> None:
        self.wfile.write(b"220 mail\r\n")
        for line in self.rfile:
            answer = {b"EHLO": b"250-mail\r\n250 AUTH PLAIN\r\n", b"AUTH": b"535 no such user\r\n"}
            self.wfile.write(answer.get(line[:4].upper(), b"221 bye\r\n"))


@pytest.fixture
def mail_port() -> Iterator[int]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), MailServer) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield running.server_address[1]
        running.shutdown()


def test_a_mail_server_that_is_away_or_lets_nobody_in_is_found(settings, mail_port):
    assert states(doctor.mail_server) == [LOOK]
    settings.EMAIL_URL, settings.EMAIL_HOST = "smtp://…", "127.0.0.1"
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_PORT, settings.EMAIL_HOST_USER = mail_port, ""
    assert states(doctor.mail_server) == [OK]
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "somebody", "a-secret"
    [found] = doctor.findings([doctor.mail_server])
    assert (found.state, found.what) == (BROKEN, "The mail server can't be used: SMTPAuthenticationError 535.")
    settings.EMAIL_PORT = free_port()
    assert states(doctor.mail_server) == [BROKEN]


def test_an_address_that_leads_elsewhere_or_nowhere_is_found(settings, server):
    settings.PUBLIC_ORIGIN = server.origin
    assert states(doctor.public_address) == [OK]
    settings.PUBLIC_ORIGIN = f"http://127.0.0.1:{free_port()}"
    assert states(doctor.public_address) == [LOOK]
    settings.LOCAL = False
    assert states(doctor.public_address) == [LOOK, LOOK]


def test_a_proxy_that_answers_for_itself_is_found(settings):
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        settings.PUBLIC_ORIGIN = f"http://127.0.0.1:{proxy.getsockname()[1]}"

        def answer() -> None:
            asked, _address = proxy.accept()
            with asked:
                asked.recv(4096)
                asked.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

        threading.Thread(target=answer).start()
        assert states(doctor.public_address) == [BROKEN]


def test_files_that_were_not_made_are_found(settings, tmp_path):
    settings.LOCAL, settings.STATIC_ROOT = False, tmp_path
    assert states(doctor.static_files) == [BROKEN]
    (tmp_path / "staticfiles.json").touch()
    assert states(doctor.static_files) == [OK]
    os.utime(tmp_path / "staticfiles.json", (1, 1))
    assert states(doctor.static_files) == [LOOK]
    settings.LOCAL = True
    assert states(doctor.static_files) == [OK]


def test_texts_that_were_not_compiled_are_found(monkeypatch, tmp_path):
    assert states(doctor.translations) == [OK]
    monkeypatch.setattr("contiple.doctor.env.BASE_DIR", tmp_path)
    (tmp_path / "locale").mkdir()
    (tmp_path / "locale" / "django.po").touch()
    assert states(doctor.translations) == [BROKEN]


def test_a_wrong_clock_and_an_old_backup_and_a_full_disk_are_found(monkeypatch, tmp_path):
    now = database.database_now()
    for skew_s, state in [(0, OK), (10, LOOK), (300, BROKEN)]:
        monkeypatch.setattr(
            database, "database_now", lambda s=skew_s: now.__class__.now(now.tzinfo) - s * timedelta(seconds=1)
        )
        assert states(database.clock) == [state]
    dump = tmp_path / "contiple-1.dump"
    dump.touch()
    assert states(doctor.backups, tmp_path) == [OK]
    os.utime(dump, (1, 1))
    assert states(doctor.backups, tmp_path) == [BROKEN]
    assert states(doctor.backups, None) == [LOOK]
    for low, full, state in [(0, 0, OK), (2**62, 0, LOOK), (2**62, 2**62, BROKEN)]:
        monkeypatch.setattr(doctor, "DISK_LOW", low)
        monkeypatch.setattr(doctor, "DISK_FULL", full)
        assert states(doctor.disk) == [state]


def test_a_check_that_fails_itself_is_a_finding():
    def odd():
        raise ValueError("a secret")

    [found] = doctor.findings([odd])
    assert (found.state, found.what) == (BROKEN, "The check of odd failed: ValueError")
