"""What the line for other sites costs a page before anybody presses the icon: its main thread, and what moves."""

import contextlib
import json
import os
import shutil
import statistics
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from helpcenter.models import HelpCenter
from tests.bench import machine, world
from tests.bench.figures import Figure, at_most
from tests.bench.pace import Pace
from tests.browser.programs import BROWSERS, SHELL
from tests.make import make_agent

LIMIT_MS = 20
CATEGORIES = "devtools.timeline,disabled-by-default-devtools.timeline"
SHIFTS = """() => new Promise((done) => {
  new PerformanceObserver((list) => done(list.getEntries().reduce((sum, it) => sum + it.value, 0)))
    .observe({ type: "layout-shift", buffered: true });
  requestAnimationFrame(() => setTimeout(() => done(0), 100));
})"""


def before_intent(pace: Pace) -> list[Figure]:
    """Main-thread time of the same page with the line and without, in turns, in a browser that has loaded it before."""
    service = world.make_desk(agents=1, chats=0).service
    make_agent(service, online=True)
    service.contract.chat_widget = True
    service.contract.save()
    with machine.serving("contiple", worker=False) as server, _shop(service.slug, server.port) as shop:
        HelpCenter.objects.filter(service=service).update(embed_origins=[shop])
        pairs, shift = _measured(shop, pace.loads)
    spent = statistics.median(with_line - without for with_line, without in pairs)
    bare = statistics.median(without for _with_line, without in pairs)
    name = "main thread: the line before anybody presses the icon (reference: the page without it)"
    return [
        at_most(name, spent, "ms", LIMIT_MS, reference=bare),
        at_most("layout shift by the line", shift, "", 0),
    ]


@contextlib.contextmanager
def _shop(slug: str, port: int) -> Iterator[str]:
    """A page of another site: at ``/line`` it has the line."""
    line = f'<script src="http://localhost:{port}/embed/{slug}.js" async></script>'

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            parts = ['<!doctype html><link rel="icon" href="data:,"><body><h1>Lamps</h1><p>Chairs</p>']
            self.wfile.write("".join([*parts, line if self.path == "/line" else "", "<p>Tables</p>"]).encode())

        def log_message(self, *details: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as site:
        threading.Thread(target=site.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{site.server_port}"
        site.shutdown()


def _measured(shop: str, loads: int) -> tuple[list[tuple[float, float]], float]:
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # Playwright's loop runs in this thread
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_program(), args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        page.goto(f"{shop}/line")
        page.locator("contiple-chat .icon").wait_for()
        shift = page.evaluate(SHIFTS)
        with_line = _loader(browser, page, f"{shop}/line", "contiple-chat .icon")
        without = _loader(browser, page, f"{shop}/", "h1")
        pairs = [(with_line(), without()) for _ in range(loads)]
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]
    return pairs, shift


def _loader(browser: Browser, page: Page, address: str, until: str) -> Callable[[], float]:
    def load() -> float:
        browser.start_tracing(page=page, categories=CATEGORIES.split(","))
        page.goto(address)
        page.locator(until).wait_for()
        page.evaluate("() => new Promise((done) => requestIdleCallback(done))")
        return _main_thread_ms(json.loads(browser.stop_tracing())["traceEvents"])

    return load


def _main_thread_ms(events: list[dict[str, Any]]) -> float:
    """Processor time, in ms, of all tasks of the page's main thread: scripts, styles, layout, whatever it was.

    Other programs don't disturb it as they do the time by the clock.
    """
    main = {(it["pid"], it["tid"]) for it in events if it["name"] == "thread_name" and _is_main(it)}
    return sum(it.get("tdur", 0) for it in events if it["name"] == "RunTask" and (it["pid"], it["tid"]) in main) / 1000


def _is_main(event: dict[str, Any]) -> bool:
    return event["args"]["name"] == "CrRendererMain"


def _program() -> str:
    for name in (SHELL, *BROWSERS):
        if path := shutil.which(name):
            return path
    raise RuntimeError("No Chromium on this machine: apt-get install chromium")
