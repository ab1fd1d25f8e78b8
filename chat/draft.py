"""The rows of what agents are writing in chats. ``conversation.drafts`` keeps and drops them."""

from django.db import models
from django.utils import timezone

from agents.models import Agent


class ChatDraft(models.Model):
    """What one agent has typed in a chat and not sent, masked: a message, or a note if it is ``internal``.

    Nobody else is shown it; it goes with the chat's end.
    """

    chat = models.ForeignKey("chat.Chat", models.CASCADE, related_name="drafts")
    agent = models.ForeignKey(Agent, models.CASCADE, related_name="+")
    body = models.TextField()
    internal = models.BooleanField(default=False, db_default=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        app_label = "chat"
        constraints = [models.UniqueConstraint(fields=["chat", "agent", "internal"], name="chat_draft_once")]

    def __str__(self) -> str:
        return f"draft {self.pk}"

    @property
    def stamp(self) -> str:
        """Tells one writing of the draft from another."""
        return self.updated_at.isoformat()
