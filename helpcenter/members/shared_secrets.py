"""Makes and ends the secrets that a service shares with its site. Two may be valid at once, so that they rotate.

They are encrypted under a key made of ``SECRET_KEY``; with a new one, new secrets must be made.
"""

import secrets

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from agents import audit
from agents.access import require_admin
from agents.contracts import lock_contract
from agents.models import Agent, Service
from contiple.base import crypto
from contiple.base.errors import Conflict
from helpcenter.access import help_center_of
from helpcenter.members.models import KEY_ID_LENGTH, MemberSecret
from helpcenter.models import HelpCenter

VALID_MAX = 2
ACTIONS = ("member.secret_made", "member.secret_ended", "member.interlink")


def valid_secrets(service: Service) -> QuerySet[MemberSecret]:
    return MemberSecret.objects.filter(service=service, ended_at=None).order_by("pk")


def opened(secret: MemberSecret) -> bytes:
    """Returns the secret as it was shown. Raises ``crypto.Unreadable``, as after a new ``SECRET_KEY``."""
    return crypto.unseal(_key(), bytes(secret.sealed), _bound_to(secret))


@transaction.atomic
def make(by: Agent) -> tuple[MemberSecret, str]:
    """Returns a new secret and what it is, to be shown once. Raises ``Conflict`` if two are valid, ``Closed``."""
    lock_contract(by.service_id)
    require_admin(by)
    if valid_secrets(by.service).count() >= VALID_MAX:
        raise Conflict(_("Two secrets are valid already. End the old one first."))
    secret = MemberSecret(service=by.service, key_id=secrets.token_hex(KEY_ID_LENGTH // 2))
    text = f"{secret.key_id}.{secrets.token_urlsafe(32)}"
    secret.sealed = crypto.seal(_key(), text.encode(), _bound_to(secret))
    secret.save()
    _record(by, "member.secret_made", secret)
    return secret, text


@transaction.atomic
def end(by: Agent, secret_id: int) -> None:
    """Ends a secret and every session that began by it. Repeated, it does nothing. Raises ``Closed``."""
    lock_contract(by.service_id)
    require_admin(by)
    secret = valid_secrets(by.service).filter(pk=secret_id).first()
    if secret is None:
        return
    secret.ended_at, secret.sealed = timezone.now(), b""
    secret.save(update_fields=["ended_at", "sealed"])
    secret.sessions.all().delete()
    _record(by, "member.secret_ended", secret)


@transaction.atomic
def switch(by: Agent, *, on: bool) -> bool:
    """Turns Member Interlink on or off; says if that is new. Off ends every session. Raises ``Closed``."""
    lock_contract(by.service_id)
    require_admin(by)
    help_center = HelpCenter.objects.select_for_update(no_key=True).get(pk=help_center_of(by.service).pk)
    if help_center.member_interlink == on:
        return False
    help_center.member_interlink = on
    help_center.save(update_fields=["member_interlink"])
    if not on:
        by.service.member_sessions.all().delete()
    audit.record(by.service, "member.interlink", f"service:{by.service_id}", agent=by, on=on)
    return True


def _record(by: Agent, action: str, secret: MemberSecret) -> None:
    audit.record(by.service, action, f"service:{by.service_id}", agent=by, key=secret.key_id)


def _key() -> bytes:
    return salted_hmac("helpcenter.members", "secret", algorithm="sha256").digest()


def _bound_to(secret: MemberSecret) -> bytes:
    return f"{secret.service_id} {secret.key_id}".encode()
