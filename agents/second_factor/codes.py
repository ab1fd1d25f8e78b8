"""Codes that a person types: of an authenticator app (TOTP, RFC 6238: SHA-1, 6 digits, 30 s) and for recovery.

Each code works once. The app's secret is encrypted under a key made of ``SECRET_KEY``: with a new one people sign in
with a passkey or a recovery code. A recovery code has 120 random bits (ASVS 5.0, 6.5.2), so its hash
needs no salt and it no limit: after too many wrong codes of the app it still opens the account.
"""

import base64
import hashlib
import os
import re
import secrets
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.constant_time import bytes_eq
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from agents import throttle
from agents.models import User
from agents.second_factor.models import AuthenticatorApp, RecoveryCode
from contiple.base import crypto
from contiple.base.errors import Invalid

STEP_SECONDS = 30
DRIFT_STEPS = (0, -1, 1)  # a clock may be wrong by 30 s (RFC 6238 §5.2)
WRONG_CODES = throttle.Limit("authenticator code", 10, timedelta(hours=1))  # a chance of 1 in 33,000 an hour
RECOVERY_CODES = 10


def prove(user: User, code: str, *, now: datetime) -> bool:
    """Uses up a code; returns whether it was for recovery. Raises ``Invalid``, and ``TooMany`` after wrong ones."""
    of_app, code = is_of_app(code), _plain(code)
    if not (_use_app_code(user, code, now) if of_app else _use_recovery_code(user, code)):
        raise wrong_code()
    return not of_app


def is_of_app(code: str) -> bool:
    """Says whether a code looks like one of an app; all others are for recovery."""
    return bool(re.fullmatch(r"[0-9]{6}", _plain(code)))


def wrong_code() -> Invalid:
    return Invalid(_("This code is wrong, or was already used. Enter the next one."), code="code")


def new_secret() -> bytes:
    return os.urandom(20)  # as long as the hash (RFC 4226 §4)


def matching_step(secret: bytes, code: str, *, now: datetime) -> int | None:
    """Returns the time step whose code this is: the present one or a neighbour."""
    step = int(now.timestamp()) // STEP_SECONDS
    typed = _plain(code).encode()
    return next((step + drift for drift in DRIFT_STEPS if bytes_eq(_code(secret, step + drift), typed)), None)


def seal_secret(user: User, secret: bytes) -> bytes:
    return crypto.seal(_key(), secret, _bound_to(user))


def open_secret(user: User, sealed: bytes) -> bytes:
    """Returns the secret. Raises ``crypto.Unreadable``, as after a new ``SECRET_KEY``."""
    return crypto.unseal(_key(), sealed, _bound_to(user))


def address_for_app(user: User, secret: bytes) -> str:
    """Returns the ``otpauth:`` address that an app reads from a QR code."""
    return _totp(secret).get_provisioning_uri(user.email, "Contiple")


def secret_as_text(secret: bytes) -> str:
    text = base64.b32encode(secret).decode()
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def new_recovery_codes(user: User) -> list[str]:
    """Replaces the person's recovery codes; only now can they be read. Needs the lock of the person."""
    made = [base64.b32encode(secrets.token_bytes(15)).decode().lower() for _number in range(RECOVERY_CODES)]
    user.recovery_codes.all().delete()
    RecoveryCode.objects.bulk_create(RecoveryCode(user=user, hash=_hash(code)) for code in made)
    return ["-".join(code[at : at + 4] for at in range(0, len(code), 4)) for code in made]


def _use_app_code(user: User, code: str, now: datetime) -> bool:
    counted = throttle.count_attempt(WRONG_CODES, str(user.pk), now=now)
    app = AuthenticatorApp.objects.filter(user=user).first()
    try:
        step = app and matching_step(open_secret(user, bytes(app.secret)), code, now=now)
    except crypto.Unreadable:
        step = None
    if not step or not AuthenticatorApp.objects.filter(user=user, last_step__lt=step).update(last_step=step):
        return False
    throttle.forget([counted])
    return True


def _use_recovery_code(user: User, code: str) -> bool:
    used, _rows = RecoveryCode.objects.filter(user=user, hash=_hash(code)).delete()
    return bool(used)


def _plain(code: str) -> str:
    return re.sub(r"[\s-]", "", code).lower()


def _code(secret: bytes, step: int) -> bytes:
    return _totp(secret).generate(step * STEP_SECONDS)


def _totp(secret: bytes) -> TOTP:
    return TOTP(secret, 6, SHA1(), STEP_SECONDS)  # noqa: S303 - what authenticator apps compute


def _key() -> bytes:
    return salted_hmac("agents.second_factor.codes", "secret of an app", algorithm="sha256").digest()


def _bound_to(user: User) -> bytes:
    return f"authenticator app of {user.pk}".encode()


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
