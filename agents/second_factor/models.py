"""A person's passkeys, authenticator app and recovery codes. ``factors`` changes them, under the lock of the person."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

NAME_LENGTH = 80


class Passkey(models.Model):
    """A WebAuthn credential. ``credential`` is its id and public key as the authenticator attested them."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="passkeys")
    name = models.CharField(_("Name"), max_length=NAME_LENGTH)
    credential_id = models.BinaryField(unique=True)
    credential = models.BinaryField()
    sign_count = models.BigIntegerField(default=0)  # stays 0 if the authenticator doesn't count
    created_at = models.DateTimeField(_("Created"), default=timezone.now, editable=False)
    last_used_at = models.DateTimeField(null=True, editable=False)

    def __str__(self) -> str:
        return self.name


class AuthenticatorApp(models.Model):
    """The secret that a person's app shares with us, encrypted, and the last time step whose code was used."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="authenticator_app")
    secret = models.BinaryField()
    last_step = models.BigIntegerField()
    created_at = models.DateTimeField(_("Created"), default=timezone.now, editable=False)

    def __str__(self) -> str:
        return f"authenticator app {self.pk}"


class RecoveryCode(models.Model):
    """A code that was not used yet, as its SHA-256 in hex."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="recovery_codes")
    hash = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "hash"], name="recovery_code_once")]

    def __str__(self) -> str:
        return f"recovery code {self.pk}"
