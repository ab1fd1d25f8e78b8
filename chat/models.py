"""The rows of chat. What must never be wrong is a constraint here; the modules above decide who may change a row."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone

from agents.models import Agent, Service
from chat.alerts import AlertSettings, DeskNotice  # noqa: F401 - Django looks for models here
from chat.beats import WorkerBeat  # noqa: F401
from chat.block import Block  # noqa: F401
from chat.canned_response import CannedFile, CannedResponse  # noqa: F401
from chat.categories import Category
from chat.draft import ChatDraft  # noqa: F401
from chat.evaluation import Evaluation  # noqa: F401
from chat.file import ChatFile  # noqa: F401
from chat.mails import ChatMail, MailWait  # noqa: F401
from chat.masking.models import MaskedSpan
from chat.operating_hours import OperatingHours, SpecialDay  # noqa: F401
from chat.report_sums import ReportSpan, ReportSum  # noqa: F401
from chat.rings import Lease, Ring  # noqa: F401
from chat.routing_log import RoutingDecision, RoutingRound  # noqa: F401
from chat.service_settings import ChatSettings  # noqa: F401
from chat.tag import ChatTag
from chat.topics import Topic
from helpcenter.models import Customer, PrivacyPolicy


class Chat(models.Model):
    """One 1:1 conversation: ``waiting`` → ``ringing`` → ``active`` → ``closed`` (``lifecycle`` has the transitions)."""

    class State(models.TextChoices):
        WAITING = "waiting"
        RINGING = "ringing"
        ACTIVE = "active"
        CLOSED = "closed"

    class ClosedBy(models.TextChoices):
        CUSTOMER = "customer"
        AGENT = "agent"
        TIMEOUT = "timeout"  # the customer was not there any more
        IDLE = "idle"  # the customer was there, and did not answer
        SERVICE = "service"  # the contract was closed under it
        BLOCKED = "blocked"  # an admin blocked the customer
        ADMIN = "admin"  # an admin ended it with others, as in a flood

    class InquiryOffer(models.TextChoices):
        WAITED = "waited"  # longer than the longest wait of the chat settings
        MISSED = "missed"  # everybody who could have opened it has let it ring
        ABSENT = "absent"  # nobody is Online; it ends when somebody is

    # The order in which chats came; ``routing.order`` has the order of the queue. The index ``chat_turn`` has it too.
    QUEUE_ORDER = ("turn_at", "id")

    service = models.ForeignKey(Service, models.CASCADE, related_name="chats")
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="chats")
    agent = models.ForeignKey(Agent, models.PROTECT, null=True, blank=True, related_name="chats")
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    # The queue it is in. Without a constraint, whose check would lock the table; no topic is ever deleted.
    topic = models.ForeignKey(Topic, models.DO_NOTHING, null=True, blank=True, db_constraint=False, db_index=False)
    # As ``topic``: without a constraint, and no category is ever deleted.
    category = models.ForeignKey(
        Category, models.DO_NOTHING, null=True, blank=True, db_constraint=False, db_index=False, related_name="chats"
    )
    tags = models.ManyToManyField(ChatTag, blank=True, related_name="chats")
    language = models.CharField(max_length=7, choices=settings.LANGUAGES, default="en")
    page = models.CharField(max_length=500, blank=True)  # where the customer was when the chat began
    # Where the customer is, or was at the end: if the policy says so (``conversation.current_page``).
    page_now = models.CharField(max_length=500, blank=True, default="", db_default="", editable=False)
    page_now_at = models.DateTimeField(null=True, blank=True, editable=False)
    # Consent: the very text that was agreed to (its version and language), and when.
    policy = models.ForeignKey(PrivacyPolicy, models.PROTECT, related_name="+")
    consented_at = models.DateTimeField()

    created_at = models.DateTimeField(default=timezone.now)
    waiting_since = models.DateTimeField(default=timezone.now)
    # The chat's start, kept when passed on. The release before put off one of a crowd by it.
    turn_at = models.DateTimeField(default=timezone.now, db_default=Now())
    # An agent answered this customer before the day of the start (``abuse.crowds.is_known``).
    is_known = models.BooleanField(default=False, db_default=False, editable=False)
    # A keyed hash of the customer's network (``abuse.networks``): no address. Forgotten a day after the end.
    network = models.CharField(max_length=32, blank=True, default="", db_default="", editable=False)
    paced_until = models.DateTimeField(null=True, blank=True)  # the customer's messages are paid for (``abuse.limits``)
    ringing_since = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)  # first opened by an agent
    # How many chats that agent then had open, this one with them. NULL: opened under a release before, or never.
    chats_at_once = models.SmallIntegerField(null=True, blank=True, editable=False)
    first_answered_at = models.DateTimeField(null=True, blank=True, editable=False)  # an agent wrote to the customer
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.CharField(max_length=8, choices=ClosedBy, blank=True)

    # The sequence: taken under the row's lock (`messages`), so that revisions become visible in order.
    last_rev = models.PositiveIntegerField(default=0)
    last_line = models.CharField(max_length=120, blank=True)  # of what people said; masked, like everything
    last_message_at = models.DateTimeField(default=timezone.now)
    # How far each side has received and read, as a message's seq. They only grow.
    customer_received = models.PositiveIntegerField(default=0)
    customer_read = models.PositiveIntegerField(default=0)
    agent_received = models.PositiveIntegerField(default=0)
    agent_read = models.PositiveIntegerField(default=0)
    # Since when the customer's words have had no answer by an agent; NULL if nothing is to be answered. Notes, events
    # and the service's own words are no answer.
    customer_waits_since = models.DateTimeField(null=True, blank=True)
    # Since when the agent's last words have had no answer; NULL while it is the customer who has spoken last.
    unanswered_since = models.DateTimeField(null=True, blank=True)
    reminded_at = models.DateTimeField(null=True, blank=True)  # of that silence, once
    inquiry_offer = models.CharField(max_length=8, choices=InquiryOffer, blank=True, db_default="")  # "" for none
    # An admin has marked it as spam: reports leave it out (``lifecycle.spam``).
    is_spam = models.BooleanField(default=False, db_default=False, editable=False)
    # What the chat's agent has not read: the customer's messages, colleagues' notes. Counted on append, anew on read.
    unread = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["customer"], condition=~Q(state="closed"), name="chat_open_once"),
            models.CheckConstraint(
                condition=Q(state="waiting", agent=None)
                | Q(state__in=["ringing", "active"], agent__isnull=False)
                | Q(state="closed"),
                name="chat_agent_fits_state",
            ),
            models.CheckConstraint(
                condition=Q(state="closed", closed_at__isnull=False) | (~Q(state="closed") & Q(closed_at=None)),
                name="chat_closed_has_time",
            ),
        ]
        indexes = [
            # The next is for the order of the release before.
            models.Index(fields=["service", "waiting_since", "id"], condition=Q(state="waiting"), name="chat_queue"),
            models.Index(fields=["service", "turn_at", "id"], condition=Q(state="waiting"), name="chat_turn"),
            models.Index(fields=["service", "network"], condition=~Q(network=""), name="chat_of_network"),
            models.Index(fields=["closed_at"], condition=~Q(network=""), name="chat_network_kept"),
            models.Index(fields=["agent", "state"], condition=~Q(state="closed"), name="chat_open_of_agent"),
            models.Index(fields=["service", "state"], condition=~Q(state="closed"), name="chat_open_of_service"),
            models.Index(fields=["service", "-created_at"], name="chat_by_service"),
            models.Index(fields=["agent", "-created_at"], name="chat_by_agent"),
            models.Index(fields=["topic", "-created_at"], condition=Q(topic__isnull=False), name="chat_by_topic"),
            models.Index(
                fields=["category", "-created_at"], condition=Q(category__isnull=False), name="chat_by_category"
            ),
            models.Index(fields=["service", "-created_at"], condition=Q(is_spam=True), name="chat_spam"),
        ]

    def __str__(self) -> str:
        return f"chat {self.pk}"

    @property
    def subject(self) -> str:
        """How the trail (``agents.audit``) names it."""
        return f"chat:{self.pk}"

    @property
    def ended_unanswered(self) -> bool:
        """Whether the chat ended while no agent had it open, and by nobody's wish."""
        had_nobody = self.answered_at is None or self.agent_id is None
        return had_nobody and self.closed_by in {self.ClosedBy.TIMEOUT, self.ClosedBy.SERVICE}

    @property
    def is_open(self) -> bool:
        return self.state != self.State.CLOSED


class Message(models.Model):
    """One entry in a chat. ``seq`` is its permanent place, ``rev`` the chat's count at its last change.

    ``body`` is masked. Besides here the columns are named by ``conversation.entries.Entry`` alone.
    """

    class Author(models.TextChoices):
        CUSTOMER = "customer"
        AGENT = "agent"
        SYSTEM = "system"

    chat = models.ForeignKey(Chat, models.CASCADE, related_name="messages")
    seq = models.PositiveIntegerField()
    rev = models.PositiveIntegerField()
    # The sender's own id for a message: one that is sent again finds the first. System entries have none.
    client_id = models.UUIDField(null=True, blank=True)
    author = models.CharField(max_length=8, choices=Author)
    agent = models.ForeignKey(Agent, models.PROTECT, null=True, blank=True, related_name="+")
    name = models.CharField(max_length=80, blank=True)  # the author's name as it was shown
    body = models.TextField(blank=True)
    # Spans that look personal and stay readable; an agent can mask one by a click. ``entries`` has their form.
    offers = models.JSONField(null=True, blank=True)
    event = models.CharField(max_length=20, blank=True)  # a system entry without a body: rendered in the reader's words
    internal = models.BooleanField(default=False, db_default=False)  # a note: agents see it, the customer never does
    file = models.JSONField(null=True, blank=True)  # its body is the file's name; ``entries.ShownFile`` has the form
    edited = models.BooleanField(default=False, db_default=False)
    quote = models.PositiveIntegerField(null=True, blank=True)  # the ``seq`` of the message that it answers
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["chat", "seq"], name="message_seq_once"),
            models.UniqueConstraint(fields=["chat", "client_id"], name="message_sent_once"),
            models.CheckConstraint(condition=Q(rev__gte=F("seq")), name="message_rev_not_before_seq"),
            models.CheckConstraint(condition=Q(internal=False) | ~Q(author="customer"), name="message_note_by_desk"),
        ]
        indexes = [models.Index(fields=["chat", "rev"], name="message_changes")]

    def __str__(self) -> str:
        return f"message {self.chat_id}-{self.seq}"


class Mask(MaskedSpan):
    """A masked span of a message's body."""

    message = models.ForeignKey(Message, models.CASCADE, related_name="masks")

    class Meta(MaskedSpan.Meta):
        constraints = [
            models.UniqueConstraint(fields=["message", "start"], name="mask_start_once"),
            *MaskedSpan.Meta.constraints,
        ]
