"""The first day of a service: from what the operator leaves to a chat that went through, by *Getting started* alone."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from agents.models import Agent
from agents.new_service import create_service
from chat.models import Chat
from helpcenter.models import HelpCenter as HelpCenterRow
from helpcenter.starters import left_open
from tests.browser.windows import SLOW_MILLISECONDS, Desk, HelpCenter


@pytest.fixture
def boss(transactional_db) -> Agent:
    """The admin of a service as the operator leaves it."""
    return create_service(name="My shop", slug="shop", admin_email="boss@shop.example", admin_name="Bo")


class FirstDay:
    """The page *Getting started*."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.content = page.locator("#content")
        self.count = page.locator("#first-day-count")

    def step(self, name: str) -> Locator:
        return self.page.locator(f"[data-step={name}]")

    def expect_next(self, name: str, done: int) -> None:
        expect(self.page.get_by_role("heading", name="Getting started", level=1)).to_be_visible()
        expect(self.step(name)).to_have_attribute("data-state", "next", timeout=SLOW_MILLISECONDS)
        expect(self.step(name)).to_have_attribute("aria-current", "step")
        expect(self.count).to_have_text(f"{done} of 9 done")

    def go(self, name: str) -> None:
        """By the step's only button."""
        self.step(name).locator("a, button").click()

    def save(self) -> None:
        self.content.get_by_role("button", name="Save").click()
        expect(self.content.locator(".notice-success")).to_be_visible()

    def back(self) -> None:
        self.page.get_by_role("navigation", name="Main").get_by_role("link", name="Getting started").click()


def test_from_a_new_service_to_a_chat_that_went_through(boss: Agent, signed_in_page: Callable[..., Page]):
    page = signed_in_page(boss, "/")
    day = FirstDay(page)

    day.expect_next("contract", 0)
    day.go("contract")
    turn_on_chat(day)
    day.back()

    day.expect_next("help_center", 1)
    day.go("help_center")
    name_the_help_center(day)
    day.back()

    day.expect_next("policy", 2)
    day.go("policy")
    write_the_policy(day)
    day.back()

    day.expect_next("chat", 3)
    day.go("chat")
    day.content.get_by_label("Chat enabled").check()
    day.save()
    day.back()

    day.expect_next("agents", 4)
    day.go("agents")
    day.content.get_by_role("link", name="Bo", exact=True).click()
    expect(page.get_by_role("heading", name="Bo", level=1)).to_be_visible()
    day.content.get_by_label("Chat permission").check()
    day.save()
    day.back()

    day.expect_next("articles", 5)
    add_articles(day)
    day.back()

    day.expect_next("canned", 6)
    day.go("canned")
    day.content.get_by_role("button", name="Add", exact=True).click()
    expect(day.content.get_by_text("10 canned responses were added.")).to_be_visible()
    expect(day.content.get_by_role("link", name="/hello")).to_be_visible()
    day.back()

    day.expect_next("online", 7)
    try_a_chat(day)

    expect(day.count).to_have_text("9 of 9 done", timeout=SLOW_MILLISECONDS)
    expect(day.content.get_by_text("A chat has gone through.")).to_be_visible()
    day.content.get_by_role("link", name="Go to tickets").click()
    expect(page.get_by_role("heading", name="Tickets", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="Getting started")).to_have_count(0)
    assert not HelpCenterRow.objects.get().getting_started
    assert Chat.objects.get().closed_by == Chat.ClosedBy.AGENT


def turn_on_chat(day: FirstDay) -> None:
    day.content.get_by_label("Chat", exact=True).check()
    day.save()


def name_the_help_center(day: FirstDay) -> None:
    expect(day.content.get_by_text("Nothing has been saved yet")).to_be_visible()
    expect(day.content.get_by_label("Title").first).to_have_value("My shop Help Center")
    expect(day.content.get_by_label("Greeting").nth(1)).to_have_value("안녕하세요, My shop입니다. 무엇을 도와드릴까요?")
    day.save()


def write_the_policy(day: FirstDay) -> None:
    """With its brackets it is not published unasked."""
    day.content.get_by_role("button", name="Save").click()
    expect(day.content.get_by_text("Still to be filled in: [3 years]")).to_be_visible()
    fill_in(day, "policy")
    day.save()


def fill_in(day: FirstDay, name: str) -> None:
    """Puts something in the place of the [brackets], in both languages."""
    for language in ("en", "ko"):
        field = day.content.locator(f"[name={name}_{language}]")
        text = field.input_value()
        assert left_open(text)
        field.fill(re.sub(r"\[[^\[\]\n]+\]", "…", text))


def add_articles(day: FirstDay) -> None:
    """Two of five; they stay drafts until each is published, with its [brackets] filled in."""
    day.go("articles")
    for name in ("payment", "account", "returns"):
        day.content.locator(f"#starter-{name}").uncheck()
    day.content.get_by_role("button", name="Add as drafts").click()
    expect(day.content.get_by_text("2 drafts were added.")).to_be_visible()
    day.back()
    day.go("articles")
    publish = day.content.get_by_role("button", name=re.compile("^Publish"))
    for left in (2, 1):
        expect(publish).to_have_count(left)
        publish.first.click()
        expect(day.content.get_by_text("Still to be filled in:")).to_be_visible()
        fill_in(day, "body")
        day.content.get_by_label("Published").check()
        day.save()
    expect(publish).to_have_count(0)


def try_a_chat(day: FirstDay) -> None:
    """As the customer in the tab that opens, as the agent beside the steps."""
    desk = Desk(day.page)
    day.go("online")
    expect(desk.dialog).to_be_visible()
    desk.dialog.get_by_role("button", name="Online").click()
    expect(desk.status("online")).to_have_attribute("aria-pressed", "true")
    day.expect_next("test", 8)
    desk.close()

    with day.page.context.expect_page() as opened:
        day.go("test")
    center = HelpCenter(opened.value)
    expect(center.stage("start")).to_be_visible()
    expect(center.panel.get_by_role("region", name="Privacy policy")).to_contain_text("My shop asks for your agreement")
    center.fill(name="Jun Park", message="Is this working?")
    center.agree_and_start()
    expect(center.stage("chat")).to_be_visible()

    day.page.bring_to_front()
    desk.open()
    expect(desk.entry("Jun Park")).to_have_attribute("data-state", "ringing")  # and is not looked at while it waits
    desk.select("Jun Park").write("It is!")
    expect(center.chat.body("It is!")).to_be_visible()
    desk.tool("end").click()
    desk.popup.get_by_role("button", name="End chat").click()
    expect(center.panel.get_by_text("This chat has ended.")).to_be_visible()
    desk.close()


def test_the_focus_stays_at_its_step_when_the_steps_are_drawn_anew(boss, signed_in_page):
    page = signed_in_page(boss, "/")
    day = FirstDay(page)
    button = day.step("policy").get_by_role("link")
    button.focus()
    with page.expect_response("**/start/"):
        page.evaluate("window.dispatchEvent(new Event('focus'))")
    expect(button).to_be_focused()


def test_closed_by_a_click_and_brought_back_from_chat_check(boss, signed_in_page):
    page = signed_in_page(boss, "/")
    link = page.get_by_role("navigation", name="Main").get_by_role("link", name="Getting started")
    page.get_by_role("button", name="Close").click()
    expect(page.get_by_text("Getting started is closed.")).to_be_visible()
    expect(link).to_have_count(0)
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Chat check").click()
    page.get_by_role("button", name="Getting started").click()
    expect(page.get_by_role("heading", name="Getting started", level=1)).to_be_visible()
    expect(link).to_have_attribute("aria-current", "page")
