"""Tickets, their tags and comments: what is answered later."""

from collections.abc import Callable

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from agents.models import Agent, Service
from chat.masking.models import MaskedSpan
from chat.models import Chat
from helpcenter.models import Customer, PrivacyPolicy
from tickets.models_settings import Group, TicketTarget  # noqa: F401

SUBJECT_LENGTH_MAX = 160
TEXT_LENGTH_MAX = 8_000  # code points in a description or a comment: two of the longest messages


class Tag(models.Model):
    """A word on tickets. The product puts a system tag on, and nobody can take it off."""

    service = models.ForeignKey(Service, models.CASCADE, related_name="tags")
    name = models.CharField(_("Tag"), max_length=40)
    is_system = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("Tag")
        verbose_name_plural = _("Tags")
        constraints = [models.UniqueConstraint("service", Lower("name"), name="tag_name_once")]

    def __str__(self) -> str:
        return self.name

    @property
    def label(self) -> str:
        """A system tag's name in the reader's language; an agent's tag as it was written."""
        return gettext(self.name) if self.is_system else self.name


class Ticket(models.Model):
    class State(models.TextChoices):
        UNASSIGNED = "unassigned", _("Unassigned")
        PROCESSING = "processing", _("Processing")
        PENDING = "pending", _("Pending")
        TRANSFERRED = "transferred", _("Transferred")
        RESOLVED = "resolved", _("Resolved")
        COMPLETED = "completed", _("Completed")

    class Channel(models.TextChoices):
        CHAT = "chat", _("Chat")
        HELP_CENTER = "help_center", _("Help Center")
        MAIL = "mail", _("E-mail")
        AGENT = "agent", _("Agent")

    class Priority(models.TextChoices):
        URGENT = "urgent", _("Urgent")
        HIGH = "high", _("High")
        NORMAL = "normal", pgettext_lazy("priority", "Normal")
        LOW = "low", _("Low")

    service = models.ForeignKey(Service, models.CASCADE, related_name="tickets")
    number = models.PositiveIntegerField()  # counted for each service
    subject = models.CharField(_("Subject"), max_length=SUBJECT_LENGTH_MAX)
    body = models.TextField(_("Description"), max_length=TEXT_LENGTH_MAX, blank=True)
    state = models.CharField(_("State"), max_length=12, choices=State, default=State.UNASSIGNED)
    priority = models.CharField(
        _("Priority"), max_length=8, choices=Priority, default=Priority.NORMAL, db_default=Priority.NORMAL.value
    )
    channel = models.CharField(_("Channel"), max_length=12, choices=Channel)
    requester = models.ForeignKey(
        Customer, models.PROTECT, null=True, blank=True, related_name="tickets", verbose_name=_("Requester")
    )
    assignee = models.ForeignKey(
        Agent, models.PROTECT, null=True, blank=True, related_name="tickets", verbose_name=_("Assignee")
    )
    # Beside the assignee, or before there is one: without an assignee the ticket stays Unassigned.
    group = models.ForeignKey(
        Group,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="tickets",
        verbose_name=_("Group"),
        db_index=False,
    )
    # At most one ticket is made from a chat, however many ask for it.
    chat = models.OneToOneField(Chat, models.PROTECT, null=True, blank=True, related_name="ticket")
    tags = models.ManyToManyField(Tag, blank=True, related_name="tickets", verbose_name=_("Tags"))
    created_by = models.ForeignKey(Agent, models.SET_NULL, null=True, blank=True, related_name="+")
    # The Completed ticket that the customer answered to.
    follows = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="followed_by", db_index=False
    )
    # The ticket that goes on in place of this one; never one that is merged itself.
    merged_into = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="merged", db_index=False
    )
    # Since the customer's last answer no agent has replied or changed the state.
    has_answer = models.BooleanField(default=False, db_default=False)
    # Links to the customer's page name the generation; a revoked one is an earlier one.
    link_generation = models.PositiveIntegerField(default=0, db_default=0)
    # By the service's targets (`tickets.triage.due`). The first answer's is NULL if nobody waits for one.
    answer_due_at = models.DateTimeField(null=True, blank=True)
    solve_due_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(_("Due"), null=True, blank=True)
    # Since when it is Pending, and how long it was before: this much later the solution is due.
    paused_at = models.DateTimeField(null=True, blank=True)
    paused_minutes = models.PositiveIntegerField(default=0, db_default=0)
    # The form's own id: the same form sent twice makes one ticket.
    request_id = models.UUIDField(null=True, blank=True, editable=False)
    # An inquiry's consent: the policy text that was agreed to, and when. A chat's consent is stored with the chat.
    policy = models.ForeignKey(PrivacyPolicy, models.PROTECT, null=True, blank=True, related_name="+")
    consented_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now)
    search = models.GeneratedField(
        expression=SearchVector("subject", weight="A", config="simple")
        + SearchVector("body", weight="B", config="simple"),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    class Meta:
        verbose_name = _("Ticket")
        verbose_name_plural = _("Tickets")
        constraints = [
            models.UniqueConstraint(fields=["service", "number"], name="ticket_number_once"),
            models.UniqueConstraint(fields=["service", "request_id"], name="ticket_request_once"),
            models.CheckConstraint(
                condition=Q(state="unassigned", assignee=None) | (~Q(state="unassigned") & Q(assignee__isnull=False)),
                name="ticket_unassigned_is_nobodys",
            ),
            models.CheckConstraint(
                condition=Q(policy=None, consented_at=None) | Q(policy__isnull=False, consented_at__isnull=False),
                name="ticket_consent_is_whole",
            ),
        ]
        indexes = [
            models.Index(fields=["service", "-updated_at", "-id"], name="ticket_list"),
            models.Index(fields=["service", "state", "-updated_at", "-id"], name="ticket_by_state"),
            models.Index(fields=["assignee", "-updated_at", "-id"], name="ticket_by_assignee"),
            models.Index(fields=["service", "priority", "-updated_at", "-id"], name="ticket_by_priority"),
            models.Index(
                fields=["group", "-updated_at", "-id"], condition=Q(group__isnull=False), name="ticket_by_group"
            ),
            models.Index(fields=["service", "due_at", "id"], condition=Q(due_at__isnull=False), name="ticket_due"),
            models.Index(fields=["assignee"], condition=Q(has_answer=True), name="ticket_answered"),
            models.Index(fields=["follows"], condition=Q(follows__isnull=False), name="ticket_followed"),
            models.Index(fields=["merged_into"], condition=Q(merged_into__isnull=False), name="ticket_merged"),
            GinIndex(fields=["search"], name="ticket_search"),
        ]

    def __str__(self) -> str:
        return f"#{self.number}"

    @property
    def state_label(self) -> str:
        """The state's name; ``get_state_display`` would translate the names of all states, in each row of a list."""
        return str(Ticket.State(self.state).label)

    @property
    def audit_subject(self) -> str:
        return f"ticket:{self.pk}"

    @property
    def fingerprint(self) -> str:
        """Changes with the words. Keyed: it is in addresses, and a plain hash of a few words can be guessed."""
        return salted_hmac("tickets.fingerprint", f"{self.subject}\0{self.body}", algorithm="sha256").hexdigest()

    @property
    def is_paused(self) -> bool:
        """Whether its time for the solution stands still."""
        return self.state == self.State.PENDING and self.solve_due_at is not None

    @property
    def is_overdue(self) -> bool:
        return self.due_at is not None and self.state not in DONE and self.due_at < timezone.now()


DONE = (Ticket.State.RESOLVED, Ticket.State.COMPLETED)


class Comment(models.Model):
    """Words on a ticket. ``body`` is masked.

    Customers see replies and their own answers, never an internal comment.
    """

    class Kind(models.TextChoices):
        INTERNAL = "internal", _("Internal comment")
        REPLY = "reply", _("Reply")
        CUSTOMER = "customer", _("Customer")

    kind = models.CharField(max_length=8, choices=Kind, default=Kind.INTERNAL, db_default=Kind.INTERNAL.value)
    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="comments")
    agent = models.ForeignKey(Agent, models.SET_NULL, null=True, related_name="+")  # a customer's words have none
    name = models.CharField(max_length=80)
    body = models.TextField(_("Comment"), max_length=TEXT_LENGTH_MAX)
    rev = models.PositiveIntegerField(default=1, db_default=1)  # grows with every mask put on or taken off
    offers = models.JSONField(null=True, blank=True)  # as a message's
    request_id = models.UUIDField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["ticket", "request_id"], name="comment_request_once")]

    def __str__(self) -> str:
        return f"comment {self.pk}"


class CommentDraft(models.Model):
    """What one agent is writing on a ticket, in one of the two boxes. All of it is masked."""

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="drafts")
    agent = models.ForeignKey(Agent, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=8, choices=Comment.Kind)
    body = models.TextField(max_length=TEXT_LENGTH_MAX)
    cc = models.TextField(blank=True)
    state = models.CharField(max_length=12, blank=True)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["ticket", "agent", "kind"], name="commentdraft_once")]
        indexes = [models.Index(fields=["updated_at"], name="commentdraft_old")]

    def __str__(self) -> str:
        return f"draft {self.pk}"

    @property
    def stamp(self) -> str:
        """Tells one writing of the draft from another."""
        return self.updated_at.isoformat()

    def conceal(self, hide: Callable[[str], str]) -> None:
        """Saves the texts as ``hide`` returns them."""
        self.body, self.cc, self.updated_at = hide(self.body), hide(self.cc), timezone.now()
        self.save(update_fields=["body", "cc", "updated_at"])


class TicketMail(models.Model):
    """A mail of a ticket's thread: what ``In-Reply-To`` and ``References`` of later mails are looked up in."""

    class Direction(models.TextChoices):
        IN = "in", _("In")
        OUT = "out", _("Out")

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="mails")
    comment = models.ForeignKey(Comment, models.SET_NULL, null=True, blank=True, related_name="mails")
    service = models.ForeignKey(Service, models.CASCADE, related_name="+")
    message_id = models.CharField(max_length=255)  # with its angle brackets
    direction = models.CharField(max_length=3, choices=Direction)
    from_address = models.EmailField(blank=True)
    # Only says which address a mail names as its sender. It proves nothing.
    is_from_requester = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["service", "message_id"], name="ticketmail_message_once")]

    def __str__(self) -> str:
        return f"mail {self.pk}"


class CommentMask(MaskedSpan):
    """A mask in a comment's body. The ticket's own data key seals the original."""

    comment = models.ForeignKey(Comment, models.CASCADE, related_name="masks")

    class Meta(MaskedSpan.Meta):
        constraints = [
            models.UniqueConstraint(fields=["comment", "start"], name="commentmask_start_once"),
            *MaskedSpan.Meta.constraints,
        ]


# Django looks for models here.
from tickets.listing.models import ChatWords  # noqa: E402, F401
from tickets.mail.models import PolledFolder, ReceivedMail  # noqa: E402, F401
