"""The rows of topics: what customers come with, each a queue of its own. ``routing.topics`` changes them."""

from typing import Any

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.db.models.lookups import IsNull

from agents.models import Agent, Service
from contiple.base.names import in_readers_language


class Topic(models.Model):
    """A queue of a service. Agents who are assigned to queues get the chats of these alone; all others get every chat.

    ``names`` has the name by language. A topic is never deleted, since chats bear it: one that is not active can't be
    chosen any more, and one that was removed is shown with past chats alone. ``key`` names it in the line for other
    sites.
    """

    service = models.ForeignKey(Service, models.CASCADE, related_name="topics")
    key = models.SlugField(max_length=40)
    names = models.JSONField(default=dict)
    is_active = models.BooleanField(default=True)
    position = models.PositiveSmallIntegerField(default=0)
    removed_at = models.DateTimeField(null=True, editable=False)
    agents = models.ManyToManyField(Agent, related_name="topics", blank=True)

    class Meta:
        app_label = "chat"
        ordering = ["position", "pk"]
        constraints = [models.UniqueConstraint(fields=["service", "key"], name="topic_key_once")]

    def __str__(self) -> str:
        """The name in the reader's language; if there is none, in another."""
        return in_readers_language(self.names, self.key)


Assignment = Topic.agents.through


def serves(topic_id: int | None) -> Q:
    """A condition on agents: they get chats of this topic. Everybody gets chats without one.

    ``routing.due_queues`` has the same in SQL, ``routing.standing`` in memory.
    """
    return Q() if topic_id is None else Q(~_is_assigned()) | Q(_is_assigned(topic=topic_id))


def serves_the_chat() -> Q:
    """As ``serves``, in a query of agents inside of one of chats."""
    own = _is_assigned(topic=OuterRef(OuterRef("topic")))
    return Q(IsNull(OuterRef("topic"), rhs=True)) | Q(~_is_assigned()) | Q(own)


def _is_assigned(**fields: Any) -> Exists:
    return Exists(Assignment.objects.filter(agent=OuterRef("pk"), **fields))
