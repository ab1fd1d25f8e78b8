"""Other sites that show the chat, on an origin of their own."""

import threading
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.db.models.functions import Now
from playwright.sync_api import ConsoleMessage, Page

from agents.models import Contract, Service
from chat.models import Lease
from helpcenter.models import HelpCenter as Settings
from tests.browser.conftest import DESKTOP
from tests.browser.embed.shop import Shop
from tests.browser.rows import LEASE
from tests.make import make_agent
from tests.server import Server


@pytest.fixture(scope="module")
def built() -> Iterator[Shop]:
    """One origin for all tests: a browser keeps the line's script for a minute, and with it the names of sites."""
    shop = Shop()

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            for name, value in shop.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(f'<!doctype html><link rel="icon" href="data:,">{shop.page}'.encode())

        def log_message(self, *details: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as answering:
        threading.Thread(target=answering.serve_forever, daemon=True).start()
        shop.origin = f"http://127.0.0.1:{answering.server_port}"
        yield shop
        answering.shutdown()


@pytest.fixture
def site(built: Shop, server: Server, service: Service) -> Shop:
    built.desk = server.origin
    Settings.objects.update(embed_origins=[built.origin])
    Contract.objects.update(chat_widget=True)
    return built


@pytest.fixture
def mina(service: Service) -> None:
    """An agent who is Online and here."""
    Lease.objects.create(agent=make_agent(service, "Mina", online=True), expires_at=Now() + LEASE)


@pytest.fixture
def console() -> list[str]:
    """What the console of the opened page says, as warnings and errors."""
    return []


@pytest.fixture
def visit(site: Shop, new_page: Callable[..., Page], console: list[str]) -> Callable[..., Page]:
    """Opens a window at the shop, with this page; the line stands at ``{line}``."""

    def visit_shop(page: str = "<body>{line}</body>", size: dict = DESKTOP, headers: Mapping = {}, **options) -> Page:
        site.page, site.headers = page.replace("{line}", site.line()), headers
        window = new_page(viewport=size, **options)
        window.on("console", lambda message: note(message, console))
        window.goto(site.origin)
        return window

    return visit_shop


def note(message: ConsoleMessage, console: list[str]) -> None:
    if message.type in {"warning", "error"}:
        console.append(message.text)
