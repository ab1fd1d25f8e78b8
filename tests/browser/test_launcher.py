"""The chat icon of the help center on a slow line: nobody fills in a form that is about to be replaced."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from agents.models import Service
from tests.browser.conftest import empty
from tests.browser.rows import make_agent_with_chat
from tests.browser.windows import HelpCenter
from tests.server import Server

PANEL = "**/hc/demo/chat/"


class Held:
    """Holds the panel's page back from now on, until it is let go."""

    def __init__(self, page: Page) -> None:
        self.routes: list[Route] = []
        self.holds = True
        page.route(PANEL, self._meet)

    def let_go(self) -> None:
        self.holds = False
        for route in self.routes:
            route.continue_()

    def _meet(self, route: Route) -> None:
        if self.holds:
            self.routes.append(route)
        else:
            route.continue_()


@pytest.fixture
def center(service: Service, new_page: Callable[..., Page]) -> HelpCenter:
    make_agent_with_chat(service, "I was here first")
    return HelpCenter(new_page())


def test_a_form_that_was_loaded_unseen_takes_nothing_once_it_is_loaded_anew(center):
    """As for everybody whose browser keeps a token that has ended."""
    center.page.add_init_script("localStorage.setItem('contiple-chat:demo', 'ended-long-ago')")
    center.page.goto("/hc/demo/")
    expect(center.panel.locator("[type=submit]")).to_be_enabled()
    held = Held(center.page)
    with center.page.expect_request(PANEL):
        center.open()
    expect(center.stage("start")).to_have_count(0)
    held.let_go()
    center.fill(message="My lamp is dark")
    center.agree_and_start()
    expect(center.chat.body("My lamp is dark")).to_be_visible()


def test_nor_does_a_form_that_was_folded_and_is_opened_again(center):
    center.page.goto("/hc/demo/")
    center.open()
    center.fill(message="My lamp is dark")
    center.icon.click()
    held = Held(center.page)
    with center.page.expect_request(PANEL):
        center.open()
    expect(center.stage("start")).to_have_count(0)
    held.let_go()
    expect(center.stage("start").locator("[name=name]")).to_be_focused()
    expect(center.stage("start").locator("[name=message]")).to_have_value("My lamp is dark")
    center.agree_and_start()
    expect(center.chat.body("My lamp is dark")).to_be_visible()


def test_a_browser_of_these_tests_keeps_nothing_whose_pages_are_closed(center, server: Server):
    """Else the next customer in it would be the last one."""
    page = center.page
    page.goto("/hc/demo/")
    page.evaluate("localStorage.setItem('contiple-chat:demo', 'of the test before')")
    page.close()
    empty(page.context, server.origin)
    center.page = page.context.new_page()
    center.page.goto(f"{server.origin}/hc/demo/")
    assert center.page.evaluate("localStorage.length") == 0
