"""The Wallboard lives: what happens on the desk is on it by itself, and what is done from it happens."""

import os
from collections.abc import Callable

import pytest
from django.db.models.functions import Now
from playwright.sync_api import Page, expect

from agents.models import Agent, Service
from chat.models import Chat, Lease
from chat.topics import Topic
from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.rows import LEASE, make_agent_with_chat
from tests.browser.test_accessibility import Checks
from tests.browser.windows import SLOW_MILLISECONDS, Desk, HelpCenter
from tests.make import make_agent, make_chat, make_customer

BOARD = "/desk/demo/wallboard/"


@pytest.fixture
def mina(service: Service, signed_in_page: Callable[..., Page]) -> Desk:
    """Mina, Online, with Jun's chat, in which he waits for an answer."""
    agent, chat = make_agent_with_chat(service, "Hello")
    Chat.objects.filter(pk=chat.pk).update(customer_waits_since=Now())
    desk = Desk(signed_in_page(agent))
    desk.choose("online")
    return desk


@pytest.fixture
def ada(service: Service, mina: Desk, signed_in_page: Callable[..., Page]) -> Page:
    """An admin who may chat, Offline, on the Wallboard."""
    page = signed_in_page(make_agent(service, "Ada", role=Agent.Role.ADMIN))
    page.goto(BOARD)
    return page


def tile(page: Page, name: str):
    return page.locator(".wall-tile").filter(has=page.get_by_role("heading", name=name, exact=True))


def seat(page: Page, name: str):
    return page.locator("[data-rows=agents] tr").filter(has=page.locator(".wall-name", has_text=name))


def row(page: Page, name: str):
    return page.locator("[data-rows=chats] tr").filter(has=page.get_by_role("link", name=name, exact=True))


def test_what_happens_on_the_desk_is_on_the_board(service, mina: Desk, ada: Page, new_page) -> None:
    expect(seat(ada, "Mina")).to_contain_text("1 / 3")
    expect(row(ada, "Jun")).to_contain_text("With Mina")
    expect(tile(ada, "Waiting for an answer").locator(".wall-value")).to_have_text("1")

    mina.select("Jun").write("Good morning")
    expect(tile(ada, "Waiting for an answer").locator(".wall-value")).to_have_text("0", timeout=SLOW_MILLISECONDS)
    HelpCenter(new_page("/hc/demo/")).start(name="Kim", message="Hi")
    expect(row(ada, "Kim")).to_contain_text("Ringing for Mina", timeout=SLOW_MILLISECONDS)
    expect(seat(ada, "Mina")).to_contain_text("2 / 3")
    expect(seat(ada, "Mina")).to_contain_text("Ringing: 1")
    mina.select("Kim")
    expect(row(ada, "Kim")).to_contain_text("With Mina", timeout=SLOW_MILLISECONDS)


def test_a_break_is_chosen_with_its_reason_and_seen(mina: Desk, ada: Page) -> None:
    mina.choose("break")
    reasons = mina.dialog.locator("[data-part=break]")
    menu = reasons.locator(".menu")  # is folded by the answer: a click before that would fold it, not open it
    expect(reasons.get_by_role("button", name="Lunch")).to_be_visible()
    reasons.get_by_role("button", name="Lunch").click()
    expect(reasons.locator("[data-part=break-reason]")).to_have_text("Lunch")
    expect(reasons.get_by_role("button", name="Lunch")).to_be_hidden()
    expect(seat(ada, "Mina")).to_contain_text("Lunch", timeout=SLOW_MILLISECONDS)
    expect(seat(ada, "Mina").locator(".pill")).to_have_text("Break")

    reasons.locator("summary").click()
    reasons.get_by_role("textbox", name="Another reason").fill("Fire drill")
    reasons.get_by_role("textbox", name="Another reason").press("Enter")
    expect(reasons.locator("[data-part=break-reason]")).to_have_text("Fire drill")
    expect(menu).to_be_hidden()
    expect(seat(ada, "Mina")).to_contain_text("Fire drill", timeout=SLOW_MILLISECONDS)

    reasons.locator("summary").click()
    reasons.get_by_role("button", name="Meeting").click()
    expect(reasons.locator("[data-part=break-reason]")).to_have_text("Meeting")
    expect(menu).to_be_hidden()
    reasons.locator("summary").click()
    expect(reasons.get_by_role("button", name="Meeting")).to_have_attribute("aria-current", "true")
    reasons.get_by_role("button", name="No reason").click()
    expect(reasons.locator("[data-part=break-reason]")).to_have_text("Reason")
    expect(menu).to_be_hidden()
    expect(seat(ada, "Mina").locator(".wall-reason")).to_have_count(0, timeout=SLOW_MILLISECONDS)
    expect(seat(ada, "Mina").locator(".pill")).to_have_text("Break")
    reasons.locator("summary").click()
    expect(reasons.get_by_role("button", name="Meeting")).to_be_visible()
    expect(reasons.get_by_role("button", name="No reason")).to_be_hidden()

    mina.choose("online")
    expect(reasons).to_be_hidden()
    expect(seat(ada, "Mina").locator(".pill")).to_have_text("Online", timeout=SLOW_MILLISECONDS)


def test_a_whisper_reaches_the_agent_from_the_board(mina: Desk, ada: Page) -> None:
    row(ada, "Jun").get_by_role("link", name="Whisper: Mina, Jun").click()
    desk = Desk(ada)
    expect(desk.dialog.locator(".chat-header h3")).to_have_text("Jun")
    expect(desk.dialog).to_contain_text("Whisper to Mina")
    box = desk.chat.root.get_by_role("textbox", name="Internal note")
    expect(box).to_be_focused()
    box.fill("Offer the voucher")
    box.press("Enter")
    chat = mina.select("Jun")
    expect(chat.root.locator(".message-note .message-body")).to_have_text("Offer the voucher")


def test_without_the_chat_permission_a_chat_is_read_on_its_page(service, mina: Desk, signed_in_page) -> None:
    page = signed_in_page(make_agent(service, "Bora", role=Agent.Role.ADMIN, chat_permission=False))
    page.goto(BOARD)
    expect(row(page, "Jun").get_by_role("link", name="Whisper")).to_have_count(0)
    row(page, "Jun").get_by_role("link", name="Jun", exact=True).click()
    expect(page.get_by_role("heading", name="Chat history")).to_be_visible()
    expect(page.get_by_text("Hello", exact=True)).to_be_visible()
    expect(page.locator("main")).to_have_count(1)


def test_chats_are_moved_together_and_the_agent_is_told_once(service, mina: Desk, ada: Page) -> None:
    theo = make_agent(service, "Theo", online=True)
    Lease.objects.create(agent=theo, expires_at=Now() + LEASE)
    agent = Agent.objects.get(user__name="Mina")
    make_chat(service, agent=agent, customer=make_customer(service, "Kim"))
    expect(row(ada, "Kim")).to_be_visible(timeout=SLOW_MILLISECONDS)
    act = ada.locator("[data-part=act]")
    expect(act).to_be_hidden()
    for name in ("Jun", "Kim"):
        row(ada, name).get_by_role("checkbox").check()
    expect(act).to_contain_text("Selected: 2")
    expect(act.get_by_label("Move to").locator("option", has_text="Theo (0 of 3 chats)")).to_have_count(1)
    act.get_by_label("Move to").select_option(label="Theo (0 of 3 chats)")
    act.get_by_role("textbox", name="Internal note").fill("Mina goes home")
    act.get_by_role("button", name="Move").click()

    expect(ada.get_by_text("2 chats moved.")).to_be_visible()
    expect(row(ada, "Kim")).to_contain_text("Theo")
    expect(mina.list.locator(".desk-notice")).to_have_count(1)
    expect(mina.list.locator(".desk-notice")).to_contain_text("Ada moved 2 of your chats at")


def test_the_colleague_stays_chosen_who_can_no_longer_take_a_chat(service, mina: Desk, ada: Page) -> None:
    theo = make_agent(service, "Theo", online=True)
    Lease.objects.create(agent=theo, expires_at=Now() + LEASE)
    row(ada, "Jun").get_by_role("checkbox").check()
    to = ada.get_by_label("Move to")
    expect(to.locator("option", has_text="Theo")).to_have_count(1, timeout=SLOW_MILLISECONDS)
    to.select_option(label="Theo (0 of 3 chats)")
    ada.get_by_role("textbox", name="Internal note").fill("Please")
    Agent.objects.filter(pk=theo.pk).update(chat_status="break")
    expect(seat(ada, "Theo").locator(".pill")).to_have_text("Break", timeout=SLOW_MILLISECONDS)
    expect(to).to_have_value(f"agent:{theo.pk}")
    ada.get_by_role("button", name="Move").click()
    expect(ada.get_by_role("alert")).to_contain_text("Theo can't take the chat")
    expect(row(ada, "Jun")).to_contain_text("With Mina")


def test_nothing_is_drawn_anew_under_the_pointer_and_what_is_selected_stays(service, mina: Desk, ada: Page) -> None:
    agent = Agent.objects.get(user__name="Mina")
    box = row(ada, "Jun").get_by_role("checkbox")
    box.check()
    box.hover()
    before = row(ada, "Jun").bounding_box()
    make_chat(service, agent=agent, customer=make_customer(service, "Zoe"), customer_waits_since=Now() - LEASE)
    make_chat(service, customer=make_customer(service, "Abe"))
    expect(row(ada, "Abe")).to_be_visible(timeout=SLOW_MILLISECONDS)
    assert row(ada, "Jun").bounding_box() == before
    expect(box).to_be_checked()
    ada.get_by_role("heading", name="Wallboard").hover()
    expect(ada.locator("[data-rows=chats] tr").first).to_contain_text("Abe")
    expect(box).to_be_checked()


def test_ending_asks_first_and_marks_as_spam(mina: Desk, ada: Page) -> None:
    row(ada, "Jun").get_by_role("checkbox").check()
    act = ada.locator("[data-part=act]")
    act.get_by_role("checkbox", name="Spam").check()
    act.get_by_role("button", name="End").click()
    question = ada.get_by_role("dialog", name="End the selected chats?")
    question.get_by_role("button", name="Cancel").click()
    expect(row(ada, "Jun").get_by_role("checkbox")).to_be_checked()
    act.get_by_role("button", name="End").click()
    question.get_by_role("button", name="End").click()
    expect(ada.get_by_text("1 chat ended.")).to_be_visible()
    expect(ada.locator("[data-rows=chats] tr")).to_have_count(0)
    ada.goto("/desk/demo/blocked/")
    expect(ada.get_by_role("link", name="Jun")).to_be_visible()
    ada.get_by_role("button", name="No spam: Jun").click()
    expect(ada.get_by_text("No chat is marked as spam.")).to_be_visible()


def test_it_says_when_it_is_not_up_to_date(ada: Page) -> None:
    stale = ada.locator("wall-board [data-part=stale]")
    expect(stale).to_be_hidden()
    ada.route("**/wallboard/", lambda route: route.abort())
    expect(stale).to_be_visible(timeout=SLOW_MILLISECONDS)
    ada.unroute("**/wallboard/")
    expect(stale).to_be_hidden(timeout=SLOW_MILLISECONDS)


def test_the_pages_are_for_everybody(service, mina: Desk, ada: Page) -> None:
    Topic.objects.create(service=service, key="orders", names={"en": "Orders", "ko": "주문"})
    make_agent(service, "Theo", online=True)
    away = make_agent(service, "Yuna")
    Agent.objects.filter(pk=away.pk).update(chat_status="break", break_reason="lunch", chat_status_since=Now() - LEASE)
    make_chat(service, customer=make_customer(service, "Kim"), last_line="My order has not arrived yet")
    make_chat(service, state="closed", customer=make_customer(service, "Robot"), is_spam=True, last_line="Buy now")
    checks = Checks()
    ada.goto(BOARD)
    look(ada, checks, "wallboard")
    row(ada, "Jun").get_by_role("checkbox").check()
    look(ada, checks, "wallboard-selected")
    ada.goto("/desk/demo/blocked/")
    look(ada, checks, "spam")
    ada.goto(f"{BOARD}screen/")
    look(ada, checks, "screen")
    mina.choose("break")
    look(mina.page, checks, "break")
    assert not checks.problems, "\n".join(checks.problems)


def look(page: Page, checks: Checks, name: str) -> None:
    checks.look_at(page, name)
    if folder := os.environ.get("LOOK"):
        for scheme, size in (("light", DESKTOP), ("dark", PHONE), ("dark", DESKTOP), ("light", PHONE)):
            page.emulate_media(color_scheme=scheme)
            page.set_viewport_size(size)
            page.screenshot(path=f"{folder}/{name}-{scheme}-{size['width']}.png", full_page=True)
        page.set_viewport_size(DESKTOP)
