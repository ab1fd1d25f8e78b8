"""The rows of the outbox."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

STOPPED = ("dead", "bounced", "unsent")  # states that somebody should look at


class OutgoingMail(models.Model):
    """A mail that leaves, or has left. ``posting`` writes the row, ``delivery`` sends it.

    ``pending`` are the addresses that have not taken it yet. ``sealed`` holds the content of a mail with secrets until
    it is sent. ``last_error`` holds the server's codes, never its words: these repeat addresses.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        SENT = "sent", _("Sent")
        DEAD = "dead", _("Given up")
        BOUNCED = "bounced", _("Returned")
        UNSENT = "unsent", _("No mail server")

    service = models.ForeignKey(
        "agents.Service", models.CASCADE, null=True, related_name="+", verbose_name=_("Service")
    )
    kind = models.CharField(_("Kind"), max_length=32)
    about = models.CharField(_("Object"), max_length=40, blank=True)  # as in the trail: "invitation:3"
    state = models.CharField(_("State"), max_length=8, choices=State, default=State.WAITING)
    message_id = models.CharField(max_length=255, unique=True)

    to = ArrayField(models.TextField(), verbose_name=_("To"), default=list)
    cc = ArrayField(models.TextField(), default=list)
    pending = ArrayField(models.TextField(), default=list)
    from_name = models.TextField(blank=True)
    reply_to = models.TextField(blank=True)
    subject = models.TextField(_("Subject"), blank=True)
    text = models.TextField(_("Text"), blank=True)
    html = models.TextField(blank=True)
    sealed = models.BinaryField(null=True)
    language = models.CharField(max_length=12, blank=True)
    in_reply_to = models.TextField(blank=True)
    references = ArrayField(models.TextField(), default=list)
    is_automatic = models.BooleanField(default=True)
    may_be_kept = models.BooleanField(default=True)

    created_at = models.DateTimeField(_("Created"), default=timezone.now, editable=False)
    due_at = models.DateTimeField(_("Next try"), null=True)  # without: at once
    give_up_at = models.DateTimeField()
    leased_until = models.DateTimeField(null=True)
    leased_by = models.UUIDField(null=True)
    attempts = models.PositiveIntegerField(_("Tries"), default=0)
    last_error = models.CharField(_("Last error"), max_length=80, blank=True)
    sent_at = models.DateTimeField(_("Sent"), null=True)  # the first time, if some recipients were to wait

    class Meta:
        app_label = "agents"
        verbose_name = _("E-mail")
        verbose_name_plural = _("E-mails")
        indexes = [
            models.Index(fields=["id"], name="outgoing_waiting", condition=Q(state="waiting")),
            models.Index(fields=["state", "id"], name="outgoing_stopped", condition=Q(state__in=STOPPED)),
            models.Index(fields=["service", "created_at", "id"], name="outgoing_of_service"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"
