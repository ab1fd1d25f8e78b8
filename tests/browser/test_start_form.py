"""The form that starts a chat, in a browser without storage, offline, and on a slow connection."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from agents.models import Service
from tests.browser.rows import make_agent_with_chat
from tests.browser.windows import HelpCenter

FORBIDDEN = """for (const name of ["localStorage", "sessionStorage"]) Object.defineProperty(window, name, {
  configurable: true, get() { throw new DOMException("Access is denied.", "SecurityError"); } })"""
FULL = """Storage.prototype.setItem = () => { throw new DOMException("It is full.", "QuotaExceededError"); }"""


@pytest.fixture
def open_form(service: Service, new_page: Callable[..., Page]) -> Callable[..., HelpCenter]:
    """Opens the form for a customer, while an agent is Online."""
    make_agent_with_chat(service, "I was here first")

    def show(script: str = "") -> HelpCenter:
        page = new_page()
        if script:
            page.add_init_script(script)
        page.goto("/hc/demo/")
        center = HelpCenter(page)
        center.open()
        return center

    return show


@pytest.mark.parametrize("storage", [FORBIDDEN, FULL], ids=["forbidden", "full"])
def test_a_chat_needs_no_storage(open_form, storage: str):
    center = open_form(storage)
    center.fill(name="Jun Park", message="Hello")
    center.agree_and_start()
    expect(center.chat.message("Hello")).to_be_visible()
    center.chat.write("I have a question")
    expect(center.chat.message("I have a question")).to_be_visible()
    expect(center.chat.pending).to_have_count(0)


def test_the_field_with_the_mistake_has_the_cursor(open_form):
    center = open_form()
    center.fill(name="Jun Park", email="jun@")
    center.agree_and_start()
    expect(center.panel.locator("[name=email]")).to_be_focused()


def test_offline_the_form_says_so_and_keeps_all(open_form):
    center = open_form()
    center.fill(name="Jun Park", message="Hello")
    center.page.context.set_offline(True)
    center.agree_and_start()
    notice = center.panel.locator("[data-part=notice]")
    expect(notice).to_have_text("The server can’t be reached. Check your connection and try again.")
    center.page.context.set_offline(False)
    center.stage("start").get_by_role("button", name="Start chat").click()
    expect(center.chat.message("Hello")).to_be_visible()
    expect(notice).to_be_hidden()


def test_a_start_that_takes_long_says_so(open_form):
    center = open_form()
    center.fill(name="Jun Park", message="Hello")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    center.page.route("**/chat/start/*", hold)
    center.agree_and_start()
    notice = center.panel.locator("[data-part=notice]")
    expect(notice).to_have_text("Starting takes a little longer right now. Please keep this page open.")
    held[0].continue_()
    expect(center.chat.message("Hello")).to_be_visible()
    expect(notice).to_be_hidden()


def test_a_chat_that_opens_late_leaves_the_cursor_to_the_page_around_it(service: Service, new_page) -> None:
    """Else the rest of a card number would go into the chat."""
    make_agent_with_chat(service)
    center = HelpCenter(new_page("/hc/demo/"))
    center.start(message="Hello")
    held: list[Route] = []
    center.page.route("**/chat/resume/*", lambda route: held.append(route))  # noqa: PLW0108 - it looks into it
    with center.page.expect_request("**/chat/resume/*"):
        center.page.goto("/hc/demo/contact/")
    message = center.page.get_by_label("Message", exact=True)
    message.press_sequentially("My card is ")
    held[0].continue_()
    expect(center.chat.message("Hello")).to_be_visible()
    center.page.keyboard.type("4111")
    expect(message).to_have_value("My card is 4111")
    expect(center.chat.composer).to_have_value("")


def test_the_icon_leads_the_cursor_into_the_chat(service: Service, new_page) -> None:
    make_agent_with_chat(service)
    center = HelpCenter(new_page("/hc/demo/"))
    center.open()
    expect(center.stage("start").locator("[name=name]")).to_be_focused()
    center.fill(message="Hello")
    center.agree_and_start()
    expect(center.chat.composer).to_be_focused()
