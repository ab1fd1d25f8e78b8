"""The README's pictures, of a conversation that a person could have had. Made on request: `make screenshots`."""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.core.management import call_command
from playwright.sync_api import Page, expect

from agents.models import Agent
from helpcenter.models import HelpCenterText
from tests.browser.windows import Desk, HelpCenter
from tickets.models import Ticket

SHOTS = Path(__file__).parent / "shots"
BYTES_MAX = 200_000


def morning() -> str:
    """A time zone in which it is between ten and eleven: the pictures are the same at whatever hour they are made."""
    ahead = (10 - datetime.now(UTC).hour + 12) % 24 - 12
    return f"Etc/GMT{-ahead:+d}"


WINDOW = {"viewport": {"width": 1280, "height": 800}, "timezone_id": morning()}

pytestmark = pytest.mark.skipif("SHOTS" not in os.environ, reason="pictures are made by `make screenshots`")


@pytest.fixture
def mina(transactional_db) -> Agent:
    call_command("demo", verbosity=0)
    HelpCenterText.objects.filter(help_center__service__slug="demo", language="en").update(
        greeting="Welcome to Hanok Living! How can we help you?"
    )
    return Agent.objects.get(user__email="mina@demo.example")


def test_pictures(mina: Agent, signed_in_page: Callable[..., Page], new_page: Callable[..., Page]):
    ada = Agent.objects.get(user__email="ada@demo.example")
    desk, center = Desk(signed_in_page(mina, **WINDOW)), HelpCenter(new_page("/hc/demo/", **WINDOW))
    desk.choose("online")
    center.start(name="Jun Park", email="jun.park@mail.example", message="Hello! My order 20451 has not arrived yet.")
    desk.select("Jun Park")
    converse(desk, center)
    another = HelpCenter(new_page("/hc/demo/", **WINDOW))
    another.start(name="Hana Sato", email="hana@mail.example", message="Can I still change the colour of my lamp?")
    expect(desk.entry("Hana Sato")).to_have_attribute("data-state", "ringing")

    desk.chat.composer.press_sequentially("Thank you, ", delay=300)  # as people type: one sign in 2 s is told
    expect(center.chat.typing).to_contain_text("typing")
    take(center.page, "help-center-chat")
    take(desk.page, "desk-chat")

    # Each mask as somebody meets it: found by itself, put on by hand, and one that is open at the moment.
    desk.mask_text(desk.chat.body("gate"), "7 7 0 4")
    expect(desk.chat.masks).to_have_count(2)
    desk.chat.masks.first.click()
    expect(desk.chat.masks.first).to_have_attribute("data-revealed", "")
    desk.place("filled")
    desk.page.mouse.move(0, 0)
    expect(desk.said).to_be_empty()
    take(desk.page, "masking")
    desk.place("floating")

    desk.tool("follow-up").click()
    desk.popup.get_by_label("Subject").fill("Order 20451: deliver again on Friday")
    desk.popup.get_by_role("button", name="Create Ticket").click()
    desk.popup.get_by_role("link", name="Ticket #").click()
    desk.close()
    number = Ticket.objects.get(subject__contains="20451").number
    desk.page.goto(f"/desk/demo/tickets/{number}/?menu=history")
    expect(desk.page.locator("chat-history .message").first).to_be_visible()
    take(desk.page, "ticket-history")

    page = signed_in_page(ada, "/desk/demo/help-center/", **WINDOW)
    take(page, "default-setting")


def converse(desk: Desk, center: HelpCenter) -> None:
    agent, customer = desk.chat, center.chat
    says(agent, customer, "Hello Jun! I am sorry about that. Let me look it up for you.")
    says(agent, customer, "The courier was at your door yesterday and found nobody. Shall we deliver again on Friday?")
    says(customer, agent, "Friday is perfect 👍 The code of our gate is 7 7 0 4.")
    says(customer, agent, "And I would like to pay for the gift wrapping, with 4111 1111 1111 1111")
    says(agent, customer, "Noted. How gift wrapping works: https://shop.example/gifts")


def says(one: object, other: object, text: str) -> None:
    one.write(text)
    expect(one.pending).to_have_count(0)
    expect(other.bodies.last).to_contain_text(text[:20])


def take(page: Page, name: str) -> None:
    SHOTS.mkdir(exist_ok=True)
    path = SHOTS / f"{name}.png"
    page.screenshot(path=path, animations="disabled", caret="hide")
    assert path.stat().st_size < BYTES_MAX, f"{path.name} has {path.stat().st_size} bytes"
