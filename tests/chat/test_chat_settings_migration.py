"""The settings of chat move out of the help center's table while processes of the release before go on using it."""

from collections.abc import Iterator

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from agents.models import Service
from chat.models import ChatSettings
from chat.routing.chat_settings import change_chat_settings, chat_settings_of
from helpcenter.access import help_center_of
from helpcenter.models import HelpCenter
from tests.make import make_agent, make_service

pytestmark = pytest.mark.django_db(transaction=True)

# What there was to set then.
FIELDS = ("assign_recent_agent", "queue_limit", "longest_wait_minutes", "idle_reminder_minutes", "idle_close_minutes")
NAMES = ", ".join(FIELDS)
COPY = ("chat", "0007_chat_settings_kept_alike")
TABLE = ("chat", "0006_chat_settings")


def migrate(*targets: tuple[str, str]) -> None:
    MigrationExecutor(connection).migrate(list(targets))


@pytest.fixture
def release_before() -> Iterator[None]:
    """The tables as the release before left them; afterwards they are as now, whatever happened."""
    nodes = MigrationExecutor(connection).loader.graph.leaf_nodes()
    before = [target for target in MigrationExecutor(connection).loader.graph.node_map[TABLE].parents if target]
    migrate(*[target.key for target in before if target.key[0] == "chat"], ("helpcenter", "0002_waiting_and_silence"))
    yield
    migrate(*nodes)


def old_insert(service: Service, **values: object) -> None:
    """As a process of the release before makes a help center: it names every column."""
    row = {
        "service_id": service.pk,
        "chat_enabled": True,
        "colour": "#2f5bd7",
        "embed_origins": [],
        "assign_recent_agent": False,
        "queue_limit": 0,
        "longest_wait_minutes": 0,
        "idle_reminder_minutes": 5,
        "idle_close_minutes": 15,
    } | values
    with connection.cursor() as cursor:
        signs = ", ".join(["%s"] * len(row))
        cursor.execute(f"INSERT INTO helpcenter_helpcenter ({', '.join(row)}) VALUES ({signs})", list(row.values()))


def old_update(service: Service, **values: object) -> None:
    assigned = ", ".join(f"{name} = %s" for name in values)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE helpcenter_helpcenter SET {assigned} WHERE service_id = %s", [*values.values(), service.pk]
        )


def old(service: Service) -> tuple:
    """What a process of the release before reads."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {NAMES} FROM helpcenter_helpcenter WHERE service_id = %s", [service.pk])
        return cursor.fetchone()


def new(service: Service) -> tuple:
    return ChatSettings.objects.values_list(*FIELDS).get(service=service)


def bare_service(slug: str) -> Service:
    return Service.objects.create(slug=slug, name=slug)


def test_what_was_set_is_there_after_the_migration(release_before) -> None:
    one, other = bare_service("one"), bare_service("two")
    old_insert(one, assign_recent_agent=True, queue_limit=7, longest_wait_minutes=8, idle_close_minutes=0)
    old_insert(other)

    migrate(COPY)

    assert new(one) == (True, 7, 8, 5, 0) == old(one)
    assert new(other) == (False, 0, 0, 5, 15) == old(other)


def test_what_was_set_is_there_after_going_back(release_before) -> None:
    service = bare_service("one")
    old_insert(service)
    migrate(COPY)
    ChatSettings.objects.update(queue_limit=9)

    migrate(TABLE, ("helpcenter", "0002_waiting_and_silence"))

    assert old(service) == (False, 9, 0, 5, 15)


def test_a_change_by_the_release_before_is_seen_by_this_one(service) -> None:
    old_update(service, queue_limit=4, idle_close_minutes=30)

    assert new(service) == (False, 4, 0, 5, 30)


def test_a_change_by_this_release_is_seen_by_the_one_before(service, admin) -> None:
    change_chat_settings(by=admin, values={"assign_recent_agent": True, "longest_wait_minutes": 12})

    assert old(service) == (True, 0, 12, 5, 15)


def test_only_the_own_service_changes(service) -> None:
    other = make_service("other")

    old_update(service, queue_limit=4)
    ChatSettings.objects.filter(service=other).update(queue_limit=6)

    assert (new(service)[1], old(service)[1], new(other)[1], old(other)[1]) == (4, 4, 6, 6)


def test_a_help_center_made_by_the_release_before_brings_its_settings(db) -> None:
    service = bare_service("one")

    old_insert(service, queue_limit=3)

    assert new(service) == (False, 3, 0, 5, 15)
    assert chat_settings_of(Service.objects.get()).queue_limit == 3


def test_a_help_center_made_by_this_release_has_the_old_columns(db) -> None:
    service = bare_service("one")

    help_center_of(service)

    assert old(service) == (False, 0, 0, 5, 15) == new(service)


def test_settings_made_before_the_help_center_stay(db) -> None:
    by_new, by_old = bare_service("one"), bare_service("two")
    for service in (by_new, by_old):
        chat_settings_of(service)
        change_chat_settings(by=make_agent(service, "Ada", role="admin"), values={"queue_limit": 6})

    HelpCenter.objects.create(service=by_new)
    old_insert(by_old)

    assert new(by_new) == old(by_new) == (False, 6, 0, 5, 15)
    assert new(by_old) == old(by_old) == (False, 6, 0, 5, 15)
