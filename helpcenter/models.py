"""Help centers, articles, policies and customers. Texts are rows of their own, one for each language."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Lower
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


# As searches must say it, too: the index has this expression.
CUSTOMER_WORDS = SearchVector("name", "email", config="simple")


class Customer(models.Model):
    """A person who writes or chats. The browser holds an opaque token, of which only the SHA-256 is kept."""

    service = models.ForeignKey(Service, models.CASCADE, related_name="customers")
    name = models.CharField(_("Name"), max_length=80)
    email = models.EmailField(_("E-mail"), blank=True)
    language = models.CharField(max_length=7, choices=LANGUAGES, default="en")
    token_hash = models.CharField(max_length=64, unique=True, null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("Customer")
        verbose_name_plural = _("Customers")
        indexes = [
            models.Index("service", Lower("email"), name="customer_by_email"),
            GinIndex(CUSTOMER_WORDS, name="customer_words"),
        ]

    def __str__(self) -> str:
        return self.name
