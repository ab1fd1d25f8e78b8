"""A customer with a running chat opens a page on a slow line: “Connecting…”, then the chat; never the form."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Frame, Page, Route, expect

from agents.models import Service
from chat.models import Chat
from helpcenter.customers import register_customer
from tests.browser.embed.conftest import built, console, mina, site, visit  # noqa: F401 - fixtures
from tests.browser.embed.shop import frame_of, icon_of
from tests.browser.rows import make_agent_with_chat
from tests.make import make_agent
from tests.members import Site

# As Chromium's own “Slow 3G”: 400 kbit/s, 400 ms there and back.
SLOW_3G = {"offline": False, "latency": 400, "downloadThroughput": 50_000, "uploadThroughput": 50_000}
# Notes, picture by picture, what the page shows of the chat.
WATCH = """(() => {
  const seen = window.seen = [];
  (function look() {
    const stage = [...document.querySelectorAll("[data-stage]")].find((it) => it.checkVisibility());
    const shown = stage?.dataset.stage;
    if (shown && seen.at(-1) !== shown) seen.push(shown);
    requestAnimationFrame(look);
  })();
})()"""


@pytest.fixture
def token(service: Service) -> str:
    """Of a customer with a running chat."""
    _agent, chat = make_agent_with_chat(service, "Where is my parcel?")
    customer, token = register_customer(service, name="Jun", email="", language="en")
    Chat.objects.filter(pk=chat.pk).update(customer=customer)
    return token


@pytest.fixture
def slow(new_page: Callable[..., Page]) -> Page:
    page = new_page()
    page.add_init_script(WATCH)
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", SLOW_3G)
    return page


def keep(page: Page, token: str) -> None:
    page.add_init_script(f"localStorage.setItem('contiple-chat:demo', '{token}')")


def seen(page: Page | Frame) -> list[str]:
    return page.evaluate("seen")


def test_a_running_chat_is_waited_for_in_the_panel(slow: Page, token: str) -> None:
    keep(slow, token)
    slow.goto("/hc/demo/chat/", wait_until="commit")
    expect(slow.get_by_text("Connecting…")).to_be_visible()
    expect(slow.locator("[data-stage=chat]")).to_contain_text("Where is my parcel?", timeout=30_000)
    assert seen(slow) == ["away", "chat"]


def test_so_it_is_by_a_link_and_for_whom_the_help_center_knows(slow: Page, token: str, service: Service) -> None:
    slow.goto("/hc/demo/chat/#chat=no-link", wait_until="commit")
    expect(slow.get_by_role("button", name="Start chat")).to_be_enabled(timeout=30_000)
    assert seen(slow) == ["away", "start"]
    members = Site(make_agent(service, "Ada", role="admin", chat_permission=False))
    slow.goto(f"/hc/demo/member/?token={members.token()}", wait_until="commit")
    slow.goto("/hc/demo/chat/", wait_until="commit")
    expect(slow.get_by_text("You’re signed in as Hana Kim.")).to_be_visible(timeout=30_000)
    assert seen(slow) == ["away", "start"]


def test_who_is_nobody_gets_the_form_at_once(slow: Page, token: str) -> None:
    slow.goto("/hc/demo/chat/", wait_until="commit")
    expect(slow.get_by_role("button", name="Start chat")).to_be_enabled(timeout=30_000)
    assert seen(slow) == ["start"]


def test_a_token_of_nobody_leads_to_the_form(slow: Page, token: str) -> None:
    keep(slow, "a" * 43)
    slow.goto("/hc/demo/chat/", wait_until="commit")
    expect(slow.get_by_role("button", name="Start chat")).to_be_enabled(timeout=30_000)
    assert seen(slow) == ["away", "start"]


def test_a_running_chat_is_waited_for_in_the_frame_of_a_shop(visit, site, token: str) -> None:  # noqa: F811
    page: Page = visit()
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.context.add_init_script(f"if (location.origin === '{site.desk}') {WATCH}")
    page.context.add_init_script(
        f"if (location.origin === '{site.desk}') localStorage.setItem('contiple-chat:demo', '{token}')"
    )
    for part in ("**/joined/chat*.js", "**/hc/demo/chat/resume/**"):
        page.route(part, hold)
    page.reload()
    icon_of(page).click()
    connecting = page.locator("contiple-chat [role=status]")
    expect(connecting).to_have_text("Connecting…")
    expect(frame_of(page).get_by_text("Connecting…")).to_be_attached()
    held.pop().continue_()
    expect(frame_of(page).get_by_text("Connecting…")).to_be_visible()
    expect(connecting).to_be_hidden()
    while not held:
        page.wait_for_timeout(20)
    held.pop().continue_()
    expect(frame_of(page).locator("[data-stage=chat]")).to_contain_text("Where is my parcel?")
    [frame] = [frame for frame in page.frames if "/hc/demo/chat/" in frame.url]
    assert seen(frame) == ["away", "chat"]
