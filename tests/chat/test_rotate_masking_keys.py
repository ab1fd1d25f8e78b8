"""Originals open before, during and after a rotation; nothing is lost, nothing that was destroyed comes back."""

import base64
import time
import uuid
from functools import partial
from threading import Event

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from chat.conversation.message_masks import Messages, reveal
from chat.conversation.messages import send_as_customer
from chat.masking import engine, vault
from chat.masking.models import DataKey
from chat.models import Chat, Mask
from contiple.base import crypto
from tests.agents.race import at_once
from tests.chat.originals import seal_in
from tests.make import make_chat, make_message

OLD, NEW = crypto.new_key(), crypto.new_key()
BEFORE, MEANWHILE, AFTER = {"2025": OLD}, {"2026": NEW, "2025": OLD}, {"2026": NEW}
CARD = "4111 1111 1111 1111"
SECRET = "010-1234-5678"
WAIT_S = 10

pytestmark = pytest.mark.django_db
at_the_same_time = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def keys(settings):
    """Sets ``MASKING_KEYS``; at first there is the old one alone."""

    def set_keys(keys: dict[str, bytes]) -> None:
        settings.MASKING_KEYS = keys

    set_keys(BEFORE)
    return set_keys


@pytest.fixture
def chats(service) -> list[Chat]:
    """Seven chats with an original each; the new key has just come."""
    return [make_masked_chat(service) for _ in range(7)]


def make_masked_chat(service) -> Chat:
    chat = make_chat(service)
    message = make_message(chat, "*" * len(SECRET))
    sealed = seal_in(chat, message.seq, (0, len(SECRET)), SECRET)
    Mask.objects.create(message=message, kind="manual", start=0, end=len(SECRET), sealed=sealed)
    return chat


def originals() -> list[str | None]:
    masks = Mask.objects.select_related("message__chat").order_by("pk")
    return [next(iter(engine.originals_at_hand(Messages(mask.message.chat), [mask])), None) for mask in masks]


def lose(chat: Chat, master: str = "2019") -> None:
    """Brings the chat's key under a master key that nobody has."""
    wrapped = crypto.seal(crypto.new_key(), crypto.new_key(), f"key:{chat.service_id}:{chat.pk}".encode())
    DataKey.objects.filter(number=chat.pk).update(master=master, wrapped=wrapped)


def masters() -> list[str]:
    return list(DataKey.objects.order_by("pk").values_list("master", flat=True))


def rows() -> list[tuple]:
    return [(key.pk, key.number, key.master, bytes(key.wrapped)) for key in DataKey.objects.order_by("pk")]


# One after the other


@pytest.mark.parametrize("batch", [1, 3, 7, 200])
def test_every_original_opens_before_and_after_and_then_without_the_old_key(keys, chats, batch) -> None:
    keys(MEANWHILE)
    assert originals() == [SECRET] * 7
    assert vault.rotate_keys(batch=batch) == (7, 0, 0)
    assert originals() == [SECRET] * 7
    assert masters() == ["2026"] * 7
    keys(AFTER)
    assert originals() == [SECRET] * 7


def test_the_old_key_opens_nothing_that_was_rotated(keys, chats) -> None:
    keys(MEANWHILE)
    vault.rotate_keys()
    keys({"2026": OLD, "2025": OLD})
    assert originals() == [None] * 7


def test_originals_stay_as_they_are(keys, chats) -> None:
    sealed = list(Mask.objects.order_by("pk").values_list("sealed", flat=True))
    keys(MEANWHILE)
    vault.rotate_keys()
    assert list(Mask.objects.order_by("pk").values_list("sealed", flat=True)) == sealed


def test_a_second_rotation_finds_nothing_to_do(keys, chats) -> None:
    keys(MEANWHILE)
    vault.rotate_keys()
    before = rows()
    assert vault.rotate_keys() == (0, 7, 0)
    assert rows() == before


def test_what_came_of_new_chats_is_already_new(keys, service, chats) -> None:
    keys(MEANWHILE)
    make_masked_chat(service)
    assert vault.rotate_keys() == (7, 1, 0)


def test_keys_of_several_older_ones_come_under_the_newest(keys, service, chats) -> None:
    third = crypto.new_key()
    keys(MEANWHILE)
    make_masked_chat(service)
    keys({"2027": third, **MEANWHILE})
    assert vault.rotate_keys() == (8, 0, 0)
    keys({"2027": third})
    assert originals() == [SECRET] * 8


def test_where_there_is_no_older_key_there_is_nothing_to_do(chats) -> None:
    before = rows()
    assert vault.rotate_keys() == (0, 7, 0)
    assert rows() == before


def test_a_key_under_a_master_key_that_is_not_there_is_counted_and_left(keys, chats) -> None:
    lose(chats[2])
    [lost] = [row for row in rows() if row[2] == "2019"]
    keys(MEANWHILE)
    assert vault.rotate_keys(batch=2) == (6, 0, 1)
    assert lost in rows()
    assert originals() == [SECRET] * 2 + [None] + [SECRET] * 4


def test_a_key_that_does_not_open_is_counted_and_left(keys, chats) -> None:
    key = DataKey.objects.get(number=chats[2].pk)
    DataKey.objects.filter(pk=key.pk).update(wrapped=bytes(key.wrapped)[:-1])
    cut = rows()[2]
    keys(MEANWHILE)
    assert vault.rotate_keys(batch=1) == (6, 0, 1)
    assert rows()[2] == cut


def test_another_chat_s_key_is_counted_and_left(keys, chats) -> None:
    DataKey.objects.filter(number=chats[2].pk).update(wrapped=DataKey.objects.get(number=chats[3].pk).wrapped)
    moved = rows()[2]
    keys(MEANWHILE)
    assert vault.rotate_keys() == (6, 0, 1)
    assert rows()[2] == moved


def test_an_old_key_that_is_another_by_the_same_name_rotates_nothing(keys, chats) -> None:
    before = rows()
    keys({"2026": NEW, "2025": crypto.new_key()})
    assert vault.rotate_keys(batch=3) == (0, 0, 7)
    assert rows() == before
    keys(MEANWHILE)
    assert vault.rotate_keys() == (7, 0, 0)
    assert originals() == [SECRET] * 7


def test_a_new_key_that_is_another_by_the_same_name_is_noticed(keys, service, chats) -> None:
    """Two machines were given different keys under one name."""
    keys({"2026": crypto.new_key()})
    make_masked_chat(service)
    keys(MEANWHILE)
    assert vault.rotate_keys() == (7, 0, 1)


def test_keys_under_another_master_key_of_the_same_name_come_under_the_newest_as_well(keys, service, chats) -> None:
    other = crypto.new_key()
    keys({"2026": other})
    make_masked_chat(service)
    keys({**MEANWHILE, "another 2026": other})
    assert vault.count_by_master() == {"2025": 7, "another 2026": 1}
    assert vault.rotate_keys() == (8, 0, 0)
    keys(AFTER)
    assert originals() == [SECRET] * 8


def test_a_chat_without_a_key_gets_none(keys, service, chats) -> None:
    make_chat(service)
    keys(MEANWHILE)
    vault.rotate_keys()
    assert DataKey.objects.count() == 7


def test_a_key_that_was_destroyed_since_it_was_read_stays_destroyed(keys, chats) -> None:
    key = DataKey.objects.first()
    DataKey.objects.filter(pk=key.pk).delete()
    keys(MEANWHILE)
    assert not vault.rewrap(key)
    assert DataKey.objects.count() == 6


def test_a_key_that_is_another_since_it_was_read_stays_that(keys, chats) -> None:
    """Were it overwritten, what has been masked under the new one would be lost."""
    key = DataKey.objects.first()
    DataKey.objects.filter(pk=key.pk).update(wrapped=b"another")
    before = rows()
    keys(MEANWHILE)
    assert not vault.rewrap(key)
    assert rows() == before


# The command


def test_the_command_prints_figures(keys, chats, capsys) -> None:
    keys(MEANWHILE)
    call_command("rotate_masking_keys")
    assert capsys.readouterr().out.split() == ["Re-wrapped:", "7", "Already", "new:", "0", "Unreadable:", "0"]


def test_the_command_fails_where_a_key_is_lost_and_has_done_the_rest(keys, chats, capsys, settings) -> None:
    lose(chats[0])
    settings.MASKING_KEYS_LOST = frozenset({"2019"})
    keys(MEANWHILE)
    with pytest.raises(CommandError) as failure:
        call_command("rotate_masking_keys")
    assert failure.value.returncode == 1
    assert capsys.readouterr().out.split() == ["Re-wrapped:", "6", "Already", "new:", "0", "Unreadable:", "1"]
    assert masters() == ["2019"] + ["2026"] * 6


def test_check_says_when_the_older_keys_may_go_and_changes_nothing(keys, chats, capsys) -> None:
    keys({**MEANWHILE, "2024": crypto.new_key()})
    before = rows()
    with pytest.raises(CommandError) as failure:
        call_command("rotate_masking_keys", check=True)
    assert failure.value.returncode == 1
    assert capsys.readouterr().out.splitlines() == [
        "Key 2: wraps 7, keep it",
        "Key 3: may be taken out",
        "Unreadable: 0",
    ]
    assert rows() == before

    vault.rotate_keys()
    call_command("rotate_masking_keys", check=True)
    assert capsys.readouterr().out.splitlines() == [
        "Key 2: may be taken out",
        "Key 3: may be taken out",
        "Unreadable: 0",
    ]
    keys(AFTER)
    assert originals() == [SECRET] * 7


def test_check_fails_where_a_key_is_unreadable(keys, chats, capsys) -> None:
    keys(AFTER)
    with pytest.raises(CommandError):
        call_command("rotate_masking_keys", check=True)
    assert capsys.readouterr().out.splitlines() == ["Unreadable: 7"]


@pytest.mark.parametrize("check", [True, False])
def test_nothing_secret_is_printed_or_logged(keys, chats, capsys, caplog, check) -> None:
    caplog.set_level(0)
    lose(chats[0], "a-name-in-the-database")
    secret = [OLD, NEW, *(row[3] for row in rows())]
    keys(MEANWHILE)
    with pytest.raises(CommandError) as failure:
        call_command("rotate_masking_keys", check=check)
    output = capsys.readouterr()
    said = output.out + output.err + str(failure.value) + "".join(record.getMessage() for record in caplog.records)
    forms = [form for key in secret for form in (key.hex(), base64.b64encode(key).decode(), repr(key))]
    assert [form for form in [*forms, SECRET, "2025", "2026"] if form in said] == []


# While the system runs


def until(condition) -> None:
    deadline = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def somebody_waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return cursor.fetchone()[0] > 0


@at_the_same_time
def test_chats_go_on_while_keys_are_rotated_and_nothing_is_lost(keys, service, agent, chats) -> None:
    """Two read, two write into the chats that are there and into new ones, and two rotate, again and again."""
    keys(MEANWHILE)
    new = [make_chat(service) for _ in range(4)]
    done = Event()
    looks: list[bool] = []

    def read() -> None:
        while not done.is_set():
            masks = Mask.objects.filter(kind="manual")
            looks.extend(reveal(agent, mask.pk, address=None) == SECRET for mask in masks)

    def write(into: list[Chat]) -> None:
        try:
            for chat in into * 3:
                send_as_customer(chat, body=f"My card is {CARD}", client_id=uuid.uuid4())
                # Back under the old key, as a process that has not been replaced yet would leave them.
                wrap_again_under_the_old_key(chat)
        finally:
            done.set()

    def rotate() -> None:
        while not done.is_set():
            vault.rotate_keys(batch=2)

    assert at_once(read, read, partial(write, chats[::2] + new[::2]), partial(write, new[1::2]), rotate, rotate) == (
        [None] * 6
    )

    assert looks
    assert all(looks)
    assert vault.rotate_keys().unreadable == 0
    keys(AFTER)
    assert sorted(originals()) == sorted([SECRET] * 7 + [CARD] * 24)
    assert set(masters()) == {"2026"}


def wrap_again_under_the_old_key(chat: Chat) -> None:
    with transaction.atomic():
        key = DataKey.objects.select_for_update().get(number=chat.pk)
        master_key = MEANWHILE[key.master]
        bound_to = f"key:{chat.service_id}:{chat.pk}".encode()
        wrapped = crypto.seal(OLD, crypto.unseal(master_key, bytes(key.wrapped), bound_to), bound_to)
        DataKey.objects.filter(pk=key.pk).update(master="2025", wrapped=wrapped)


@at_the_same_time
def test_two_rotations_at_once_share_the_work(keys, chats) -> None:
    keys(MEANWHILE)
    results = at_once(*[partial(vault.rotate_keys, batch=2)] * 3)
    assert sum(result.rewrapped for result in results) == 7
    assert [result.unreadable for result in results] == [0, 0, 0]
    keys(AFTER)
    assert originals() == [SECRET] * 7


@at_the_same_time
@pytest.mark.parametrize("place", [0, 3, 6])
def test_a_key_that_is_being_destroyed_holds_up_no_other_and_stays_destroyed(keys, chats, place) -> None:
    keys(MEANWHILE)
    destroyed = Event()

    def destroy() -> None:
        with transaction.atomic():
            DataKey.objects.filter(number=chats[place].pk).delete()
            destroyed.set()
            until(somebody_waits_for_a_lock)
            assert len(masters()) == 6
            with_others = DataKey.objects.exclude(number=chats[place].pk)
            assert set(with_others.values_list("master", flat=True)) == {"2026"}

    def rotate() -> vault.Rotation:
        assert destroyed.wait(WAIT_S)
        return vault.rotate_keys(batch=3)

    assert at_once(destroy, rotate) == [None, (6, 0, 0)]
    keys(AFTER)
    assert originals() == [SECRET] * place + [None] + [SECRET] * (6 - place)
    assert DataKey.objects.count() == 6


@at_the_same_time
def test_a_rotation_that_is_cut_off_has_lost_nothing_and_the_next_one_ends_it(keys, chats) -> None:
    keys(MEANWHILE)
    locked = Event()

    def hold() -> None:
        with transaction.atomic():
            list(DataKey.objects.select_for_update().filter(number__in=[chat.pk for chat in chats[4:]]))
            locked.set()
            until(somebody_waits_for_a_lock)
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND wait_event_type = 'Lock'"
                )

    def rotate() -> vault.Rotation:
        assert locked.wait(WAIT_S)
        return vault.rotate_keys(batch=3)

    held, cut_off = at_once(hold, rotate)
    assert held is None
    assert isinstance(cut_off, DatabaseError)
    assert masters() == ["2026"] * 4 + ["2025"] * 3
    assert originals() == [SECRET] * 7
    assert vault.rotate_keys() == (3, 4, 0)
    keys(AFTER)
    assert originals() == [SECRET] * 7


@at_the_same_time
def test_many_chats_destroyed_in_any_order_meanwhile_wait_for_nobody_in_a_circle(keys, service, chats) -> None:
    keys(MEANWHILE)

    def forget(of: list[Chat]) -> None:
        with transaction.atomic():
            for chat in of:
                DataKey.objects.filter(number=chat.pk).delete()
                time.sleep(0.01)

    rotate = partial(vault.rotate_keys, batch=7)
    forgotten, *rotations = at_once(partial(forget, chats[:2:-1]), rotate, rotate)
    assert forgotten is None
    assert [rotation.unreadable for rotation in rotations] == [0, 0]
    keys(AFTER)
    assert originals() == [SECRET] * 3 + [None] * 4
