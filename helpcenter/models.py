"""Help centers, articles, policies and customers. Texts are rows of their own, one for each language."""

from datetime import timedelta

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower, Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from agents.models import Agent, Service

LANGUAGES = settings.LANGUAGES


class HelpCenter(models.Model):
    """A service's public pages and Default Setting. ``chat_enabled`` is the second of the three gates."""

    service = models.OneToOneField(Service, models.CASCADE, related_name="help_center")
    chat_enabled = models.BooleanField(_("Chat"), default=False)
    colour = models.CharField(
        _("Colour"), max_length=7, default="#2f5bd7", validators=[RegexValidator(r"^#[0-9a-fA-F]{6}\Z")]
    )
    # Sites that may show the chat in a frame, as exact origins.
    embed_origins = ArrayField(models.CharField(max_length=200), default=list, blank=True)
    # How long a link to the customer's page of an inquiry opens it.
    inquiry_link_days = models.PositiveSmallIntegerField(_("Link to an inquiry (days)"), default=30, db_default=30)
    member_interlink = models.BooleanField(_("Member Interlink"), default=False, db_default=False)
    # Whether admins are shown *Getting started*: until all of it is done, or one of them closes it.
    getting_started = models.BooleanField(default=True, db_default=True, editable=False)

    class Meta:
        verbose_name = _("Help Center")
        verbose_name_plural = _("Help Centers")

    def __str__(self) -> str:
        return str(self.service)


class HelpCenterText(models.Model):
    """The help center's own words in one language. Empty ones fall back to the default of that language."""

    help_center = models.ForeignKey(HelpCenter, models.CASCADE, related_name="texts")
    language = models.CharField(max_length=7, choices=LANGUAGES)
    title = models.CharField(_("Title"), max_length=80, blank=True)
    greeting = models.TextField(_("Greeting"), max_length=500, blank=True)
    absent_message = models.CharField(_("Absent message"), max_length=200, blank=True)
    signature = models.TextField(_("Signature"), max_length=500, blank=True, default="", db_default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["help_center", "language"], name="help_center_text_once")]

    def __str__(self) -> str:
        return f"{self.help_center} {self.language}"


class PrivacyPolicy(models.Model):
    """A version of the policy in one language. It never changes: a change is a new version in every language."""

    help_center = models.ForeignKey(HelpCenter, models.CASCADE, related_name="policies")
    version = models.PositiveIntegerField()
    language = models.CharField(max_length=7, choices=LANGUAGES)
    text = models.TextField(_("Privacy policy"), max_length=20_000)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(Agent, models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = _("Privacy policy")
        verbose_name_plural = _("Privacy policies")
        constraints = [models.UniqueConstraint(fields=["help_center", "version", "language"], name="policy_once")]

    def __str__(self) -> str:
        return f"{self.help_center} {self.version} {self.language}"


class Category(models.Model):
    help_center = models.ForeignKey(HelpCenter, models.CASCADE, related_name="categories")
    position = models.PositiveSmallIntegerField(_("Position"), default=0)

    class Meta:
        ordering = ["position", "id"]
        verbose_name = _("Category")
        verbose_name_plural = _("Categories")

    def __str__(self) -> str:
        return next((text.name for text in self.texts.all()), f"#{self.pk}")


class CategoryText(models.Model):
    category = models.ForeignKey(Category, models.CASCADE, related_name="texts")
    language = models.CharField(max_length=7, choices=LANGUAGES)
    name = models.CharField(_("Name"), max_length=80)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["category", "language"], name="category_text_once")]

    def __str__(self) -> str:
        return self.name


class Article(models.Model):
    category = models.ForeignKey(Category, models.CASCADE, related_name="articles")
    position = models.PositiveSmallIntegerField(_("Position"), default=0)
    is_published = models.BooleanField(_("Published"), default=False)
    starter = models.CharField(
        max_length=20, default="", db_default="", editable=False
    )  # ``starters``: what it began as
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["position", "id"]
        verbose_name = _("Article")
        verbose_name_plural = _("Articles")

    def __str__(self) -> str:
        return next((text.title for text in self.texts.all()), f"#{self.pk}")


class ArticleText(models.Model):
    """An article in one language: Markdown without raw HTML."""

    article = models.ForeignKey(Article, models.CASCADE, related_name="texts")
    language = models.CharField(max_length=7, choices=LANGUAGES)
    title = models.CharField(_("Title"), max_length=160)
    body = models.TextField(_("Text"), max_length=50_000)
    search = models.GeneratedField(
        expression=SearchVector("title", weight="A", config="simple")
        + SearchVector("body", weight="B", config="simple"),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["article", "language"], name="article_text_once")]
        indexes = [GinIndex(fields=["search"], name="article_text_search")]

    def __str__(self) -> str:
        return self.title


class SuggestionCount(models.Model):
    """A day's counts of an article that was suggested to customers, in the language in which they saw it.

    ``suggestion_counts`` defines each count. The service is the article's. Nothing says who the customers were.
    """

    article = models.ForeignKey(Article, models.CASCADE, related_name="suggestion_counts")
    language = models.CharField(max_length=7, choices=LANGUAGES)
    day = models.DateField()
    shown = models.PositiveIntegerField(default=0, db_default=0)
    opened = models.PositiveIntegerField(default=0, db_default=0)
    helped = models.PositiveIntegerField(default=0, db_default=0)
    not_helped = models.PositiveIntegerField(default=0, db_default=0)
    left = models.PositiveIntegerField(default=0, db_default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["article", "language", "day"], name="suggestion_count_once")]
        indexes = [models.Index(fields=["day"], name="suggestion_count_by_day")]

    def __str__(self) -> str:
        return f"{self.article_id} {self.language} {self.day}"


# As searches must say it, too: the index has this expression.
CUSTOMER_WORDS = SearchVector("name", "email", config="simple")


class Customer(models.Model):
    """A person who writes or chats. The browser holds an opaque token, of which only the SHA-256 is kept.

    With a ``member`` id the service's own site has vouched for the person; nobody else is ever joined with that row.
    """

    service = models.ForeignKey(Service, models.CASCADE, related_name="customers")
    name = models.CharField(_("Name"), max_length=80)
    email = models.EmailField(_("E-mail"), blank=True)
    language = models.CharField(max_length=7, choices=LANGUAGES, default="en")
    token_hash = models.CharField(max_length=64, unique=True, null=True, blank=True, editable=False)
    # Without a value it lasts: a chat is open. A row that says nothing gets ``customers.TOKEN_LASTS`` from now on.
    token_ends_at = models.DateTimeField(null=True, blank=True, editable=False, db_default=Now() + timedelta(days=7))
    member = models.CharField(_("Member"), max_length=64, null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    # The start of the last chat, or the last inquiry, answer or ticket (``customers.note_contact``).
    last_contact_at = models.DateTimeField(default=timezone.now, editable=False, db_default=Now())
    # The customer who is kept, never a merged one (``families``). No constraint: its check would lock the table.
    merged_into = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        db_constraint=False,
        db_index=False,
        related_name="merged",
    )

    class Meta:
        verbose_name = _("Customer")
        verbose_name_plural = _("Customers")
        indexes = [
            models.Index("service", Lower("email"), name="customer_by_email"),
            # To find beginnings, which the other one has only in some collations.
            models.Index("service", OpClass(Lower("email"), "text_pattern_ops"), name="customer_by_beginning"),
            GinIndex(CUSTOMER_WORDS, name="customer_words"),
            models.Index(fields=["service", "-last_contact_at", "-id"], name="customer_by_contact"),
            models.Index(fields=["merged_into"], condition=Q(merged_into__isnull=False), name="customer_merged"),
        ]
        constraints = [models.UniqueConstraint(fields=["service", "member"], name="customer_of_member")]

    def __str__(self) -> str:
        return self.name


class CustomerNote(models.Model):
    """What an agent notes on a customer for the other agents. ``body`` is masked. No customer ever sees it."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="notes")
    agent = models.ForeignKey(Agent, models.SET_NULL, null=True, related_name="+")
    name = models.CharField(max_length=80)  # the agent's at that time
    body = models.TextField(_("Note"), max_length=1_000)
    request_id = models.UUIDField(null=True, blank=True, editable=False)  # the form's own: sent twice, it is one note
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    edited_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["customer", "request_id"], name="customernote_request_once")]

    def __str__(self) -> str:
        return f"note {self.pk}"


# Django looks for models here.
from helpcenter.members.models import MemberSecret, MemberSession, SpentToken  # noqa: E402, F401
