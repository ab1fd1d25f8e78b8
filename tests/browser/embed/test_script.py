"""What a page's own scripts may do with the chat: before and after it has loaded, and with several services."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from agents.models import Service
from chat.models import Chat
from helpcenter.models import HelpCenter as Settings
from tests.browser.embed.shop import PHONE, SIZES, Shop, center_of, icon_of
from tests.browser.windows import Desk
from tests.make import make_agent, make_service

QUEUE = "(window.ContipleChat ||= [])"
NOTED = f"""<script>
  noted = [];
  {QUEUE}.push((chat) => {{
    for (const name of ["unread", "state"]) chat.on(name, (value) => noted.push([name, value]));
    chat.on("ready", () => noted.push(["ready", document.querySelectorAll("contiple-chat").length]));
  }});
</script>"""


def opened(page: Page):
    return page.locator("contiple-chat .box:visible")


@pytest.mark.parametrize("is_early", [True, False], ids=["before the line", "after it"])
def test_what_is_called_before_it_has_loaded_is_called_then(visit, site: Shop, is_early: bool):
    call = f"<script>{QUEUE}.push((chat) => chat.open())</script>"
    page = visit(f"<body>{call}{{line}}</body>" if is_early else f"<body>{site.line(attributes='')}{call}</body>")
    expect(center_of(page).stage("absent")).to_be_visible()


def test_it_opens_closes_and_toggles(visit):
    page = visit()
    expect(icon_of(page)).to_be_visible()
    for call, count in (("open", 1), ("open", 1), ("toggle", 0), ("close", 0), ("toggle", 1), ("close", 0)):
        page.evaluate(f"() => ContipleChat.{call}()")
        expect(opened(page)).to_have_count(count)


def test_it_tells_what_changes(visit, service: Service, signed_in_page: Callable[..., Page]):
    desk = Desk(signed_in_page(make_agent(service, "Mina", online=True)))
    page = visit(f"<body>{NOTED}{{line}}</body>")
    page.wait_for_function("() => noted.length === 3")
    idle = {"open": False, "running": False}
    noted = [["unread", 0], ["state", idle], ["ready", 1]]
    assert sorted(page.evaluate("noted"), key=str) == sorted(noted, key=str)
    page.evaluate("noted = []")
    center = center_of(page)
    center.start(message="Hello")
    conversation = desk.select("Jun Park")
    expect(center.chat.message("Mina")).not_to_have_count(0)
    center.fold()
    conversation.write("Which lamp is it?")
    page.wait_for_function("() => noted.some(([name, value]) => name === 'unread' && value === 1)")
    states = [value for name, value in page.evaluate("noted") if name == "state"]
    assert states == [idle | {"open": True}, {"open": True, "running": True}, {"open": False, "running": True}]


def test_who_does_not_listen_any_more_hears_nothing(visit):
    page = visit()
    expect(icon_of(page)).to_be_visible()
    page.evaluate(
        """() => {
          heard = [];
          const end = ContipleChat.on("state", (state) => heard.push(state));
          setTimeout(end);
        }"""
    )
    page.wait_for_function("() => heard.length === 1")
    icon_of(page).click()
    expect(opened(page)).to_have_count(1)
    page.evaluate("() => new Promise((done) => setTimeout(done))")
    assert len(page.evaluate("heard")) == 1


def test_whom_the_page_knows_has_the_form_filled_in_and_may_change_it(visit, mina):
    page = visit(
        f"<body>{{line}}<script>{QUEUE}.push((chat) => chat.identify("
        '{ name: "Sora Kim", email: "sora@example.com" }))</script></body>'
    )
    icon_of(page).click()
    center = center_of(page)
    form = center.stage("start")
    expect(form.locator("[name=name]")).to_have_value("Sora Kim")
    expect(form.locator("[name=email]")).to_have_value("sora@example.com")
    form.locator("[name=name]").fill("Sora Lee")
    page.evaluate('() => ContipleChat.identify({ name: "Somebody", email: "else@example.com" })')
    center.agree_and_start()
    expect(center.stage("chat")).to_be_visible()
    customer = Chat.objects.get().customer
    assert (customer.name, customer.email) == ("Sora Lee", "sora@example.com")


@pytest.mark.parametrize("direction", ["ltr", "rtl"])
@SIZES
def test_it_stands_where_the_line_says(visit, site: Shop, size: dict, direction: str):
    line = site.line(attributes='data-position="bottom-left" data-language="ko"')
    page = visit(f'<html dir="{direction}"><body style="overflow-x: hidden">{line}</body></html>', size)
    icon = icon_of(page)
    expect(icon).to_have_accessible_name("채팅 열기")
    left, right = 20, size["width"] - 76
    assert (icon.bounding_box() or {})["x"] == (left if direction == "ltr" else right)
    page.evaluate('() => ContipleChat.update({ position: "bottom-right", language: "en" })')
    expect(icon).to_have_accessible_name("Open chat")
    assert (icon.bounding_box() or {})["x"] == (right if direction == "ltr" else left)
    icon.click()
    box = opened(page).bounding_box() or {}
    assert box["x"] == (0 if size == PHONE else size["width"] - 400 if direction == "ltr" else 20)


def test_an_open_chat_changes_its_language(visit, mina):
    page = visit('<html lang="en"><body>{line}</body></html>')
    icon_of(page).click()
    frame = center_of(page).panel.locator("html")
    expect(frame).to_have_attribute("lang", "en")
    page.evaluate('() => ContipleChat.update({ language: "ko" })')
    expect(frame).to_have_attribute("lang", "ko")


def test_it_can_be_taken_off_the_page_and_come_again(visit, site: Shop):
    page = visit()
    icon_of(page).click()
    expect(opened(page)).to_have_count(1)
    page.evaluate("() => ContipleChat.destroy()")
    expect(page.locator("contiple-chat")).to_have_count(0)
    page.evaluate("() => { document.body.innerHTML = ''; ContipleChat.open(); }")
    page.evaluate(
        """src => new Promise((done) => {
          document.head.append(Object.assign(document.createElement("script"), { src, onload: done }));
        })""",
        f"{site.desk}/embed/demo.js",
    )
    expect(page.locator("contiple-chat")).to_have_count(1)
    expect(icon_of(page)).to_be_visible()


def test_several_services_are_called_by_name(visit, site: Shop):
    make_service("third", chat_widget=True)
    Settings.objects.update(embed_origins=[site.origin])
    call = f'<script>{QUEUE}.push(["third", (chat) => chat.open()])</script>'
    page = visit(f"<body>{call}{site.line()}{site.line('third')}</body>")
    expect(opened(page)).to_have_count(1)
    address = page.evaluate(
        """() => {
          const box = [...document.querySelectorAll("contiple-chat")].map((it) => it.shadowRoot.querySelector(".box"));
          return box.find((it) => !it.hidden).querySelector("iframe").src;
        }"""
    )
    assert "/hc/third/" in address
    page.evaluate("() => ContipleChat.services.demo.open()")
    expect(opened(page)).to_have_count(1)


def test_a_call_that_fails_is_the_page_s_own(visit):
    """It stops neither the chat nor the other calls."""
    call = f"<script>onerror = () => true; {QUEUE}.push(() => {{ throw 1 }}); {QUEUE}.push((c) => c.open())</script>"
    page = visit(f"<body>{call}{{line}}</body>")
    expect(opened(page)).to_have_count(1)


def test_the_line_may_name_the_queue(visit, site: Shop):
    page = visit(f"<body>{site.line(attributes='data-topic=returns')}</body>")
    with page.expect_request("**/hc/demo/chat/?*") as asked:
        icon_of(page).click()
    assert asked.value.url.endswith("?language=en&topic=returns")
