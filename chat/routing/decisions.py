"""Records why a chat went to this agent and not to another, and why it had to wait: codes and numbers, which
``lifecycle.trail`` puts into words.

A round is one turn of the router, with every agent's standing. Its decisions are the chats that got an agent in it, and
the chats that go on waiting for another reason than before. Seconds that pass are no other reason. The record is
bounded: a chat far behind in the queue is noted when it comes to the head.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.conf import settings
from django.db.models import OuterRef, Subquery
from django.db.models.functions import Now

from agents.models import Agent
from chat.models import Chat
from chat.routing import packing
from chat.routing.standing import Availability, Standing, standing_after
from chat.routing_log import RoutingDecision, RoutingRound
from contiple.base.batches import delete_in_batches

SHOWN_MAX = 50  # for a chat: its latest decisions


class Reason(StrEnum):
    """Why this agent: ``RECENT``, ``ONLY``, ``FEWEST``, ``LONGEST``, ``TAKEN``. Why nobody: the others."""

    RECENT = "recent"
    ONLY = "only"
    FEWEST = "fewest"
    LONGEST = "longest"
    RESTING = "resting"  # the agents with room have just let it ring
    CROWD = "crowd"  # one of many from its network: who came alone went first, or a free seat is kept for them
    FULL = "full"
    UNREACHABLE = "disconnected"
    BREAK = "break"
    OFFLINE = "offline"
    TOPIC = "topic"  # as OFFLINE, of the agents of its topic
    TAKEN = "taken"  # an agent took it by hand: no choice of the router


@dataclass(frozen=True)
class Decision:
    chat_id: int
    agent_id: int | None
    reason: str
    resting: tuple[int, ...] = ()


@dataclass(frozen=True)
class Noted:
    """A decision as it is read again, with the standings when it was this chat's turn."""

    at: datetime
    agent_id: int | None
    reason: str
    resting: frozenset[int]
    standings: list[Standing]


def note_round(service_id: int, now: datetime, standings: Iterable[Standing], decisions: list[Decision]) -> None:
    """Writes a round with its decisions; without any, nothing."""
    if not decisions:
        return
    made = RoutingRound(service_id=service_id, at=now)
    packing.pack(made, standings, {decision.agent_id for decision in decisions})
    made.save()
    RoutingDecision.objects.bulk_create(
        RoutingDecision(
            round=made,
            chat_id=decision.chat_id,
            agent_id=decision.agent_id,
            reason=decision.reason,
            resting=list(decision.resting),
        )
        for decision in decisions
    )


def note_taken(agent: Agent, chat: Chat, now: datetime, standings: Iterable[Standing]) -> None:
    """Writes that the agent took the chat by hand. ``standings`` are those just before."""
    made = RoutingRound(service_id=chat.service_id, at=now)
    packing.pack(made, standings, {agent.pk})
    made.save()
    RoutingDecision.objects.create(round=made, chat=chat, taken_by=agent, reason=Reason.TAKEN)


def only_news(waits: list[Decision]) -> list[Decision]:
    """Returns the waits whose chat's last decision was another one.

    That all agents are at their limit again is no news of a chat that was passed over: a crowd would fill the record.
    """
    last = _last_decisions([wait.chat_id for wait in waits]) if waits else {}
    return [wait for wait in waits if _is_news(wait, *last.get(wait.chat_id, ("", [])))]


def _is_news(wait: Decision, reason: str, resting: list[int]) -> bool:
    is_same = wait.reason == reason or (wait.reason, reason) == (Reason.FULL, Reason.CROWD)
    return not is_same or list(wait.resting) != resting


def why_nobody(standings: Iterable[Standing], *, is_for_some: bool = False) -> Reason:
    """Returns why a chat that no agent has let ring still waits: the reason of the agents nearest to taking it.

    ``standings`` are of the agents who serve it; ``is_for_some``: there are others.
    """
    found = {standing.availability for standing in standings}
    nearest_first = {
        Availability.FULL: Reason.FULL,
        Availability.UNREACHABLE: Reason.UNREACHABLE,
        Availability.BREAK: Reason.BREAK,
    }
    otherwise = Reason.TOPIC if is_for_some else Reason.OFFLINE
    return next((reason for kept, reason in nearest_first.items() if kept in found), otherwise)


def decisions_of(chat: Chat) -> list[Noted]:
    """The chat's latest ``SHOWN_MAX`` decisions, oldest first. The caller has checked that an admin asks."""
    rows = RoutingDecision.objects.filter(chat=chat).select_related("round").order_by("-id")[:SHOWN_MAX]
    decisions = list(rows)[::-1]
    earlier = _given_before({row.round_id for row in decisions})
    standings = packing.unpack(chat.service_id, {row.round for row in decisions})
    return [_noted(row, earlier, standings[row.round_id]) for row in decisions]


def drop_old_rounds() -> None:
    """Deletes old rounds with their decisions."""
    delete_in_batches(RoutingRound.objects.filter(at__lt=Now() - settings.ROUTING_LOG_KEPT).order_by("at"))


def _last_decisions(chat_ids: list[int]) -> dict[int, tuple[str, list[int]]]:
    last = RoutingDecision.objects.filter(chat=OuterRef("pk")).order_by("-id").values("pk")[:1]
    chats = Chat.objects.filter(pk__in=chat_ids).annotate(last=Subquery(last))
    decisions = RoutingDecision.objects.filter(pk__in=chats.values("last"), agent=None)
    return {row.chat_id: (row.reason, row.resting) for row in decisions}


def _given_before(rounds: set[int]) -> list[tuple[int, int, int]]:
    """``(id, round, agent)`` of each chat that these rounds gave: one more for its agent at the next choice."""
    given = RoutingDecision.objects.filter(round__in=rounds, agent__isnull=False)
    return list(given.values_list("pk", "round", "agent"))


def _noted(row: RoutingDecision, given: list[tuple[int, int, int]], standings: list[Standing]) -> Noted:
    more = Counter(
        agent_id for decision_id, round_id, agent_id in given if round_id == row.round_id and decision_id < row.pk
    )
    then = [standing_after(each, more[each.agent_id]) for each in standings]
    return Noted(row.round.at, row.agent_id or row.taken_by_id, row.reason, frozenset(row.resting), then)
