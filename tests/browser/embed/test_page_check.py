"""Chat check tries a page of another site in the admin's own browser."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from agents.models import Agent, Service
from helpcenter.models import HelpCenter as Settings
from tests.browser.embed.shop import Shop
from tests.make import make_service


@pytest.fixture
def check(site: Shop, admin: Agent, signed_in_page: Callable[..., Page]) -> Page:
    page = signed_in_page(admin)
    page.goto("/desk/demo/agents/")
    page.get_by_role("link", name="Chat check").click()
    expect(page.get_by_role("heading", name="Try a page of your site")).to_be_visible()
    return page


def tries(page: Page, address: str) -> None:
    page.get_by_label("Address of a page that has the line").fill(address)
    page.get_by_role("button", name="Try the page").click()


def found(page: Page) -> str:
    """What is shown, once the page has been tried."""
    shown = page.locator("[data-found]:not([data-found=trying]):visible")
    expect(shown).to_have_count(1)
    return shown.get_attribute("data-found") or ""


def test_a_page_that_has_the_line_works_and_is_closed_again(check: Page, site: Shop):
    site.page = f"<title>Lamps</title><body>{site.line()}</body>"
    tries(check, site.origin)
    assert found(check) == "works"
    expect(check.get_by_text("The chat works on this page.")).to_be_visible()
    check.wait_for_function("() => document.hasFocus()")
    assert len(check.context.pages) == 1


def test_it_says_which_policy_blocks_it(check: Page, site: Shop):
    site.page = f"<body>{site.line()}</body>"
    site.headers = {"Content-Security-Policy": f"script-src {site.desk}; frame-src 'self'"}
    tries(check, site.origin)
    assert found(check) == "blocked"


def test_it_says_that_the_site_is_not_named(check: Page, site: Shop):
    Settings.objects.update(embed_origins=["https://shop.example"])
    site.page = f"<body>{site.line(query='?unnamed')}</body>"
    tries(check, site.origin)
    assert found(check) == "unnamed"


def test_it_says_that_chat_is_off(check: Page, site: Shop):
    Settings.objects.update(chat_enabled=False)
    site.page = f"<body>{site.line(query='?closed')}</body>"
    tries(check, site.origin)
    assert found(check) == "closed"


@pytest.mark.parametrize("has_other", [False, True], ids=["no line", "another service's line"])
def test_it_says_why_a_page_may_not_answer(check: Page, site: Shop, service: Service, has_other: bool):
    make_service("third", chat_widget=True)
    Settings.objects.update(embed_origins=[site.origin])
    site.page = f"<body>Lamps{site.line('third') if has_other else ''}</body>"
    check.clock.install()
    with check.context.expect_page() as opened:
        tries(check, site.origin)
    opened.value.wait_for_load_state()
    check.clock.fast_forward(20_000)
    assert found(check) == "none"
    expect(check.get_by_text("The line is missing")).to_be_visible()


def test_nothing_but_a_web_address_is_opened(check: Page):
    tries(check, "javascript:alert(1)")
    assert found(check) == "address"
    assert len(check.context.pages) == 1


def test_nobody_else_is_told_what_a_page_finds(check: Page, site: Shop, visit):
    """The line speaks to the desk alone, whoever opened its page."""
    other = visit("<title>Other</title>")
    site.page = f"<body>{site.line()}</body>"
    other.evaluate("() => { heard = []; addEventListener('message', ({ data }) => heard.push(data)); }")
    with other.context.expect_page() as opened:
        other.evaluate("origin => { opened = window.open(origin, 'contiple-check'); }", site.origin)
    page = opened.value
    expect(page.locator("contiple-chat .icon")).to_be_visible()
    page.wait_for_function("() => document.querySelector('contiple-chat').shadowRoot.querySelector('iframe')?.src")
    expect(page.locator("contiple-chat .box")).to_have_class("box")
    assert other.evaluate("heard") == []
