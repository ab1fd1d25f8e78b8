"""The row of a chat's evaluation (``conversation.evaluations`` writes it)."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Score(models.IntegerChoices):
    VERY_POOR = 1, _("Very poor")
    POOR = 2, _("Poor")
    FAIR = 3, _("Fair")
    GOOD = 4, _("Good")
    EXCELLENT = 5, _("Excellent")


class Evaluation(models.Model):
    """How satisfied the customer was with a chat, from 1 to 5; or only that an agent asked.

    The comment is the body of the chat's message ``seq``: it is masked, shown and destroyed as every message.
    """

    chat = models.OneToOneField("chat.Chat", models.CASCADE, primary_key=True, related_name="evaluation")
    asked_at = models.DateTimeField(null=True, blank=True)  # NULL: no agent asked
    score = models.PositiveSmallIntegerField(null=True, blank=True)
    seq = models.PositiveIntegerField(null=True, blank=True)
    given_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        app_label = "chat"
        constraints = [
            models.CheckConstraint(
                condition=Q(score=None, seq=None, given_at=None)
                | Q(score__range=(1, 5), seq__isnull=False, given_at__isnull=False),
                name="evaluation_is_whole",
            )
        ]

    def __str__(self) -> str:
        return f"evaluation of chat {self.chat_id}"
