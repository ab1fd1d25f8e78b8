"""Registers passkeys and checks them (WebAuthn level 3, §7.1 and §7.2).

A challenge is good for five minutes, for one person and one answer. It travels through the browser, signed, so that
nobody who only looks at the sign-in page leaves a row behind. Each answer must come from our own origin.
"""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core import signing
from django.db.models import Q
from django.utils.translation import gettext as _
from fido2.server import Fido2Server
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticationResponse,
    AuthenticatorData,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialUserEntity,
    RegistrationResponse,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from agents import throttle
from agents.models import User
from agents.second_factor import trail
from agents.second_factor.models import Passkey
from contiple.base.errors import Invalid, TooMany

ANSWER_LENGTH_MAX = 32_768
CHALLENGE_SECONDS = 300
_ANSWERED = throttle.Limit("passkey challenge", 1, timedelta(hours=1))  # longer than a challenge is good for
_SALT = "agents.second_factor.passkeys"


def available() -> bool:
    """Says whether browsers offer passkeys at our address: with TLS or on this machine, and by a name (§5.1.3)."""
    public = urlsplit(settings.PUBLIC_ORIGIN)
    host = public.hostname or ""
    return host == "localhost" or (public.scheme == "https" and not _is_address(host))


def begin_registration(user: User) -> dict[str, Any]:
    """Returns the options for ``navigator.credentials.create``, and the state to send back."""
    options, state = _server().register_begin(
        PublicKeyCredentialUserEntity(id=_handle(user), name=user.email, display_name=str(user)),
        [_attested(passkey) for passkey in user.passkeys.all()],
        resident_key_requirement=ResidentKeyRequirement.PREFERRED,
        user_verification=UserVerificationRequirement.PREFERRED,
    )
    return _sent(options, state, user)


def registered(user: User, answer: str, state: str, *, now: datetime) -> AuthenticatorData:
    """Returns what the authenticator has made. Raises ``Invalid``."""
    challenge = _challenge(state, user)
    try:
        response = RegistrationResponse.from_dict(json.loads(answer[:ANSWER_LENGTH_MAX]))
        _refuse_frames(response.response.client_data.cross_origin)
        made = _server().register_complete(challenge, response)
    except Exception:  # noqa: BLE001 - the library reads a stranger's bytes: whatever it stumbles over is refused
        raise _refused() from None
    _use_up(challenge, now)
    return made


def begin_proof(user: User | None) -> dict[str, Any]:
    """Returns the options for ``navigator.credentials.get``, and the state to send back.

    Without ``user`` the passkey is the only proof: the authenticator must find the person and verify it (PIN, finger).
    """
    needed = UserVerificationRequirement.PREFERRED if user else UserVerificationRequirement.REQUIRED
    known = [_attested(passkey) for passkey in user.passkeys.all()] if user else None
    options, state = _server().authenticate_begin(known, user_verification=needed)
    return _sent(options, state, user)


def prove(user: User | None, answer: str, state: str, *, now: datetime) -> User:
    """Returns the person whose passkey it is. Raises ``Invalid``: also for another person than ``user``.

    A signature counter that doesn't advance means a copy of the authenticator: refused, and on record.
    """
    challenge = _challenge(state, user)
    try:
        response = AuthenticationResponse.from_dict(json.loads(answer[:ANSWER_LENGTH_MAX]))
        _refuse_frames(response.response.client_data.cross_origin)
        passkey = Passkey.objects.select_related("user").get(credential_id=response.raw_id, user__is_active=True)
        _refuse_others(passkey, user, response.response.user_handle)
        _server().authenticate_complete(challenge, [_attested(passkey)], response)
    except Exception:  # noqa: BLE001 - as above
        raise _refused() from None
    _use_up(challenge, now)
    _advance(passkey, response.response.authenticator_data.counter, now)
    return passkey.user


def owner(answer: str) -> User | None:
    """Returns whose passkey the answer names. It proves nothing."""
    try:
        credential_id = AuthenticationResponse.from_dict(json.loads(answer[:ANSWER_LENGTH_MAX])).raw_id
    except Exception:  # noqa: BLE001 - as above
        return None
    passkey = Passkey.objects.select_related("user").filter(credential_id=credential_id).first()
    return passkey.user if passkey else None


def _server() -> Fido2Server:
    entity = PublicKeyCredentialRpEntity(id=urlsplit(settings.PUBLIC_ORIGIN).hostname, name="Contiple")
    return Fido2Server(entity, verify_origin=lambda origin: origin in settings.SOCKET_ORIGINS)


def _handle(user: User) -> bytes:
    return user.pk.to_bytes(8, "big")


def _attested(passkey: Passkey) -> AttestedCredentialData:
    return AttestedCredentialData(bytes(passkey.credential))


def _sent(options: Mapping[str, Any], state: dict[str, Any], user: User | None) -> dict[str, Any]:
    signed = signing.dumps({**state, "user": user and user.pk}, salt=_SALT)
    return {"publicKey": dict(options)["publicKey"], "state": signed}


def _challenge(state: str, user: User | None) -> dict[str, Any]:
    try:
        challenge = signing.loads(state, salt=_SALT, max_age=CHALLENGE_SECONDS)
    except signing.BadSignature:
        raise _refused() from None
    if challenge["user"] != (user and user.pk):
        raise _refused()
    return challenge


def _use_up(challenge: dict[str, Any], now: datetime) -> None:
    try:
        throttle.count_attempt(_ANSWERED, challenge["challenge"], now=now)
    except TooMany:
        raise _refused() from None


def _advance(passkey: Passkey, count: int, now: datetime) -> None:
    advances = Q(sign_count__lt=count) if count else Q(sign_count=0)
    if not Passkey.objects.filter(advances, pk=passkey.pk).update(sign_count=count, last_used_at=now):
        trail.record(passkey.user, "passkey_copied", passkey=passkey.pk)
        raise _refused()


def _refuse_frames(is_cross_origin: bool) -> None:
    if is_cross_origin:
        raise ValueError


def _refuse_others(passkey: Passkey, user: User | None, handle: bytes | None) -> None:
    """Only without ``user`` the authenticator has to say who it is (§7.2, step 6)."""
    if user and passkey.user_id != user.pk:
        raise ValueError
    if handle != _handle(passkey.user) and not (user and handle is None):
        raise ValueError


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _refused() -> Invalid:
    return Invalid(_("The passkey wasn’t accepted. Try again."))
