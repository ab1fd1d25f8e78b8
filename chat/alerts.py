"""The rows of how an agent is told of chats, and of what the desk has to tell an agent."""

from django.core.validators import MaxValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from agents.models import Agent


class AlertSettings(models.Model):
    """How an agent is told of chats, in every browser, and whether keys are shortcuts there.

    A browser shows notifications only if it was allowed to.
    """

    agent = models.OneToOneField(Agent, models.CASCADE, related_name="alert_settings")
    ring_sound = models.BooleanField(_("Sound for a new chat"), default=True, db_default=True)
    message_sound = models.BooleanField(_("Sound for a message"), default=True, db_default=True)
    volume = models.PositiveSmallIntegerField(
        _("Volume"), default=60, db_default=60, validators=[MaxValueValidator(100)]
    )
    notifications = models.BooleanField(_("Browser notifications"), default=True, db_default=True)
    shortcuts = models.BooleanField(_("Use shortcuts"), default=True, db_default=True)

    class Meta:
        app_label = "chat"

    def __str__(self) -> str:
        return f"alert settings of {self.agent_id}"


class DeskNotice(models.Model):
    """What became of a chat that was an agent's, or rang for the agent; or that a note in a chat names the agent.

    It is shown until the agent dismisses it.
    """

    class Kind(models.TextChoices):
        MISSED = "missed"  # it rang, was not opened in time, and went on to the queue
        TAKEN_OVER = "taken"
        GONE = "gone"  # the agent was disconnected, and it went on to the queue
        ENDED = "ended"  # an admin ended it
        MENTIONED = "mention"  # a note in it names the agent

    agent = models.ForeignKey(Agent, models.CASCADE, related_name="desk_notices", db_index=False)
    # Without a constraint, whose check would lock the chats' table.
    chat = models.ForeignKey("chat.Chat", models.CASCADE, related_name="+", db_constraint=False)
    kind = models.CharField(max_length=8, choices=Kind)
    by = models.CharField(max_length=80, blank=True)  # the name at that time
    # Of ``TAKEN_OVER``: how many chats an admin moved away at once, this one among them; 0 if the admin took it over.
    moved = models.PositiveSmallIntegerField(default=0, db_default=0)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        app_label = "chat"
        constraints = [models.UniqueConstraint(fields=["agent", "chat"], name="desk_notice_once")]

    def __str__(self) -> str:
        return f"notice of {self.chat_id} to {self.agent_id}"
