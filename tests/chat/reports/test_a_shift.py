"""A shift through the product itself, at random from a seed: its report is what the messages and the trail say."""

import random
import uuid
from collections import Counter, defaultdict

import pytest
from django.db import transaction

from agents.models import Agent, AuditEntry, Service
from chat.conversation import messages
from chat.lifecycle.editing import delete_message
from chat.lifecycle.transfer import return_to_queue
from chat.lifecycle.transitions import answer_chat, close_chat, lock_chat
from chat.models import Chat, Message
from chat.reports.groupings import Grouping
from chat.reports.periods import last_days
from chat.reports.report import report_of
from contiple.base.clock import database_now
from tests.chat.comings import come_online, committed, make_ringing
from tests.chat.reports.worlds import SEOUL
from tests.make import make_agent, make_chat, send_as_agent

pytestmark = pytest.mark.django_db

ACTS = 160


class Shift:
    def __init__(self, service: Service, agents: list[Agent], seed: int) -> None:
        self.service, self.agents, self.chance = service, agents, random.Random(seed)

    def act(self) -> None:
        """One act of somebody, in a chat that is in the state for it."""
        acts = [self.begin, self.begin, self.open, self.open, self.write, self.write, self.ask, self.note]
        self.chance.choice([*acts, self.give_back, self.end, self.leave, self.delete, self.delete])()

    def begin(self) -> None:
        if self.chance.random() < 0.7:
            make_ringing(self.chance.choice(self.agents))
        else:
            make_chat(self.service)

    def open(self) -> None:
        for chat in self._one(state="ringing"):
            answer_chat(chat.agent, chat.pk)

    def ask(self) -> None:
        for chat in self._one(state__in=["waiting", "ringing", "active"]):
            messages.send_as_customer(chat, body="Hello?", client_id=uuid.uuid4())

    def write(self) -> None:
        for chat in self._one(state="active"):
            send_as_agent(chat, chat.agent, body="Yes.", client_id=uuid.uuid4())

    def note(self) -> None:
        for chat in self._one(state="active"):
            with transaction.atomic():
                messages.append_note(lock_chat(chat.pk), chat.agent, "Mind this one.")

    def delete(self) -> None:
        for chat in self._one(state="active"):
            for message in chat.messages.filter(author="agent", agent=chat.agent, event="")[:1]:
                delete_message(chat.agent, chat.pk, message.seq)

    def give_back(self) -> None:
        for chat in self._one(state="active"):
            with committed():
                return_to_queue(chat.agent, chat.pk)

    def end(self) -> None:
        for chat in self._one(state="active"):
            close_chat(chat.pk, by=Chat.ClosedBy.AGENT, agent=chat.agent)

    def leave(self) -> None:
        for chat in self._one(state__in=["waiting", "ringing", "active"]):
            close_chat(chat.pk, by=self.chance.choice([Chat.ClosedBy.CUSTOMER, Chat.ClosedBy.TIMEOUT]))

    def _one(self, **fields) -> list[Chat]:
        chats = list(Chat.objects.filter(service=self.service, **fields).select_related("agent").order_by("pk"))
        return [self.chance.choice(chats)] if chats else []


@pytest.mark.parametrize("seed", [1, 2])
def test_the_report_of_a_shift(service, agent, colleague, seed: int) -> None:
    agents = [come_online(each) for each in (agent, colleague, make_agent(service, "Sora"))]
    Agent.objects.update(chat_limit=50)
    service.contract.chats_at_once = 50
    service.contract.save()
    shift = Shift(service, [Agent.objects.get(pk=each.pk) for each in agents], seed)
    for _act in range(ACTS):
        shift.act()
    now = database_now()
    found = report_of(service, last_days(1, now, SEOUL), Grouping.AGENT, now=now).total
    assert found.received == Chat.objects.count() > 20
    assert found.processed == len(answered()) > 5
    assert found.gave_up == len(given_up(answered())) > 2
    assert found.first_answer.number == found.processed
    assert Counter(found.at_once.numbers) == opened_beside()
    assert found.waiting.number == sum(opened_beside().values())


def answered() -> set[str]:
    """The chats in which an agent wrote to the customer, and did not delete all of it."""
    words = Message.objects.filter(author="agent", internal=False, event="").select_related("chat")
    assert {message.chat.pk for message in words} == {
        chat.pk for chat in Chat.objects.filter(first_answered_at__isnull=False)
    }
    for chat in Chat.objects.filter(first_answered_at__isnull=False):
        assert chat.first_answered_at == min(it.created_at for it in words if it.chat_id == chat.pk)
    return {message.chat.subject for message in words}


def given_up(but_for: set[str]) -> set[str]:
    ended = AuditEntry.objects.filter(action="chat.closed", details__by__in=["customer", "timeout"])
    return {entry.subject for entry in ended} - but_for


def opened_beside() -> Counter[int]:
    """How often an agent first opened a chat as one of so many, by the trail alone."""
    held: defaultdict[int, set[str]] = defaultdict(set)
    seen, counted = set(), Counter[int]()
    for entry in AuditEntry.objects.order_by("pk"):
        if entry.action in {"chat.closed", "chat.returned"}:
            for chats in held.values():
                chats.discard(entry.subject)
        if entry.action == "chat.opened":
            held[entry.agent_id].add(entry.subject)
            if entry.subject not in seen:
                counted[len(held[entry.agent_id])] += 1
            seen.add(entry.subject)
    return counted
