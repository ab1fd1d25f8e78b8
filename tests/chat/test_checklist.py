"""Why does nobody get chats? Each gate and each thing an agent needs is a line, done or with what to do."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from agents.models import Agent, Contract
from chat.models import Lease
from chat.routing.assignment import RING_TIMEOUT_S
from chat.routing.checklist import LEASE_FORGOTTEN_S, OVERDUE_S, checks_of, look_now
from contiple.base.clock import database_now
from helpcenter.models import HelpCenter, PrivacyPolicy
from tests.chat.comings import come_online, leave, make_queue, make_ringing
from tests.make import make_agent, make_chat

URL = reverse("chat:checklist", args=["demo"])


def missing(service) -> list[str]:
    service.refresh_from_db()
    return [check.name for check in checks_of(service, look_now(service)) if not check.is_done]


def test_with_everything_in_order_nothing_is_missing(service, agent, admin) -> None:
    come_online(agent)

    assert missing(service) == []


def contract_off(agent: Agent) -> None:
    Contract.objects.update(chat=False)


def chat_off(agent: Agent) -> None:
    HelpCenter.objects.update(chat_enabled=False)


def no_policy(agent: Agent) -> None:
    PrivacyPolicy.objects.all().delete()


def no_permission(agent: Agent) -> None:
    Agent.objects.update(chat_permission=False)


def offline(agent: Agent) -> None:
    Agent.objects.update(chat_status="offline")


def on_a_break(agent: Agent) -> None:
    Agent.objects.update(chat_status="break")


def gone(agent: Agent) -> None:
    leave(agent=agent)


def full(agent: Agent) -> None:
    for _ in range(3):
        make_chat(agent.service, agent=agent)


def ring_overdue(agent: Agent) -> None:
    make_ringing(agent, for_s=RING_TIMEOUT_S + OVERDUE_S + 1)


def lease_overdue(agent: Agent) -> None:
    Lease.objects.create(agent=agent, expires_at=database_now() - timedelta(seconds=LEASE_FORGOTTEN_S + 1))


@pytest.mark.parametrize(
    ("hinder", "first"),
    [
        (contract_off, "contract"),
        (chat_off, "help_center"),
        (no_policy, "policy"),
        (no_permission, "permission"),
        (offline, "online"),
        (on_a_break, "online"),
        (gone, "reachable"),
        (full, "room"),
        (ring_overdue, "worker"),
        (lease_overdue, "worker"),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_the_first_thing_that_is_missing_is_what_is_to_be_put_right(service, agent, hinder, first) -> None:
    come_online(agent)
    hinder(agent)

    assert missing(service)[0] == first


def test_a_ring_or_a_lease_of_another_service_says_nothing_here(service, agent, outsider) -> None:
    come_online(agent)
    ring_overdue(outsider)
    lease_overdue(outsider)

    assert missing(service) == []


def test_how_many_wait_and_since_when(service, agent) -> None:
    first, *_rest = make_queue(service, 3)
    make_chat(service, agent=agent)
    make_ringing(agent)

    now = look_now(service)

    assert (now.waiting, now.longest_since, now.ringing, now.active) == (3, first.waiting_since, 1, 1)


def test_the_page_says_what_to_do_and_where(service, agent, admin, sign_in) -> None:
    Contract.objects.update(chat=False)
    page = sign_in(admin).get(URL).content.decode()

    assert "Turn on Chat in Contract Details." in page
    assert reverse("agents:contract", args=["demo"]) in page
    assert 'data-check="contract" data-done="false"' in page
    assert "Mina" in page


def test_the_page_is_found_in_service_management(service, agent, admin, sign_in) -> None:
    come_online(agent)
    assert f'href="{URL}"' in sign_in(admin).get(reverse("tickets:list", args=["demo"])).content.decode()
    assert "A customer who starts a chat now will reach an agent." in sign_in(admin).get(URL).content.decode()


def test_it_is_for_admins_of_this_service(service, agent, outsider, sign_in) -> None:
    assert sign_in(agent).get(URL).status_code == 404
    assert sign_in(outsider).get(URL).status_code == 404
    assert Client().get(URL).status_code == 302


def test_the_page_costs_the_same_with_many_agents_and_chats(service, agent, admin, sign_in) -> None:
    browser = sign_in(admin)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert browser.get(URL).status_code == 200
        return len(captured)

    queries()
    few = queries()
    for _ in range(8):
        make_chat(service, agent=come_online(make_agent(service)))
    make_queue(service, 8)
    assert queries() == few
