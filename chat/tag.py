"""The rows of a chat's tags. ``filing.tagging`` puts them on and takes them off."""

from django.db import models
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Lower

from agents.models import Service


class ChatTag(models.Model):
    """A word on chats of a service, once in any case. It goes with the last chat that bears it."""

    service = models.ForeignKey(Service, models.CASCADE, related_name="chat_tags")
    name = models.CharField(max_length=40)

    class Meta:
        app_label = "chat"
        ordering = ["name"]
        constraints = [models.UniqueConstraint("service", Lower("name"), name="chat_tag_once")]

    def __str__(self) -> str:
        return self.name


def tags_in_use(service: Service) -> QuerySet[ChatTag]:
    """The service's tags that are on a chat, by name."""
    on_chat = ChatTag.chats.through.objects.filter(chattag=OuterRef("pk"))
    return ChatTag.objects.filter(Exists(on_chat), service=service)
