"""A member reads earlier chats in the panel, above the chat that runs."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from agents.models import Agent, Service
from chat.lifecycle.transitions import close_chat
from chat.models import Chat
from helpcenter.models import Customer
from tests.browser.conftest import PHONE
from tests.browser.files import Files, file
from tests.browser.rows import make_agent_with_chat
from tests.browser.test_accessibility import Checks
from tests.browser.windows import Desk, HelpCenter
from tests.chat.files import picture
from tests.make import make_agent, make_chat, make_customer, make_message
from tests.members import Site


@pytest.fixture
def members(service: Service) -> Site:
    return Site(make_agent(service, "Ada", role=Agent.Role.ADMIN, chat_permission=False))


@pytest.fixture
def mina(service: Service) -> Agent:
    return make_agent_with_chat(service, "I was here first")[0]


@pytest.fixture
def hana(service: Service) -> Customer:
    return make_customer(service, "Hana Kim", email="hana@example.com", member="m-1")


def ended(customer: Customer, agent: Agent, *lines: str, days: int = 0) -> Chat:
    at = timezone.now() - timedelta(days=days)
    chat = make_chat(customer.service, customer=customer, agent=agent, state="closed", created_at=at, closed_at=at)
    for line in lines:
        make_message(chat, line)
    return chat


def enter(page: Page, members: Site) -> HelpCenter:
    page.goto(f"/hc/demo/member/?token={members.token()}")
    center = HelpCenter(page)
    center.open()
    return center


def past(center: HelpCenter) -> Locator:
    return center.panel.locator("dialog[data-part=past]")


def asks(center: HelpCenter) -> Locator:
    return center.panel.get_by_role("button", name="Earlier chats")


def test_a_member_reads_an_earlier_chat_and_comes_back(members, mina, hana, new_page) -> None:
    ended(hana, mina, *[f"Line {number}." for number in range(60)], days=2)
    ended(hana, mina, "Is my parcel on its way?", days=1)
    ended(hana, mina, "This one the panel shows itself")
    center = enter(new_page(viewport=PHONE), members)
    asks(center).click()
    rows = past(center).locator(".past-chats-row")
    expect(rows).to_have_count(2)
    expect(rows.first).to_be_focused()
    expect(rows.first).to_contain_text("Mina")
    expect(rows.first).to_contain_text("Is my parcel on its way?")

    rows.nth(1).click()
    back = past(center).get_by_role("button", name="Back to the list")
    expect(back).to_be_focused()
    log = past(center).get_by_role("log")
    expect(log).to_contain_text("Line 59.")
    log.get_by_role("button", name="Earlier messages").click()
    expect(log).to_contain_text("Line 0.")
    expect(log.get_by_role("button", name="Earlier messages")).to_have_count(0)

    back.click()
    expect(rows.nth(1)).to_be_focused()
    center.page.keyboard.press("Escape")
    expect(past(center)).to_have_count(0)
    expect(asks(center)).to_be_focused()
    expect(center.chat.message("This one the panel shows itself")).to_be_visible()


def test_a_picture_of_an_earlier_chat_is_seen_again(members, mina, hana, signed_in_page, page, in_thread) -> None:
    chat = make_chat(hana.service, customer=hana, agent=mina)
    desk = Desk(signed_in_page(mina))
    files = Files(desk.select("Hana Kim"), desk.page)
    files.choose(file("lamp.png", picture(), "image/png"))
    expect(files.shown.locator("img")).to_be_visible()
    in_thread(close_chat, chat.pk, by=Chat.ClosedBy.AGENT)
    ended(hana, mina, "This one the panel shows itself")
    center = enter(page, members)
    asks(center).click()
    past(center).locator(".past-chats-row").first.click()
    image = past(center).get_by_role("log").locator("chat-file img")
    expect(image).not_to_have_js_property("naturalWidth", 0)


def test_the_list_goes_on_where_it_ends(members, mina, hana, page) -> None:
    for days in range(24):
        ended(hana, mina, f"Day {days}.", days=days)
    center = enter(page, members)
    asks(center).click()
    past(center).get_by_role("button", name="Show more").click()
    rows = past(center).locator(".past-chats-row")
    expect(rows).to_have_count(23)
    expect(rows.nth(20)).to_be_focused()
    expect(past(center).get_by_role("button", name="Show more")).to_have_count(0)


def test_without_any_it_says_so(members, mina, page) -> None:
    center = enter(page, members)
    asks(center).click()
    expect(past(center)).to_contain_text("No earlier chats")
    past(center).get_by_role("button", name="Back to the chat").click()
    expect(past(center)).to_have_count(0)


def test_what_the_agent_writes_meanwhile_is_told_and_stays_unread(members, mina, hana, signed_in_page, page) -> None:
    ended(hana, mina, "Old words", days=1)
    chat = make_chat(hana.service, customer=hana, agent=mina)
    make_message(chat, "New words")
    desk = Desk(signed_in_page(mina))
    center = enter(page, members)
    expect(center.chat.messages).to_have_count(1)
    asks(center).click()
    expect(past(center)).to_contain_text("Old words")
    desk.select("Hana Kim").write("Here I am")
    news = past(center).get_by_role("button", name="New messages")
    expect(news).to_be_visible()
    expect(desk.chat.receipts("Here I am")).to_have_text("Delivered")
    news.click()
    expect(desk.chat.receipts("Here I am")).to_have_text("Read")


def test_nobody_else_is_offered_any(mina, new_page) -> None:
    center = HelpCenter(new_page("/hc/demo/"))
    center.open()
    expect(center.stage("start")).to_be_visible()
    expect(asks(center)).to_have_count(0)


def test_signing_out_elsewhere_takes_them_away(members, mina, hana, page) -> None:
    ended(hana, mina, "Old words", days=1)
    make_chat(hana.service, customer=hana, agent=mina)
    center = enter(page, members)
    asks(center).click()
    expect(past(center)).to_contain_text("Old words")
    other = page.context.new_page()
    other.goto("/hc/demo/")
    other.get_by_role("button", name="Sign out").click()
    page.reload()
    expect(center.panel.locator("input[name=name]")).to_be_visible()
    expect(past(center)).to_have_count(0)
    expect(asks(center)).to_have_count(0)


def test_what_can_t_be_fetched_is_said_and_tried_again(members, mina, hana, page) -> None:
    ended(hana, mina, "Old words", days=1)
    make_chat(hana.service, customer=hana, agent=mina)
    center = enter(page, members)
    expect(center.stage("chat")).to_be_visible()
    notice = center.panel.locator("[data-part=notice]")
    addresses = (r"/past-chats[^/]*\.js", r"/chat/past/\?", r"/chat/past/\d+/")
    script, rows, chat = parts = [re.compile(address) for address in addresses]
    for part in parts:
        page.context.route(part, lambda route: route.abort())
    asks(center).click()
    expect(center.panel.locator("past-chats")).to_have_count(0)
    page.context.unroute(script)
    page.reload()
    asks(center).click()
    expect(notice).to_contain_text("can’t be reached")
    page.context.unroute(rows)
    asks(center).click()
    past(center).locator(".past-chats-row").click()
    expect(past(center)).to_have_count(0)
    expect(notice).to_contain_text("can’t be reached")
    page.context.unroute(chat)
    asks(center).click()
    past(center).locator(".past-chats-row").click()
    expect(past(center)).to_contain_text("Old words")


def test_everybody_can_use_them(members, mina, hana, new_page) -> None:
    ended(hana, mina, *[f"Line {number}." for number in range(30)], days=1)
    make_chat(hana.service, customer=hana, agent=mina)
    center, checks = enter(new_page(), members), Checks()
    asks(center).click()
    expect(past(center)).to_contain_text("Line 29.")
    checks.look_at(center.page, "earlier chats", center.frame)
    past(center).locator(".past-chats-row").click()
    expect(past(center).get_by_role("log")).to_contain_text("Line 29.")
    checks.look_at(center.page, "an earlier chat", center.frame)
    assert checks.problems == []
