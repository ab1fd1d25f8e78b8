"""Other windows say what the chat's frame and the page that shows it say to each other: nothing happens."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Frame, Page, expect

from agents.models import Contract, Service
from chat.models import Chat
from helpcenter.models import HelpCenter as Settings
from tests.browser.windows import Desk, HelpCenter
from tests.make import make_agent

FORGED = "https://forged.example/orders"


@pytest.fixture(autouse=True)
def desk(service: Service, signed_in_page: Callable[..., Page]) -> Desk:
    desk = Desk(signed_in_page(make_agent(service, "Mina", online=True)))
    expect(desk.widget).to_have_attribute("data-status", "online")
    return desk


def stranger_in(page: Page) -> Frame:
    """A frame of another origin on the page, as an advertisement is."""
    page.evaluate(
        """() => {
          const frame = Object.assign(document.createElement("iframe"), {name: "stranger", srcdoc: "<p>Buy</p>"});
          frame.sandbox = "allow-scripts";
          return new Promise((done) => { frame.onload = done; document.body.append(frame); });
        }"""
    )
    stranger = page.frame("stranger")
    assert stranger is not None
    assert stranger.evaluate("origin") == "null"
    return stranger


def say(sender: Frame, target: str, message: dict[str, str], *, heard_by: Frame) -> None:
    """Returns when the target's page has had the message, after all of its own listeners."""
    # A function without a value: a promise would be waited for here.
    heard_by.evaluate(
        "() => { window.heard = new Promise((done) => addEventListener('message', () => setTimeout(done))); }"
    )
    sender.evaluate(f"(message) => {target}.postMessage({{contiple: message}}, '*')", message)
    heard_by.evaluate("window.heard")


def test_no_other_frame_closes_the_chat(new_page: Callable[..., Page]):
    center = HelpCenter(new_page("/hc/demo/"))
    center.open()
    box = center.launcher.locator(".chat-frame")
    expect(center.stage("start")).to_be_visible()
    page = center.page.main_frame
    for sender, target in ((stranger_in(center.page), "parent"), (page, "window")):
        say(sender, target, {"type": "close"}, heard_by=page)
        expect(box).to_be_visible()
    say(center.frame, "parent", {"type": "close"}, heard_by=page)  # as the frame itself does
    expect(box).to_be_hidden()


def test_no_other_frame_says_where_the_chat_is_shown(shop: str, new_page: Callable[..., Page]):
    Settings.objects.update(embed_origins=[shop])
    Contract.objects.update(chat_widget=True)
    page = new_page(shop)
    center = HelpCenter(page)
    center.panel = page.frame_locator("iframe >> nth=0")
    center.fill(message="Hello")
    page.evaluate("page => frames[0].postMessage({contiple: {type: 'shown', page}}, '*')", f"{shop}/lamps")
    say(stranger_in(page), "parent.frames[0]", {"type": "shown", "page": FORGED}, heard_by=center.frame)
    center.agree_and_start()
    expect(center.stage("chat")).to_be_visible()
    assert Chat.objects.get().page == f"{shop}/lamps"
