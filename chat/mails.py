"""The rows of mails to customers who are gone. ``lifecycle.unread_mails`` writes and sends them."""

from django.db import models
from django.utils import timezone


class MailWait(models.Model):
    """An agent has written in the chat since somebody last looked what its customer has not read.

    It is made with the message, and looked at from ``due_at`` on. Whoever changes it has the chat's row lock.
    """

    chat = models.OneToOneField("chat.Chat", models.CASCADE, primary_key=True, related_name="mail_wait")
    due_at = models.DateTimeField(db_index=True)

    class Meta:
        app_label = "chat"

    def __str__(self) -> str:
        return f"chat {self.chat_id} waits for a mail"


class ChatMail(models.Model):
    """A mail with the agents' messages of a chat after ``after``, up to ``up_to``; both are places (``seq``).

    It stands where the one before it ends, so no message is in two of them.
    """

    chat = models.ForeignKey("chat.Chat", models.CASCADE, related_name="mails")
    after = models.PositiveIntegerField()
    up_to = models.PositiveIntegerField()
    message_id = models.CharField(max_length=255, unique=True)  # of the outbox
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        app_label = "chat"
        constraints = [models.UniqueConstraint(fields=["chat", "after"], name="chat_mail_once")]

    def __str__(self) -> str:
        return f"mail of chat {self.chat_id} up to {self.up_to}"
