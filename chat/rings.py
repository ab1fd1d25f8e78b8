"""The rows of who is asked to take a chat, and of who is there."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone

from agents.models import Agent


class Ring(models.Model):
    """A chat offered to an agent, and what came of it: who let it ring is not asked again at once."""

    class Outcome(models.TextChoices):
        OPENED = "opened"
        MISSED = "missed"  # not opened in time
        GONE = "gone"  # the agent was not there any more, or not permitted
        RETURNED = "returned"  # the agent gave the chat back
        TAKEN = "taken"  # an admin took it over
        CLOSED = "closed"  # the chat ended first

    chat = models.ForeignKey("chat.Chat", models.CASCADE, related_name="rings")
    agent = models.ForeignKey(Agent, models.CASCADE, related_name="rings")
    started_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=8, choices=Outcome, blank=True)

    class Meta:
        app_label = "chat"
        constraints = [models.UniqueConstraint(fields=["chat"], condition=Q(ended_at=None), name="ring_one_at_once")]
        indexes = [
            models.Index(fields=["ended_at"], condition=Q(outcome__in=["missed", "returned"]), name="ring_not_taken")
        ]

    def __str__(self) -> str:
        return f"ring {self.chat_id} at {self.agent_id}"


class Lease(models.Model):
    """One socket's word that somebody is there: an agent in a service, or the customer of a chat, until it expires."""

    socket = models.UUIDField(primary_key=True, default=uuid.uuid4)
    agent = models.ForeignKey(Agent, models.CASCADE, null=True, blank=True, related_name="leases")
    chat = models.ForeignKey("chat.Chat", models.CASCADE, null=True, blank=True, related_name="leases")
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        app_label = "chat"
        constraints = [
            models.CheckConstraint(
                condition=Q(agent=None, chat__isnull=False) | Q(agent__isnull=False, chat=None), name="lease_of_one"
            )
        ]

    def __str__(self) -> str:
        return str(self.socket)
