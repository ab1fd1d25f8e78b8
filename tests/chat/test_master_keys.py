"""Keys that can't open what is there are noticed: at a start, by ``ready``, and before a rotation."""

import json

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from chat.masking import master_keys, vault
from chat.masking.master_keys import Missing
from chat.masking.models import DataKey
from contiple import health, start_checks
from contiple.base import crypto, env
from contiple.base.env import EnvError
from tests.chat.originals import seal_in
from tests.contiple.asgi import ask
from tests.make import make_chat, make_message, make_service

pytestmark = pytest.mark.django_db(transaction=True)
OLD = {"2025": crypto.new_key()}


def missing() -> list[Missing]:
    with connection.cursor() as cursor:
        return master_keys.missing(cursor)


def seal(service) -> None:
    chat = make_chat(service)
    seal_in(chat, make_message(chat, "****").seq, (0, 4), "1234")


@pytest.fixture(autouse=True)
def sealed(settings, service) -> None:
    settings.MASKING_KEYS = OLD
    for each in (service, service, make_service("second")):
        seal(each)


@pytest.fixture(params=["2025", "2026"], ids=["same name", "another name"])
def wrong(request, settings) -> None:
    """As after a restore, or with two installations' settings mixed up."""
    settings.MASKING_KEYS = {request.param: crypto.new_key()}


def test_the_right_keys_start_it() -> None:
    start_checks.check_masking_keys()
    assert missing() == []


def test_wrong_keys_are_named_with_what_is_under_them(wrong) -> None:
    assert missing() == [Missing("2025", 3, 2)]


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_a_start_is_refused_in_one_line(wrong, command) -> None:
    with pytest.raises(EnvError) as refusal:
        call_command(command)
    assert "key '2025': 3 data keys of 2 services" in str(refusal.value)
    assert "MASKING_KEYS_LOST=2025" in str(refusal.value)
    assert len(str(refusal.value).splitlines()) == 1


def test_a_rotation_is_refused_and_changes_nothing(wrong) -> None:
    before = list(DataKey.objects.order_by("pk").values_list("master", "wrapped"))
    with pytest.raises(CommandError, match="MASKING_KEYS_LOST=2025"):
        call_command("rotate_masking_keys")
    assert list(DataKey.objects.order_by("pk").values_list("master", "wrapped")) == before


def test_it_goes_on_knowingly_and_loses_nothing(settings, service) -> None:
    settings.MASKING_KEYS, settings.MASKING_KEYS_LOST = {"2026": crypto.new_key()}, frozenset({"2025"})
    seal(service)
    start_checks.check_masking_keys()
    assert DataKey.objects.count() == 4
    settings.MASKING_KEYS = {**settings.MASKING_KEYS, **OLD}
    assert vault.count_unreadable() == 0


def test_a_key_of_the_same_name_is_noticed_though_newer_data_keys_open(settings, service) -> None:
    settings.MASKING_KEYS = {"2025": crypto.new_key()}
    seal(service)
    assert missing() == [Missing("2025", 4, 2)]


def test_a_key_at_hand_is_not_lost(monkeypatch) -> None:
    monkeypatch.setenv("MASKING_KEYS_LOST", "2024, 2025")
    assert env.lost_keys("MASKING_KEYS_LOST", at_hand={"2026": b""}) == {"2024", "2025"}
    with pytest.raises(EnvError, match="'2025'"):
        env.lost_keys("MASKING_KEYS_LOST", at_hand=OLD)


def test_it_costs_one_query(django_assert_num_queries) -> None:
    with django_assert_num_queries(1):
        missing()


@pytest.mark.parametrize(
    ("keys", "status", "part"), [(OLD, 200, "ready"), ({"2025": crypto.new_key()}, 503, "missing")]
)
async def test_ready_says_it(settings, monkeypatch, keys, status, part) -> None:
    settings.MASKING_KEYS = keys
    monkeypatch.setattr(health, "_parts", health.Parts())
    monkeypatch.setattr(health, "_masking_keys", health.MaskingKeys())
    answer = await ask("/health/ready")
    assert (answer.status, json.loads(answer.text)["parts"]["masking keys"]) == (status, part)
