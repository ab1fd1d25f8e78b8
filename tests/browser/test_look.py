"""How pages look, where a picture alone would not keep it so."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.urls import resolve
from django.utils import timezone
from playwright.sync_api import Page, expect

from agents.models import Agent, Service
from chat.models import Chat
from chat.topics import Topic
from tests.browser.conftest import PHONE
from tests.browser.rows import make_agent_with_chat
from tests.browser.windows import Desk
from tests.chat.categories import make_category as make_filed_under
from tests.helpcenter.rows import make_article, make_category
from tests.make import make_agent, make_chat, make_customer, make_message, make_ticket

LONG_AGO = timedelta(days=40)
FINGER_PX = 44
NAME_PX = 140  # of a customer, beside a last line
LINES_TO_READ_PX = 60
FONT_SIZE = "it => parseFloat(getComputedStyle(it.querySelector('ol')).fontSize)"
KINDS_MIN = 30  # of pages that links lead to: fewer would mean that the walk stopped somewhere
HEIGHT_UNDER_A_FINGER = """button => {
  const { height } = button.getBoundingClientRect(), { top, bottom, content } = getComputedStyle(button, "::after");
  return content === "none" ? height : height - parseFloat(top) - parseFloat(bottom);
}"""


@pytest.fixture
def admin(service: Service) -> Agent:
    return make_agent(service, "Ada", role="admin")


def test_a_moment_has_one_format_and_is_relative_today(signed_in_page, service: Service, admin: Agent):
    make_chat(service, agent=admin, state="closed")
    Chat.objects.update(created_at=timezone.now() - LONG_AGO)
    make_chat(service, agent=admin, state="closed")
    formats = {
        "en-US": [r"Today \d\d:\d\d", r"[A-Z][a-z]{2} \d{1,2}, \d{4}, \d\d:\d\d"],
        "ko-KR": [r"오늘 \d\d:\d\d", r"\d{4}\. \d{1,2}\. \d{1,2}\. \d\d:\d\d"],
    }
    for language, [today, before] in formats.items():
        page = signed_in_page(admin, "/desk/demo/chats/", locale=language)
        times = page.locator("tbody time")
        expect(times.nth(0)).to_have_text(re.compile(f"^{today}$"))
        expect(times.nth(1)).to_have_text(re.compile(f"^{before}$"))
        expect(times.nth(0)).to_have_attribute("title", re.compile(f"^{before}$"))


def test_no_link_of_the_navigation_takes_two_lines(signed_in_page: Callable[..., Page], admin: Agent):
    for language in ("en-US", "ko-KR"):
        page = signed_in_page(admin, "/desk/demo/contract/", locale=language)
        heights = page.locator(".nav-panel .nav-link").evaluate_all("links => links.map(link => link.offsetHeight)")
        assert len(set(heights)) == 1, heights


def test_the_greeting_stands_on_the_agents_side(signed_in_page, new_page: Callable[..., Page], service: Service):
    agent, chat = make_agent_with_chat(service)
    make_message(chat, "How can we help you?", author="system", name="Demo help")
    make_message(chat, "I am waiting")
    desk = Desk(signed_in_page(agent))
    desk.open()
    desk.entry("Jun").click()
    greeting = desk.chat.message("How can we help you?")
    expect(greeting.locator(".message-author")).to_have_text("Demo help")
    assert end_of(greeting.locator(".message-body")) > end_of(desk.chat.body("I am waiting"))


def test_a_note_ends_where_answers_end_in_chat_history(signed_in_page, service: Service, admin: Agent):
    chat = make_chat(service, agent=admin, state="closed")
    make_message(chat, "Yes", author="agent", agent=admin)
    make_message(chat, "Mind it", author="agent", agent=admin, internal=True)
    bodies = signed_in_page(admin, f"/desk/demo/chat/{chat.pk}/history/").locator(".message-body")
    assert end_of(bodies.nth(1)) == end_of(bodies.nth(0))


def test_chat_history_is_whole_on_a_desk(signed_in_page, service: Service, admin: Agent):
    topic = Topic.objects.create(service=service, key="orders", names={"en": "Orders, delivery and returns"})
    category = make_filed_under(service, "Order › Delivery › Late")
    Chat.objects.filter(pk=make_chat(service, agent=admin).pk).update(topic=topic, category=category)
    table = signed_in_page(admin, "/desk/demo/chats/").locator(".table-wrap")
    assert table.evaluate("wrap => wrap.scrollWidth - wrap.clientWidth") <= 0
    assert table.locator("tbody .cell-main").bounding_box()["width"] >= NAME_PX


def test_the_theme_is_chosen_for_the_agents_pages_and_no_others(signed_in_page, service: Service, admin: Agent):
    page = signed_in_page(admin, "/desk/demo/contract/", color_scheme="light")
    light = colour_of(page)
    choose_theme(page, "Dark")
    dark = colour_of(page)
    assert dark != light
    expect(page.get_by_role("button", name="Dark", include_hidden=True)).to_have_attribute("aria-pressed", "true")
    page.locator(".nav-panel").get_by_role("link", name="Agents").click()
    expect(page.get_by_role("heading", name="Agents", exact=True)).to_be_visible()
    assert colour_of(page) == dark
    page.emulate_media(media="print")
    assert colour_of(page) == light
    page.emulate_media(media="screen", color_scheme="dark")
    choose_theme(page, "Light")
    assert colour_of(page) == light
    choose_theme(page, "System")
    assert colour_of(page) == dark
    choose_theme(page, "Light")
    page.goto("/hc/demo/")
    assert colour_of(page) == dark


def test_on_a_phone_the_customer_is_reached_and_the_end_is_named(signed_in_page: Callable[..., Page], service: Service):
    agent, _chat = make_agent_with_chat(service, "Hello")
    desk = Desk(signed_in_page(agent, viewport=PHONE))
    desk.open()
    desk.entry("Jun").click()
    expect(desk.chat.composer).to_be_visible()
    desk.tool("customer").click()
    expect(desk.customer).to_contain_text("jun@example.com")
    expect(desk.customer.locator(".details").first).to_be_in_viewport()
    expect(desk.tool("leave-customer")).to_be_focused()
    expect(desk.list).to_be_hidden()
    desk.tool("leave-customer").click()
    expect(desk.chat.composer).to_be_visible()
    expect(desk.tool("customer")).to_be_focused()
    desk.dialog.get_by_label("Actions").first.click()
    desk.dialog.get_by_role("link", name="End chat").click()
    expect(desk.popup).to_contain_text("End this chat?")
    desk.popup.get_by_role("button", name="End chat").click()
    expect(desk.chat.composer).to_be_hidden()


def test_what_is_pressed_on_a_phone_is_44_px_high(signed_in_page: Callable[..., Page], service: Service, admin: Agent):
    page = signed_in_page(admin, "/desk/demo/chat/settings/", viewport=PHONE, has_touch=True)
    for button in page.locator("#content :is(.button, .segmented > *, .icon-button):visible").all():
        assert button.evaluate(HEIGHT_UNDER_A_FINGER) >= FINGER_PX, button.text_content()


def test_on_a_phone_the_reasons_of_a_break_are_inside_the_screen(signed_in_page: Callable[..., Page], service: Service):
    agent, _chat = make_agent_with_chat(service)
    for language in ("en-US", "ko-KR"):
        desk = Desk(signed_in_page(agent, locale=language, viewport=PHONE, has_touch=True))
        desk.choose("break")
        menu = desk.dialog.locator(".break > .menu")
        expect(menu.locator("[name=reason]")).to_be_in_viewport(ratio=1)
        expect(menu.locator("button").last).to_be_in_viewport(ratio=1)
        menu.locator("[data-reason]:visible").last.click()
        expect(menu).to_be_hidden()
        expect(desk.tool("close")).to_be_in_viewport(ratio=1)
        desk.choose("online")


def test_above_a_phones_keyboard_a_long_draft_leaves_room_to_read_and_to_send(signed_in_page, service: Service):
    agent, _chat = make_agent_with_chat(service, "Hello")
    for low in ({"width": 360, "height": 380}, {"width": 740, "height": 340}):
        desk = Desk(signed_in_page(agent, viewport=low, has_touch=True))
        desk.select("Jun").composer.fill("A long line of a draft. " * 40)
        expect(desk.dialog.locator(".composer-send")).to_be_in_viewport(ratio=1)
        assert desk.chat.scroll.evaluate("log => log.clientHeight") >= LINES_TO_READ_PX


def test_on_a_phone_the_header_has_one_line_above_its_heading(signed_in_page, service: Service, admin: Agent):
    article = make_article(make_category(service))
    chat = make_chat(service, customer=make_customer(service, "Maximiliane-Alexandra Wolkenstein-Trostburg"))
    page = signed_in_page(admin, None, viewport=PHONE)
    for path in (f"chat/{chat.pk}/history/", "blocked/", "canned/", f"help-center/articles/{article.pk}/"):
        page.goto(f"/desk/demo/{path}")
        line = page.locator(".breadcrumb")
        expect(line).to_have_text(re.compile(r"\S"))
        assert line.evaluate("line => line.offsetHeight") < 2 * line.evaluate(FONT_SIZE), path
    page.mouse.wheel(0, 300)
    expect(page.locator(".page-header")).not_to_be_in_viewport()


def test_no_page_scrolls_sideways_on_a_phone(signed_in_page: Callable[..., Page], service: Service, admin: Agent):
    """Every page that a link leads to, of the desk and of the help center: one of each kind."""
    make_article(make_category(service))
    make_ticket(service, "W" * 60, requester=make_customer(service, "Maximiliane-Alexandra Wolkenstein-Trostburg"))
    make_message(make_chat(service, agent=admin), "https://shop.example/" + "a" * 200)
    for language in ("en-US", "ko-KR"):
        page = signed_in_page(admin, None, locale=language, viewport={"width": 360, "height": 780})
        wide = [path for path in pages_from(page, "/desk/demo/tickets/", "/hc/demo/") if scrolls_sideways(page)]
        assert wide == []


def pages_from(page: Page, *starts: str) -> Iterator[str]:
    """Opens each page in turn, and yields its path."""
    waiting, kinds = [*starts], set()
    while waiting:
        path = waiting.pop(0)
        kind = resolve(path).view_name
        if kind in kinds or not kind or not path.startswith(("/desk/demo/", "/hc/demo/")):
            continue
        kinds.add(kind)
        if not (page.goto(path).headers.get("content-type") or "").startswith("text/html"):
            continue
        yield path
        waiting += page.evaluate(
            "[...document.links].filter(a => a.origin === origin && !a.download).map(a => a.pathname)"
        )
    assert len(kinds) >= KINDS_MIN, kinds


def scrolls_sideways(page: Page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")


def choose_theme(page: Page, name: str) -> None:
    page.locator("[popovertarget=account-menu]").click()
    with page.expect_navigation():
        page.get_by_role("button", name=name, exact=True).click()


def colour_of(page: Page) -> str:
    return page.evaluate("getComputedStyle(document.body).backgroundColor")


def end_of(locator) -> float:
    box = locator.bounding_box()
    return box["x"] + box["width"]
