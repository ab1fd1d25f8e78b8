"""Why a chat went to this agent and not to another, and why it had to wait: codes and numbers, for ``trail`` to say.

A round is one turn of the router, with the state of every agent; its decisions are the chats that got an agent in it,
and those that go on waiting for another reason than before. Seconds that pass are no other reason. Bounded: a chat
that waits far behind in the queue is noted when it comes to the head.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db.models import OuterRef, Subquery
from django.db.models.functions import Now

from chat.models import Chat, RoutingDecision, RoutingRound
from chat.routing.standing import Seat, Standing, nearness, standing_after

KEEP_DAYS = 90
SEATS_MAX = 300  # of a round; past it those who stand furthest from a chat are left out
SHOWN_MAX = 50  # of a chat's decisions


class Reason(StrEnum):
    """Why this agent: ``RECENT``, ``ONLY``, ``FEWEST``, ``LONGEST``. Why nobody: the others."""

    RECENT = "recent"
    ONLY = "only"
    FEWEST = "fewest"
    LONGEST = "longest"
    RESTING = "resting"  # who has room has let it ring just now
    FULL = "full"
    UNREACHABLE = "disconnected"
    BREAK = "break"
    OFFLINE = "offline"


@dataclass(frozen=True)
class Decision:
    chat_id: int
    agent_id: int | None
    reason: str
    resting: tuple[int, ...] = ()


@dataclass(frozen=True)
class Noted:
    """A decision as it is read again: ``seats`` as they were when it was this chat's turn."""

    at: datetime
    agent_id: int | None
    reason: str
    resting: frozenset[int]
    seats: list[Seat]


def note_round(service_id: int, now: datetime, seats: Iterable[Seat], decisions: list[Decision]) -> None:
    """Writes a round with its decisions; nothing where nothing was decided."""
    if not decisions:
        return
    there = RoutingRound.objects.create(service_id=service_id, at=now, seats=_packed(seats))
    RoutingDecision.objects.bulk_create(
        RoutingDecision(
            round=there,
            chat_id=decision.chat_id,
            agent_id=decision.agent_id,
            reason=decision.reason,
            resting=list(decision.resting),
        )
        for decision in decisions
    )


def only_news(waits: list[Decision]) -> list[Decision]:
    """Of chats that go on waiting, those whose last decision was another one."""
    last = _last_decisions([wait.chat_id for wait in waits]) if waits else {}
    return [wait for wait in waits if last.get(wait.chat_id) != (wait.reason, list(wait.resting))]


def why_nobody(seats: Iterable[Seat]) -> Reason:
    """Why a chat waits that nobody has let ring: what stands against those who are nearest to taking it."""
    standings = {seat.standing for seat in seats}
    order = {
        Standing.FULL: Reason.FULL,
        Standing.UNREACHABLE: Reason.UNREACHABLE,
        Standing.BREAK: Reason.BREAK,
    }
    return next((reason for standing, reason in order.items() if standing in standings), Reason.OFFLINE)


def decisions_of(chat: Chat) -> list[Noted]:
    """Oldest first, the latest ``SHOWN_MAX``. For the service's admins; the caller has checked that."""
    rows = RoutingDecision.objects.filter(chat=chat).select_related("round").order_by("-id")[:SHOWN_MAX]
    decisions = list(rows)[::-1]
    earlier = _given_before({row.round_id for row in decisions})
    return [_noted(row, earlier) for row in decisions]


def drop_old_rounds(*, older_than_days: int = KEEP_DAYS) -> None:
    RoutingRound.objects.filter(at__lt=Now() - timedelta(days=older_than_days)).delete()


def _packed(seats: Iterable[Seat]) -> list[list]:
    nearest = sorted(seats, key=nearness)[:SEATS_MAX]
    return [[seat.agent_id, seat.name, seat.standing, seat.load, seat.limit, seat.gone_s] for seat in nearest]


def _last_decisions(chat_ids: list[int]) -> dict[int, tuple[str, list[int]]]:
    last = RoutingDecision.objects.filter(chat=OuterRef("pk")).order_by("-id").values("pk")[:1]
    chats = Chat.objects.filter(pk__in=chat_ids).annotate(last=Subquery(last))
    decisions = RoutingDecision.objects.filter(pk__in=chats.values("last"), agent=None)
    return {row.chat_id: (row.reason, row.resting) for row in decisions}


def _given_before(rounds: set[int]) -> list[tuple[int, int, int]]:
    """``(id, round, agent)`` of all that these rounds gave out, since each gift was a chat more for the next choice."""
    given = RoutingDecision.objects.filter(round__in=rounds, agent__isnull=False)
    return list(given.values_list("pk", "round", "agent"))


def _noted(row: RoutingDecision, given: list[tuple[int, int, int]]) -> Noted:
    more: dict[int, int] = {}
    for decision_id, round_id, agent_id in given:
        if round_id == row.round_id and decision_id < row.pk:
            more[agent_id] = more.get(agent_id, 0) + 1
    seats = [_unpacked(seat, more.get(seat[0], 0), row.round.at) for seat in row.round.seats]
    return Noted(row.round.at, row.agent_id, row.reason, frozenset(row.resting), seats)


def _unpacked(packed: list, more: int, at: datetime) -> Seat:
    agent_id, name, standing, load, limit, gone_s = packed
    return standing_after(Seat(agent_id, name, standing, load, limit, gone_s, at), more)
