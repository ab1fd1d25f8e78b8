"""A real browser: Debian's Chromium, driven by Playwright.

Playwright keeps an event loop in the thread of the tests while it is started. So it lives for one file (pytest-xdist
keeps a file in one process): tests of coroutines elsewhere find no loop running, and here there can be none. For the
same reason the set-up of a browser test makes rows, and leaves what sends to sockets to the server or ``in_thread``.
"""

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connections
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from agents.models import Service
from chat.models import Chat
from helpcenter.customers import register_customer
from tests.browser.programs import BROWSERS, SHELL, found
from tests.browser.rows import make_agent_with_chat
from tests.browser.windows import Desk, HelpCenter, Screens
from tests.server import Server

# The browser asks nobody but the server under test: no updates, no look-ups of its maker.
ARGUMENTS = [
    "--no-sandbox",  # it can't make one under root; it shows our own pages only
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--renderer-process-limit=2",  # a process for each window costs more than it brings here
]
TIMEOUT_MILLISECONDS = 10_000
DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 320, "height": 640}
# Without motion: what blinks is drawn anew all the time, for nobody.
USUAL = {"viewport": DESKTOP, "locale": "en-US", "timezone_id": "Asia/Seoul", "reduced_motion": "reduce"}
# Answers with an error status, or none, are what some tests are about; the page's own mistakes never are.
EXPECTED_ERRORS = (
    "Framing 'http://localhost",  # another site's policy blocks the frame
    "Failed to load resource",
    "WebSocket connection to",
    "Response Status Error Code",
    "htmx:afterRequest",
    "htmx:sendError",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test here sees what another process commits."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.django_db(transaction=True))


@pytest.fixture(scope="module")
def kept_on() -> list[str]:
    """Flags of Playwright, for steady tests, which this browser does without: it is as people have it."""
    return []


@pytest.fixture(scope="module")
def programs() -> tuple[str, ...]:
    """Names of the browser's program; the first that is on this machine is taken."""
    return (SHELL, *BROWSERS)


@pytest.fixture(scope="module")
def browser(programs: tuple[str, ...], kept_on: list[str]) -> Iterator[Browser]:
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    expect.set_options(timeout=TIMEOUT_MILLISECONDS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=found(programs), args=ARGUMENTS, ignore_default_args=kept_on
        )
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture(scope="module")
def spare_contexts(browser: Browser) -> dict[str, list[BrowserContext]]:
    """Emptied browsers of earlier tests, by their options: they have the style sheets and scripts in their cache."""
    return {}


@pytest.fixture
def new_page(
    transactional_db, server: Server, browser: Browser, spare_contexts: dict, request: pytest.FixtureRequest
) -> Iterator[Callable[..., Page]]:
    """Opens a window of a person of their own: nothing is shared with the others. ``options`` are Playwright's, such as
    ``viewport=PHONE``, ``locale="ko-KR"``, ``color_scheme="dark"``. A mistake that a page reports fails the test."""
    used: list[tuple[str, BrowserContext]] = []
    errors: list[str] = []

    def open_window(path: str | None = None, **options: Any) -> Page:
        options = {"base_url": server.origin, **USUAL, **options}
        key = repr(sorted(options.items()))
        spare = spare_contexts.setdefault(key, [])
        context = spare.pop() if spare else browser.new_context(**options)
        context.set_default_timeout(TIMEOUT_MILLISECONDS)
        used.append((key, context))
        page = context.new_page()
        watch(page, errors)
        if path:
            page.goto(path)
        return page

    yield open_window
    if request.node.stash.get(FAILED, False):
        keep_screenshots([context for _key, context in used], request.node.name)
    for key, context in used:
        empty(context, server.origin)
        spare_contexts[key].append(context)
    assert not errors, errors


def empty(context: BrowserContext, origin: str) -> None:
    """Back to a browser that has been nowhere, but for its cache. A test may have closed every page."""
    context.set_offline(False)
    context.clear_cookies()
    pages = context.pages or [context.new_page()]
    session = context.new_cdp_session(pages[0])
    session.send("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": "local_storage"})
    for page in pages:
        page.close()


@pytest.fixture
def page(new_page: Callable[..., Page]) -> Page:
    return new_page()


@pytest.fixture
def signed_in_page(new_page: Callable[..., Page]) -> Callable[..., Page]:
    """A window in which this person is signed in already: ``signed_in_page(agent, "/", locale="ko-KR")``."""
    from django.test import Client

    def open_window(agent: Any, path: str | None = "/", **options: Any) -> Page:
        client = Client()
        client.force_login(agent.user)
        page = new_page(**options)
        session = client.cookies[settings.SESSION_COOKIE_NAME].value
        page.context.add_cookies(
            [{"name": settings.SESSION_COOKIE_NAME, "value": session, "domain": "localhost", "path": "/"}]
        )
        if path:
            page.goto(path)
        return page

    return open_window


@pytest.fixture
def screens(service: Service, signed_in_page: Callable[..., Page], new_page: Callable[..., Page]):
    """``screens("a line", "another")``: what the customer has written."""

    def show(*lines: str, **options) -> Screens:
        agent, chat = make_agent_with_chat(service, *lines)
        customer, token = register_customer(service, name="Jun", email="jun@example.com", language="en")
        Chat.objects.filter(pk=chat.pk).update(customer=customer)
        visitor = new_page()
        visitor.add_init_script(f"localStorage.setItem('contiple-chat:demo', '{token}')")
        visitor.goto("/hc/demo/")
        desk, center = Desk(signed_in_page(agent, **options)), HelpCenter(visitor)
        desk.open()
        desk.entry("Jun").click()
        center.open()
        expect(center.chat.messages).to_have_count(len(lines))
        expect(desk.chat.messages).to_have_count(len(lines))
        return Screens(desk, center, chat)

    return show


@pytest.fixture
def shop(server: Server) -> Iterator[str]:
    """The origin of another site: its first page has the chat in a frame, its others haven't."""
    frame = f'<iframe src="{server.origin}/hc/demo/chat/" width="400" height="640"></iframe>'

    class Site(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            icon = '<!doctype html><title>Shop</title><link rel="icon" href="data:,">'
            self.wfile.write(f"{icon}{frame if self.path == '/' else 'Lamps'}".encode())

        def log_message(self, *details: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as site:
        threading.Thread(target=site.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{site.server_port}"
        site.shutdown()


@pytest.fixture
def in_thread() -> Callable[..., Any]:
    """Runs an operation where no event loop runs: ``in_thread(append_message, chat, …)``; its result."""

    def run(operation: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        def call() -> Any:
            try:
                return operation(*args, **kwargs)
            finally:
                connections.close_all()

        with ThreadPoolExecutor(1) as thread:
            return thread.submit(call).result()

    return run


def watch(page: Page, errors: list[str]) -> None:
    def console(message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(EXPECTED_ERRORS):
            errors.append(f"{page.url}: {message.text}")

    page.on("console", console)
    page.on("pageerror", lambda error: errors.append(f"{page.url}: {error}"))


FAILED: pytest.StashKey[bool] = pytest.StashKey()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo):
    report = yield
    if report.failed:
        item.stash[FAILED] = True
    return report


def keep_screenshots(contexts: list[BrowserContext], name: str) -> None:
    folder = settings.BASE_DIR / "test-results"
    folder.mkdir(exist_ok=True)
    for number, page in enumerate(page for context in contexts for page in context.pages):
        page.screenshot(path=folder / f"{name.replace('/', '-')}-{number}.png")
