"""People, services, contracts, memberships and invitations, and the trail of what was done."""

from typing import Any

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from contiple.base.email_addresses import EmailAddressField, canonical

CHATS_AT_ONCE_MAX = 50  # nobody answers more in time; it also bounds what one agent's list renders


class UserManager(BaseUserManager["User"]):
    def hashed_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Returns a user that is not saved yet, with the password hashed. That takes long: no transaction may wait."""
        user = self.model(email=email, **fields)
        user.set_password(password)
        return user

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.hashed_user(email, password, **fields)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=username or "")


class User(AbstractBaseUser, PermissionsMixin):
    """A person who signs in. ``Agent`` says what the person may do in a service."""

    email = EmailAddressField(
        _("E-mail"), unique=True, error_messages={"unique": _("This e-mail address is already in use.")}
    )
    # When a link that was mailed to the address was last followed. Until then, the address is somebody's claim.
    email_proved_at = models.DateTimeField(_("E-mail proved"), null=True, editable=False)
    name = models.CharField(_("Name"), max_length=80)
    is_active = models.BooleanField(_("Active"), default=True)
    is_staff = models.BooleanField(_("Operator"), default=False, help_text=_("Can use the operator pages."))
    date_joined = models.DateTimeField(_("Since"), default=timezone.now, editable=False)
    # True while there is a passkey or an authenticator app: `second_factor.factors` keeps it so.
    second_factor = models.BooleanField(_("Two-step verification"), default=False, db_default=False, editable=False)
    # Grows when all sessions are ended: sessions and known devices of before don't count any more.
    session_epoch = models.PositiveIntegerField(default=0, db_default=0, editable=False)

    objects = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        verbose_name = _("User")
        verbose_name_plural = _("Users")
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="user_email_once",
                violation_error_message=_("This e-mail address is already in use."),
            )
        ]

    def __str__(self) -> str:
        return self.name or self.email

    @classmethod
    def normalize_username(cls, username: Any) -> Any:
        """Replaces Django's form of names (NFKC alone) in forms and commands."""
        return canonical(username) if isinstance(username, str) else username

    def get_session_auth_hash(self) -> str:
        """Returns what sessions are bound to: the password, and how often all sessions were ended."""
        bound = super().get_session_auth_hash()
        if not self.session_epoch:
            return bound
        return salted_hmac("agents.session_epoch", f"{bound}:{self.session_epoch}", algorithm="sha256").hexdigest()


class Service(models.Model):
    """One company's desk, the tenant: everything belongs to one service, and nothing crosses to another."""

    class SecondFactor(models.TextChoices):
        NOBODY = "nobody", _("Nobody")
        ADMINS = "admins", _("Admins")
        ALL = "all", _("All agents")

    slug = models.SlugField(_("Address"), max_length=40, unique=True)
    name = models.CharField(_("Name"), max_length=80)
    is_stopped = models.BooleanField(_("Stopped"), default=False)
    second_factor = models.CharField(
        _("Two-step verification is required for"),
        max_length=8,
        choices=SecondFactor,
        default=SecondFactor.NOBODY,
        db_default=SecondFactor.NOBODY,
    )
    asks_again = models.BooleanField(_("Ask again before sensitive acts"), default=True, db_default=True)
    # Each service counts its own ticket numbers, so that they say nothing about others. Under the row's lock.
    last_ticket_number = models.PositiveIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(_("Since"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("Service")
        verbose_name_plural = _("Services")

    def __str__(self) -> str:
        return self.name


class Contract(models.Model):
    """The options and limits that a service has bought. The first of the three gates."""

    service = models.OneToOneField(Service, models.CASCADE, related_name="contract")
    chat = models.BooleanField(
        _("Chat"),
        default=False,
        help_text=_("Customers can chat with agents. When off, the Chat Widget is shown nowhere."),
    )
    security_service = models.BooleanField(
        _("Security Service"), default=True, help_text=_("Required for personal information masking.")
    )
    chat_widget = models.BooleanField(
        _("Chat Widget on other sites"),
        default=False,
        help_text=_("The Chat Widget can also be shown on sites other than the Help Center."),
    )
    customer_information = models.BooleanField(
        _("Customer Information Management"),
        default=False,
        db_default=False,
        help_text=_("Agents see all customers in a list, search it, and correct names and e-mail addresses."),
    )
    chat_seats = models.PositiveSmallIntegerField(
        _("Chat seats"), default=5, help_text=_("The number of agents that can have the chat permission.")
    )
    chats_at_once = models.PositiveSmallIntegerField(
        _("Chats at once for an agent"),
        default=5,
        validators=[MinValueValidator(1), MaxValueValidator(CHATS_AT_ONCE_MAX)],
        help_text=_("The most chats an agent can have open at the same time."),
    )
    originals_kept_days = models.PositiveSmallIntegerField(
        _("Keep originals for (days)"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_(
            "Counted from the end of a chat; in ticket comments, from the last mask. After that, originals are "
            "destroyed for good and the asterisks stay. Notes on customers who were not in touch for as long are "
            "deleted. Leave empty to keep originals until they are destroyed by hand."
        ),
    )

    class Meta:
        verbose_name = _("Contract")
        verbose_name_plural = _("Contracts")

    def __str__(self) -> str:
        return str(self.service)


class Agent(models.Model):
    """A person's membership in a service. The agent chooses ``chat_status``; a lease says who is reachable."""

    class Role(models.TextChoices):
        ADMIN = "admin", _("Admin")
        AGENT = "agent", _("Agent")

    class ChatStatus(models.TextChoices):
        ONLINE = "online", _("Online")
        BREAK = "break", _("Break")
        OFFLINE = "offline", _("Offline")

    service = models.ForeignKey(Service, models.CASCADE, related_name="agents", verbose_name=_("Service"))
    user = models.ForeignKey(User, models.PROTECT, related_name="memberships", verbose_name=_("User"))
    role = models.CharField(_("Role"), max_length=8, choices=Role, default=Role.AGENT)
    is_active = models.BooleanField(_("Active"), default=True)
    chat_permission = models.BooleanField(_("Chat permission"), default=False)
    unmask_permission = models.BooleanField(_("Unmask personal information"), default=False, db_default=False)
    export_permission = models.BooleanField(_("Export chats"), default=False, db_default=False)
    chat_limit = models.PositiveSmallIntegerField(
        _("Chats at once"), default=3, validators=[MinValueValidator(1), MaxValueValidator(CHATS_AT_ONCE_MAX)]
    )
    chat_status = models.CharField(_("Chat status"), max_length=8, choices=ChatStatus, default=ChatStatus.OFFLINE)
    # Why the agent is on a break: a key of ``status.BREAK_REASONS`` or the agent's words, masked. Means nothing else.
    break_reason = models.CharField(max_length=60, blank=True, default="", db_default="", editable=False)
    chat_status_since = models.DateTimeField(null=True, editable=False)  # NULL: not changed since there is the column
    # When this agent last got a chat or came Online: the earliest has waited longest.
    chat_idle_since = models.DateTimeField(default=timezone.now, editable=False)
    joined_at = models.DateTimeField(_("Since"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("Agent")
        verbose_name_plural = _("Agents")
        constraints = [models.UniqueConstraint(fields=["service", "user"], name="agent_once_in_service")]

    def __str__(self) -> str:
        return str(self.user)

    @property
    def is_admin(self) -> bool:
        return self.role == self.Role.ADMIN


class Invitation(models.Model):
    """A link with which a person joins a service. Only the hash of its secret is kept (SHA-256, hex)."""

    class Mail(models.TextChoices):
        NONE = "", _("Not e-mailed")  # the inviter has the link, so accepting proves nothing about the address
        SENDING = "sending", _("Being e-mailed")
        SENT = "sent", _("E-mailed")
        FAILED = "failed", _("Couldn’t be e-mailed")

    service = models.ForeignKey(Service, models.CASCADE, related_name="invitations", verbose_name=_("Service"))
    email = EmailAddressField(_("E-mail"))
    role = models.CharField(_("Role"), max_length=8, choices=Agent.Role, default=Agent.Role.AGENT)
    chat_permission = models.BooleanField(_("Chat permission"), default=False)
    secret_hash = models.CharField(max_length=64, unique=True, editable=False)
    mail = models.CharField(_("E-mailing"), max_length=8, choices=Mail, default=Mail.NONE, db_default="", blank=True)
    invited_by = models.ForeignKey(Agent, models.SET_NULL, null=True, related_name="+", verbose_name=_("Invited by"))
    created_at = models.DateTimeField(_("Created"), default=timezone.now, editable=False)
    expires_at = models.DateTimeField(_("Valid until"))
    accepted_at = models.DateTimeField(_("Accepted"), null=True, blank=True)

    class Meta:
        verbose_name = _("Invitation")
        verbose_name_plural = _("Invitations")
        constraints = [
            models.UniqueConstraint(
                "service", Lower("email"), condition=models.Q(accepted_at=None), name="invitation_open_once"
            )
        ]

    def __str__(self) -> str:
        return self.email


class AuditEntry(models.Model):
    """An entry of the trail: what was done, by whom, to what, when. Written with the act, never changed or personal.

    ``subject`` is ``"chat:12"``, ``"ticket:7"``, ``"agent:3"`` …; ``details`` holds names of settings, numbers and
    states, never the text of a message and never a masked value.
    """

    service = models.ForeignKey(Service, models.CASCADE, related_name="audit_entries", verbose_name=_("Service"))
    agent = models.ForeignKey(Agent, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("Agent"))
    actor = models.CharField(_("By"), max_length=80, blank=True)  # the name at that time; "" is the system
    action = models.CharField(_("Action"), max_length=40)
    subject = models.CharField(_("Object"), max_length=40)
    details = models.JSONField(_("Details"), default=dict, blank=True)
    address = models.GenericIPAddressField(_("IP address"), null=True, blank=True)
    created_at = models.DateTimeField(_("Time"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("Audit entry")
        verbose_name_plural = _("Audit entries")
        indexes = [
            models.Index(fields=["service", "subject", "id"]),
            models.Index(fields=["service", "action", "id"]),
            models.Index(fields=["service", "action", "created_at"], name="audit_by_month"),
            models.Index(fields=["created_at"], name="audit_by_age"),  # the next is for the retention of each action
            models.Index(fields=["action", "created_at"], name="audit_by_action_and_age"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.subject}"


class Attempt(models.Model):
    """One try at something that ``throttle`` limits. ``key`` is a keyed hash of what was tried and by whom."""

    key = models.CharField(max_length=64)
    at = models.DateTimeField(db_index=True)

    class Meta:
        indexes = [models.Index(fields=["key", "at"], name="attempt_recent")]

    def __str__(self) -> str:
        return f"attempt {self.pk}"


# Django looks for models here.
from agents.models_accounts import AccountEntry, OpenSession  # noqa: E402, F401
from agents.models_mailboxes import ServiceMailbox  # noqa: E402, F401
from agents.outbox.models import OutgoingMail  # noqa: E402, F401
from agents.second_factor.models import AuthenticatorApp, Passkey, RecoveryCode  # noqa: E402, F401
