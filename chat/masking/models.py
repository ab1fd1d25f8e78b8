"""The rows of masking: data keys, a service's rules, its own patterns, and what every mask has.

``chat.models`` imports them, so that Django finds them in the app.
"""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from agents.models import Agent, Service
from helpcenter.models import Customer


class DataKey(models.Model):
    """A key under which one holder's originals are sealed, itself wrapped by a master key.

    A holder is named by ``kind`` and ``number``: a chat by "chat" and its id, for example (``holders``). Deleting the
    row destroys every original under it for good. A holder has one key, and further generations if those before could
    not be opened when something was sealed (``vault``).
    """

    kind = models.CharField(max_length=12)
    number = models.BigIntegerField()
    generation = models.PositiveSmallIntegerField(default=0, db_default=0)
    service = models.ForeignKey(Service, models.CASCADE, related_name="+")
    customer = models.ForeignKey(Customer, models.CASCADE, null=True, blank=True, related_name="+")
    master = models.CharField(max_length=32)  # id of the master key that wraps it
    wrapped = models.BinaryField()
    created_at = models.DateTimeField(default=timezone.now)
    used_at = models.DateTimeField(default=timezone.now, db_default=Now())  # the last time something was sealed with it

    class Meta:
        db_table = "chat_chatkey"  # the first name: processes of the release before still write it
        constraints = [models.UniqueConstraint(fields=["kind", "number", "generation"], name="key_of_generation_once")]

    def __str__(self) -> str:
        return f"key {self.pk}"


class MaskingRules(models.Model):
    """A service's choice of what is masked, offered and left alone (``rules`` has the defaults and the form)."""

    service = models.OneToOneField(Service, models.CASCADE, related_name="masking_rules")
    version = models.PositiveIntegerField(default=1)  # grows with each change: processes compare it with what they read
    kinds = models.JSONField(default=dict, blank=True)
    reveals_per_hour = models.PositiveSmallIntegerField(_("Unmaskings per hour"), default=30)

    class Meta:
        verbose_name = verbose_name_plural = _("Rules of masking")

    def __str__(self) -> str:
        return f"masking rules of {self.service_id}"


class OwnPattern(models.Model):
    """A word or regular expression that the service itself counts as personal data (``detectors.custom``)."""

    class Form(models.TextChoices):
        WORD = "word", _("Word")
        PATTERN = "pattern", _("Pattern")

    service = models.ForeignKey(Service, models.CASCADE, related_name="own_patterns")
    form = models.CharField(_("Form"), max_length=8, choices=Form, default=Form.WORD)
    source = models.CharField(_("Word or pattern"), max_length=200)
    action = models.CharField(max_length=8)
    keep = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("Own word or pattern")
        verbose_name_plural = _("Own words and patterns")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["service", "form", "source"], name="own_pattern_once"),
        ]

    def __str__(self) -> str:
        return f"pattern {self.pk}"


class MaskedSpan(models.Model):
    """A masked span of a text, in code points; spans of one text never overlap (``engine``).

    ``sealed`` is the original under a data key, bound to the spot it was taken from; empty if it was destroyed at once.
    """

    start = models.PositiveIntegerField()
    end = models.PositiveIntegerField()
    kind = models.CharField(max_length=20)  # a detector's kind, or "manual"
    sealed = models.BinaryField(default=bytes, blank=True)
    masked_by = models.ForeignKey(Agent, models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        abstract = True
        constraints = [models.CheckConstraint(condition=Q(end__gt=F("start")), name="%(class)s_not_empty")]

    def __str__(self) -> str:
        return f"mask {self.start}-{self.end}"
