"""The page's title while something is unread: one for the chats of all services, and always the page's own in it."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from helpcenter.models import HelpCenter as Settings
from tests.browser.embed.shop import Shop
from tests.make import make_service

UNREAD = """Object.entries({ demo: 1, third: 2 }).forEach(([name, unread]) =>
  localStorage.setItem(`ContipleChat:${name}`, JSON.stringify({ running: true, unread, token: "" })))"""


@pytest.fixture
def two(visit, site: Shop) -> Iterator[Callable[..., Page]]:
    """A page with two services, of whose chats one message and two messages are unread."""
    make_service("third", chat_widget=True)
    Settings.objects.update(embed_origins=[site.origin])

    pages = []

    def open_page(head: str = "<title>Lamps</title>", other: str = "async") -> Page:
        page = visit("<body></body>")
        pages.append(page)
        page.context.route("**/chat/watch/**", lambda route: route.abort())  # nobody counts anew
        page.evaluate(UNREAD)
        site.page = f"{head}<body>{site.line()}{site.line('third', other)}</body>"
        page.goto(site.origin)
        expect(page.locator("contiple-chat")).to_have_count(2)
        return page

    yield open_page
    for page in pages:
        page.evaluate("localStorage.clear()")  # the shop's, which other tests have too


def end(page: Page, service: str) -> None:
    page.evaluate(f"ContipleChat.services.{service}.destroy()")


@pytest.mark.parametrize("first", ["demo", "third"])
def test_two_services_share_the_title_and_leave_it_as_it_was(two, first: str) -> None:
    page = two()
    expect(page).to_have_title("(3) New message – Lamps")
    second = ({"demo", "third"} - {first}).pop()
    end(page, first)
    expect(page).to_have_title(f"({1 if second == 'demo' else 2}) New message – Lamps")
    end(page, second)
    expect(page).to_have_title("Lamps")


def test_in_two_languages_too(two) -> None:
    page = two(other="async data-language=ko")
    expect(page).to_have_title(re.compile(r"^\(3\) (New message|새 메시지) – Lamps$"))
    end(page, "third")
    expect(page).to_have_title(re.compile(r"^\(1\) (New message|새 메시지) – Lamps$"))
    end(page, "demo")
    expect(page).to_have_title("Lamps")


def test_a_page_that_names_itself_anew_keeps_the_new_name(two) -> None:
    page = two()
    expect(page).to_have_title("(3) New message – Lamps")
    page.evaluate("document.title = 'Chairs'")
    end(page, "demo")
    expect(page).to_have_title("(2) New message – Chairs")
    page.evaluate("document.title = 'Tables'")
    end(page, "third")
    expect(page).to_have_title("Tables")


def test_a_page_that_gives_back_the_title_it_has_read_gets_no_old_number(two) -> None:
    """A dialog of the page may have noted the title when it was opened."""
    page = two()
    expect(page).to_have_title("(3) New message – Lamps")
    end(page, "demo")
    page.evaluate("document.title = '(3) New message – Lamps'")
    page.evaluate("dispatchEvent(new Event('focus'))")
    expect(page).to_have_title("(2) New message – Lamps")


def test_a_page_without_a_title_is_left_without_one(two) -> None:
    page = two("")
    expect(page).to_have_title("(3) New message –")
    end(page, "demo")
    expect(page).to_have_title("(2) New message –")
    end(page, "third")
    expect(page).to_have_title("")


def test_what_was_not_written_here_is_left(visit) -> None:
    title = "(1) New message – Inbox"
    page = visit(f"<title>{title}</title><body>{{line}}</body>")
    expect(page.locator("contiple-chat")).to_have_count(1)
    page.evaluate("dispatchEvent(new Event('focus'))")
    page.evaluate("ContipleChat.open()")
    page.evaluate("ContipleChat.destroy()")
    assert page.title() == title
