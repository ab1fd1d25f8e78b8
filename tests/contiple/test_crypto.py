"""Sealing, unsealing, and the master keys of the environment. Everything fails closed."""

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contiple.base import crypto
from contiple.base.crypto import Unreadable, format_master_key, new_key, parse_master_keys, seal, unseal

KEY = hashlib.sha256(b"a key of the tests").digest()


def encoded(key: bytes = KEY) -> str:
    return base64.b64encode(key).decode()


@given(plain=st.binary(max_size=5_000), bound_to=st.binary(max_size=100))
def test_what_is_sealed_opens_with_the_same_key_and_binding(plain, bound_to):
    assert unseal(KEY, seal(KEY, plain, bound_to), bound_to) == plain


def test_the_same_text_is_sealed_differently_each_time():
    sealed = {seal(KEY, b"4111 1111 1111 1111", b"chat:1") for _ in range(50)}

    assert len({value[: crypto.NONCE_BYTES] for value in sealed}) == 50
    assert not any(b"4111" in value for value in sealed)


def test_another_key_or_binding_opens_nothing():
    sealed = seal(KEY, b"secret", b"chat:1")

    for key, bound_to in ((new_key(), b"chat:1"), (KEY, b"chat:2"), (KEY, b"")):
        with pytest.raises(Unreadable):
            unseal(key, sealed, bound_to)


@given(place=st.integers(0, 33), bit=st.integers(0, 7))
def test_a_changed_bit_anywhere_opens_nothing(place, bit):
    sealed = bytearray(seal(KEY, b"secret", b"chat:1"))
    assert len(sealed) == 34
    sealed[place] ^= 1 << bit

    with pytest.raises(Unreadable):
        unseal(KEY, bytes(sealed), b"chat:1")


@pytest.mark.parametrize("length", [0, 1, 7, 8, 11, 12, 27, 28, 33])
def test_a_cut_value_opens_nothing(length):
    with pytest.raises(Unreadable):
        unseal(KEY, seal(KEY, b"secret", b"")[:length], b"")


@pytest.mark.parametrize("key", [b"", b"short", bytes(31), bytes(33)])
def test_a_key_of_the_wrong_length_opens_nothing(key):
    with pytest.raises(Unreadable):
        unseal(key, seal(KEY, b"secret", b""), b"")


def test_what_the_database_returns_opens_too():
    assert unseal(KEY, memoryview(seal(KEY, b"secret", b"")), b"") == b"secret"


def test_new_keys_are_long_and_differ():
    keys = {new_key() for _ in range(50)}

    assert len(keys) == 50
    assert {len(key) for key in keys} == {crypto.KEY_BYTES}


def test_master_keys_keep_their_order():
    newest, oldest = new_key(), new_key()

    keys = parse_master_keys(f" {format_master_key('2026', newest)} ,\n{format_master_key('2025', oldest)}, ")

    assert list(keys.items()) == [("2026", newest), ("2025", oldest)]


@pytest.mark.parametrize(
    ("value", "place"),
    [
        (encoded(), 1),
        (f":{encoded()}", 1),
        ("a:", 1),
        ("a:not base64 at all", 1),
        (f"a:{encoded(bytes(16))}", 1),
        (f"a:{encoded()[:-1]}", 1),
        (f"a:{encoded()}é", 1),
        (f"{'n' * 33}:{encoded()}", 1),
        (f"a:{encoded()},b:{encoded()}x", 2),
        (f"a:{encoded()},a:{encoded(bytes(32))}", 2),
    ],
)
def test_a_broken_master_key_is_named_by_its_place_only(value, place):
    with pytest.raises(ValueError, match=f"^key {place} ") as caught:
        parse_master_keys(value)

    assert encoded() not in str(caught.value)
    assert encoded()[:-1] not in str(caught.value)


@pytest.mark.parametrize("value", ["", " , ,"])
def test_no_master_key_is_an_error(value):
    with pytest.raises(ValueError, match="there is no key"):
        parse_master_keys(value)


@pytest.mark.parametrize("weak", [bytes(32), b"k" * 32, bytes(range(32)), b"0123456789abcdef" * 2, bytes(range(8)) * 4])
def test_a_master_key_that_can_be_guessed_wraps_nothing_but_can_be_left_behind(weak):
    with pytest.raises(ValueError, match=r"^key 1 can be guessed"):
        parse_master_keys(format_master_key("2025", weak))

    assert list(parse_master_keys(f"{format_master_key('2026', new_key())},{format_master_key('2025', weak)}")) == [
        "2026",
        "2025",
    ]


def test_random_master_keys_are_taken():
    for _ in range(500):
        assert parse_master_keys(format_master_key("2026", new_key()))


def test_one_key_under_two_ids_is_an_error():
    key = new_key()
    with pytest.raises(ValueError, match=r"^key 2 is the same as one before it"):
        parse_master_keys(f"{format_master_key('2026', key)},{format_master_key('2025', key)}")
