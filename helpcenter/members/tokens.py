"""Verifies member tokens, by which a service's site vouches for its signed-in customer.

``v1.KEY.CLAIMS.SIGNATURE``: the secret's id (the part of the secret before its dot), JSON in base64url, and the
HMAC-SHA256 of all before the last dot, in base64url, under the secret as it was shown. There is one algorithm and no
way to name another. Base64url is without padding. The claims: ``service`` (its address), ``member`` (the id on the
site), ``name``, ``email`` (may be left out), ``issued`` and ``expires`` (seconds since 1970, at most ten minutes apart)
and ``nonce``, new for each token.
"""

import base64
import hmac
import json
import re
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from agents.models import Service
from contiple.base import crypto
from contiple.base.errors import DomainError, Invalid
from helpcenter.customers import clean_email, clean_name
from helpcenter.members import shared_secrets
from helpcenter.members.models import KEY_ID_LENGTH, MemberSecret

LENGTH_MAX = 2048  # characters
MEMBER_LENGTH_MAX = 64
LASTS_MAX_S = 600
SKEW_S = 60  # how far a site's clock may be wrong
_FORM = re.compile(rf"v1\.([a-z0-9]{{{KEY_ID_LENGTH}}})\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]{{43}})")
_MEMBER = re.compile(rf"[!-~]{{1,{MEMBER_LENGTH_MAX}}}")  # ASCII without spaces: no two ids look the same
_NONCE = re.compile(r"[A-Za-z0-9_-]{16,64}")


class Refused(DomainError):
    """The token doesn't count. ``text`` is for the site's developer, in English, and says nothing that is secret."""

    code = "member_token"
    status = 403


class Member(NamedTuple):
    """A customer as the service's site knows them."""

    id: str
    name: str
    email: str


class Token(NamedTuple):
    """A token that is genuine and in time. Whether it was used before is another question."""

    member: Member
    secret: MemberSecret
    nonce: str
    expires_at: datetime


def verify(service: Service, text: str, *, now: datetime) -> Token:
    """Raises ``Refused``; its code says which kind. Nothing is parsed before the signature holds."""
    secret, claims = _signed(service, text)
    if claims.get("service") != service.slug:
        raise Refused("The token is for another service.", code="other_service")
    issued, expires = _times(claims)
    _require_in_time(issued, expires, now.timestamp())
    nonce = _text(claims, "nonce")
    if not _NONCE.fullmatch(nonce):
        raise Refused("“nonce” must be 16 to 64 characters of A-Z, a-z, 0-9, - and _.", code="fields")
    return Token(_member(claims), secret, nonce, now + timedelta(seconds=expires - now.timestamp() + SKEW_S))


def _signed(service: Service, text: str) -> tuple[MemberSecret, dict[str, Any]]:
    """Returns the secret with which it is signed, and the claims."""
    if len(text) > LENGTH_MAX:
        raise Refused(f"The token is longer than {LENGTH_MAX} characters.", code="too_long")
    match = _FORM.fullmatch(text)
    if match is None:
        raise Refused("This is no member token: it must be v1.KEY.CLAIMS.SIGNATURE.", code="form")
    key_id, claims, signature = match.groups()
    secret = _secret(service, key_id)
    signed = f"v1.{key_id}.{claims}".encode()
    if not hmac.compare_digest(encode(hmac.digest(_key(secret), signed, "sha256")), signature):
        raise Refused("The signature is wrong. Check the secret; nothing may change on the way.", code="signature")
    return secret, _parsed(claims)


def _secret(service: Service, key_id: str) -> MemberSecret:
    secret = MemberSecret.objects.filter(service=service, key_id=key_id).first()
    if secret is None:
        raise Refused("This service has no secret with this id.", code="unknown_secret")
    if secret.ended_at is not None:
        raise Refused("The secret was ended. Use the one that is valid now.", code="ended_secret")
    return secret


def _key(secret: MemberSecret) -> bytes:
    try:
        return shared_secrets.opened(secret)
    except crypto.Unreadable:
        raise Refused("The secret can’t be read any more. Make a new one.", code="ended_secret") from None


def encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _parsed(claims: str) -> dict[str, Any]:
    try:
        found = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise Refused("The claims are not a JSON object in base64url.", code="form")
    return found


def _times(claims: dict[str, Any]) -> tuple[int, int]:
    issued, expires = claims.get("issued"), claims.get("expires")
    if type(issued) is not int or type(expires) is not int:
        raise Refused("“issued” and “expires” must be whole seconds since 1970.", code="fields")
    return issued, expires


def _require_in_time(issued: int, expires: int, now: float) -> None:
    if not 0 < expires - issued <= LASTS_MAX_S:
        raise Refused(f"“expires” must be after “issued”, by at most {LASTS_MAX_S} seconds.", code="lifetime")
    if issued > now + SKEW_S:
        raise Refused("The token is from the future. Check the clock of your server.", code="future")
    if expires <= now - SKEW_S:
        raise Refused("The token has expired. Make a new one for each page.", code="expired")


def _member(claims: dict[str, Any]) -> Member:
    member = _text(claims, "member")
    if not _MEMBER.fullmatch(member):
        raise Refused(f"“member” must be 1 to {MEMBER_LENGTH_MAX} ASCII characters without spaces.", code="fields")
    try:
        return Member(member, clean_name(_text(claims, "name")), clean_email(_text(claims, "email", default="")))
    except Invalid as error:
        raise Refused(f"“{error.code}” can’t be used.", code="fields") from None


def _text(claims: dict[str, Any], name: str, *, default: str | None = None) -> str:
    value = claims.get(name, default)
    if not isinstance(value, str):
        raise Refused(f"“{name}” must be a text.", code="fields")
    return value
