"""Adds and removes a person's factors, on record and told by mail. Each act locks the person's row.

The first factor, and the loss of the last one, end all sessions of the person; a page goes on by ``go_on_alone``.
"""

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from fido2.webauthn import AuthenticatorData

from agents.models import User
from agents.second_factor import codes, trail
from agents.second_factor.models import AuthenticatorApp, Passkey
from agents.sessions import end_all_sessions
from contiple.base.errors import Conflict, Invalid

PASSKEYS_MAX = 20


@transaction.atomic
def add_passkey(user: User, made: AuthenticatorData, *, name: str) -> Passkey:
    """Raises ``Conflict`` if it is somebody's passkey already, ``Invalid`` beyond ``PASSKEYS_MAX``."""
    _lock(user)
    if user.passkeys.count() >= PASSKEYS_MAX:
        raise Invalid(_("You can’t have more than %(most)s passkeys.") % {"most": PASSKEYS_MAX})
    credential = made.credential_data
    if credential is None:
        raise Invalid(_("The passkey wasn’t accepted. Try again."))
    try:
        with transaction.atomic():
            passkey = Passkey.objects.create(
                user=user,
                name=name,
                credential_id=credential.credential_id,
                credential=bytes(credential),
                sign_count=made.counter,
            )
    except IntegrityError:
        raise Conflict(_("This passkey is already in use.")) from None
    _note(user, "passkey_added", passkey=passkey.pk)
    return passkey


@transaction.atomic
def remove_passkey(user: User, passkey_id: int) -> bool:
    _lock(user)
    gone, _rows = user.passkeys.filter(pk=passkey_id).delete()
    if gone:
        _note(user, "passkey_removed", passkey=passkey_id)
    return bool(gone)


@transaction.atomic
def set_up_app(user: User, sealed: bytes, code: str, *, now: datetime) -> None:
    """Takes the app's secret, in place of an earlier one, once its first code proves it. Raises ``Invalid``."""
    _lock(user)
    step = codes.matching_step(codes.open_secret(user, sealed), code, now=now)
    if step is None:
        raise codes.wrong_code()
    AuthenticatorApp.objects.update_or_create(
        user=user, defaults={"secret": sealed, "last_step": step, "created_at": now}
    )
    _note(user, "app_added")


@transaction.atomic
def remove_app(user: User) -> bool:
    _lock(user)
    gone, _rows = AuthenticatorApp.objects.filter(user=user).delete()
    if gone:
        _note(user, "app_removed")
    return bool(gone)


@transaction.atomic
def make_recovery_codes(user: User) -> list[str]:
    """Returns new codes; the old ones stop working. Raises ``Invalid`` without a factor that they could stand for.

    The first ones come with the first factor, whose mail is enough.
    """
    _lock(user)
    if not user.second_factor:
        raise Invalid(_("Add a passkey or an authenticator app first."))
    has_old_ones = user.recovery_codes.exists()
    made = codes.new_recovery_codes(user)
    trail.record(user, "recovery_codes_made", tells=has_old_ones)
    return made


@transaction.atomic
def reset(user: User, *, actor: str) -> bool:
    """Removes all factors of a person who has lost them: the operator's act. Ends the person's sessions."""
    _lock(user)
    user.passkeys.all().delete()
    AuthenticatorApp.objects.filter(user=user).delete()
    if not user.second_factor:
        return False
    _note(user, "second_factor_reset", actor=actor)
    return True


def _lock(user: User) -> None:
    user.second_factor = User.objects.select_for_update(no_key=True).get(pk=user.pk).second_factor


def _note(user: User, action: str, **details: Any) -> None:
    had = user.second_factor
    user.second_factor = user.passkeys.exists() or AuthenticatorApp.objects.filter(user=user).exists()
    if user.second_factor != had:
        user.save(update_fields=["second_factor"])
        end_all_sessions(user)
    if not user.second_factor:
        user.recovery_codes.all().delete()
    trail.record(user, action, **details)
