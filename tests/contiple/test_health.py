"""What watches over processes is told the truth, cheaply, and nothing that it need not know."""

import asyncio
import contextlib
import json

import pytest
from django.core.handlers.asgi import ASGIHandler
from django.db import connection

from chat.conversation import group_commit
from contiple import asgi, health, server
from tests.contiple.asgi import Answer, ask

pytestmark = pytest.mark.django_db(transaction=True)
NOWHERE = {"HOST": "127.0.0.1", "PORT": "1", "PASSWORD": "secret-password"}
DEAD_REDIS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": ["redis://:secret-password@127.0.0.1:1"]},
    }
}


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch):
    monkeypatch.setattr(health, "_parts", health.Parts())
    monkeypatch.setattr(health, "_masking_keys", health.MaskingKeys())


@pytest.fixture
def lost_database(monkeypatch):
    monkeypatch.setattr(group_commit, "_the_writer", None)  # its thread would still hold a connection
    connection.close_pool()
    with monkeypatch.context() as patch:
        for name, value in NOWHERE.items():
            patch.setitem(connection.settings_dict, name, value)
        yield
        connection.close_pool()


@pytest.fixture
def behind_https(settings, monkeypatch):
    settings.SECURE_SSL_REDIRECT = True
    monkeypatch.setattr(asgi, "pages", ASGIHandler())  # middleware reads the settings when it is made


def parts(answer: Answer) -> dict[str, str]:
    return json.loads(answer.text)["parts"]


async def test_a_process_that_answers_is_live():
    answer = await ask("/health/live")
    assert (answer.status, answer.text) == (200, "live\n")


async def test_it_is_live_without_a_database(lost_database):
    assert (await ask("/health/live")).status == 200


async def test_it_is_ready_when_everything_answers():
    answer = await ask("/health/ready")
    assert answer.status == 200
    assert json.loads(answer.text) == {
        "ready": True,
        "parts": {"database": "ready", "migrations": "ready", "masking keys": "ready", "channel layer": "ready"},
    }


@pytest.mark.parametrize("path", ["/health/live", "/health/ready"])
async def test_any_host_is_answered_without_redirect_session_or_cache(behind_https, path):
    answer = await ask(path, host="10.11.12.13:8000")
    assert answer.status == 200
    assert {"location", "set-cookie", "vary"}.isdisjoint(answer.headers)
    assert answer.headers["cache-control"] == "no-store"


async def test_pages_still_refuse_a_wrong_host_and_go_to_https(behind_https):
    """That the probes are an exception is worth something only if there is a rule."""
    assert (await ask("/sign-in/", host="10.11.12.13:8000")).status == 400
    assert (await ask("/sign-in/", host="localhost")).status == 301


async def test_a_lost_database_is_named_and_nothing_else_is_said(lost_database):
    answer = await ask("/health/ready")
    assert answer.status == 503
    assert parts(answer) == {
        "database": "no answer",
        "migrations": "unknown",
        "masking keys": "unknown",
        "channel layer": "ready",
    }
    assert "secret-password" not in answer.text
    assert "127.0.0.1" not in answer.text


async def test_a_migration_that_is_not_applied_is_noticed(monkeypatch):
    wanted = health._migrations_of_this_code() | {("chat", "9999_of_the_next_release")}
    monkeypatch.setattr(health, "_wanted", wanted)
    answer = await ask("/health/ready")
    assert (answer.status, parts(answer)["migrations"]) == (503, "not applied")


async def test_migrations_of_a_later_release_do_no_harm(monkeypatch):
    monkeypatch.setattr(health, "_wanted", health._migrations_of_this_code() - {("chat", "0001_initial")})
    assert (await ask("/health/ready")).status == 200


def test_a_database_that_nobody_migrated_is_not_ready():
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE django_migrations RENAME TO elsewhere")
    try:
        answer = asyncio.run(ask("/health/ready"))
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE elsewhere RENAME TO django_migrations")
    assert parts(answer) == {
        "database": "ready",
        "migrations": "not applied",
        "masking keys": "ready",
        "channel layer": "ready",
    }


async def test_a_lost_channel_layer_is_named(settings):
    settings.CHANNEL_LAYERS = DEAD_REDIS
    answer = await ask("/health/ready")
    assert answer.status == 503
    assert parts(answer) == {
        "database": "ready",
        "migrations": "ready",
        "masking keys": "ready",
        "channel layer": "no answer",
    }
    assert "secret-password" not in answer.text


async def test_one_check_serves_all_who_ask_at_once_and_soon_after(monkeypatch):
    checks = []

    async def database() -> tuple[str, str]:
        checks.append(1)
        await asyncio.sleep(0.01)
        return health.READY, health.READY

    monkeypatch.setattr(health, "_database", database)
    answers = await asyncio.gather(*(ask("/health/ready") for _ in range(50)))
    answers.append(await ask("/health/ready"))
    assert {answer.status for answer in answers} == {200}
    assert len(checks) == 1
    monkeypatch.setattr(health, "FRESH_SECONDS", 0)
    await ask("/health/ready")
    assert len(checks) == 2


def test_much_to_do_is_not_a_lost_database():
    """It is no reason to be taken out: the others would have it as well."""
    with contextlib.ExitStack() as stack:
        for _thread in range(server.THREADS):
            stack.enter_context(connection.pool.connection())
        assert asyncio.run(ask("/health/ready")).status == 200


def test_it_is_not_ready_while_messages_cannot_be_committed(monkeypatch):
    """Even if everything else in the database answers."""
    monkeypatch.setattr(health, "CHECK_SECONDS", 0.5)
    with connection.pool.connection() as other, other.transaction():
        other.execute("LOCK TABLE chat_chat, django_migrations")
        answer = asyncio.run(ask("/health/ready"))
    assert (answer.status, parts(answer)["database"]) == (503, "no answer")


async def test_a_stopping_process_is_not_ready(monkeypatch):
    monkeypatch.setattr(health.stopping, "is_set", lambda: True)
    answer = await ask("/health/ready")
    assert (answer.status, parts(answer)) == (503, {"process": "stopping"})


async def test_only_reading_is_answered():
    assert (await ask("/health/ready", method="POST")).status == 405
    head = await ask("/health/ready", method="HEAD")
    assert (head.status, head.text) == (200, "")
