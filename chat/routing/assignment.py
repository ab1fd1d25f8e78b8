"""Gives waiting chats to agents. A chat is never given to two agents, and no agent gets more than the limit.

Chats are served in the order of the queue (``order``); the last free seats are not for crowds. An agent is eligible who
is Online, reachable, permitted, below the limit, serves the chat's topic, and hasn't just let this chat ring. The
eligible agent with the fewest open chats in proportion to the limit gets the chat, among equals the one who has waited
longest. With *Assign Chat* in the settings of chat, an eligible agent with recent history with the customer comes
before all others.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import connection, transaction

from agents import audit
from chat.abuse import crowds
from chat.abuse.crowds import Place
from chat.access import chats_to_ring
from chat.conversation import live
from chat.models import Chat
from chat.rings import Ring
from chat.routing import presence
from chat.routing.decisions import Decision, Reason, note_round, only_news, why_nobody
from chat.routing.order import queue_of
from chat.routing.recent import recent_agents
from chat.routing.standing import Standing, room_of, seats_of, standing_after, standings_of
from chat.states import ring_chats
from contiple.base import clock

RING_TIMEOUT_S = 30  # a chat rings this long at one agent before the next one is asked
# An agent who let a chat ring is not asked again for this long, so that another agent gets it in between.
RING_REST_S = 60
BATCH = 200  # chats that one turn, a transaction, locks and writes at most
NOTED_AHEAD = 50  # the routing log says of this many at the head why they wait; the others wait for them
Outcome = Ring.Outcome
_ROUTER_LOCK = 0x43484154  # the first key of the advisory locks: "CHAT"


@dataclass(frozen=True)
class Candidate:
    """An agent as the choice sees it. ``load`` counts ringing and active chats; without ``topics`` all are served."""

    agent_id: int
    load: int
    limit: int
    idle_since: datetime
    topics: frozenset[int] = frozenset()

    def may_take(self, chat: "Waiting") -> bool:
        is_served = chat.topic_id is None or not self.topics or chat.topic_id in self.topics
        return is_served and self.agent_id not in chat.resting


@dataclass(frozen=True)
class Waiting:
    """A chat in the queue, the agents who have just let it ring, and the one with recent history."""

    place: Place
    resting: frozenset[int] = frozenset()
    recent: int | None = None

    @property
    def chat_id(self) -> int:
        return self.place.chat_id

    @property
    def topic_id(self) -> int | None:
        return self.place.topic_id


@dataclass(frozen=True)
class Gift:
    """A chat that an agent gets, when, and why this agent."""

    chat_id: int
    agent_id: int
    at: datetime
    reason: str
    resting: frozenset[int]

    @property
    def decision(self) -> Decision:
        return Decision(self.chat_id, self.agent_id, self.reason, tuple(sorted(self.resting)))


def assign_waiting_chats(service_id: int) -> int:
    """Rings as many waiting chats as there is room for, in the order of the queue; returns how many.

    Call it after the commit of whatever may have made room or a chat. One router runs in a service at a time (advisory
    lock), so none decides by what another is about to change. Rows are locked in the order Chat, Agent, by pk.
    """
    given, is_more = 0, True
    while is_more:
        with transaction.atomic():
            number, is_more = take_turn(service_id)
        given += number
    return given


def wait_for_turn(service_id: int) -> None:
    """Takes the router's turn: until the transaction ends nobody else adds to the load of the service's agents.

    Everything that adds to an agent's load calls it first.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_ROUTER_LOCK, service_id % 2**31])


def choose(candidates: Iterable[Candidate]) -> Candidate | None:
    """Returns the agent who gets the next chat; ``None`` if no agent has room."""
    return min(
        (candidate for candidate in candidates if candidate.load < candidate.limit),
        key=lambda candidate: (candidate.load / candidate.limit, candidate.idle_since, candidate.agent_id),
        default=None,
    )


def plan(queue: Iterable[Waiting], everybody: Iterable[Candidate], now: datetime, *, for_crowds: int) -> list[Gift]:
    """Returns which agent gets which chat of the queue, ``for_crowds`` of crowds at most.

    The moments of the gifts differ, so that of two agents who got one in this turn, the first is first for the next.
    """
    candidates = {candidate.agent_id: candidate for candidate in everybody}
    planned: list[Gift] = []
    for chat in queue:
        if not candidates:
            break
        if chat.place.network and not for_crowds:
            continue
        chosen, reason = _choose_for(chat, list(candidates.values()))
        if chosen is not None:
            for_crowds -= bool(chat.place.network)
            moment = now + timedelta(microseconds=len(planned))
            planned.append(Gift(chat.chat_id, chosen.agent_id, moment, reason, chat.resting))
            candidates[chosen.agent_id] = replace(chosen, load=chosen.load + 1, idle_since=moment)
            if chosen.load + 1 >= chosen.limit:
                del candidates[chosen.agent_id]
    return planned


def take_turn(service_id: int) -> tuple[int, bool]:
    """Returns how many chats were given, and whether to look again at once. Needs a transaction of its own."""
    wait_for_turn(service_id)
    if not chats_to_ring(service_id).exists():
        return 0, False
    now = clock.database_now()
    standings = standings_of(service_id, now)
    free = [_candidate(each) for each in standings if each.is_free]
    room = min(room_of(standings), BATCH)
    places = [place for place in queue_of(service_id) if place.is_connected]
    queue = _head(places, service_id, room, now)
    for_crowds = crowds.room_for_crowds(places, room=room_of(standings), seats=seats_of(standings))
    planned = plan(queue, free, now, for_crowds=for_crowds)[:room]
    done = _give(service_id, planned)
    given = [gift.decision for gift in done]
    if room and (len(planned) == BATCH or len(done) < len(planned)):
        note_round(service_id, now, standings, given)
        return len(done), True
    note_round(service_id, now, standings, given + only_news(_waits(queue, standings, given)))
    return len(done), False


def _candidate(each: Standing) -> Candidate:
    return Candidate(each.agent_id, each.load, each.limit, each.idle_since, each.topics)


def _head(places: Sequence[Place], service_id: int, room: int, now: datetime) -> list[Waiting]:
    """The first of the queue: as many as there is room for, and as many more as may have to be skipped.

    A chat that everybody with room has let ring keeps none behind it from being given, nor does a crowd's that may
    not have the last seats, nor do those of a topic whose agents have no room.
    """
    # Read after the chats: a chat that came back into the queue in between has its missed ring among these.
    resting = _resting(service_id, now)
    number = room + len(resting) + NOTED_AHEAD
    kinds: Counter[tuple[bool, int | None]] = Counter()
    head = []
    for place in places:
        kind = bool(place.network), place.topic_id
        kinds[kind] += 1
        if kinds[kind] <= number:
            head.append(place)
    recent = recent_agents(service_id, [place.customer_id for place in head], now) if room else {}
    return [Waiting(place, frozenset(resting.get(place.chat_id, ())), recent.get(place.customer_id)) for place in head]


def _resting(service_id: int, now: datetime) -> dict[int, set[int]]:
    """Returns, for each waiting chat that rang in vain just now, the agents who let it ring or gave it back."""
    rests = Ring.objects.filter(
        outcome__in=[Outcome.MISSED, Outcome.RETURNED],
        ended_at__gt=now - timedelta(seconds=RING_REST_S),
        chat__service=service_id,
        chat__state=Chat.State.WAITING,
    )
    resting: dict[int, set[int]] = {}
    for chat_id, agent_id in rests.values_list("chat", "agent"):
        resting.setdefault(chat_id, set()).add(agent_id)
    return resting


def _choose_for(chat: Waiting, candidates: list[Candidate]) -> tuple[Candidate | None, str]:
    asked = [candidate for candidate in candidates if candidate.may_take(chat)]
    recent = choose(candidate for candidate in asked if candidate.agent_id == chat.recent)
    if recent is not None:
        return recent, Reason.RECENT
    chosen = choose(asked)
    return chosen, _reason(chosen, asked) if chosen else ""


def _reason(chosen: Candidate, asked: list[Candidate]) -> Reason:
    others = [other for other in asked if other.load < other.limit and other is not chosen]
    if not others:
        return Reason.ONLY
    equal = any(other.load * chosen.limit == chosen.load * other.limit for other in others)
    return Reason.LONGEST if equal else Reason.FEWEST


def _give(service_id: int, planned: list[Gift]) -> list[Gift]:
    """Rings the planned chats that still wait, at agents who are still reachable, once the rows are locked.

    The other chats wait for the next turn.
    """
    chats = _lock_chats(service_id, [gift.chat_id for gift in planned])
    agents = _lock_agents(service_id, {gift.agent_id for gift in planned}) if chats else {}
    done = [gift for gift in planned if gift.chat_id in chats and gift.agent_id in agents]
    if done:
        _ring(service_id, done, agents)
    return done


def _lock_chats(service_id: int, chats: list[int]) -> set[int]:
    rows = chats_to_ring(service_id).filter(pk__in=chats).order_by("pk").select_for_update(no_key=True)
    return set(rows.values_list("pk", flat=True)) if chats else set()


def _lock_agents(service_id: int, agents: set[int]) -> dict[int, str]:
    """The names of the agents who may still get chats.

    Loads need no second look: they grow in the router's turns only.
    """
    rows = presence.reachable_agents(service_id).filter(pk__in=agents).order_by("pk")
    locked = rows.select_for_update(no_key=True, of=("self",)).select_related("user")
    return {agent.pk: str(agent) for agent in locked}


def _ring(service_id: int, gifts: list[Gift], names: dict[int, str]) -> None:
    ring_chats((gift.chat_id, gift.agent_id, gift.at) for gift in gifts)
    Ring.objects.bulk_create(Ring(chat_id=gift.chat_id, agent_id=gift.agent_id, started_at=gift.at) for gift in gifts)
    _note_gifts({gift.agent_id: gift.at for gift in gifts})
    audit.record_each(
        service_id, "chat.assigned", {f"chat:{gift.chat_id}": {"to": names[gift.agent_id]} for gift in gifts}
    )
    agents = {gift.agent_id for gift in gifts}
    topics = [live.chat_topic(gift.chat_id) for gift in gifts] + [live.agent_topic(agent) for agent in agents]
    for topic in [*topics, live.service_topic(service_id)]:
        live.publish_on_commit(topic, live.Touched())


def _note_gifts(last: dict[int, datetime]) -> None:
    """Stores when each of these agents last got a chat."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE agents_agent SET chat_idle_since = gift.at"
            " FROM unnest(%s::bigint[], %s::timestamptz[]) AS gift (agent, at) WHERE agents_agent.id = gift.agent",
            [list(last), list(last.values())],
        )


def _waits(queue: list[Waiting], standings: list[Standing], given: list[Decision]) -> list[Decision]:
    """Returns, for each chat that no agent got, why it waits."""
    taken = Counter(decision.agent_id for decision in given)
    standings = [standing_after(each, taken[each.agent_id]) for each in standings]
    able = {topic: [each for each in standings if each.serves(topic)] for topic in {chat.topic_id for chat in queue}}
    free = {topic: {each.agent_id for each in found if each.is_free} for topic, found in able.items()}
    nobody = {topic: why_nobody(found, is_for_some=len(found) < len(standings)) for topic, found in able.items()}
    gone = {decision.chat_id for decision in given}
    last = max((chat.place.came_at for chat in queue if chat.chat_id in gone), default=None)
    waits = []
    for chat in queue:
        asked = free[chat.topic_id]
        is_passed_over = bool(chat.place.network) and bool(asked - chat.resting or (last and chat.place.came_at < last))
        if chat.chat_id not in gone and (is_passed_over or asked <= chat.resting):
            reason = Reason.CROWD if is_passed_over else Reason.RESTING if asked else nobody[chat.topic_id]
            waits.append(Decision(chat.chat_id, None, reason, tuple(sorted(chat.resting))))
    return waits
