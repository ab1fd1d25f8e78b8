"""A world of chats at random, from a seed; and its figures counted anew, in plain Python, from messages and the trail.

Nothing here reads what a report reads, but for the chats' own rows.
"""

import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from math import ceil
from typing import Any
from zoneinfo import ZoneInfo

from agents import audit
from agents.models import Agent, AuditEntry, Service
from chat.categories import Category
from chat.models import Chat, Evaluation, Message
from chat.topics import Topic
from tests.make import make_chat, make_message

SEOUL = ZoneInfo("Asia/Seoul")


def make_world(
    service: Service, agents: list[Agent], topics: list[Topic], *, seed: int, since: datetime, days: int, number: int
) -> list[Chat]:
    """Chats that began at random moments of these days, each with messages and a trail as the product leaves them."""
    chance = random.Random(seed)
    return [
        _chat(service, agents, topics, chance, since + timedelta(seconds=chance.randrange(days * 86_400)))
        for _number in range(number)
    ]


def _chat(service: Service, agents: list[Agent], topics: list[Topic], chance: random.Random, at: datetime) -> Chat:
    fields: dict[str, Any] = {
        "created_at": at,
        "topic": chance.choice([None, *topics]),
        "category": chance.choice([None, *Category.objects.filter(service=service).order_by("pk")]),
        "language": chance.choice(["en", "ko"]),
        "state": Chat.State.CLOSED,
    }
    opened_at = at + timedelta(seconds=chance.expovariate(1 / 90))
    is_opened = chance.random() < 0.8
    if is_opened:
        fields |= {"agent": chance.choice(agents), "answered_at": opened_at}
    is_answered = is_opened and chance.random() < 0.9
    wrote_at = opened_at + timedelta(seconds=chance.expovariate(1 / 40))
    ended_at = (wrote_at if is_opened else opened_at) + timedelta(seconds=chance.expovariate(1 / 900))
    closed_by = chance.choice(Chat.ClosedBy.values)
    fields |= {"closed_at": ended_at, "closed_by": closed_by}
    fields["inquiry_offer"] = "" if is_opened else chance.choice(["", "absent", "waited"])
    chat = make_chat(service, **fields)
    _write(chat, opened_at=opened_at, wrote_at=wrote_at, is_answered=is_answered, chance=chance)
    if is_answered and chance.random() < 0.5:
        score = chance.randint(1, 5)
        given_at = ended_at + timedelta(days=chance.randint(0, 6))
        Evaluation.objects.create(chat=chat, score=score, seq=1, given_at=given_at)
    _note(chat, "chat.closed", ended_at, by=closed_by)
    return chat


def _write(chat: Chat, *, opened_at: datetime, wrote_at: datetime, is_answered: bool, chance: random.Random) -> None:
    make_message(chat, "Hello?", created_at=chat.created_at)
    if chat.agent:
        _note(chat, "chat.opened", opened_at)
        make_message(chat, "How can we help?", author="system", created_at=opened_at)
        if chance.random() < 0.3:
            make_message(chat, "Mind this one.", author="agent", agent=chat.agent, internal=True, created_at=opened_at)
    if is_answered:
        for late_s in chance.sample(range(1, 600), 2):
            late = wrote_at + timedelta(seconds=late_s)
            make_message(chat, "Yes.", author="agent", agent=chat.agent, created_at=late)
        make_message(chat, "At once.", author="agent", agent=chat.agent, created_at=wrote_at)
        Chat.objects.filter(pk=chat.pk).update(first_answered_at=wrote_at)


def _note(chat: Chat, action: str, at: datetime, **details: Any) -> None:
    entry = audit.record(chat.service, action, chat.subject, agent=chat.agent, **details)
    AuditEntry.objects.filter(pk=entry.pk).update(created_at=at)


class Counted:
    """The figures of some chats, by hand."""

    def __init__(self) -> None:
        self.received = self.processed = self.gave_up = self.absent = 0
        self.waiting: list[float] = []
        self.first_answer: list[float] = []
        self.handling: list[float] = []
        self.scores: list[int] = []

    def add(self, chat: Chat) -> None:
        trail = {entry.action: entry for entry in audit.trail(chat.service, chat.subject)}
        words = [m.created_at for m in Message.objects.filter(chat=chat, author="agent") if not m.internal]
        opened, ended = trail.get("chat.opened"), trail.get("chat.closed")
        self.received += 1
        if words:
            self.processed += 1
            self.first_answer.append((min(words) - chat.created_at).total_seconds())
        elif ended and ended.details["by"] in {"customer", "timeout", "idle"}:
            self.gave_up += 1
            self.absent += chat.inquiry_offer == "absent"
        if opened:
            self.waiting.append((opened.created_at - chat.created_at).total_seconds())
        if opened and ended:
            self.handling.append((ended.created_at - opened.created_at).total_seconds())
        given = Evaluation.objects.filter(chat=chat, score__isnull=False).first()
        if given:
            self.scores.append(given.score)


def sum_of(parts: Iterable[Counted]) -> Counted:
    whole = Counted()
    for part in parts:
        for name, value in vars(part).items():
            setattr(whole, name, getattr(whole, name) + value)
    return whole


def count_by_hand(chats: Iterable[Chat], key: Callable[[Chat], str]) -> Mapping[str, Counted]:
    counted: defaultdict[str, Counted] = defaultdict(Counted)
    for chat in chats:
        counted[key(chat)].add(Chat.objects.select_related("service").get(pk=chat.pk))
    return counted


def day_of(chat: Chat, zone: ZoneInfo = SEOUL) -> date:
    return chat.created_at.astimezone(zone).date()


def nearest_rank(values: list[float], percent: int) -> float | None:
    return sorted(values)[ceil(len(values) * percent / 100) - 1] if values else None


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
