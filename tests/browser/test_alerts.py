"""An agent misses nothing: unread and unanswered are told by title, icon, widget, sound, notification, in every tab."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from agents.models import Agent, Service
from chat.alerts import AlertSettings
from tests.browser.rows import make_agent_with_chat
from tests.browser.windows import Desk, HelpCenter, Screens
from tests.make import make_agent

# Notes which sounds begin, and which notifications are shown; says whether this tab is looked at.
WITNESS = """
  const start = OscillatorNode.prototype.start;
  const noted = (name, value) => document.documentElement.setAttribute(`data-${name}`, value);
  OscillatorNode.prototype.start = function (...args) {
    localStorage.setItem("notes", `${localStorage.getItem("notes") || ""} ${this.frequency.value}`);
    return start.apply(this, args);
  };
  window.shown = [];
  window.Notification = class extends EventTarget {
    static permission = localStorage.getItem("asked") ? "granted" : "default";
    static async requestPermission() {
      localStorage.setItem("asked", "1");
      return (window.Notification.permission = "granted");
    }
    constructor(title, options) {
      super();
      Object.assign(this, { title, options });
      window.shown.push(this);
      noted("shown", window.shown.length);
    }
    close() { noted("closed", this.options.tag); }
  };
  window.isLookedAt = true;
  document.hasFocus = () => window.isLookedAt;
"""
MESSAGE, RING = " 988", " 660 880"


def look(page: Page, *, at: bool) -> None:
    page.evaluate("at => { window.isLookedAt = at; window.dispatchEvent(new Event(at ? 'focus' : 'blur')) }", at)


def notes(page: Page) -> str:
    """What was played in all tabs of this browser."""
    return page.evaluate("localStorage.getItem('notes') || ''")


def wait_for_notes(page: Page, sound: str) -> None:
    page.wait_for_function("sound => (localStorage.getItem('notes') || '').startsWith(sound)", arg=sound)


def witnessed(page: Page) -> Desk:
    page.add_init_script(WITNESS)
    page.goto("/desk/demo/tickets/")
    desk = Desk(page)
    desk.open()  # a press: before that, browsers keep pages silent
    return desk


def second_tab(desk: Desk) -> Desk:
    tab = witnessed(desk.page.context.new_page())
    tab.close()
    return tab


@pytest.fixture
def talk(screens: Callable[..., Screens]) -> Screens:
    shown = screens("Hello")
    witnessed(shown.desk.page)
    shown.desk.select("Jun")
    return shown


def test_a_message_elsewhere_is_told_by_title_icon_widget_and_sound_until_it_is_read(talk: Screens) -> None:
    desk, page = talk.desk, talk.desk.page
    plain = page.title()
    desk.close()
    talk.center.chat.write("Where is it?")
    expect(page).to_have_title(f"(1) New messages – {plain}")
    expect(desk.count("unread")).to_have_text("1")
    expect(page.get_by_role("button", name="Chat Widget. Unread messages: 1")).to_be_visible()
    expect(page.locator("link[rel=icon]")).to_have_attribute("href", re.compile("favicon-badge"))
    wait_for_notes(page, MESSAGE)

    desk.open()
    expect(desk.count("unread")).to_have_count(0)
    expect(page).to_have_title(f"(1) Waiting for an answer – {plain}")
    expect(page.locator("link[rel=icon]")).to_have_attribute("href", re.compile("favicon-badge"))
    desk.chat.write("Here")
    expect(page).to_have_title(plain)
    expect(page.locator("link[rel=icon]")).to_have_attribute("href", re.compile(r"favicon(\.\w+)?\.svg"))
    assert notes(page) == MESSAGE


def test_the_title_of_the_next_page_says_it_too(talk: Screens) -> None:
    talk.desk.close()
    talk.center.chat.write("Where is it?")
    expect(talk.desk.page).to_have_title(re.compile(r"^\(1\) New messages – Tickets"))
    talk.desk.page.get_by_role("navigation", name="Main").get_by_role("link", name="Chat History").click()
    expect(talk.desk.page).to_have_title(re.compile(r"^\(1\) New messages – Chat History"))


def test_a_message_in_the_chat_on_display_is_quiet_in_every_tab(talk: Screens) -> None:
    other = second_tab(talk.desk)
    look(other.page, at=False)
    talk.center.chat.write("Are you there?")
    expect(talk.desk.chat.body("Are you there?")).to_be_visible()
    expect(other.page).to_have_title(re.compile("Waiting for an answer"))
    look(talk.desk.page, at=False)
    talk.center.chat.write("Hello?")
    wait_for_notes(other.page, MESSAGE)
    for desk in (talk.desk, other):
        expect(desk.page).to_have_title(re.compile(r"^\(1\) New messages"))
    assert notes(other.page) == MESSAGE, "one sound, of the second message, in one tab"


def test_read_in_one_tab_is_read_in_all(talk: Screens) -> None:
    other = second_tab(talk.desk)
    talk.desk.close()
    talk.center.chat.write("Where is it?")
    for desk in (talk.desk, other):
        expect(desk.count("unread")).to_have_text("1")
    other.select("Jun")
    for desk in (talk.desk, other):
        expect(desk.count("unread")).to_have_count(0)
        expect(desk.page).to_have_title(re.compile("Waiting for an answer"))


def test_a_ring_has_a_sound_of_its_own_in_one_tab(service: Service, signed_in_page, new_page):
    desk = witnessed(signed_in_page(make_agent(service, "Mina", online=True), None))
    other = second_tab(desk)
    HelpCenter(new_page("/hc/demo/")).start(name="Jun Park")
    expect(desk.page).to_have_title(re.compile(r"^\(1\) New chat from a customer – "))
    expect(other.widget).to_have_attribute("data-state", "ringing")
    wait_for_notes(desk.page, RING)
    desk.select("Jun Park")
    expect(other.widget).to_have_attribute("data-state", "idle")
    assert notes(desk.page).count(RING) <= 2, "once each three seconds, in one of the tabs"


def test_settings_are_the_agent_s_in_every_browser(talk: Screens, signed_in_page) -> None:
    desk, agent = talk.desk, Agent.objects.get()
    elsewhere = witnessed(signed_in_page(agent, None))
    for each in (desk, elsewhere):
        each.dialog.get_by_label("Notifications", exact=True).click()
    desk.dialog.get_by_label("Sound for a message").uncheck()
    desk.dialog.get_by_label("Volume").fill("30")
    expect(elsewhere.dialog.get_by_label("Sound for a message")).not_to_be_checked()
    expect(elsewhere.dialog.get_by_label("Volume")).to_have_value("30")
    expect(elsewhere.dialog.get_by_label("Sound for a new chat")).to_be_checked()
    stored = AlertSettings.objects.get(agent=agent)
    assert (stored.ring_sound, stored.message_sound, stored.volume, stored.notifications) == (True, False, 30, True)

    elsewhere.close()
    desk.page.keyboard.press("Escape")
    desk.close()
    talk.center.chat.write("Where is it?")
    for each in (desk, elsewhere):
        expect(each.page).to_have_title(re.compile(r"^\(1\) New messages"))
    assert notes(desk.page) + notes(elsewhere.page) == "", "neither in this browser nor in the other"


def test_a_notification_is_shown_once_allowed_says_nothing_of_it_and_leads_to_the_chat(talk: Screens) -> None:
    desk, page = talk.desk, talk.desk.page
    desk.dialog.get_by_label("Notifications", exact=True).click()
    desk.dialog.get_by_role("button", name="Allow in this browser").click()
    expect(desk.dialog.get_by_role("button", name="Allow in this browser")).to_have_count(0)
    page.keyboard.press("Escape")
    desk.close()
    look(page, at=False)
    talk.center.chat.write("My secret is out")
    expect(page.locator("html")).to_have_attribute("data-shown", "1")
    said = page.evaluate("JSON.stringify([window.shown[0].title, window.shown[0].options])")
    assert "New messages" in said
    assert not re.search("secret|Jun", said)

    look(page, at=True)
    page.evaluate("window.shown[0].dispatchEvent(new Event('click'))")
    expect(desk.chat.body("My secret is out")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("data-closed", re.compile("contiple-"))
    talk.center.chat.write("And more")
    expect(desk.chat.body("And more")).to_be_visible()
    assert page.evaluate("window.shown.length") == 1, "nobody who looks is told so"


def test_nothing_asks_for_the_permission_by_itself(service: Service, signed_in_page: Callable[..., Page]):
    agent, _chat = make_agent_with_chat(service, "Hello")
    desk = witnessed(signed_in_page(agent, None))
    desk.select("Jun")
    assert desk.page.evaluate("localStorage.getItem('asked')") is None
