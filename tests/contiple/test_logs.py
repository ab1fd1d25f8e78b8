"""Whatever fails, no line of the log holds what somebody wrote."""

import asyncio
import json
import logging
import os
import re
import secrets
import subprocess
import sys
import traceback

import psycopg
import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DataError, IntegrityError, OperationalError, connection
from django.test import Client

from chat.models import Chat
from contiple import logs
from contiple.base import crypto
from contiple.base.errors import Conflict
from tests.make import make_chat

SECRET = "my card is 4111 1111 1111 1111"


@pytest.fixture(params=[logs.LineFormatter, logs.JsonFormatter])
def formatter(request) -> logging.Formatter:
    return request.param()


def record(message: object, *args: object, error: BaseException | None = None, name: str = "chat") -> logging.LogRecord:
    info = (type(error), error, error.__traceback__) if error else None
    return logging.LogRecord(name, logging.ERROR, __file__, 1, message, args, info)


def caught(kind: type[BaseException], work) -> BaseException:
    """The error, which really holds the secret: a test that could not fail would say nothing."""
    with pytest.raises(kind) as error:
        work()
    assert SECRET in str(error.value)
    return error.value


@pytest.mark.django_db(transaction=True)
def test_a_row_that_a_constraint_refuses_is_not_written(formatter, service):
    chat = make_chat(service)
    error = caught(
        IntegrityError, lambda: Chat.objects.filter(pk=chat.pk).update(state="active", agent=None, last_line=SECRET)
    )
    line = formatter.format(record("a frame failed", error=error))
    assert SECRET not in line
    assert "SQLSTATE 23514, table chat_chat, constraint chat_agent_fits_state" in line
    assert "IntegrityError" in line
    assert "CheckViolation" in line


@pytest.mark.django_db(transaction=True)
def test_a_value_that_cannot_be_read_is_not_written(formatter):
    def read() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT %s::integer", [SECRET])

    line = formatter.format(record("a frame failed: %s", error := caught(DataError, read), error=error))
    assert SECRET not in line
    assert "SQLSTATE 22P02" in line


def test_why_a_database_is_not_reached_is_written(formatter):
    with pytest.raises(psycopg.OperationalError) as error:
        psycopg.connect("postgresql://nobody:secret-password@127.0.0.1:1/none", connect_timeout=1)
    line = formatter.format(record("tick failed", error=error.value))
    assert "refused" in line
    assert "secret-password" not in line
    assert "OperationalError" in formatter.format(record("tick failed", error=OperationalError()))


def test_other_errors_are_written_without_their_text_but_with_their_place(formatter):
    def parse() -> None:
        try:
            int(SECRET)
        except ValueError as error:
            raise LookupError(SECRET) from error

    line = formatter.format(record("a frame failed", error=caught(LookupError, parse)))
    assert SECRET not in line
    for part in ("ValueError", "LookupError", "tests/contiple/test_logs.py:", "parse"):
        assert part in line


def test_the_text_of_what_programs_say_is_written(formatter):
    for error, text in [
        (Conflict("This chat has ended."), "This chat has ended."),
        (ImproperlyConfigured("SECRET_KEY is not set."), "SECRET_KEY is not set."),
        (AttributeError("'NoneType' object has no attribute 'pk'"), "no attribute 'pk'"),
        (ConnectionRefusedError(111, "Connection refused"), "Connection refused"),
    ]:
        assert text in formatter.format(record("failed", error=error))


def test_an_error_among_the_arguments_is_written_without_its_text(formatter):
    """As Daphne and Django do."""
    error = ValueError(SECRET)
    assert SECRET not in formatter.format(record("Exception inside application: %s", error, error=error))
    assert SECRET not in formatter.format(record(error))
    assert SECRET not in formatter.format(record("%(error)s", {"error": error}))


def test_a_printed_traceback_becomes_a_described_one(formatter):
    """As Daphne does in its HTTP protocol."""
    try:
        int(SECRET)
    except ValueError:
        line = formatter.format(record(traceback.format_exc(), name="daphne.http_protocol"))
    assert SECRET not in line
    assert "ValueError" in line
    assert "test_logs.py:" in line


def test_the_representations_that_asyncio_adds_are_left_out(formatter, caplog):
    async def forgotten() -> None:
        async def fail() -> None:
            raise ValueError(SECRET)

        asyncio.create_task(fail())  # noqa: RUF006 - that is the point
        await asyncio.sleep(0.01)

    asyncio.run(forgotten())
    lines = [formatter.format(entry) for entry in caplog.records if entry.name == "asyncio"]
    assert any(SECRET in entry.getMessage() for entry in caplog.records)
    assert lines
    assert SECRET not in "".join(lines)


def test_json_is_one_line_a_record_with_known_fields():
    message = 'line one "quoted"\nline two'
    line = logs.JsonFormatter().format(record(message, error=KeyError(SECRET)))
    assert "\n" not in line
    fields = json.loads(line)
    assert set(fields) == {"time", "level", "logger", "message", "process", "thread", "errors"}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", fields["time"])
    assert (fields["level"], fields["logger"], fields["message"]) == ("ERROR", "chat", 'line one "quoted"')
    assert fields["errors"] == [{"error": "KeyError", "at": []}]


def test_a_template_that_does_not_fit_is_written_as_it_is(formatter):
    assert "100% of %d" in formatter.format(record("100% of %d", SECRET))
    assert SECRET not in formatter.format(record("%d", SECRET))


def test_errors_that_caused_each_other_end(formatter):
    first, second = KeyError(), ValueError()
    first.__cause__, second.__cause__ = second, first
    assert formatter.format(record("failed", error=first)).count("ValueError") == 1


@pytest.mark.parametrize("work", ["raise ValueError(text)", "threading.Thread(target=int, args=[text]).start()"])
def test_what_nobody_catches_is_not_printed_with_its_text(work):
    code = f"import os, threading; text = os.environ['SAID']; {work}"
    environment = {**os.environ, "SAID": SECRET, "LOG_FORMAT": "json"}
    command = [sys.executable, "manage.py", "shell", "--no-imports", "-c", code]
    done = subprocess.run(command, cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True)
    assert SECRET not in done.stdout + done.stderr
    (line,) = done.stderr.strip().splitlines()
    assert json.loads(line)["errors"][-1]["error"] == "ValueError"


def test_what_production_logs_is_json_and_this_machine_gets_text():
    answers = []
    for mode in ("production", "local"):
        code = "from django.conf import settings; print(settings.LOGGING['handlers']['stderr']['formatter'])"
        environment = {
            **os.environ,
            "CONTIPLE_MODE": mode,
            "PUBLIC_ORIGIN": "http://localhost",
            "SECRET_KEY": secrets.token_urlsafe(50),
            "MASKING_KEYS": crypto.format_master_key("none", crypto.new_key()),
            "DJANGO_SETTINGS_MODULE": "contiple.settings",
        }
        done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
        answers.append(done.stdout.strip())
    assert answers == ["json", "text"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("method", "path", "shown"),
    [
        ("OPTIONS", "/invitation/{secret}/", "/invitation/<str:secret>/"),
        ("POST", "/invitation/{secret}/more/", "/invitation/…"),
        ("POST", "/invitation/a%20b%22{secret}%0A/", "/invitation/<str:secret>/"),
        ("GET", "/password/reset/MQ/{secret}/more", "/password/…"),
        ("GET", "/{secret}/", "/…"),
        ("GET", "/hc/demo/nothing/{secret}/?q={secret}", "/hc/…"),
    ],
)
def test_a_refused_request_is_logged_by_the_pattern_of_its_address(client, caplog, formatter, method, path, shown):
    secret = "Wq8sZk3nTq0vXbR5yLcA1dJfGhU7eMiP"

    client.generic(method, path.format(secret=secret))

    lines = [formatter.format(line) for line in caplog.records]
    assert any(shown in line for line in lines)
    assert secret not in "".join(lines)


@pytest.mark.django_db
def test_a_failed_csrf_check_and_a_library_that_prints_an_address_log_no_secret(formatter, caplog):
    secret = "Wq8sZk3nTq0vXbR5yLcA1dJfGhU7eMiP"
    strict = Client(enforce_csrf_checks=True)
    strict.post(f"/invitation/{secret}/", headers={"referer": f"https://testserver/invitation/{secret}/"}, secure=True)

    strict.post(f"/password/reset/MQ/{secret}/")

    lines = [formatter.format(line) for line in caplog.records]
    assert "/password/reset/<uidb64>/<token>/" in lines[-1]
    lines.append(formatter.format(record(f"<WebRequest at 0x7f method=GET uri=/invitation/{secret}/ clientproto=1.1>")))
    assert len(lines) > 1
    assert secret not in "".join(lines)
    assert "The data folder /var/lib/x can't be written" in formatter.format(
        record("The data folder /var/lib/x can't be written")
    )
