"""Heavy work, such as hashing passwords: bounded, without a connection to the database, outside of transactions."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth.hashers import check_password, make_password
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone

from agents.invitations import accept_as_new_user, invite_agent
from agents.models import User
from agents.sign_in import verify_password
from contiple.base import heavy
from contiple.base.errors import Busy
from tests.hashers import FastHasher
from tests.make import PASSWORD, make_agent

POOLED = ["contiple.base.heavy.PooledHasher"]


@pytest.fixture
def full(monkeypatch):
    """A pool whose threads and places are all taken, until the test is over: nobody gets one by waiting."""
    monkeypatch.setattr(heavy, "DEADLINE_SECONDS", 60)
    over = threading.Event()
    with ThreadPoolExecutor(heavy.AT_ONCE + heavy.WAITING_MAX) as callers:
        for _ in range(heavy.AT_ONCE + heavy.WAITING_MAX):
            callers.submit(heavy.compute, over.wait)
        while heavy.hashing.places._value:
            time.sleep(0.01)
        try:
            yield
        finally:
            over.set()


@pytest.fixture
def hashes_in_transactions(monkeypatch, settings) -> list[bool]:
    """Whether a transaction was open, at each hash."""
    seen: list[bool] = []
    encode = FastHasher.encode
    monkeypatch.setattr(
        FastHasher, "encode", lambda *args, **more: seen.append(connection.in_atomic_block) or encode(*args, **more)
    )
    return seen


@pytest.mark.django_db(transaction=True)
def test_who_computes_gives_the_connection_back(settings):
    User.objects.count()
    assert connection.connection is not None

    assert heavy.compute(sum, [1, 2]) == 3

    assert connection.connection is None


@pytest.mark.django_db(transaction=True)
def test_in_a_transaction_the_connection_is_kept():
    with transaction.atomic():
        assert heavy.compute(threading.current_thread) is threading.current_thread()
        User.objects.count()


@pytest.mark.django_db(transaction=True)
def test_passwords_of_before_are_known_and_hashed_in_the_pool(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
    before = make_password("correct horse")
    settings.PASSWORD_HASHERS = POOLED

    assert check_password("correct horse", before)
    assert not check_password("wrong horse", before)
    assert make_password("correct horse").startswith("pbkdf2_sha256$")


def test_what_is_too_much_does_not_wait_for_a_place(full):
    with ThreadPoolExecutor(1) as caller:
        assert isinstance(caller.submit(heavy.compute, int).exception(timeout=30), Busy)


@pytest.mark.django_db(transaction=True)
def test_what_is_too_much_is_refused_and_is_no_attempt(full, settings, rf):
    settings.PASSWORD_HASHERS = POOLED
    User.objects.create(email="mina@example.com", name="Mina", password="pbkdf2_sha256$1$salt$hash")

    for _ in range(12):
        with pytest.raises(Busy):
            verify_password(rf.post("/"), email="mina@example.com", password=PASSWORD, now=timezone.now())


@pytest.mark.django_db(transaction=True)
def test_the_page_says_when_to_come_back(full, settings, client):
    settings.PASSWORD_HASHERS = POOLED
    data = {"email": "mina@example.com", "password": PASSWORD}

    answer = client.post("/sign-in/", data, headers={"accept-language": "ko"})

    assert (answer.status_code, answer["Retry-After"]) == (503, "10")
    assert "잠시 후" in answer.content.decode()


@pytest.mark.django_db(transaction=True)
def test_accepting_an_invitation_hashes_outside_of_the_transaction(service, hashes_in_transactions):
    admin = make_agent(service, "Ada", role="admin")
    now = timezone.now()
    new = invite_agent(by=admin, email="new@example.com", role="agent", chat_permission=False, now=now)
    hashes_in_transactions.clear()

    accept_as_new_user(new.invitation, name="Nora", password=PASSWORD, now=now)

    assert hashes_in_transactions == [False]


@pytest.mark.django_db(transaction=True)
def test_the_demo_hashes_outside_of_the_transaction(settings, hashes_in_transactions):
    from contiple.management.commands import demo

    settings.LOCAL = True
    demo._hashed_password.cache_clear()

    call_command("demo", verbosity=0)

    assert hashes_in_transactions == [False]
