"""The rows of canned responses: texts that agents keep ready. ``canned`` changes them."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone

from agents.models import Agent, Service
from chat.file import ChatFile
from chat.topics import Topic

NAME_LENGTH_MAX = 40
TEXT_LENGTH_MAX = 2_000  # code points: the composer has room for as much again


class CannedResponse(models.Model):
    """A text by language under a short name. It is its ``owner``'s, or of the agents of ``topic``, or everybody's.

    ``used_count`` counts messages that were sent from it.
    """

    service = models.ForeignKey(Service, models.CASCADE, related_name="canned_responses")
    owner = models.ForeignKey(Agent, models.CASCADE, null=True, blank=True, related_name="canned_responses")
    topic = models.ForeignKey(Topic, models.CASCADE, null=True, blank=True, related_name="canned_responses")
    name = models.CharField(max_length=NAME_LENGTH_MAX)
    texts = models.JSONField(default=dict)
    starter = models.CharField(max_length=20, default="", db_default="")  # ``canned.starters``: what it began as
    used_count = models.PositiveIntegerField(default=0)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        app_label = "chat"
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                "service", Lower("name"), condition=Q(owner=None), name="canned_response_shared_once"
            ),
            models.UniqueConstraint(
                "owner", Lower("name"), condition=Q(owner__isnull=False), name="canned_response_own_once"
            ),
            models.CheckConstraint(condition=Q(owner=None) | Q(topic=None), name="canned_response_own_or_of_topic"),
        ]

    def __str__(self) -> str:
        return self.name

    def text_in(self, language: str) -> str:
        """Returns the text in the language; if there is none, in another."""
        languages = [language, *dict(settings.LANGUAGES)]
        return next((self.texts[each] for each in languages if self.texts.get(each)), "")

    @property
    def file(self) -> "CannedFile | None":
        """The file that is sent with it."""
        return next(iter(self.files.all()), None)


class CannedFile(models.Model):
    """A file that is sent with a canned response, each time as a copy.

    As with ``ChatFile`` the row is committed before the bytes are stored, and goes after them. One without a response
    is nobody's but the uploader's, who may save it with a response within an hour.
    """

    uploader = models.ForeignKey(Agent, models.SET_NULL, null=True, related_name="+")
    response = models.ForeignKey(CannedResponse, models.SET_NULL, null=True, related_name="files")
    key = models.CharField(max_length=32, unique=True)
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=8, choices=ChatFile.Kind, blank=True)  # empty until its bytes are stored
    content_type = models.CharField(max_length=100, blank=True)
    size = models.PositiveIntegerField(default=0)
    width = models.PositiveIntegerField(default=0)
    height = models.PositiveIntegerField(default=0)
    has_thumbnail = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        app_label = "chat"
        constraints = [models.UniqueConstraint(fields=["response"], name="canned_file_once")]
        indexes = [models.Index(fields=["created_at"], condition=Q(response=None), name="canned_file_nobodys")]

    def __str__(self) -> str:
        return self.name
