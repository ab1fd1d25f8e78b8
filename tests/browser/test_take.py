"""Waiting chats are taken by hand, and who loses a chat, or lets it ring, is told in words."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db.models.functions import Now
from playwright.sync_api import Page, expect

from agents.models import Agent, Service
from chat.models import Chat, Lease
from chat.rings import Ring
from chat.routing.assignment import RING_TIMEOUT_S
from tests.browser.rows import LEASE, make_agent_with_chat
from tests.browser.windows import SLOW_MILLISECONDS, Desk, HelpCenter
from tests.make import make_agent, make_chat, make_customer


def lets_nothing_in(service: Service, agent: Agent) -> None:
    """The agent is at the limit, so that what comes now waits."""
    for number in range(agent.chat_limit):
        make_chat(service, agent=agent, customer=make_customer(service, f"Busy {number}"))


@pytest.fixture
def desks(service: Service, signed_in_page: Callable[..., Page]) -> tuple[Desk, Desk]:
    """Mina and Theo, who are Online and at their limits, and a queue in which Anna and Bela wait."""
    agents = [make_agent(service, name, online=True, chat_limit=1) for name in ("Mina", "Theo")]
    for agent in agents:
        lets_nothing_in(service, agent)
    for name in ("Anna", "Bela"):
        chat = make_chat(service, customer=make_customer(service, name))
        for agent in agents:  # who have just let it ring: the router asks neither for a while
            Ring.objects.create(chat=chat, agent=agent, ended_at=Now() + LEASE, outcome=Ring.Outcome.MISSED)
    mina, theo = (Desk(signed_in_page(agent)) for agent in agents)
    for desk in (mina, theo):
        desk.open()
        desk.queue.locator("summary").click()
        expect(desk.queue.locator(".queue-row")).to_have_count(2)
    return mina, theo


def test_two_agents_take_one_chat_and_the_other_is_told_who_has_it(desks, service: Service):
    mina, theo = desks
    expect(mina.queue.locator(".queue-row").first).to_contain_text("Anna")
    theo.queue.get_by_role("button", name="Take: Bela").hover()
    mina.queue.get_by_role("button", name="Take: Bela").click()
    expect(mina.said).to_contain_text("You’re at your limit: 1 of 1 chat.")
    Agent.objects.update(chat_limit=2)
    mina.queue.get_by_role("button", name="Take: Bela").click()
    expect(mina.dialog.locator(".chat-header h3")).to_have_text("Bela")
    expect(mina.chat.composer).to_be_focused()

    # Theo's list has not moved under the pointer.
    theo.queue.get_by_role("button", name="Take: Bela").click()
    expect(theo.said).to_contain_text("Mina has this chat now.")
    expect(theo.queue.get_by_role("button", name="Take: Bela")).to_have_count(0)


def test_a_missed_ring_leaves_a_word_by_which_the_chat_can_be_taken(service: Service, signed_in_page, new_page):
    desk = Desk(signed_in_page(make_agent(service, "Mina", online=True)))
    desk.open()
    HelpCenter(new_page("/hc/demo/")).start(name="Jun Park", message="Hello")
    expect(desk.entry("Jun Park")).to_have_attribute("data-state", "ringing", timeout=SLOW_MILLISECONDS)
    Chat.objects.update(ringing_since=Now() - timedelta(seconds=RING_TIMEOUT_S + 1))

    notice = desk.list.locator(".desk-notice")
    expect(notice).to_contain_text("You missed a chat with Jun Park at", timeout=SLOW_MILLISECONDS)
    desk.page.reload()
    notice.get_by_role("button", name="Take").click()
    expect(desk.chat.body("Hello")).to_be_visible()
    expect(notice).to_have_count(0)


def test_a_take_over_asks_first_and_the_one_who_loses_the_chat_is_told(service: Service, signed_in_page):
    mina, chat = make_agent_with_chat(service, "Hello")
    ada = make_agent(service, "Ada", role=Agent.Role.ADMIN)
    Lease.objects.create(agent=ada, expires_at=Now() + LEASE)
    loser, chief = Desk(signed_in_page(mina)), Desk(signed_in_page(ada))
    loser.select("Jun")
    chief.open()
    chief.entry("Jun").click()
    chief.dialog.get_by_role("button", name="Take over").click()
    expect(chief.popup).to_contain_text("Mina has the chat with Jun now")
    chief.popup.get_by_role("button", name="Cancel").click()
    assert Chat.objects.get(pk=chat.pk).agent == mina

    chief.dialog.get_by_role("button", name="Take over").click()
    chief.popup.get_by_role("button", name="Take over").click()
    expect(chief.chat.composer).to_be_focused()
    notice = loser.list.locator(".desk-notice")
    expect(notice).to_contain_text("Ada took over your chat with Jun at")
    expect(loser.said).to_contain_text("Ada took over your chat with Jun at")
    expect(loser.dialog.locator(".composer-closed")).to_contain_text("This chat is with Ada.")
    notice.get_by_role("button", name="Dismiss").click()
    expect(notice).to_have_count(0)
