"""The rows of files in chats. ``files`` stores and removes them."""

from django.db import models
from django.db.models import Q
from django.utils import timezone


class ChatFile(models.Model):
    """One attempt to send a file, and the file once it is sent: ``arriving`` → ``ready`` → ``removed``.

    The row is committed before its bytes are stored, and they are deleted after it says so: no stored object is ever
    without its row. A row without a chat is nobody's: the chat is gone, or the attempt was given up.
    """

    class Kind(models.TextChoices):
        PICTURE = "picture"
        DOCUMENT = "document"
        AUDIO = "audio"
        VIDEO = "video"
        ARCHIVE = "archive"

    class State(models.TextChoices):
        ARRIVING = "arriving"  # nobody is shown it
        READY = "ready"  # its message is committed
        REMOVED = "removed"  # nobody is shown it any more; its bytes are gone since ``destroyed_at``

    chat = models.ForeignKey("chat.Chat", models.SET_NULL, null=True, related_name="files")
    key = models.CharField(max_length=32, unique=True)  # random: the name of the stored object says nothing
    client_id = models.UUIDField()  # of its message
    kind = models.CharField(max_length=8, choices=Kind, blank=True)
    content_type = models.CharField(max_length=100, blank=True)  # by its content, never as the sender says
    size = models.PositiveIntegerField(default=0)  # bytes, as stored
    width = models.PositiveIntegerField(default=0)  # of a picture
    height = models.PositiveIntegerField(default=0)
    has_thumbnail = models.BooleanField(default=False)
    state = models.CharField(max_length=8, choices=State, default=State.ARRIVING)
    created_at = models.DateTimeField(default=timezone.now)
    destroyed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        app_label = "chat"
        constraints = [
            # Several attempts may arrive at once; one of them becomes the message.
            models.UniqueConstraint(fields=["chat", "client_id"], condition=~Q(state="arriving"), name="file_sent_once")
        ]
        indexes = [
            models.Index(fields=["created_at"], condition=Q(state="arriving"), name="file_arriving"),
            models.Index(fields=["id"], condition=Q(state="removed", destroyed_at=None), name="file_to_destroy"),
            models.Index(fields=["id"], condition=Q(chat=None), name="file_without_chat"),
        ]

    def __str__(self) -> str:
        return f"file {self.pk}"
