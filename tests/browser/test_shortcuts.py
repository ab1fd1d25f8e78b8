"""Shortcuts of the desk: by keys alone, never while somebody types elsewhere or composes; off if the agent wants."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from agents.models import Agent, Service
from chat.alerts import AlertSettings
from tests.browser.rows import make_agent_with_chat
from tests.browser.windows import Desk
from tests.chat.canned import make_response
from tests.make import make_chat, make_customer, make_message


@pytest.fixture
def agent(service: Service) -> Agent:
    agent, _chat = make_agent_with_chat(service, "Hello")
    now = timezone.now()
    for name, minutes in (("Kim", 9), ("Lee", 3)):
        chat = make_chat(
            service,
            agent=agent,
            customer=make_customer(service, name),
            customer_waits_since=now - timedelta(minutes=minutes),
        )
        make_message(chat, f"I am {name}")
    return agent


@pytest.fixture
def desk(agent: Agent, signed_in_page: Callable[..., Page]) -> Desk:
    desk = Desk(signed_in_page(agent))
    desk.select("Jun")
    expect(desk.dialog.locator("[data-action=mask]")).to_have_attribute("aria-keyshortcuts", "Alt+P")
    return desk


def shows(desk: Desk, name: str) -> None:
    expect(desk.dialog.locator(".chat-header h3")).to_have_text(name)
    expect(desk.chat.composer).to_be_focused()


def test_chats_are_changed_in_their_order_and_by_who_waits_longest(desk: Desk):
    names = desk.list.locator(".chat-entry-name").all_inner_texts()
    at = names.index("Jun")
    desk.page.keyboard.press("Alt+j")
    shows(desk, names[(at + 1) % 3])
    desk.page.keyboard.press("Alt+k")
    shows(desk, "Jun")
    desk.page.keyboard.press("Alt+k")
    shows(desk, names[at - 1])
    desk.select("Jun")
    desk.page.keyboard.press("Alt+u")
    shows(desk, "Kim")
    desk.page.keyboard.press("Alt+u")
    shows(desk, "Lee")


def test_a_shift_at_the_keyboard(desk: Desk, service: Service):
    make_response(service, "hello", "Hello {customer}")
    keyboard = desk.page.keyboard
    keyboard.press("Escape")
    expect(desk.dialog).to_be_hidden()
    keyboard.press("Alt+c")
    shows(desk, "Jun")
    keyboard.press("Alt+r")
    expect(desk.dialog.get_by_role("option")).to_have_count(1)
    keyboard.press("Enter")
    expect(desk.chat.composer).to_have_value("Hello Jun")
    keyboard.press("Enter")
    expect(desk.chat.body("Hello Jun")).to_be_visible()
    toggle = desk.dialog.locator("[data-part=note-toggle]")
    keyboard.press("Alt+n")
    expect(toggle).to_have_attribute("aria-pressed", "true")
    keyboard.press("Alt+n")
    expect(toggle).to_have_attribute("aria-pressed", "false")
    keyboard.press("Alt+p")
    expect(desk.said).to_contain_text("Enter masks it.")
    keyboard.press("Escape")
    expect(desk.chat.composer).to_be_focused()
    keyboard.press("Alt+g")
    expect(desk.popup).to_contain_text("Transfer")
    keyboard.press("Alt+x")  # under a dialog none is a shortcut
    expect(desk.popup).to_contain_text("Transfer")
    keyboard.press("Escape")
    keyboard.press("Alt+x")
    expect(desk.popup).to_contain_text("End this chat?")
    keyboard.press("Escape")
    keyboard.press("Alt+o")
    expect(desk.popup).to_be_visible()  # what happens to open chats?
    expect(desk.popup).to_contain_text("Offline")


def test_in_other_fields_a_key_is_a_key(desk: Desk):
    desk.page.goto("/desk/demo/chats/")
    desk.open()
    expect(desk.dialog.locator("[data-action=mask]")).to_have_attribute("aria-keyshortcuts", "Alt+P")
    search = desk.page.locator("#chats-q")
    search.focus()
    for keys in ("Alt+j", "Alt+x", "Alt+o", "Alt+/", "?"):
        desk.page.keyboard.press(keys)
    expect(search).to_have_value("?")
    expect(search).to_be_focused()
    expect(desk.popup).to_be_hidden()
    expect(desk.dialog.locator(".chat-header h3")).to_have_text("Jun")


def test_a_question_mark_in_a_message_is_one_and_elsewhere_shows_the_list(desk: Desk):
    desk.chat.composer.press_sequentially("Really?")
    expect(desk.chat.composer).to_have_value("Really?")
    expect(desk.popup).to_be_hidden()
    desk.page.keyboard.press("Alt+/")
    expect(desk.popup.get_by_role("heading", name="Shortcuts")).to_be_visible()
    desk.page.keyboard.press("Escape")
    expect(desk.popup).to_be_hidden()
    desk.tool("close").focus()
    desk.page.keyboard.press("?")
    expect(desk.popup).to_contain_text("Next unanswered chat")


PRESS = """(box, options) => {
  const usual = { code: "KeyX", bubbles: true, cancelable: true, altKey: true };
  const event = new KeyboardEvent("keydown", { ...usual, ...options });
  if (options.keyCode) Object.defineProperty(event, "keyCode", { value: options.keyCode });
  if (options.altGraph) event.getModifierState = (key) => key === "AltGraph";
  return box.dispatchEvent(event);
}"""


@pytest.mark.parametrize(
    "options",
    [
        {"key": "ㅌ", "isComposing": True},
        {"key": "Process", "keyCode": 229},
        {"key": "x", "ctrlKey": True},
        {"key": "X", "shiftKey": True},
        {"key": "×", "altGraph": True},
        {"key": "x", "repeat": True},
    ],
)
def test_a_composition_and_other_modifiers_have_their_keys_to_themselves(desk: Desk, options):
    assert desk.chat.composer.evaluate(PRESS, options)  # nobody has taken it
    assert not desk.chat.composer.evaluate(PRESS, {"key": "ㅌ"})  # as a Korean layout says it between two syllables
    expect(desk.popup).to_contain_text("End this chat?")


def test_they_are_switched_off_in_every_tab(desk: Desk, agent: Agent, signed_in_page: Callable[..., Page]):
    other = Desk(signed_in_page(agent))
    other.select("Jun")
    desk.tool("shortcuts").click()
    desk.popup.get_by_role("switch", name="Use shortcuts").uncheck()
    expect(other.dialog.locator("[data-action=mask]")).not_to_have_attribute("aria-keyshortcuts", "Alt+P")
    assert AlertSettings.objects.get().shortcuts is False
    other.page.keyboard.press("Alt+x")
    other.page.keyboard.press("Alt+/")
    expect(other.popup).to_be_hidden()
    expect(desk.popup.get_by_role("switch")).not_to_be_checked()
    desk.popup.get_by_role("switch").check()
    mask = other.dialog.locator("[data-action=mask]")
    expect(mask).to_have_attribute("title", "Personal Information Masking (Alt+P)")
    other.page.keyboard.press("Alt+x")
    expect(other.popup).to_contain_text("End this chat?")
