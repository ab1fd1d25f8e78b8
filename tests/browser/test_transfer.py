"""A chat changes hands on the desk: passed on with a note, returned to the queue, taken over, left behind."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from agents.models import Agent, Service
from tests.browser.rows import make_agent_with_chat
from tests.browser.test_accessibility import checks  # noqa: F401 - a fixture
from tests.browser.windows import SLOW_MILLISECONDS, Desk, HelpCenter
from tests.make import make_agent


@pytest.fixture
def mina(service: Service, signed_in_page: Callable[..., Page]) -> Desk:
    """Mina, Online, with Jun's chat open."""
    agent, _chat = make_agent_with_chat(service, "Hello")
    desk = Desk(signed_in_page(agent))
    desk.choose("online")
    desk.select("Jun")
    return desk


@pytest.fixture
def theo(service: Service, signed_in_page: Callable[..., Page]) -> Desk:
    """Theo, Online."""
    desk = Desk(signed_in_page(make_agent(service, "Theo")))
    desk.choose("online")
    return desk


@pytest.fixture
def ada(service: Service, signed_in_page: Callable[..., Page]) -> Desk:
    """Ada, an admin who may chat, Offline."""
    desk = Desk(signed_in_page(make_agent(service, "Ada", role=Agent.Role.ADMIN)))
    desk.open()
    return desk


def menu(desk: Desk, item: str) -> None:
    desk.dialog.locator(".chat-actions > summary").click()
    desk.dialog.get_by_role("link", name=item).click()
    expect(desk.popup).to_be_visible()


def test_a_chat_is_passed_to_a_colleague_with_a_note(mina: Desk, theo: Desk) -> None:
    menu(mina, "Transfer")
    mina.popup.get_by_role("radio", name="Theo").check()
    expect(mina.popup.locator(".colleague", has_text="Theo")).to_contain_text("0 of 3 chats")
    mina.popup.get_by_label("Internal note").fill("Wants a refund")
    mina.popup.get_by_role("button", name="Transfer").click()

    expect(mina.popup).to_be_hidden()
    expect(mina.dialog.locator(".composer-closed")).to_contain_text("This chat is ringing for Theo.")
    expect(mina.entry("Jun")).to_have_count(0)

    chat = theo.select("Jun")
    note = chat.root.locator(".message-note")
    expect(note.locator(".message-body")).to_have_text("Wants a refund")
    expect(note.locator(".message-author")).to_have_text("Mina")
    chat.write("Good morning, I am Theo")
    expect(mina.chat.body("Good morning, I am Theo")).to_be_visible()


def test_who_can_t_take_it_is_shown_and_what_was_typed_survives_a_refusal(
    service: Service, mina: Desk, theo: Desk
) -> None:
    make_agent(service, "Away")
    menu(mina, "Transfer")
    away = mina.popup.locator(".colleague", has_text="Away")
    expect(away).to_contain_text("Offline")
    expect(away.get_by_role("radio")).to_be_disabled()
    mina.popup.get_by_role("radio", name="Theo").check()
    mina.popup.get_by_label("Internal note").fill("Half an explanation")
    theo.choose("break")

    mina.popup.get_by_role("button", name="Transfer").click()

    expect(mina.popup.get_by_role("alert")).to_contain_text("Theo can't take the chat: on a break.")
    expect(mina.popup.get_by_label("Internal note")).to_have_value("Half an explanation")
    mina.popup.get_by_role("button", name="Close").click()
    expect(mina.chat.composer).to_be_visible()


def test_returned_to_the_queue_it_rings_at_the_other(mina: Desk, theo: Desk) -> None:
    menu(mina, "Transfer")
    mina.popup.get_by_role("radio", name="Back to the queue").check()
    mina.popup.get_by_role("button", name="Transfer").click()

    expect(theo.entry("Jun")).to_be_visible(timeout=SLOW_MILLISECONDS)
    theo.select("Jun")
    expect(mina.entry("Jun")).to_have_count(0)


def test_by_keys_a_colleague_is_found_and_the_chat_is_his(mina: Desk, theo: Desk, service: Service) -> None:
    make_agent(service, "Thea")  # Offline: never the choice
    keyboard = mina.page.keyboard
    expect(mina.dialog.locator("[aria-keyshortcuts='Alt+G']")).to_be_attached()
    keyboard.press("Alt+g")
    search = mina.popup.get_by_role("searchbox")
    expect(search).to_be_focused()
    transfer = mina.popup.get_by_role("button", name="Transfer")
    expect(transfer).to_be_disabled()
    keyboard.press("Enter")
    expect(mina.popup).to_be_visible()

    keyboard.type("xyz")
    expect(mina.popup.locator("label.colleague:visible")).to_have_count(0)
    expect(transfer).to_be_disabled()
    search.fill("")
    keyboard.type("the")
    expect(mina.popup.get_by_role("radio", name="Theo")).to_be_checked()
    expect(mina.popup.get_by_role("status")).to_contain_text("Theo Online, 0 of 3 chats")
    expect(mina.popup.locator("label.colleague:visible")).to_have_count(3)
    search.fill("")
    keyboard.press("ArrowDown")
    expect(mina.popup.get_by_role("radio", name="Back to the queue")).to_be_checked()
    keyboard.press("ArrowUp")
    keyboard.press("Enter")

    expect(mina.popup).to_be_hidden()
    expect(mina.dialog.locator(".composer-closed")).to_contain_text("This chat is ringing for Theo.")


def test_that_nobody_matches_can_be_seen(mina: Desk, theo: Desk) -> None:
    mina.select("Jun")
    mina.page.keyboard.press("Alt+g")
    search = mina.popup.get_by_role("searchbox")
    search.fill("nobody of that name")
    expect(mina.popup.get_by_text("Nobody matches")).to_be_in_viewport()
    assert mina.popup.get_by_text("Nobody matches").bounding_box()["width"] > 1
    expect(mina.popup.get_by_text("Colleague", exact=True)).to_be_hidden()
    search.fill("The")
    expect(mina.popup.get_by_role("radio", name="Theo")).to_be_checked()
    assert mina.popup.get_by_role("status").bounding_box()["width"] == 1


def test_with_nobody_available_it_says_so_and_the_button_rests(mina: Desk, service: Service) -> None:
    make_agent(service, "Away")
    menu(mina, "Transfer")

    expect(mina.popup.locator("[data-part=nobody-free]")).to_contain_text("No colleague is available now.")
    transfer = mina.popup.get_by_role("button", name="Transfer")
    expect(transfer).to_be_disabled()
    mina.popup.get_by_role("radio", name="Back to the queue").check()
    mina.popup.get_by_label("Internal note").fill("Speaks French")
    mina.popup.get_by_label("Internal note").press("Control+Enter")

    expect(mina.dialog.locator(".composer-closed")).to_be_visible()
    expect(mina.chat.root.locator(".message-note")).to_contain_text("Speaks French")


def test_an_admin_looks_at_all_chats_and_takes_one_over(mina: Desk, ada: Desk) -> None:
    entry = ada.list.locator(".chat-entry-other", has_text="Jun")
    expect(entry).to_contain_text("With Mina")
    entry.click()
    expect(ada.chat.body("Hello")).to_be_visible()
    expect(ada.chat.composer).to_have_count(0)

    ada.dialog.get_by_role("button", name="Take over").click()
    ada.popup.get_by_role("button", name="Take over").click()

    expect(ada.chat.composer).to_be_visible()
    expect(mina.dialog.locator(".composer-closed")).to_contain_text("This chat is with Ada.")
    ada.chat.write("It is mine now")
    expect(mina.chat.body("It is mine now")).to_be_visible()


def test_a_chat_that_an_admin_looks_at_goes_on(mina: Desk, ada: Desk) -> None:
    entry = ada.list.locator(".chat-entry-other", has_text="Jun")
    entry.click()
    expect(ada.chat.body("Hello")).to_be_visible()

    mina.chat.write("Still with you")

    expect(ada.chat.body("Still with you")).to_be_visible()
    expect(entry).to_contain_text("With Mina")


def test_going_offline_with_an_open_chat_asks_what_to_do_with_it(mina: Desk, theo: Desk) -> None:
    mina.chat.composer.fill("half a sentence")
    mina.status("offline").click()
    expect(mina.popup).to_contain_text("You have 1 open chat. What should happen to it?")
    mina.popup.get_by_role("button", name="Cancel").click()
    expect(mina.status("online")).to_have_attribute("aria-pressed", "true")
    expect(mina.chat.composer).to_have_value("half a sentence")

    mina.status("offline").click()
    mina.popup.get_by_role("button", name="Keep open").click()
    expect(mina.status("offline")).to_have_attribute("aria-pressed", "true")
    expect(mina.chat.composer).to_have_value("half a sentence")

    mina.choose("online")
    mina.status("offline").click()
    mina.popup.get_by_role("button", name="Return to queue").click()
    expect(mina.status("offline")).to_have_attribute("aria-pressed", "true")
    theo.select("Jun")
    expect(mina.entry("Jun")).to_have_count(0)


def test_the_customer_hears_who_goes_and_who_comes_and_never_the_note(
    service: Service, mina: Desk, theo: Desk, new_page: Callable[..., Page]
) -> None:
    Agent.objects.filter(user__name="Theo").update(chat_limit=1)
    theo.choose("break")
    customer = HelpCenter(new_page("/hc/demo/"))
    customer.start(name="Kim", email="kim@example.com", message="Hi")
    chat = mina.select("Kim")
    theo.choose("online")
    menu(mina, "Transfer")
    mina.popup.get_by_role("radio", name="Theo").check()
    mina.popup.get_by_label("Internal note").fill("A secret among us")
    mina.popup.get_by_role("button", name="Transfer").click()

    expect(customer.chat.message("is transferring the chat to a colleague")).to_be_visible()
    theo.select("Kim")
    expect(customer.chat.message("Theo joined the chat.")).to_be_visible()
    theo.chat.write("Hello Kim")
    expect(customer.chat.body("Hello Kim")).to_be_visible()
    expect(chat.root.locator(".message-note")).to_be_visible()
    assert "A secret among us" not in customer.frame.content()
    customer.page.reload()
    expect(customer.chat.body("Hello Kim")).to_be_visible()
    assert "A secret among us" not in customer.frame.content()


def test_what_is_new_on_the_desk_is_for_everybody(mina: Desk, theo: Desk, ada: Desk, checks) -> None:  # noqa: F811
    ada.entry("Jun").click()
    expect(ada.chat.body("Hello")).to_be_visible()
    checks.look_at(ada.page, "an admin looks at a chat")
    ada.page.goto("/desk/demo/chat/check/")
    ada.close()
    checks.look_at(ada.page, "chat check")
    mina.dialog.locator(".chat-actions > summary").click()
    checks.look_at(mina.page, "actions")
    mina.dialog.get_by_role("link", name="Transfer").click()
    expect(mina.popup.get_by_role("radio", name="Theo")).to_be_visible()
    checks.look_at(mina.page, "transfer")
    mina.popup.get_by_role("radio", name="Theo").check()
    mina.popup.get_by_label("Internal note").fill("Wants a refund")
    mina.popup.get_by_role("button", name="Transfer").click()
    expect(mina.chat.root.locator(".message-note")).to_be_visible()
    checks.look_at(mina.page, "a note")
    theo.select("Jun")
    theo.status("offline").click()
    expect(theo.popup).to_be_visible()
    checks.look_at(theo.page, "going offline")
