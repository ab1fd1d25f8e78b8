"""A running chat on other sites while its customer goes from page to page: connected, counted, and known again."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db.models.functions import Now
from playwright.sync_api import BrowserContext, Page, expect

from agents.models import Service
from chat.models import Chat, ChatSettings, Lease
from chat.routing.presence import RELOAD_GRACE_S
from helpcenter.models import HelpCenter as Settings
from tests.browser.embed.shop import Shop, center_of, frame_of, icon_of
from tests.browser.windows import Conversation, Desk, HelpCenter
from tests.make import make_agent

UNREAD = "(1) New message – Lamps"
PAGE = "<title>Lamps</title><body>{line}</body>"
NOTES = """() => {
  window.notes = 0;
  const { start } = OscillatorNode.prototype;
  OscillatorNode.prototype.start = function (...when) { window.notes += 1; start.apply(this, when); };
}"""
# What `denied` is put in place of: where, and what is denied.
DENIED = """(() => {
  if (location.origin !== "%s") return;
  const denied = { configurable: true, get() { throw new DOMException("denied", "SecurityError"); } };
  Object.defineProperty(window, "localStorage", denied);
  Object.defineProperty(window, "sessionStorage", denied);
})()"""


@pytest.fixture
def desk(service: Service, signed_in_page: Callable[..., Page]) -> Desk:
    return Desk(signed_in_page(make_agent(service, "Mina", online=True)))


@pytest.fixture
def shop_page(visit: Callable[..., Page]) -> Page:
    return visit(PAGE)


def begin(page: Page, desk: Desk) -> Conversation:
    """A chat that runs, and is folded. Returns the agent's view of it."""
    center = center_of(page)
    center.start(message="Hello")
    conversation = desk.select("Jun Park")
    expect(center.chat.message("Mina")).not_to_have_count(0)
    center.fold()
    return conversation


def next_page(page: Page, site: Shop) -> None:
    page.goto(f"{site.origin}/chairs")
    expect(icon_of(page)).to_be_visible()


def has_connected(page: Page) -> bool:
    """The page's own connection has come: that of the page before has let its lease run out, or had none."""
    return Lease.objects.filter(chat__isnull=False, expires_at__gt=Now() + timedelta(seconds=RELOAD_GRACE_S)).exists()


def wait_until_connected(page: Page) -> None:
    for _ in range(100):
        if has_connected(page):
            return
        page.wait_for_timeout(100)
    pytest.fail("The page has not connected.")


def badge(page: Page):
    return page.locator("contiple-chat .badge")


def asked_for(page: Page) -> list[str]:
    """What the page and its frames have asked for since it was opened."""
    names = "() => performance.getEntriesByType('resource').map((it) => it.name)"
    return [name for frame in page.frames for name in frame.evaluate(names)]


def test_the_next_page_tells_that_the_agent_wrote(shop_page: Page, site: Shop, desk: Desk):
    conversation = begin(shop_page, desk)
    next_page(shop_page, site)
    conversation.write("Which lamp is it?")
    expect(badge(shop_page)).to_have_text("1")
    expect(icon_of(shop_page)).to_have_accessible_name("Open chat, 1 unread")
    assert shop_page.title() == UNREAD

    next_page(shop_page, site)
    expect(badge(shop_page)).to_have_text("1")
    conversation.write("The one by the door?")
    expect(badge(shop_page)).to_have_text("2")

    icon_of(shop_page).click()
    center = center_of(shop_page)
    expect(center.chat.body("The one by the door?")).to_be_visible()
    expect(badge(shop_page)).to_be_hidden()
    assert shop_page.title() == "Lamps"
    expect(conversation.receipts("The one by the door?")).to_have_text("Read")
    next_page(shop_page, site)
    wait_until_connected(shop_page)
    expect(badge(shop_page)).to_be_hidden()


def test_until_it_is_opened_the_frame_only_counts(shop_page: Page, site: Shop, desk: Desk):
    begin(shop_page, desk).write("Which lamp is it?")
    next_page(shop_page, site)
    expect(badge(shop_page)).to_have_text("1")
    asked = [name.removeprefix(site.desk) for name in asked_for(shop_page) if not name.startswith("data:")]
    assert asked == ["/embed/demo.js", "/hc/demo/chat/watch/?language=en", "/static/joined/watch.js"]


def test_what_is_read_in_one_tab_is_read_in_all(shop_page: Page, site: Shop, desk: Desk):
    conversation = begin(shop_page, desk)
    second = shop_page.context.new_page()
    second.goto(site.origin)
    conversation.write("Which lamp is it?")
    for page in (shop_page, second):
        expect(badge(page)).to_have_text("1")
    second.bring_to_front()
    icon_of(second).click()
    for page in (shop_page, second):
        expect(badge(page)).to_be_hidden()


def test_a_chat_begun_in_one_tab_is_connected_in_the_others(shop_page: Page, site: Shop, desk: Desk):
    second = shop_page.context.new_page()
    second.goto(site.origin)
    expect(icon_of(second)).to_be_visible()
    shop_page.bring_to_front()
    begin(shop_page, desk).write("Which lamp is it?")
    expect(badge(second)).to_have_text("1")


def test_a_message_that_nobody_sees_is_heard(visit, desk: Desk, console: list[str]):
    page = visit(f"{PAGE}<script>({NOTES})()</script>")
    conversation = begin(page, desk)
    conversation.write("Which lamp is it?")
    expect(badge(page)).to_have_text("1")
    page.wait_for_function("() => notes === 2")
    icon_of(page).click()
    expect(badge(page)).to_be_hidden()
    conversation.write("The one by the door?")
    expect(center_of(page).chat.body("The one by the door?")).to_be_visible()
    expect(badge(page)).to_be_hidden()
    assert page.evaluate("notes") == 2
    assert not console


def test_a_page_on_which_nothing_was_done_stays_silent(visit, site: Shop, desk: Desk, console: list[str]):
    untouched = "Object.defineProperty(navigator, 'userActivation', { value: { hasBeenActive: false } })"
    page = visit(f"{PAGE}<script>({NOTES})(); {untouched}</script>")  # a test's own looks count as touches
    conversation = begin(page, desk)
    second = page.context.new_page()
    second.goto(site.origin)
    conversation.write("Which lamp is it?")
    expect(badge(second)).to_have_text("1")
    assert second.evaluate("notes") == 0
    assert second.title() == UNREAD
    assert not console


def test_after_its_end_was_seen_nothing_is_loaded_any_more(shop_page: Page, site: Shop, desk: Desk):
    begin(shop_page, desk)
    next_page(shop_page, site)
    wait_until_connected(shop_page)
    desk.tool("end").click()
    desk.popup.get_by_role("button", name="End chat").click()
    expect(badge(shop_page)).to_have_text("1")
    next_page(shop_page, site)
    expect(badge(shop_page)).to_have_text("1")
    icon_of(shop_page).click()
    expect(frame_of(shop_page).get_by_text("This chat has ended.")).to_be_visible()
    expect(badge(shop_page)).to_be_hidden()
    center_of(shop_page).fold()
    next_page(shop_page, site)
    assert [name for name in asked_for(shop_page) if not name.startswith("data:")] == [f"{site.desk}/embed/demo.js"]


def test_a_running_chat_outlives_the_closing_of_the_help_center(shop_page: Page, site: Shop, desk: Desk):
    conversation = begin(shop_page, desk)
    Settings.objects.update(chat_enabled=False)
    shop_page.goto(f"{site.origin}/?closed")
    shop_page.evaluate(
        "src => document.head.append(Object.assign(document.createElement('script'), { src }))",
        f"{site.desk}/embed/demo.js?closed",  # the browser keeps the script for a minute
    )
    conversation.write("Which lamp is it?")
    expect(badge(shop_page)).to_have_text("1")


def test_the_help_center_tells_it_as_well(new_page: Callable[..., Page], desk: Desk):
    center = HelpCenter(new_page("/hc/demo/"))
    center.page.add_init_script(f"({NOTES})()")
    center.start(message="Hello")
    conversation = desk.select("Jun Park")
    center.fold()
    conversation.write("Which lamp is it?")
    count = center.launcher.locator(".chat-widget-count")
    expect(count).to_have_text("1")
    assert center.page.title().startswith("(1) New message – ")
    center.page.goto("/hc/demo/contact/")
    expect(count).to_have_text("1")
    conversation.write("The one by the door?")
    expect(count).to_have_text("2")
    center.page.wait_for_function("() => notes === 2")
    center.open()
    expect(count).to_be_hidden()
    expect(center.page).not_to_have_title(re.compile("New message"))


# Presence


def test_who_reads_on_keeps_the_place_and_the_ring(
    visit, site: Shop, service: Service, signed_in_page: Callable[..., Page]
):
    mina = make_agent(service, "Mina", online=True, chat_limit=1)
    desk = Desk(signed_in_page(mina))
    first, second = visit(PAGE), visit(PAGE)
    begin(first, desk)
    center_of(second).start(name="Sora Kim")
    expect(center_of(second).stage("chat")).to_contain_text("Your place in the queue")
    next_page(second, site)
    chat = Chat.objects.get(customer__name="Sora Kim")
    here = Lease.objects.filter(chat=chat, expires_at__gt=Now() + timedelta(seconds=RELOAD_GRACE_S))
    for _ in range(100):
        if here.exists():
            break
        second.wait_for_timeout(100)
    # Five minutes later only what is connected counts.
    Lease.objects.filter(chat=chat).exclude(pk__in=here.values("pk")).delete()
    Chat.objects.filter(pk=chat.pk).update(created_at=Now() - timedelta(minutes=5))
    Chat.objects.filter(pk=chat.pk).update(waiting_since=Now() - timedelta(minutes=5))
    desk.tool("end").click()
    desk.popup.get_by_role("button", name="End chat").click()
    desk.select("Sora Kim").write("Hello Sora")
    expect(badge(second)).not_to_be_empty()
    icon_of(second).click()
    expect(center_of(second).chat.body("Hello Sora")).to_be_visible()


def test_after_the_last_tab_nobody_is_there(shop_page: Page, site: Shop, desk: Desk):
    begin(shop_page, desk)
    next_page(shop_page, site)
    wait_until_connected(shop_page)
    shop_page.goto("about:blank")
    for _ in range(100):
        if not has_connected(shop_page):
            return
        shop_page.wait_for_timeout(100)
    pytest.fail("Somebody is there still.")


# Where storage is denied


def deny(context: BrowserContext, *origins: str) -> None:
    for origin in origins:
        context.add_init_script(DENIED % origin)


def test_where_the_frame_has_no_storage_the_chat_goes_on_on_the_next_page(visit, site: Shop, desk: Desk):
    page = visit(PAGE, locale="en-GB")
    deny(page.context, site.desk)
    next_page(page, site)
    conversation = begin(page, desk)
    next_page(page, site)
    conversation.write("Which lamp is it?")
    expect(badge(page)).to_have_text("1")
    icon_of(page).click()
    center = center_of(page)
    expect(center.chat.body("Which lamp is it?")).to_be_visible()
    center.chat.write("The one by the door")
    expect(conversation.body("The one by the door")).to_be_visible()
    center.end()
    center.panel.get_by_role("button", name="Start a new chat").click()
    expect(center.stage("start")).to_be_visible()
    page.wait_for_function("() => localStorage.length === 0")
    assert Chat.objects.count() == 1


def test_where_nothing_is_stored_the_chat_works_on_its_page(visit, site: Shop, desk: Desk):
    page = visit(PAGE, locale="en-AU")
    deny(page.context, site.desk, site.origin)
    next_page(page, site)
    conversation = begin(page, desk)
    conversation.write("Which lamp is it?")
    expect(badge(page)).to_have_text("1")
    page.evaluate("() => { document.documentElement.innerHTML = '<body>Chairs</body>'; }")
    expect(icon_of(page)).to_be_visible()
    expect(badge(page)).to_have_text("1")
    icon_of(page).click()
    expect(center_of(page).chat.body("Which lamp is it?")).to_be_visible()


def test_where_the_frame_has_storage_the_page_around_gets_no_token(shop_page: Page, desk: Desk):
    begin(shop_page, desk)
    assert shop_page.evaluate("() => ({ ...localStorage })") == {
        "ContipleChat:demo": '{"running":true,"unread":0,"token":""}'
    }


@pytest.mark.parametrize("path", ["chat/", "chat/watch/"])
def test_a_site_that_is_not_named_learns_nothing(visit, site: Shop, desk: Desk, path: str):
    page = visit(PAGE, locale="en-IE")
    deny(page.context, site.desk)
    next_page(page, site)
    begin(page, desk)
    Settings.objects.update(embed_origins=["https://shop.example"])
    heard = "<script>heard = []; onmessage = ({ data }) => heard.push(data)</script>"
    site.page = f'{heard}<iframe src="{site.desk}/hc/demo/{path}" onload="loaded = true"></iframe>'
    page.goto(f"{site.origin}/evil")
    page.wait_for_function("() => window.loaded")
    hello = {"contiple": {"type": "hello", "token": "x" * 43, "page": "", "focused": True, "shown": True}}
    page.evaluate("hello => frames[0].postMessage(hello, '*')", hello)
    assert page.evaluate("heard") == []


def test_the_frame_hears_only_the_page_around_it(visit, site: Shop, desk: Desk):
    """Another frame of the same page can't hand the chat over to a customer of its own making."""
    page = visit(PAGE)
    icon_of(page).click()
    expect(center_of(page).stage("start")).to_be_visible()
    page.evaluate(
        """() => new Promise((done) => {
          const other = document.createElement("iframe");
          other.srcdoc = `<script>
            parent.document.querySelector("contiple-chat").shadowRoot.querySelector("iframe").contentWindow
              .postMessage({ contiple: { type: "hello", token: "${"x".repeat(43)}" } }, "*");
          </script>`;
          other.onload = done;
          document.body.append(other);
        })"""
    )
    expect(center_of(page).stage("start")).to_be_visible()
    stored = frame_of(page).locator("html").evaluate("() => localStorage.getItem('contiple-chat:demo')")
    assert stored is None


def test_agents_see_the_page_that_a_customer_goes_to(service: Service, shop_page: Page, desk: Desk, site: Shop):
    ChatSettings.objects.filter(service=service).update(follow_page_policy=1)
    begin(shop_page, desk)
    shown = desk.customer.locator("[data-part=page-now]")
    expect(shown).to_contain_text(f"{site.origin}/")
    shop_page.evaluate("history.pushState({}, '', '/lamps/red')")
    expect(shown).to_contain_text(f"{site.origin}/lamps/red")
    next_page(shop_page, site)
    expect(shown).to_contain_text(f"{site.origin}/chairs")


def test_without_the_policy_agents_see_no_other_page(shop_page: Page, desk: Desk, site: Shop) -> None:
    conversation = begin(shop_page, desk)
    next_page(shop_page, site)
    conversation.write("Still there?")
    expect(badge(shop_page)).to_have_text("1")
    expect(desk.customer.locator("[data-part=page-now]")).to_be_hidden()
    assert Chat.objects.get().page_now == ""
