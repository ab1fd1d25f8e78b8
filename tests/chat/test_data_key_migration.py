"""Data keys are told their holders: the release before goes on reading and writing them, and nothing is lost."""

import threading
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor

from chat.conversation.message_masks import holder_of
from chat.masking import holders, vault
from chat.masking.holders import Holder
from chat.masking.models import DataKey
from chat.models import Chat
from contiple.base import crypto
from tests.make import make_chat, make_ticket

BEFORE = ("chat", "0004_masking_rules")
LOCKED_S = 1.2  # longer than the migration waits for a lock
SPOT, SECRET = "1:0:13", "010-1234-5678"


def of_chat(chat: Chat) -> Holder:
    return holder_of(chat)


def of_ticket(ticket) -> Holder:
    return Holder(ticket.service_id, "ticket", ticket.pk)


def insert_as_before(holder: Holder, *, customer: int | None = None) -> bytes:
    """Writes a key as the release before does, and returns an original that is sealed under it."""
    master, master_key = next(iter(settings.MASKING_KEYS.items()))
    name = holder.number if holder.kind == "chat" else f"ticket:{holder.number}"
    data_key = crypto.new_key()
    wrapped = crypto.seal(master_key, data_key, f"key:{holder.service}:{name}".encode())
    chat = holder.number if holder.kind == "chat" else None
    ticket, service = (holder.number, holder.service) if holder.kind == "ticket" else (None, None)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO chat_chatkey"
            " (chat_id, ticket, service_id, customer_id, master, wrapped, created_at, used_at)"
            " VALUES (%s, %s, %s, %s, %s, %s, now(), now())",
            [chat, ticket, service, customer, master, wrapped],
        )
    return crypto.seal(data_key, SECRET.encode(), f"original:{holder.service}:{name}:{SPOT}".encode())


def found_as_before(holder: Holder) -> int:
    """How many keys the release before finds for a chat or ticket."""
    column = "chat_id" if holder.kind == "chat" else "ticket"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM chat_chatkey WHERE {column} = %s", [holder.number])
        return cursor.fetchone()[0]


def migrate(*targets: tuple[str, str]) -> None:
    executor = MigrationExecutor(connection)
    executor.migrate(list(targets) or executor.loader.graph.leaf_nodes())


@pytest.fixture
def chat(service, customer) -> Chat:
    return make_chat(service, customer=customer)


@pytest.fixture
def ticket(service, customer):
    return make_ticket(service, requester=customer)


# The migration


@pytest.fixture
def more_chats(service) -> list[Chat]:
    """Made before ``back``: the tables of then have not all of today's columns."""
    return [make_chat(service) for _ in range(5)]


@pytest.fixture
def back(transactional_db, chat, ticket) -> Iterator[None]:
    """The database of the release before. Whatever happens, the next test finds today's."""
    try:
        migrate(BEFORE)
        yield
    finally:
        migrate()


def test_keys_that_are_there_get_their_holders_and_open(back, service, customer, chat, ticket) -> None:
    sealed = insert_as_before(of_chat(chat)), insert_as_before(of_ticket(ticket), customer=customer.pk)
    migrate()
    keys = DataKey.objects.order_by("kind").values_list("kind", "number", "service", "customer")
    assert list(keys) == [
        ("chat", chat.pk, service.pk, customer.pk),
        ("ticket", ticket.pk, service.pk, customer.pk),
    ]
    assert vault.unseal(of_chat(chat), SPOT, sealed[0]) == SECRET
    assert vault.unseal(of_ticket(ticket), SPOT, sealed[1]) == SECRET


def test_more_keys_than_one_batch(more_chats, back, monkeypatch) -> None:
    executor = MigrationExecutor(connection)
    migration = executor.loader.get_migration("chat", "0005_data_key_holders")
    monkeypatch.setitem(migration.operations[0].database_operations[0].code.__globals__, "BATCH", 2)
    for it in more_chats:
        insert_as_before(of_chat(it))
    executor.migrate(executor.loader.graph.leaf_nodes())
    assert set(DataKey.objects.values_list("number", flat=True)) == {it.pk for it in more_chats}


def test_what_holds_a_row_meanwhile_is_neither_broken_nor_lost(back, chat, ticket) -> None:
    """A chat is locked and its key is made while the migration runs, by a process of the release before."""
    locked, sealed = threading.Event(), []

    def serve() -> None:
        try:
            with transaction.atomic():
                with connection.cursor() as cursor:
                    cursor.execute("SELECT id FROM chat_chat WHERE id = %s FOR NO KEY UPDATE", [chat.pk])
                    cursor.execute("SELECT id FROM chat_chatkey")
                    locked.set()
                    cursor.execute("SELECT pg_sleep(%s)", [LOCKED_S])
                sealed.append(insert_as_before(of_chat(chat)))
        finally:
            connection.close()

    server = threading.Thread(target=serve)
    server.start()
    locked.wait()
    migrate()
    server.join()
    assert vault.unseal(of_chat(chat), SPOT, sealed[0]) == SECRET


def test_it_may_be_taken_back_with_what_was_sealed_since(transactional_db, chat, ticket) -> None:
    vault.seal_all(of_chat(chat), [(SPOT, SECRET)])
    (sealed,) = vault.seal_all(of_ticket(ticket), [(SPOT, SECRET)])
    try:
        migrate(BEFORE)
        assert (found_as_before(of_chat(chat)), found_as_before(of_ticket(ticket))) == (1, 1)
    finally:
        migrate()
    assert vault.unseal(of_ticket(ticket), SPOT, sealed) == SECRET


# After it: two releases at once


@pytest.mark.django_db
def test_a_key_that_the_release_before_makes_is_found_opens_and_says_whose_it_is(chat, ticket, customer) -> None:
    of_both = {of_chat(chat): None, of_ticket(ticket): customer.pk}
    for holder, told in of_both.items():
        sealed = insert_as_before(holder, customer=told)
        assert vault.unseal(holder, SPOT, sealed) == SECRET
        key = DataKey.objects.get(kind=holder.kind, number=holder.number)
        assert (key.service_id, key.customer_id) == (holder.service, customer.pk)


@pytest.mark.django_db
def test_a_key_that_this_release_makes_is_found_by_the_one_before(chat, ticket) -> None:
    for holder in (of_chat(chat), of_ticket(ticket)):
        vault.seal_all(holder, [(SPOT, SECRET)])
        assert found_as_before(holder) == 1


@pytest.mark.django_db
def test_a_kind_that_the_release_before_does_not_know_is_nobody_s_chat_or_ticket(chat, ticket, monkeypatch) -> None:
    class Letters(holders.HolderKind):
        name = "letter"

        def customer_of(self, number: int) -> None:
            return None

    monkeypatch.setattr(holders, "_kinds", dict(holders._kinds))
    holders.register(Letters())
    vault.seal_all(Holder(chat.service_id, "letter", chat.pk), [(SPOT, SECRET)])
    assert (found_as_before(of_chat(chat)), found_as_before(of_ticket(ticket))) == (0, 0)


@pytest.mark.django_db(transaction=True)
def test_a_chat_s_key_goes_with_the_chat_and_a_service_s_keys_with_the_service(service, chat, ticket) -> None:
    other = make_chat(service)
    for holder in (of_chat(chat), of_chat(other), of_ticket(ticket)):
        vault.seal_all(holder, [(SPOT, SECRET)])
    chat.delete()
    assert set(DataKey.objects.values_list("kind", "number")) == {("chat", other.pk), ("ticket", ticket.pk)}
    ticket.delete()
    other.delete()  # a service with chats can't be deleted
    service.delete()
    assert not DataKey.objects.exists()
