"""A chat starts where all three gates are open, once for a customer, with the consent that was given."""

from functools import partial

import pytest
from django.db import IntegrityError
from django.utils import timezone

from agents.models import Agent, AuditEntry, Contract
from chat.conversation import live
from chat.lifecycle import upkeep
from chat.lifecycle.transitions import Absent, Coming, close_chat, start_chat
from chat.models import Chat
from chat.routing.queue import queue_place
from contiple.base.errors import Closed
from helpcenter.models import HelpCenter, HelpCenterText, PrivacyPolicy
from tests.agents.race import at_once
from tests.chat.comings import come_online, committed, connect, leave, make_queue, state_of
from tests.make import make_customer


@pytest.fixture
def policy(service) -> PrivacyPolicy:
    return service.help_center.policies.get(language="en")


def test_nothing_rings_for_a_customer_who_never_connects(service, agent, customer, policy) -> None:
    """Not at the start, not by the worker, not while others ring; it keeps its place until it connects."""
    come_online(agent)
    early = start_chat(customer, policy=policy, language="en")
    late = start_chat(make_customer(service, "Late"), policy=policy, language="en")
    connect(late)
    upkeep.reconcile()
    assert state_of(early) == (Chat.State.WAITING, None)
    assert state_of(late) == (Chat.State.RINGING, agent.pk)
    assert queue_place(early) == 1

    connect(early)

    assert state_of(early) == (Chat.State.RINGING, agent.pk)


def test_it_rings_at_an_agent_who_is_online(service, agent, customer, policy, told) -> None:
    come_online(agent)

    with committed():
        chat = start_chat(customer, policy=policy, language="en", coming=Coming("https://shop.example/basket"))
        connect(chat)

    assert state_of(chat) == (Chat.State.RINGING, agent.pk)
    chat.refresh_from_db()
    assert (chat.service, chat.customer, chat.page) == (service, customer, "https://shop.example/basket")
    assert live.agent_topic(agent.pk) in {topic for topic, _ in told}


def test_the_very_text_that_was_agreed_to_is_stored_and_when(service, agent, customer) -> None:
    come_online(agent)
    PrivacyPolicy.objects.create(help_center=service.help_center, version=2, language="ko", text="둘째 판")
    agreed = service.help_center.policies.get(version=1, language="ko")
    before = timezone.now()

    chat = Chat.objects.get(pk=start_chat(customer, policy=agreed, language="ko").pk)

    assert (chat.policy, chat.policy.version, chat.policy.language, chat.language) == (agreed, 1, "ko", "ko")
    assert before <= chat.consented_at <= timezone.now()
    started = AuditEntry.objects.get(action="chat.started", subject=chat.subject)
    assert (started.actor, started.details) == ("customer", {"policy": 1})


def test_it_waits_where_everybody_is_busy(service, agent, customer, policy) -> None:
    come_online(agent)
    Agent.objects.filter(pk=agent.pk).update(chat_limit=1)
    connect(start_chat(make_customer(service, "First"), policy=policy, language="en"))

    chat = connect(start_chat(customer, policy=policy, language="en"))

    assert state_of(chat) == (Chat.State.WAITING, None)


def close_contract(service) -> None:
    Contract.objects.filter(service=service).update(chat=False)


def close_help_center(service) -> None:
    HelpCenter.objects.filter(service=service).update(chat_enabled=False)


def stop_service(service) -> None:
    service.is_stopped = True
    service.save(update_fields=["is_stopped"])


@pytest.mark.parametrize("close", [close_contract, close_help_center, stop_service])
def test_a_gate_that_was_closed_a_moment_ago_is_closed(service, agent, customer, policy, close) -> None:
    come_online(agent)
    assert customer.service.contract.chat  # what a page had read before
    close(service)

    with pytest.raises(Closed) as refusal:
        start_chat(customer, policy=policy, language="en")

    assert not isinstance(refusal.value, Absent)
    assert not Chat.objects.exists()


def nobody_comes(agent: Agent) -> None:
    pass


def agent_leaves(agent: Agent) -> None:
    come_online(agent)
    leave(agent=agent)


def agent_is_offline(agent: Agent) -> None:
    come_online(agent)
    Agent.objects.filter(pk=agent.pk).update(chat_status=Agent.ChatStatus.OFFLINE)


def agent_may_not(agent: Agent) -> None:
    come_online(agent)
    Agent.objects.filter(pk=agent.pk).update(chat_permission=False)


@pytest.mark.parametrize("make_absent", [nobody_comes, agent_leaves, agent_is_offline, agent_may_not])
def test_with_nobody_online_the_agents_is_absent(agent, customer, policy, outsider, make_absent) -> None:
    come_online(outsider)  # another service's agent helps nobody here
    make_absent(agent)

    with pytest.raises(Absent) as refusal:
        start_chat(customer, policy=policy, language="en")

    assert str(refusal.value) == "Agents is absent"
    assert refusal.value.code == "absent"
    assert not Chat.objects.exists()
    assert not AuditEntry.objects.filter(action="chat.started").exists()


def test_the_absent_message_is_the_service_s_own_in_the_customer_s_language(service, customer, policy) -> None:
    HelpCenterText.objects.filter(help_center=service.help_center, language="ko").update(absent_message="점심시간")

    with pytest.raises(Absent, match="점심시간"):
        start_chat(customer, policy=policy, language="ko")


def test_a_second_start_is_the_first_chat(agent, customer, policy) -> None:
    come_online(agent)
    first = connect(start_chat(customer, policy=policy, language="en"))

    second = start_chat(customer, policy=policy, language="ko")

    assert second.pk == first.pk
    assert second.state == Chat.State.RINGING
    assert AuditEntry.objects.filter(action="chat.started").count() == 1


def test_after_the_end_a_new_one_begins(agent, customer, policy) -> None:
    come_online(agent)
    first = start_chat(customer, policy=policy, language="en")
    close_chat(first.pk, by=Chat.ClosedBy.CUSTOMER)

    assert start_chat(customer, policy=policy, language="en").pk != first.pk


def test_an_address_that_can_t_be_stored_does_no_harm(agent, customer, policy) -> None:
    come_online(agent)

    chat = start_chat(customer, policy=policy, language="en", coming=Coming("https://x.example/\0" + "a" * 600))

    chat.refresh_from_db()
    assert chat.page.startswith("https://x.example/a")
    assert len(chat.page) <= 500


def test_nobody_passes_who_came_before(service, agent, customer, policy) -> None:
    come_online(agent)
    Agent.objects.filter(pk=agent.pk).update(chat_limit=1)
    [earlier] = make_queue(service, 1)

    chat = connect(start_chat(customer, policy=policy, language="en"))

    assert state_of(earlier) == (Chat.State.RINGING, agent.pk)
    assert state_of(chat) == (Chat.State.WAITING, None)


def refuse_once(monkeypatch, constraint: str) -> None:
    save = Chat.save

    def refuse(chat: Chat, **options) -> None:
        monkeypatch.setattr(Chat, "save", save)
        raise IntegrityError(f'duplicate key value violates unique constraint "{constraint}"')

    monkeypatch.setattr(Chat, "save", refuse)


def test_a_start_that_met_a_chat_which_has_ended_since_is_another_start(agent, customer, policy, monkeypatch) -> None:
    come_online(agent)
    refuse_once(monkeypatch, "chat_open_once")

    assert start_chat(customer, policy=policy, language="en") == Chat.objects.get()


def test_any_other_refusal_of_the_database_is_not_taken_for_a_running_chat(
    agent, customer, policy, monkeypatch
) -> None:
    come_online(agent)
    refuse_once(monkeypatch, "another")

    with pytest.raises(IntegrityError):
        start_chat(customer, policy=policy, language="en")


@pytest.mark.django_db(transaction=True)
def test_many_clicks_at_once_start_one_chat(service, agent, customer, policy) -> None:
    come_online(agent)

    chats = at_once(*[partial(start_chat, customer, policy=policy, language="en")] * 8)

    at_once(*[partial(connect, chat) for chat in chats])
    assert {chat.pk for chat in chats} == {Chat.objects.get().pk}
    assert Chat.objects.get().rings.count() == 1
    assert AuditEntry.objects.filter(action="chat.started").count() == 1


@pytest.mark.django_db(transaction=True)
def test_starts_and_ends_at_once_end_in_order(service, agent, customer, policy) -> None:
    come_online(agent)

    def start_and_end() -> int:
        chat = start_chat(customer, policy=policy, language="en")
        close_chat(chat.pk, by=Chat.ClosedBy.CUSTOMER)
        return chat.pk

    results = at_once(*[start_and_end] * 8, *[start_and_end] * 8)

    assert not [result for result in results if isinstance(result, Exception)]
    assert not Chat.objects.exclude(state=Chat.State.CLOSED).exists()
