"""Who waits for an answer, and since when: in Active Chats, by the server’s clock. Nothing moves there when pressed."""

import re
from collections.abc import Callable
from datetime import timedelta

from django.utils import timezone
from playwright.sync_api import Page, expect

from agents.models import Agent, Service
from chat.models import Chat
from tests.browser.rows import make_agent_with_chat
from tests.browser.windows import Desk, HelpCenter
from tests.make import make_chat, make_customer, make_message

TEN_MINUTES_FAST = """
  const real = Date.now.bind(Date);
  const RealDate = Date;
  globalThis.Date = class extends RealDate {
    constructor(...parts) { parts.length ? super(...parts) : super(real() + 600_000); }
    static now() { return real() + 600_000; }
  };
"""


def seconds_shown(text: str) -> int:
    minutes, seconds = re.search(r"(\d+):(\d\d)", text).groups()
    return 60 * int(minutes) + int(seconds)


def waits_since(chat: Chat, seconds: int) -> None:
    Chat.objects.filter(pk=chat.pk).update(customer_waits_since=timezone.now() - timedelta(seconds=seconds))


def test_a_computer_whose_clock_is_wrong_shows_the_right_time(service: Service, signed_in_page: Callable[..., Page]):
    agent, chat = make_agent_with_chat(service, "Where is it?")
    waits_since(chat, 29)
    page = signed_in_page(agent, None)
    page.add_init_script(TEN_MINUTES_FAST)
    page.goto("/")
    desk = Desk(page)
    desk.open()
    wait = desk.entry("Jun").locator("[data-part=wait] time")
    expect(wait).to_have_text(re.compile(r"^0:\d\d$"))
    true = (timezone.now() - Chat.objects.get(pk=chat.pk).customer_waits_since).total_seconds()
    assert abs(seconds_shown(wait.inner_text()) - true) <= 2


def test_a_wait_ticks_turns_amber_then_red_and_ends_with_the_answer(screens):
    shown = screens("Where is it?")
    desk = shown.desk
    wait = desk.entry("Jun").locator("[data-part=wait]")
    expect(wait).to_be_hidden()  # the row knows of no words without an answer
    shown.center.chat.write("Hello?")
    expect(wait).to_be_visible()
    expect(wait).to_have_attribute("data-level", "")
    expect(wait.locator("time")).to_have_text(re.compile(r"^0:(0[2-9]|[1-5]\d)$"))  # a browser may skip a second
    for seconds, level, words in ((140, "soon", "Target time almost over"), (200, "over", "Target time over")):
        waits_since(shown.chat, seconds)
        desk.page.reload()
        expect(wait).to_have_attribute("data-level", level)
        expect(wait).to_contain_text(words)
        assert wait.locator(".icon:visible").count() == 1
    desk.chat.write("Here it is")
    expect(wait).to_be_hidden()
    expect(desk.entry("Jun").locator("[data-part=last-time]")).to_be_visible()


def test_no_entry_moves_while_the_pointer_is_about_to_press(
    service: Service, signed_in_page: Callable[..., Page], new_page: Callable[..., Page]
):
    agent, _chat = make_agent_with_chat(service, "Hello")
    other = make_chat(service, agent=agent, customer=make_customer(service, "Hana"))
    make_message(other, "Hi")
    desk = Desk(signed_in_page(agent))
    desk.open()
    desk.entry("Hana").hover()
    place = desk.entry("Hana").bounding_box()
    HelpCenter(new_page("/hc/demo/")).start(name="Minsu")
    expect(desk.widget).to_have_attribute("data-state", "ringing")
    expect(desk.entry("Minsu")).to_be_visible()
    assert desk.entry("Hana").bounding_box() == place
    Chat.objects.filter(pk=other.pk).update(state=Chat.State.CLOSED, closed_at=timezone.now())
    Agent.objects.filter(pk=agent.pk).update(chat_limit=5)
    HelpCenter(new_page("/hc/demo/")).start(name="Sora")
    expect(desk.entry("Hana")).to_be_disabled()
    assert desk.entry("Hana").bounding_box() == place

    desk.page.mouse.move(10, 10)
    expect(desk.entry("Hana")).to_have_count(0)
    expect(desk.list.locator(".chat-entry-name").first).to_contain_text("Minsu")
