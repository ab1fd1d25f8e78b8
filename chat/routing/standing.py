"""The standing of each agent: able to take a chat now, or why not. Read by the router, by transfers and by admins."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from agents.chat_permission import chat_permitted
from agents.models import Agent, Contract
from chat.models import Chat
from chat.rings import Lease
from chat.topics import Assignment

Status = Agent.ChatStatus


class Availability(StrEnum):
    """The first reason that keeps an agent from taking a chat, the nearest to taking one first; ``FREE``: none."""

    FREE = "free"
    FULL = "full"
    UNREACHABLE = "disconnected"
    BREAK = "break"
    OFFLINE = "offline"
    NO_PERMISSION = "permission"
    NO_CONTRACT = "contract"


_NEARNESS = {str(availability): number for number, availability in enumerate(Availability)}
_WORDS = {
    Availability.UNREACHABLE: gettext_lazy("disconnected"),
    Availability.BREAK: gettext_lazy("on a break"),
    Availability.OFFLINE: gettext_lazy("Offline"),
    Availability.NO_PERMISSION: gettext_lazy("no chat permission"),
    Availability.NO_CONTRACT: gettext_lazy("Chat is off in the contract"),
}


@dataclass(frozen=True)
class Standing:
    """One agent's standing. ``load`` counts ringing and active chats; ``gone_s`` says for how long unreachable.

    ``topics`` are those that the agent is assigned to.
    """

    agent_id: int
    name: str
    availability: str
    load: int
    limit: int
    gone_s: int | None
    idle_since: datetime
    topics: frozenset[int] = frozenset()

    def serves(self, topic_id: int | None) -> bool:
        """Returns whether the agent gets chats of this topic: whoever is assigned to none gets all."""
        return topic_id is None or not self.topics or topic_id in self.topics

    @property
    def is_free(self) -> bool:
        return self.availability == Availability.FREE

    @property
    def is_online(self) -> bool:
        return self.availability in {Availability.FREE, Availability.FULL, Availability.UNREACHABLE}


def standings_of(service_id: int, now: datetime) -> list[Standing]:
    """The standing of every active agent of the service, by id, in one reading. ``now`` is the database's time."""
    chats_at_once = Contract.objects.values_list("chats_at_once", flat=True).get(service=service_id)
    return [_standing(row, min(row.chat_limit, chats_at_once), now) for row in _agents(service_id)]


def room_of(standings: Iterable[Standing]) -> int:
    """Returns how many more chats these agents can take now."""
    return sum(each.limit - each.load for each in standings if each.is_free)


def seats_of(standings: Iterable[Standing]) -> int:
    """Returns how many chats the agents who are there can have, those that they have among them."""
    return sum(each.limit for each in standings if each.availability in {Availability.FREE, Availability.FULL})


def nearness(standing: Standing) -> int:
    """0 for an agent who can take a chat; the higher, the further from it."""
    return _NEARNESS[standing.availability]


def standing_after(standing: Standing, more: int) -> Standing:
    """The agent's standing with ``more`` chats in addition."""
    load = standing.load + more
    is_full = standing.is_free and load >= standing.limit
    return replace(standing, load=load, availability=Availability.FULL if is_full else standing.availability)


def in_words(standing: Standing) -> str:
    """Says why the agent can't take a chat, or how many the agent has: "3 of 3 chats"."""
    if standing.availability in {Availability.FREE, Availability.FULL}:
        return chats_in_words(standing.load, standing.limit)
    if standing.availability == Availability.UNREACHABLE and standing.gone_s is not None:
        return _("disconnected for %(time)s") % {"time": duration_in_words(standing.gone_s)}
    return str(_WORDS.get(Availability(standing.availability), ""))


def chats_in_words(load: int, limit: int) -> str:
    return ngettext("%(load)s of %(limit)s chat", "%(load)s of %(limit)s chats", limit) % {"load": load, "limit": limit}


def duration_in_words(seconds: int) -> str:
    if seconds < 120:
        return _("%(n)s s") % {"n": seconds}
    return _("%(n)s min") % {"n": seconds // 60}


def _agents(service_id: int) -> QuerySet:
    open_chats = Chat.objects.filter(agent=OuterRef("pk")).exclude(state=Chat.State.CLOSED).order_by().values("agent")
    load = Subquery(open_chats.annotate(n=Count("pk")).values("n"), output_field=IntegerField())
    leases = Lease.objects.filter(agent=OuterRef("pk")).order_by("-expires_at").values("expires_at")
    agents = Agent.objects.filter(service=service_id, is_active=True, user__is_active=True).order_by("pk")
    topics = ArraySubquery(Assignment.objects.filter(agent=OuterRef("pk")).values("topic"))
    found = agents.annotate(
        load=Coalesce(load, 0), lease=Subquery(leases[:1]), is_permitted=chat_permitted(), topics_served=topics
    )
    return found.values_list(
        "pk",
        "user__name",
        "user__email",
        "chat_permission",
        "chat_status",
        "chat_limit",
        "chat_idle_since",
        "load",
        "lease",
        "is_permitted",
        "topics_served",
        named=True,
    )


def _standing(row: Any, limit: int, now: datetime) -> Standing:
    is_here = row.lease is not None and row.lease > now
    gone_s = None if is_here or row.lease is None else int((now - row.lease).total_seconds())
    name = row.user__name or row.user__email
    availability, topics = _availability(row, limit, is_here), frozenset(row.topics_served)
    return Standing(row.pk, name, availability, row.load, limit, gone_s, row.chat_idle_since, topics)


def _availability(row: Any, limit: int, is_here: bool) -> Availability:
    if not row.is_permitted:
        return Availability.NO_CONTRACT if row.chat_permission else Availability.NO_PERMISSION
    if row.chat_status != Status.ONLINE:
        return Availability.BREAK if row.chat_status == Status.BREAK else Availability.OFFLINE
    if not is_here:
        return Availability.UNREACHABLE
    return Availability.FREE if row.load < limit else Availability.FULL
