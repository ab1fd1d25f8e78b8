"""The chat on other sites, as they are: the line in pages whose styles, policies and scripts know nothing of it."""

import re

import pytest
from playwright.sync_api import expect

from agents.models import Service
from helpcenter.models import HelpCenter as Settings
from tests.browser.embed.hosts import EMPTIED, HOSTS, POLICIES
from tests.browser.embed.shop import PHONE, SIZES, Shop, center_of, icon_of, is_on_top, opens
from tests.browser.windows import Desk
from tests.make import make_agent, make_service
from tests.server import Server


@pytest.mark.parametrize("host", HOSTS.values(), ids=HOSTS)
@SIZES
def test_no_rule_of_the_page_reaches_it(visit, host: str, size: dict, console: list[str]):
    page = visit(f"{host}<body><p>Lamps</p>{{line}}</body>", size)
    opens(page)
    assert not console


@pytest.mark.parametrize(
    "crowding",
    [
        "* { margin: 0 } body > div, html > * { min-height: 200px; padding: 50px }",
        "html { display: grid; gap: 90px; grid-auto-rows: 700px }",
        "html { display: flex; flex-direction: column; gap: 90px; min-height: 100% } html > * { flex: 1 0 700px }",
    ],
)
def test_it_takes_no_room_on_the_page(visit, crowding: str):
    page = visit(f"<style>{crowding}</style><body>{{line}}</body>")
    expect(icon_of(page)).to_be_visible()
    heights = "() => [document.documentElement.scrollHeight, document.documentElement.scrollWidth]"
    with_it = page.evaluate(heights)
    page.evaluate("() => document.querySelector('contiple-chat').style.setProperty('display', 'none', 'important')")
    assert page.evaluate(heights) == with_it


def test_from_right_to_left_it_stands_at_the_left(visit):
    page = visit('<html dir="rtl" lang="ar"><body style="overflow-x: hidden">{line}</body></html>')
    opens(page)
    box = icon_of(page).bounding_box()
    assert box is not None
    assert box["x"] == 20


@pytest.mark.parametrize("attributes", ["", "async", "defer"])
def test_in_the_head_it_waits_for_the_body(visit, site: Shop, attributes: str):
    opens(visit(f"<head>{site.line(attributes=attributes)}</head><body><p>Lamps</p></body>"))


def test_it_waits_for_a_body_that_comes_later(visit, server: Server):
    page = visit()
    expect(icon_of(page)).to_be_visible()
    page.evaluate("() => { document.body.remove(); document.querySelector('contiple-chat').remove(); }")
    expect(icon_of(page)).to_have_count(0)
    page.evaluate("() => document.documentElement.append(document.createElement('body'))")
    opens(page)


@pytest.mark.parametrize("change", EMPTIED.values(), ids=EMPTIED)
def test_it_comes_back_on_a_page_that_is_emptied(visit, change: str):
    page = visit()
    expect(icon_of(page)).to_be_visible()
    page.evaluate(f"() => {{ {change} }}")
    opens(page)


@pytest.mark.parametrize("change", EMPTIED.values(), ids=EMPTIED)
def test_a_running_chat_comes_back_with_it(visit, mina, change: str):
    page = visit()
    center = center_of(page)
    center.start(message="Hello")
    page.evaluate(f"() => {{ {change} }}")
    expect(center.chat.body("Hello")).to_be_visible()


def test_loaded_twice_it_is_there_once(visit, site: Shop):
    page = visit("<body>{line}{line}</body>")
    page.evaluate(
        """src => new Promise((done) => {
          const script = Object.assign(document.createElement("script"), {src, onload: done});
          document.head.append(script);
        })""",
        f"{site.desk}/embed/demo.js",
    )
    expect(icon_of(page)).to_have_count(1)
    opens(page)


@SIZES
def test_several_services_stand_side_by_side(visit, site: Shop, size: dict):
    make_service("third", chat_widget=True)
    Settings.objects.update(embed_origins=[site.origin])
    page = visit(f"<body>{site.line()}{site.line('third')}</body>", size)
    icons = icon_of(page)
    expect(icons).to_have_count(2)
    for number in range(2):
        assert is_on_top(page, icons.nth(number))
    names = ("demo", "third")
    icons.nth(0).click()
    expect(page.locator("contiple-chat .box:visible")).to_have_count(1)
    assert page.evaluate("() => Object.keys(ContipleChat.services).sort()") == sorted(names)


@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)
def test_strict_policies_let_it_through(visit, site: Shop, policy: str, console: list[str]):
    headers = {"Content-Security-Policy": policy.format(desk=site.desk)}
    opens(visit(f"<body>{site.line(attributes='nonce=abc')}</body>", headers=headers))
    assert not console


def test_a_page_that_isolates_itself_shows_it(visit):
    headers = {"Cross-Origin-Embedder-Policy": "require-corp", "Cross-Origin-Opener-Policy": "same-origin"}
    opens(visit(headers=headers))


def test_nothing_but_the_loader_is_asked_for_before_a_press(visit, site: Shop):
    page = visit()
    expect(icon_of(page)).to_be_visible()
    asked = page.evaluate("() => performance.getEntriesByType('resource').map((it) => it.name)")
    assert [name for name in asked if not name.startswith("data:")] == [f"{site.desk}/embed/demo.js"]


# Phones


def test_on_a_phone_a_tap_on_send_sends(visit, mina):
    page = visit(size=PHONE)
    center = center_of(page)
    center.start(message="Hello")
    center.chat.composer.fill("Are you there?")
    send = center.panel.locator("[data-part=composer] [type=submit]")
    box, panel = send.bounding_box(), page.locator("contiple-chat .box").bounding_box()
    assert box is not None
    assert panel == {"x": 0, "y": 0, **PHONE}
    expect(icon_of(page)).to_be_hidden()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(center.chat.body("Are you there?")).to_be_visible()
    center.fold()
    expect(icon_of(page)).to_be_focused()


@pytest.mark.parametrize("size", [(667, 320), (740, 300), (844, 330), (800, 400)])
def test_on_a_phone_on_its_side_there_is_room_to_read_and_to_send(visit, mina, size: tuple[int, int]):
    page = visit(size={"width": size[0], "height": size[1]})
    center = center_of(page)
    center.start(message="Hello")
    send = center.panel.locator("[data-part=composer] [type=submit]")
    expect(send).to_be_in_viewport(ratio=1)
    seen = center.chat.scroll.bounding_box()
    assert seen is not None
    assert seen["height"] >= 80
    expect(icon_of(page)).to_be_hidden()


# What it says


def test_the_icon_says_what_it_does_and_how_many_are_unread(visit, service: Service, signed_in_page):
    desk = Desk(signed_in_page(make_agent(service, "Mina", online=True)))
    page = visit()
    icon = icon_of(page)
    expect(icon).to_have_accessible_name("Open chat")
    center = center_of(page)
    center.start(message="Hello")
    expect(icon).to_have_accessible_name("Close chat")
    conversation = desk.select("Jun Park")
    center.fold()
    for text in ("Hello Jun", "How can I help?"):
        conversation.write(text)
    expect(icon).to_have_accessible_name("Open chat, 2 unread")
    expect(page.locator("contiple-chat .badge")).to_have_text("2")
    icon.click()
    center.fold()
    expect(icon).to_have_accessible_name("Open chat")


def test_the_console_stays_silent(visit, console: list[str]):
    page = visit()
    frame = opens(page)
    frame.locator("[data-action=close]").click()
    opens(page)
    assert not console


@pytest.mark.parametrize(
    ("page", "locale", "language"),
    [
        ('<html lang="ko-KR"><body>{line}</body></html>', "en-US", "ko"),
        ('<html lang="en"><body>{line}</body></html>', "ko-KR", "en"),
        ('<html lang="ja"><body>{line}</body></html>', "ko-KR", "ko"),
        ("<html><body>{line}</body></html>", "ko-KR", "ko"),
        ('<html lang="en"><body>{line in Korean}</body></html>', "en-US", "ko"),
    ],
)
def test_it_speaks_as_the_page_or_as_the_line_says(visit, mina, site: Shop, page: str, locale: str, language: str):
    page = visit(page.replace("{line in Korean}", site.line(attributes='data-language="ko"')), locale=locale)
    expect(icon_of(page)).to_have_accessible_name({"en": "Open chat", "ko": "채팅 열기"}[language])
    center = center_of(page)
    center.start(message="Hello")
    expect(center.panel.locator("html")).to_have_attribute("lang", language)
    expect(center.stage("chat")).to_contain_text({"en": "Leave the queue", "ko": "대기 취소"}[language])


def test_contact_us_opens_beside_the_shop(visit):
    page = visit()
    frame = opens(page)
    with page.context.expect_page() as opened:
        frame.get_by_role("link", name="Contact Us").click()
    expect(opened.value).to_have_url(re.compile("/hc/demo/contact/"))
    assert opened.value.evaluate("opener") is None
    assert page.url.rstrip("/") == page.evaluate("origin")


# Where it may not be shown


def test_on_a_site_that_is_not_named_the_owner_is_told_and_visitors_see_nothing(visit, site: Shop, console: list[str]):
    Settings.objects.update(embed_origins=["https://shop.example"])
    page = visit(site.line(query="?kept-by-nobody"))
    page.wait_for_function("() => performance.getEntriesByType('resource').some((it) => it.name.includes('/embed/'))")
    expect(icon_of(page)).to_have_count(0)
    assert [line for line in console if site.origin in line and "Sites that may show the Chat Widget" in line]


@SIZES
def test_where_a_policy_blocks_the_frame_the_owner_is_told_and_visitors_are_led_on(
    visit, site: Shop, size: dict, console: list[str]
):
    policy = f"script-src {site.desk}; frame-src 'self'"
    page = visit(size=size, headers={"Content-Security-Policy": policy})
    icon_of(page).click()
    expect(page.get_by_text("The chat can’t be shown on this page.")).to_be_visible()
    expect(page.locator("contiple-chat iframe")).not_to_be_visible()
    expect(page.get_by_role("link", name="Open the help center")).to_have_attribute("href", f"{site.desk}/hc/demo/")
    assert [line for line in console if f"frame-src {site.desk}" in line]
    page.locator("contiple-chat .leave").click()
    expect(icon_of(page)).to_be_visible()
