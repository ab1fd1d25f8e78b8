"""Every mail that came in, once for each service."""

from collections.abc import Callable

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from agents.models import Service


class ReceivedMail(models.Model):
    """A mail that came in. All of its texts are masked.

    ``reason`` says why the mail became no ticket and no answer; then ``text`` holds its words. Of a filed one they are
    in the ticket. ``folded`` is what a ticket shows only when it is asked for: quotes, the signature, the rest of a
    long text.

    ``sealed`` is the whole mail if it could not be read, encrypted, to be read again. A mail that no service has an
    address for has no ``service`` and no texts, but its ``recipients``; by ``folder`` and ``uid`` it is found in the
    mailbox, where it stays.
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
        UNREADABLE = "unreadable", _("Could not be read")
        NOBODY = "nobody", _("For no service")

    service = models.ForeignKey(
        "agents.Service", models.CASCADE, null=True, related_name="+", verbose_name=_("Service")
    )
    message_id = models.CharField(max_length=255)
    digest = models.CharField(max_length=64, blank=True, db_default="")  # see Mail
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
    sealed = models.BinaryField(null=True)
    recipients = ArrayField(models.TextField(), verbose_name=_("To"), null=True)
    folder = models.CharField(_("Mailbox"), max_length=255, blank=True, db_default="")
    uid = models.BigIntegerField(null=True)

    class Meta:
        app_label = "tickets"
        verbose_name = _("Received e-mail")
        verbose_name_plural = _("Received e-mails")
        constraints = [
            models.UniqueConstraint(fields=["service", "message_id"], name="receivedmail_once"),
            models.UniqueConstraint(fields=["message_id"], condition=Q(service=None), name="receivedmail_nobodys_once"),
        ]
        indexes = [
            models.Index(fields=["received_at"], name="receivedmail_by_age"),
            models.Index(fields=["id"], name="receivedmail_stopped", condition=Q(reason__in=("nobody", "unreadable"))),
            models.Index(
                fields=["service", "-received_at", "-id"],
                name="receivedmail_unfiled",
                condition=Q(ticket=None),
            ),
        ]

    def __str__(self) -> str:
        return f"mail {self.pk}"

    @property
    def desk(self) -> Service:
        """The service, of a mail that is for one."""
        assert self.service is not None
        return self.service

    def conceal(self, hide: Callable[[str], str]) -> None:
        """Saves all texts as ``hide`` returns them."""
        self.from_name, self.subject = hide(self.from_name), hide(self.subject)
        self.text, self.folded = hide(self.text), hide(self.folded)
        self.files = [hide(name) for name in self.files]
        self.save(update_fields=["from_name", "subject", "text", "folded", "files"])


class PolledFolder(models.Model):
    """How far a folder of an IMAP server is read. ``last_uid`` is NULL until it was read once.

    ``failed`` are numbers of mails that could not be filed, and are tried again; ``stuck_since`` is when the first of
    them failed. ``last_error`` is the type of the error for which the folder could not be read since ``read_at``.
    """

    name = models.CharField(_("Mailbox"), max_length=255, unique=True)
    uid_validity = models.BigIntegerField()
    last_uid = models.BigIntegerField(null=True)
    failed = models.JSONField(_("Not filed yet"), default=list)
    stuck_since = models.DateTimeField(_("Since"), null=True)
    read_at = models.DateTimeField(_("Last read"), null=True)
    last_error = models.CharField(_("Last error"), max_length=80, blank=True, db_default="")

    class Meta:
        app_label = "tickets"
        verbose_name = _("Mailbox that is read")
        verbose_name_plural = _("Mailboxes that are read")

    def __str__(self) -> str:
        return f"folder {self.pk}"
