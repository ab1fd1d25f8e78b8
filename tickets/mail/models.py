"""Every mail that came in for a service, once."""

from collections.abc import Callable

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class ReceivedMail(models.Model):
    """A mail that came in. All of its texts are masked.

    ``reason`` says why the mail became no ticket and no answer; then ``text`` holds its words. Of a filed one they are
    in the ticket. ``folded`` is what a ticket shows only when it is asked for: quotes, the signature, the rest of a
    long text.
    """

    class Reason(models.TextChoices):
        FILED = "", _("Filed")
        AUTOMATIC = "automatic", _("Automatic e-mail")
        LOOP = "loop", _("Sent by this desk")
        BOUNCE = "bounce", _("Could not be delivered")
        TOO_MANY = "too_many", _("Too many from this sender")
        BLOCKED = "blocked", _("The sender is blocked")
        NO_SENDER = "no_sender", _("No usable sender")
        EMPTY = "empty", _("Nothing in it")

    service = models.ForeignKey("agents.Service", models.CASCADE, related_name="+", verbose_name=_("Service"))
    message_id = models.CharField(max_length=255)
    reason = models.CharField(_("Reason"), max_length=12, choices=Reason, default=Reason.FILED, blank=True)
    ticket = models.ForeignKey("tickets.Ticket", models.CASCADE, null=True, related_name="received")
    comment = models.ForeignKey("tickets.Comment", models.SET_NULL, null=True, related_name="received")
    from_name = models.CharField(max_length=80, blank=True)
    from_address = models.CharField(max_length=254, blank=True)
    subject = models.CharField(_("Subject"), max_length=160, blank=True)
    text = models.TextField(blank=True)
    folded = models.TextField(blank=True)
    files = models.JSONField(default=list)  # names
    notes = models.JSONField(default=list)  # see parts.Note
    size = models.PositiveIntegerField(_("Size"))  # bytes
    received_at = models.DateTimeField(_("Received"), default=timezone.now, editable=False)

    class Meta:
        app_label = "tickets"
        verbose_name = _("Received e-mail")
        verbose_name_plural = _("Received e-mails")
        constraints = [models.UniqueConstraint(fields=["service", "message_id"], name="receivedmail_once")]
        indexes = [
            models.Index(
                fields=["service", "-received_at", "-id"],
                name="receivedmail_unfiled",
                condition=Q(ticket=None),
            )
        ]

    def __str__(self) -> str:
        return f"mail {self.pk}"

    def conceal(self, hide: Callable[[str], str]) -> None:
        """Saves all texts as ``hide`` returns them."""
        self.from_name, self.subject = hide(self.from_name), hide(self.subject)
        self.text, self.folded = hide(self.text), hide(self.folded)
        self.files = [hide(name) for name in self.files]
        self.save(update_fields=["from_name", "subject", "text", "folded", "files"])
