"""Text that is too long for one line, or for one message, in the customer's text box."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from agents.models import Service
from tests.browser.conftest import PHONE
from tests.browser.rows import make_agent_with_chat
from tests.browser.windows import HelpCenter

FULL = "A message has room for 4,000 characters. Send the rest in the next one."


def test_a_long_address_stays_inside_the_box(service: Service, new_page: Callable[..., Page]):
    make_agent_with_chat(service, "I was here first")
    center = HelpCenter(new_page("/hc/demo/", viewport=PHONE))
    center.start(name="Jun Park", message="Hello")
    center.chat.composer.fill("https://example.com/" + "abcdefgh/" * 30)
    expect(center.panel.get_by_role("button", name="Send", exact=True)).to_be_in_viewport(ratio=1)


def test_the_box_says_when_it_is_full(service: Service, new_page: Callable[..., Page]):
    make_agent_with_chat(service, "I was here first")
    center = HelpCenter(new_page("/hc/demo/"))
    center.start(name="Jun Park", message="Hello")
    hint = center.panel.locator("[data-part=full]")
    expect(hint).to_be_empty()
    center.chat.composer.fill("a" * 4100)
    expect(hint).to_have_text(FULL)
    center.chat.composer.press("Enter")
    expect(hint).to_be_empty()
