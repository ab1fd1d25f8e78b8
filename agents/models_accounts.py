"""What is known of a person's account beside any service: where it is signed in, and what was done with it."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class OpenSession(models.Model):
    """A session as people see it. Django's row of the same key says whether it is still open, and until when."""

    session_key = models.CharField(max_length=40, unique=True, editable=False)
    user = models.ForeignKey("agents.User", models.CASCADE, related_name="open_sessions", verbose_name=_("User"))
    device = models.CharField(_("Device"), max_length=60, blank=True)
    signed_in_at = models.DateTimeField(_("Signed in"))
    seen_at = models.DateTimeField(_("Last seen"))

    class Meta:
        verbose_name = _("Session")
        verbose_name_plural = _("Sessions")

    def __str__(self) -> str:
        return self.device or str(_("Unknown device"))


class AccountEntry(models.Model):
    """An entry of an account's trail. Never changed. Without ``user``, somebody tried an e-mail that has no account."""

    class Action(models.TextChoices):
        PASSWORD_GIVEN = "password_given", _("Password accepted (first step)")
        SIGN_IN = "sign_in", _("Signed in")
        SIGN_IN_FAILED = "sign_in_failed", _("Failed to sign in")
        CONFIRMED = "confirmed", _("Confirmed who they are")
        SIGN_OUT = "sign_out", _("Signed out")
        SESSIONS_ENDED = "sessions_ended", _("Sessions ended")
        PASSWORD_CHANGED = "password_changed", _("Password changed")
        RESET_MAILED = "reset_mailed", _("Link for a new password e-mailed")
        PASSWORD_RESET = "password_reset", _("New password set by a link")
        TWO_STEP_CHANGED = "two_step_changed", _("Two-step verification changed")
        RECOVERY_CODE_USED = "recovery_code_used", _("Recovery code used")

    class Factor(models.TextChoices):
        """What somebody has proved it by, or tried to."""

        PASSWORD = "password", _("Password")
        APP = "app", _("Authenticator app")
        RECOVERY_CODE = "recovery_code", _("Recovery code")
        PASSKEY = "passkey", _("Passkey")
        LINK = "link", _("E-mailed link")

    user = models.ForeignKey(
        "agents.User", models.CASCADE, null=True, related_name="account_entries", verbose_name=_("User")
    )
    action = models.CharField(_("Action"), max_length=32, choices=Action)
    factor = models.CharField(_("Factor"), max_length=16, choices=Factor, blank=True, default="", db_default="")
    # The name of the admin, or "operator", if it was not done by whoever has the account or tries to get in.
    actor = models.CharField(_("By"), max_length=80, blank=True)
    device = models.CharField(_("Device"), max_length=60, blank=True)
    address = models.GenericIPAddressField(_("IP address"), null=True, blank=True)
    created_at = models.DateTimeField(_("Time"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("Account entry")
        verbose_name_plural = _("Account entries")
        indexes = [models.Index(fields=["user", "id"], name="account_entry_of_user")]

    def __str__(self) -> str:
        return self.get_action_display()
