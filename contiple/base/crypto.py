"""Encrypts what must be kept but not read: AES-256-GCM, data keys wrapped by master keys.

A sealed value is ``nonce (12 bytes) + ciphertext + tag (16 bytes)``. Everything fails closed: a wrong key, a cut
value or other associated data raise ``Unreadable``, never another text.
"""

import base64
import binascii
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from contiple.base.strength import is_regular

KEY_BYTES = 32
DISTINCT_BYTES_MIN = 16  # 32 random bytes have fewer once in 10^13 draws
NONCE_BYTES = 12  # NIST SP 800-38D: 96 bits, random; a data key seals far fewer than 2^32 values


class Unreadable(Exception):
    """The value can't be decrypted with this key and these associated data."""


def new_key() -> bytes:
    return AESGCM.generate_key(bit_length=KEY_BYTES * 8)


def seal(key: bytes, plain: bytes, bound_to: bytes) -> bytes:
    """Encrypts ``plain`` so that it opens only with the same ``key`` and the same ``bound_to``."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, bound_to)


def unseal(key: bytes, sealed: bytes, bound_to: bytes) -> bytes:
    """Returns the plain bytes. Raises ``Unreadable``."""
    try:
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], bound_to)
    except (InvalidTag, ValueError) as error:
        raise Unreadable from error


def parse_master_keys(value: str) -> dict[str, bytes]:
    """Reads ``id:base64,id:base64`` and returns the keys by id, in the order given (the first one wraps new keys).

    The first key must look random. An older one need not: what it has wrapped must stay readable until it is under a
    better one. Raises ``ValueError`` with a sentence that names the entry by its number, never by its content.
    """
    keys: dict[str, bytes] = {}
    for number, entry in enumerate(filter(None, (part.strip() for part in value.split(","))), start=1):
        name, _, encoded = entry.partition(":")
        key = _decoded(encoded)
        if not name or len(name) > 32 or key is None or name in keys:
            raise ValueError(f"key {number} is not `id:base64 of {KEY_BYTES} bytes` with an id of its own")
        if key in keys.values():
            raise ValueError(f"key {number} is the same as one before it")
        if not keys and is_regular(key, distinct=DISTINCT_BYTES_MIN):
            raise ValueError(f"key {number} can be guessed: make one of {KEY_BYTES} random bytes")
        keys[name] = key
    if not keys:
        raise ValueError("there is no key")
    return keys


def format_master_key(name: str, key: bytes) -> str:
    return f"{name}:{base64.b64encode(key).decode()}"


def _decoded(encoded: str) -> bytes | None:
    try:
        key = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return None
    return key if len(key) == KEY_BYTES else None
