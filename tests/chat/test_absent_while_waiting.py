"""Customers who wait when the last agent goes: they are told, offered an inquiry, and told again if somebody comes."""

import pytest
from django.test import Client

from agents.models import Agent, AuditEntry, Service
from chat.conversation.frames import status_frame
from chat.lifecycle.transitions import answer_chat, change_status
from chat.lifecycle.upkeep import reconcile
from chat.models import Chat
from chat.routing.queue_limits import offer_inquiries
from chat.worker import tick
from tests.agents.race import at_once
from tests.chat.comings import be_here, come_online, committed, leave
from tests.make import make_agent, make_chat, make_service

pytestmark = pytest.mark.django_db
Offer = Chat.InquiryOffer


@pytest.fixture
def waiting(service: Service) -> Chat:
    return be_here(chat=make_chat(service))


def offer_of(chat: Chat) -> str:
    return Chat.objects.values_list("inquiry_offer", flat=True).get(pk=chat.pk)


def shown(chat: Chat, language: str = "en") -> str:
    row = Chat.objects.select_related("service", "customer").get(pk=chat.pk)
    return " ".join(status_frame(row, language, place=1).html.split())


def test_who_waits_when_the_last_agent_goes_is_told_and_offered_an_inquiry(agent, waiting, told) -> None:
    come_online(agent)
    Agent.objects.update(chat_limit=0)
    offer_inquiries()
    assert offer_of(waiting) == ""

    change_status(agent, Agent.ChatStatus.OFFLINE)
    with committed():
        offer_inquiries()

    assert offer_of(waiting) == Offer.ABSENT
    assert f"chat.{waiting.pk}" in str(told)
    assert "<p>Agents is absent</p>" in shown(waiting)
    assert "You keep your place in the queue: <strong>1</strong>" in shown(waiting)
    assert "button-primary" in shown(waiting)
    assert "All agents are busy" not in shown(waiting)


@pytest.mark.parametrize("status", [Agent.ChatStatus.OFFLINE, Agent.ChatStatus.BREAK])
def test_a_break_is_no_presence(agent, waiting, status) -> None:
    come_online(agent)
    change_status(agent, status)

    offer_inquiries()

    assert offer_of(waiting) == Offer.ABSENT


def test_a_closed_browser_is_no_presence(agent, waiting) -> None:
    come_online(agent)
    leave(agent=agent)

    offer_inquiries()

    assert offer_of(waiting) == Offer.ABSENT


def test_the_customer_of_an_agent_who_is_gone_is_told_in_one_tick(transactional_db, agent) -> None:
    come_online(agent)
    chat = be_here(chat=make_chat(agent.service, agent=agent))
    leave(agent=agent, ago_s=61)

    tick()

    assert offer_of(chat) == Offer.ABSENT


def test_it_ends_when_somebody_comes(agent, waiting, told) -> None:
    offer_inquiries()
    come_online(agent)

    with committed():
        offer_inquiries()

    assert offer_of(waiting) == ""
    assert "Agents is absent" not in shown(waiting)
    assert f"chat.{waiting.pk}" in str(told)


def test_the_chat_is_served_as_ever_and_the_offer_ends(agent, waiting) -> None:
    offer_inquiries()
    come_online(agent)
    reconcile()
    answer_chat(agent, waiting.pk)

    assert offer_of(waiting) == ""


@pytest.mark.parametrize("before", [Offer.WAITED, Offer.MISSED])
def test_it_is_said_instead_of_what_was_said_before(waiting, before) -> None:
    Chat.objects.update(inquiry_offer=before)

    offer_inquiries()

    assert offer_of(waiting) == Offer.ABSENT


def test_each_is_told_once_by_many_workers(transactional_db, waiting) -> None:
    at_once(*[offer_inquiries] * 4)
    offer_inquiries()

    [entry] = AuditEntry.objects.filter(action="chat.inquiry_offered")
    assert entry.details["reason"] == "absent"


def test_another_services_agents_are_nobody_here(waiting) -> None:
    come_online(make_agent(make_service("other")))

    offer_inquiries()

    assert offer_of(waiting) == Offer.ABSENT


def test_pages_that_say_so_learn_when_somebody_comes(agent, client: Client) -> None:
    def answer() -> int:
        return client.post("/hc/demo/chat/open/").status_code

    assert answer() == 204
    come_online(agent)
    assert answer() == 200
    agent.service.help_center.chat_enabled = False
    agent.service.help_center.save()
    assert answer() == 204
    assert client.post("/hc/nobody/chat/open/").status_code == 404
