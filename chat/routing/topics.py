"""The topics of a service: what customers choose from, and which agents are assigned to them. Admins manage them."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db import IntegrityError, transaction
from django.db.models import OuterRef, QuerySet
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from agents import audit
from agents.access import require_admin
from agents.models import Agent, Service
from chat.conversation import live
from chat.models import Chat
from chat.routing import presence
from chat.routing.assignment import assign_waiting_chats
from chat.topics import Assignment, Topic
from contiple.base.errors import Conflict, Invalid
from contiple.base.order import move
from contiple.base.texts import can_be_stored

TOPICS_MAX = 30  # in a service: customers read all of them


def topics_of(service: Service) -> QuerySet[Topic]:
    """The topics that admins manage: all but those that were removed."""
    return Topic.objects.filter(service=service, removed_at=None)


def active_topics(service: Service) -> list[Topic]:
    """The topics that customers can choose, in their order."""
    return list(Topic.objects.filter(service=service, is_active=True))


def topic_of_key(service: Service, key: str) -> Topic | None:
    """The active topic that a line for other sites or a form names; ``None`` if there is none."""
    if not key or not can_be_stored(key):
        return None
    return Topic.objects.filter(service=service, is_active=True, key=key).first()


def without_agents(service: Service, topics: Iterable[Topic]) -> set[int]:
    """Returns which of the topics have nobody Online."""
    own = ArraySubquery(Assignment.objects.filter(agent=OuterRef("pk")).values("topic"))
    served = list(presence.reachable_agents(service).values_list(own, flat=True))
    if not all(served):  # somebody gets every chat
        return set()
    return {topic.pk for topic in topics} - {pk for topics in served for pk in topics}


@transaction.atomic
def save_topic(by: Agent, topic: Topic | None, values: Mapping[str, Any]) -> Topic:
    """Makes a topic, or changes one: its ``key``, ``names``, ``is_active`` and ``agents``.

    The router looks again, since assignments have changed. Raises ``Closed`` (not an admin any more) or ``Invalid``
    for a key that is taken, and past ``TOPICS_MAX``. Locks the Service's row, so that no two make the last one.
    """
    require_admin(by)
    _lock(by)
    positions = list(topics_of(by.service).values_list("position", flat=True))
    if topic is None and len(positions) >= TOPICS_MAX:
        raise Invalid(_("A service has at most 30 queues."), code="name_en")
    row = topic or Topic(service=by.service, position=max(positions, default=-1) + 1)
    row.names, row.is_active = values["names"], values["is_active"]
    row.key = values["key"] or row.key or _free_key(by.service, values["names"])
    _save(row)
    row.agents.set(values["agents"])
    ids = sorted(agent.pk for agent in values["agents"])
    action, active = "queue.changed" if topic else "queue.created", row.is_active
    audit.record(by.service_id, action, f"queue:{row.pk}", agent=by, key=row.key, is_active=active, agents=ids)
    live.publish_on_commit(live.service_topic(by.service_id), live.Touched())
    transaction.on_commit(lambda: assign_waiting_chats(by.service_id), robust=True)
    return row


@transaction.atomic
def move_topic(by: Agent, topic: Topic, step: int) -> None:
    """Moves the topic one up (-1) or down (1) in the order in which customers read them. Raises ``Closed``.

    Locks the Service's row.
    """
    require_admin(by)
    _lock(by)
    if move(topics_of(by.service), topic.pk, step):
        audit.record(by.service_id, "queue.moved", f"queue:{topic.pk}", agent=by, step=step)


@transaction.atomic
def remove_topic(by: Agent, topic: Topic) -> None:
    """Removes a topic that is not active and that no open chat is in; past chats keep it. Its key is free again.

    Agents who were assigned to it alone get the chats of all topics. Since it can't be chosen any more by then, no chat
    comes meanwhile. Locks the Service's row. Raises ``Closed`` or ``Conflict``.
    """
    require_admin(by)
    _lock(by)
    row = topics_of(by.service).filter(pk=topic.pk).first()
    if row is None:
        return
    if row.is_active or Chat.objects.filter(topic=row).exclude(state=Chat.State.CLOSED).exists():
        raise Conflict(_("A queue can be removed when it is not active and no open chat is in it."))
    audit.record(by.service_id, "queue.removed", f"queue:{row.pk}", agent=by, key=row.key)
    row.key, row.removed_at = f"removed-{row.pk}", timezone.now()
    _save(row)
    row.agents.clear()
    transaction.on_commit(lambda: assign_waiting_chats(by.service_id), robust=True)


def _lock(by: Agent) -> None:
    Service.objects.select_for_update(no_key=True).values_list("pk").get(pk=by.service_id)


def _free_key(service: Service, names: Mapping[str, str]) -> str:
    """A key from the name, with a number if it is taken, or has no Latin letters."""
    taken = set(Topic.objects.filter(service=service).values_list("key", flat=True))
    stem = slugify(names.get("en", ""))[:30] or "queue"
    numbered = (f"{stem}-{number}" for number in range(1, TOPICS_MAX + 2))
    return next(key for key in [stem, *numbered] if key not in taken)


def _save(row: Topic) -> None:
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:
        raise Invalid(_("Another queue has this key."), code="key") from None
