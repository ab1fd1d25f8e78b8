"""The conversation, as both sides write and read it."""

import json
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from agents.models import Agent, Service
from chat.lifecycle.transitions import answer_chat, close_chat
from chat.models import Chat
from tests.browser.rows import make_agent_with_chat
from tests.browser.windows import SLOW_MILLISECONDS, HelpCenter
from tests.make import make_chat, make_customer

INVISIBLE = "\u3164\u200b\u2800"
ARABIC = "أين طلبي؟ order 7"


@pytest.mark.parametrize("side", ["desk", "center"])
def test_a_message_that_nobody_can_see_stays_in_the_composer_with_a_word(screens, side) -> None:
    chat = getattr(screens("Hello"), side).chat
    chat.write(INVISIBLE)
    expect(chat.root.locator("[data-part=full]")).to_contain_text("There is nothing to see in this message")
    expect(chat.composer).to_have_value(INVISIBLE)
    expect(chat.messages).to_have_count(1)
    chat.write("👨‍👩‍👧")
    expect(chat.messages).to_have_count(2)
    expect(chat.root.locator("[data-part=full]")).to_be_empty()


def test_a_text_runs_in_its_own_direction_on_both_sides(screens) -> None:
    shown = screens("Hello")
    for mine, theirs in ((shown.center.chat, shown.desk.chat), (shown.desk.chat, shown.center.chat)):
        mine.composer.fill(ARABIC)
        expect(mine.composer).to_have_css("direction", "rtl")
        mine.composer.press("Enter")
        for chat in (mine, theirs):
            expect(chat.body(ARABIC).last).to_have_css("direction", "rtl")
    expect(shown.desk.list.locator(".chat-entry-line").first).to_have_css("direction", "rtl")
    expect(shown.desk.chat.body("Hello")).to_have_css("direction", "ltr")


@pytest.mark.parametrize("side", ["desk", "center"])
def test_an_emoji_comes_in_at_the_cursor_by_mouse_and_by_keyboard(screens, side) -> None:
    window = getattr(screens("Hello"), side)
    chat, page = window.chat, window.page
    chat.composer.fill("Thanks! Bye")
    for _ in " Bye":
        chat.composer.press("ArrowLeft")
    picker = chat.root.get_by_role("button", name="Emoji", exact=True)
    grid = chat.root.get_by_role("group", name="Emoji")
    picker.click()
    grid.get_by_text("👍").click()
    expect(chat.composer).to_have_value("Thanks!👍 Bye")
    expect(chat.composer).to_be_focused()
    page.keyboard.press("ControlOrMeta+z")
    expect(chat.composer).to_have_value("Thanks! Bye")
    picker.press("Enter")
    for key in ("ArrowRight", "ArrowDown", "ArrowLeft", "ArrowLeft"):
        page.keyboard.press(key)
    expect(grid.get_by_text("🥰")).to_be_focused()
    page.keyboard.press("Escape")
    expect(grid).to_be_hidden()
    expect(picker).to_be_focused()
    expect(chat.composer).to_be_visible()
    picker.press("Enter")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(chat.composer).to_have_value("Thanks!😄 Bye")
    page.keyboard.press("Enter")
    expect(chat.body("Thanks!😄 Bye")).to_be_visible()


def test_what_is_unread_stays_so_on_the_help_centers_next_page(screens) -> None:
    shown = screens("Hello")
    center, title = shown.center, shown.center.page.title()
    center.fold()
    shown.desk.chat.write("It is on its way")
    count = center.icon.locator(".chat-widget-count")
    expect(count).to_have_text("1")
    expect(center.page).to_have_title(f"(1) New message – {title}")
    center.page.goto("/hc/demo/contact/")
    expect(count).to_have_text("1", timeout=SLOW_MILLISECONDS)
    expect(center.page).to_have_title(re.compile(r"^\(1\) New message – Contact Us"))
    center.open()
    expect(count).to_be_empty()
    expect(center.page).to_have_title(re.compile("^Contact Us"))


# What stays on the device

STORED = "JSON.stringify([{...localStorage}, {...sessionStorage}])"


@pytest.fixture
def jun(service: Service, new_page: Callable[..., Page], in_thread) -> HelpCenter:
    """In a chat that was started here, and that Mina has opened."""
    agent, _chat = make_agent_with_chat(service, "I was here first")
    center = HelpCenter(new_page("/hc/demo/"))
    center.start(name="Jun Park", message="My address is Mapo-gu 12")
    started = Chat.objects.latest("pk")
    expect(center.stage("chat")).to_have_attribute("data-state", "ringing")
    in_thread(answer_chat, agent, started.pk)
    expect(center.stage("chat")).to_have_attribute("data-state", "active", timeout=SLOW_MILLISECONDS)
    return center


def opened_in_new_tab(center: HelpCenter, token: str = "") -> HelpCenter:
    other = HelpCenter(center.page.context.new_page())
    if token:
        other.page.add_init_script(f"localStorage.setItem('contiple-chat:demo', '{token}')")
    other.page.goto("/hc/demo/")
    other.open()
    return other


def delete_from_device(center: HelpCenter) -> None:
    center.panel.get_by_role("button", name="Delete from this device").click()
    center.panel.get_by_role("button", name="Delete", exact=True).click()


def test_a_new_chat_knows_name_and_address_in_any_tab(jun: HelpCenter) -> None:
    jun.end()
    jun.panel.get_by_role("button", name="Start a new chat").click()
    for center in (jun, opened_in_new_tab(jun)):
        expect(center.stage("start").locator("[name=name]")).to_have_value("Jun Park")
        expect(center.stage("start").locator("[name=email]")).to_have_value("jun@example.com")


@pytest.mark.parametrize("state", ["active", "closed"])
def test_deleted_from_the_device_the_chat_is_there_for_nobody(jun: HelpCenter, state: str) -> None:
    token = jun.page.evaluate("localStorage['contiple-chat:demo']")
    jun.chat.composer.fill("And one more th")
    if state == "closed":
        jun.end()
        expect(jun.panel.get_by_role("button", name="Start a new chat")).to_be_visible()
    else:
        jun.panel.get_by_label("Actions").click()
    delete_from_device(jun)
    expect(jun.stage("start").locator("[name=name]")).to_have_value("")
    stored = jun.page.evaluate(STORED)
    for word in (token, "Mapo", "Jun", "jun@", "one more"):
        assert word not in stored
    assert Chat.objects.latest("pk").state == Chat.State.CLOSED
    for token_of_it in ("", token):
        later = opened_in_new_tab(jun, token_of_it)
        expect(later.stage("start")).to_be_visible()
        expect(later.panel.get_by_text("Mapo")).to_have_count(0)
        later.page.close()  # before it brings the token again into a storage that was emptied


def test_offline_nothing_is_said_to_be_deleted(jun: HelpCenter) -> None:
    jun.page.context.set_offline(True)
    jun.panel.get_by_label("Actions").click()
    delete_from_device(jun)
    expect(jun.panel.locator("[data-part=notice]")).to_contain_text("The server can’t be reached")
    expect(jun.chat.message("Mapo")).to_be_visible()


# Small and wide

PHONES = [(667, 320), (740, 300), (844, 330), (800, 400), (568, 320)]


def room_in(center: HelpCenter) -> None:
    """Send is fully inside, and there is room for the conversation, on phones on their side."""
    for width, height in PHONES:
        center.page.set_viewport_size({"width": width, "height": height})
        send = center.panel.get_by_role("button", name="Send", exact=True)
        expect(send).to_be_in_viewport(ratio=1)
        frame = center.page.locator("chat-launcher iframe").bounding_box()
        shown = center.chat.scroll.bounding_box()
        assert shown["height"] >= 80, (width, height, shown)
        assert 0 <= shown["y"] <= height - shown["height"], (width, height, shown)
        box = send.bounding_box()
        assert frame["y"] <= box["y"] <= frame["y"] + frame["height"] - box["height"]


def test_on_a_phone_on_its_side_a_running_chat_has_room(screens) -> None:
    center = screens("Hello").center
    center.chat.composer.fill("I write\nseveral\nlines\nhere")
    room_in(center)


def test_on_a_phone_on_its_side_a_waiting_chat_has_room(service: Service, new_page: Callable[..., Page]) -> None:
    agent, _chat = make_agent_with_chat(service, "I was here first")
    Agent.objects.filter(pk=agent.pk).update(chat_limit=1)
    center = HelpCenter(new_page("/hc/demo/"))
    center.start(message="Hello")
    expect(center.stage("chat")).to_have_attribute("data-state", "waiting")
    room_in(center)


# What a screen reader says

# A reader's rule: what comes into a live region is said, a `status` as a whole, unless something nearer is off.
LISTEN = """
const spoken = [];
const live = (node) => node.closest("[aria-live], [role=log], [role=status], [role=alert]");
const texts = (node) => {
  if (node.nodeType === Node.TEXT_NODE) return node.data;
  if (node.nodeType !== Node.ELEMENT_NODE || node.hidden) return "";
  if (node.ariaHidden === "true" || node.ariaLive === "off") return "";
  return [...node.childNodes].map(texts).join(" ");
};
const say = (region, text) => {
  if (!region || region.ariaLive === "off" || !region.checkVisibility()) return;
  const whole = region.matches("[role=status], [role=alert]") ? texts(region) : text;
  const words = whole.replace(/\\s+/g, " ").trim();
  if (!words) return;
  spoken.push(words);
  document.documentElement.dataset.spoken = JSON.stringify(spoken);
};
new MutationObserver((changes) => {
  const statuses = new Set();
  for (const { target, addedNodes, type } of changes) {
    const parent = target.nodeType === Node.TEXT_NODE ? target.parentElement : target;
    const region = parent?.closest && parent.isConnected && live(parent);
    if (region?.matches("[role=status], [role=alert]")) statuses.add(region);
    else if (type === "characterData") say(region, target.data);
    else for (const node of addedNodes) if (node.isConnected) say(region, texts(node));
  }
  for (const region of statuses) say(region, "");
}).observe(document, { subtree: true, childList: true, characterData: true });
"""


def spoken(center: HelpCenter) -> list[str]:
    return json.loads(center.frame.evaluate("document.documentElement.dataset.spoken || '[]'"))


def hear(center: HelpCenter, text: str) -> None:
    expect(center.panel.locator("html")).to_have_attribute("data-spoken", re.compile(text), timeout=SLOW_MILLISECONDS)


def test_ones_own_message_is_said_once_and_marks_and_days_are_not(screens) -> None:
    shown = screens("Hello")
    desk, center = shown.desk, shown.center
    for shows in (center.frame, desk.page):
        shows.evaluate(LISTEN)
    center.chat.write("Is it there?")
    hear(center, "Is it there")
    expect(center.chat.receipts("Is it there?")).to_have_text("Read", timeout=SLOW_MILLISECONDS)
    desk.chat.write("It is on its way")
    hear(center, "on its way")
    expect(desk.chat.receipts("on its way")).to_have_text("Read", timeout=SLOW_MILLISECONDS)
    own, theirs = [said for said in spoken(center) if "is typing" not in said]
    assert re.fullmatch(r"Jun \d\d:\d\d Is it there\?", own)
    assert re.fullmatch(r"Mina \d\d:\d\d It is on its way", theirs)
    at_desk = json.loads(desk.page.evaluate("document.documentElement.dataset.spoken"))
    assert len([said for said in at_desk if "on its way" in said]) == 1
    assert not [said for said in at_desk if "Read" in said or "Today" in said]


def test_the_end_is_said_once_and_the_focus_stays_in_the_panel(screens) -> None:
    center = screens("Hello").center
    center.frame.evaluate(LISTEN)
    center.end()
    expect(center.chat.scroll).to_be_focused()
    hear(center, "ended the chat")
    assert len(spoken(center)) == 1


def test_earlier_messages_are_not_said(screens) -> None:
    center = screens("Hello").center
    times = '<time datetime="2020-01-01T00:00Z"></time>'
    html = f'<li class="message" id="m-1-0" data-seq="0" data-rev="0">{times}Old</li>'
    center.frame.evaluate(LISTEN)
    center.frame.evaluate(
        """async (html) => {
          const { Conversation } = await import("/static/js/conversation.js");
          const root = document.querySelector("customer-chat");
          const texts = { ...root.querySelector("[data-part=texts]").dataset };
          new Conversation(root, { chat: 1, rev: 1, texts }).addPart(html);
        }""",
        html,
    )
    expect(center.chat.messages).to_have_count(2)
    assert not [said for said in spoken(center) if "Old" in said]


def test_the_place_in_the_queue_is_said_whenever_it_changes(service: Service, new_page, in_thread) -> None:
    agent, _chat = make_agent_with_chat(service, "I was here first")
    Agent.objects.filter(pk=agent.pk).update(chat_limit=1)
    before = make_chat(service, customer=make_customer(service, "Hana"))
    page = new_page()
    page.add_init_script(LISTEN)
    page.goto("/hc/demo/")
    center = HelpCenter(page)
    center.start(message="Hello")
    hear(center, "place in the queue: 2")
    in_thread(close_chat, before.pk, by=Chat.ClosedBy.CUSTOMER)
    hear(center, "place in the queue: 1")
    assert len([said for said in spoken(center) if "place in the queue" in said]) == 2


def test_escape_closes_what_is_open_and_then_folds_the_chat(screens) -> None:
    jun = screens("Hello").center
    jun.panel.get_by_label("Actions").click()
    jun.page.keyboard.press("Escape")
    expect(jun.panel.get_by_role("button", name="Save conversation")).to_be_hidden()
    jun.panel.get_by_role("button", name="End chat").click()
    jun.page.keyboard.press("Escape")
    expect(jun.panel.get_by_role("dialog")).to_be_hidden()
    jun.chat.composer.fill("Not yet")
    jun.chat.composer.press("Escape")
    expect(jun.page.locator("chat-launcher iframe")).to_be_hidden()
    expect(jun.icon).to_be_focused()
