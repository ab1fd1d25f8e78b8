"""Originals open for the span they were taken from, under the keys they were sealed with, and nowhere else."""

import pytest
from django.db.models import Q

from chat.masking import vault
from chat.masking.models import DataKey
from chat.masking.spans import Span
from chat.models import Mask
from contiple.base import crypto
from tests.chat.originals import original_under, seal_in
from tests.make import make_chat, make_message

pytestmark = pytest.mark.django_db

SECRET = "010-1234-5678"


def seal(chat, start: int = 0, secret: str = SECRET, **fields) -> Mask:
    message = make_message(chat, "*" * 40)
    span = Span("manual", start, start + len(secret))
    sealed = seal_in(chat, message.seq, span[1:], secret)
    return Mask.objects.create(message=message, kind="manual", start=span.start, end=span.end, sealed=sealed, **fields)


def fresh(mask: Mask) -> Mask:
    return Mask.objects.select_related("message__chat").get(pk=mask.pk)


@pytest.fixture
def chat(service):
    return make_chat(service)


@pytest.fixture
def mask(chat) -> Mask:
    return seal(chat)


def test_an_original_opens_again(mask) -> None:
    assert original_under(fresh(mask)) == SECRET


@pytest.mark.parametrize("secret", ["👨‍👩‍👧‍👦", "각", "ᄀ\u1161", "a\nb", " "])
def test_any_text_comes_back_to_the_character(chat, secret) -> None:
    assert original_under(fresh(seal(chat, secret=secret))) == secret


def test_nothing_of_it_stands_in_the_row(mask) -> None:
    assert SECRET.encode() not in bytes(fresh(mask).sealed)


def test_a_chat_has_one_key_and_other_chats_have_others(service, chat) -> None:
    seal(chat)
    seal(chat)
    other = make_chat(service)
    seal(other)
    first, second = DataKey.objects.order_by("pk")
    assert (first.number, second.number) == (chat.pk, other.pk)
    assert bytes(first.wrapped) != bytes(second.wrapped)


def test_the_same_text_is_never_sealed_the_same_twice(chat) -> None:
    assert bytes(seal(chat).sealed) != bytes(seal(chat).sealed)


def assert_gone(mask: Mask) -> None:
    with pytest.raises(vault.Gone):
        original_under(fresh(mask))


def assert_locked(mask: Mask) -> None:
    with pytest.raises(vault.Locked):
        original_under(fresh(mask))


def test_a_deleted_key_destroys_every_original_of_its_chat_and_of_no_other(service, chat, mask) -> None:
    other = seal(make_chat(service))
    DataKey.objects.filter(number=chat.pk).delete()
    assert_gone(mask)
    assert original_under(fresh(other)) == SECRET


def test_a_new_key_does_not_bring_it_back(chat, mask) -> None:
    DataKey.objects.filter(number=chat.pk).delete()
    seal(chat)
    assert_gone(mask)


def test_an_emptied_original_is_gone(mask) -> None:
    Mask.objects.filter(pk=mask.pk).update(sealed=b"")
    assert_gone(mask)


@pytest.mark.parametrize("length", [1, 11, 12, 13, 27, 28, -1])
def test_a_cut_ciphertext_does_not_open(mask, length) -> None:
    Mask.objects.filter(pk=mask.pk).update(sealed=bytes(fresh(mask).sealed)[:length])
    assert_gone(mask)


def test_no_byte_can_be_changed(mask) -> None:
    sealed = bytes(fresh(mask).sealed)
    for place in range(len(sealed)):
        mask.sealed = sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :]
        mask.message.chat = fresh(mask).message.chat
        with pytest.raises(vault.Gone):
            original_under(mask)


def test_another_master_key_does_not_open_it(settings, mask) -> None:
    name = next(iter(settings.MASKING_KEYS))
    settings.MASKING_KEYS = {name: crypto.new_key()}
    assert_locked(mask)


def test_without_its_master_key_it_is_locked_and_with_it_among_others_it_is_there(settings, mask) -> None:
    ((name, key),) = settings.MASKING_KEYS.items()
    settings.MASKING_KEYS = {"new": crypto.new_key()}
    assert_locked(mask)
    settings.MASKING_KEYS = {"new": crypto.new_key(), name: key}
    assert original_under(fresh(mask)) == SECRET


@pytest.mark.parametrize("length", [0, 1, 12, 28, 59, -1])
def test_a_cut_data_key_does_not_open_it(chat, mask, length) -> None:
    key = DataKey.objects.get(number=chat.pk)
    DataKey.objects.filter(pk=key.pk).update(wrapped=bytes(key.wrapped)[:length])
    assert_locked(mask)


def test_another_chat_s_data_key_does_not_open_it(service, chat, mask) -> None:
    other = make_chat(service)
    seal(other)
    DataKey.objects.filter(number=chat.pk).update(wrapped=DataKey.objects.get(number=other.pk).wrapped)
    assert_locked(mask)


def test_a_data_key_opens_by_whichever_master_key_it_is_under(settings, chat, mask) -> None:
    """Two processes may have had different keys of one name."""
    ((name, key),) = settings.MASKING_KEYS.items()
    settings.MASKING_KEYS = {name: crypto.new_key(), "the right one": key}
    assert original_under(fresh(mask)) == SECRET


def test_the_first_master_key_wraps_new_chats(settings, service) -> None:
    settings.MASKING_KEYS = {"new": crypto.new_key(), **settings.MASKING_KEYS}
    seal(make_chat(service))
    assert DataKey.objects.get().master == "new"


@pytest.mark.parametrize("same_name", [True, False])
def test_with_other_keys_what_is_new_is_sealed_anew_and_what_is_old_opens_when_the_right_key_is_back(
    settings, chat, mask, same_name
) -> None:
    ((name, right),) = settings.MASKING_KEYS.items()
    other = {name if same_name else "new": crypto.new_key()}
    settings.MASKING_KEYS = other
    assert_locked(mask)
    second, third = seal(chat), seal(chat)
    assert [original_under(fresh(it)) for it in (second, third)] == [SECRET, SECRET]
    assert list(DataKey.objects.order_by("pk").values_list("generation", flat=True)) == [0, 1]
    settings.MASKING_KEYS = {name: right}
    assert original_under(fresh(mask)) == SECRET
    assert_locked(second)
    settings.MASKING_KEYS = {name: right, "other": next(iter(other.values()))}
    assert [original_under(fresh(it)) for it in (mask, second, third)] == [SECRET] * 3


def test_what_is_destroyed_is_gone_for_every_key(settings, chat, mask) -> None:
    name, right = next(iter(settings.MASKING_KEYS.items()))
    settings.MASKING_KEYS = {"new": crypto.new_key()}
    second = seal(chat)
    vault.destroy(Q(kind="chat", number=chat.pk))
    settings.MASKING_KEYS = {**settings.MASKING_KEYS, name: right}
    assert_gone(mask)
    assert_gone(second)


def test_what_was_destroyed_at_once_is_gone_though_the_key_is_locked(settings, chat, mask) -> None:
    Mask.objects.filter(pk=mask.pk).update(sealed=b"")
    settings.MASKING_KEYS = {"new": crypto.new_key()}
    assert_gone(mask)


def test_a_row_moved_to_another_message_does_not_open(chat, mask) -> None:
    Mask.objects.filter(pk=mask.pk).update(message=make_message(chat, "*" * 40))
    assert_gone(mask)


def test_a_row_moved_to_another_chat_does_not_open_even_with_the_key(service, chat, mask) -> None:
    other = make_chat(service)
    message = make_message(other, "*" * 40)
    assert message.seq == mask.message.seq
    Mask.objects.filter(pk=mask.pk).update(message=message)
    assert_gone(mask)
    DataKey.objects.filter(number=chat.pk).update(number=other.pk)
    assert_locked(mask)


def test_a_chat_moved_to_another_service_does_not_open(outsider, chat, mask) -> None:
    type(chat).objects.filter(pk=chat.pk).update(service=outsider.service)
    assert_gone(mask)


@pytest.mark.parametrize("span", [{"start": 1}, {"end": 12}, {"start": 1, "end": 14}])
def test_a_row_moved_to_another_span_does_not_open(mask, span) -> None:
    Mask.objects.filter(pk=mask.pk).update(**span)
    assert_gone(mask)


def test_an_original_put_under_another_mask_of_the_same_message_does_not_open(chat, mask) -> None:
    sealed = seal_in(chat, mask.message.seq, (20, 33), "999-9999-9999")
    Mask.objects.filter(pk=mask.pk).update(sealed=sealed)
    assert_gone(mask)
