"""What an agent types in a chat and does not send is there on another device, and never lost to a newer one."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from agents.models import Service
from chat.draft import ChatDraft
from chat.models import Chat
from tests.browser.rows import make_agent_with_chat
from tests.browser.windows import Desk


class Devices:
    def __init__(self, chat: Chat, open_desk: Callable[[], Desk]) -> None:
        self.chat, self.open = chat, open_desk


@pytest.fixture
def devices(service: Service, signed_in_page: Callable[..., Page]) -> Devices:
    agent, chat = make_agent_with_chat(service, "Where is my order?")

    def open_desk() -> Desk:
        desk = Desk(signed_in_page(agent))
        desk.select("Jun")
        return desk

    return Devices(chat, open_desk)


def write(desk: Desk, text: str) -> None:
    """Types, and waits until the server has it."""
    with desk.page.expect_response(lambda answer: answer.url.endswith("/draft/") and answer.request.method == "POST"):
        desk.chat.composer.fill(text)


def look_at(desk: Desk) -> None:
    """The window gets the focus."""
    desk.page.evaluate("window.dispatchEvent(new Event('focus'))")


def test_another_device_goes_on_and_sending_clears_both(devices: Devices):
    office = devices.open()
    write(office, "Your order is")
    phone = devices.open()
    expect(phone.chat.composer).to_have_value("Your order is")
    write(phone, "Your order is on its way")
    look_at(office)
    expect(office.chat.composer).to_have_value("Your order is on its way")

    with phone.page.expect_response(lambda answer: answer.url.endswith("/draft/")):
        phone.chat.composer.press("Enter")
    expect(phone.chat.bodies).to_have_text(["Where is my order?", "Your order is on its way"])
    assert not ChatDraft.objects.exists()
    look_at(office)
    expect(office.chat.composer).to_have_value("")


def test_a_key_is_no_request_and_a_pause_is_one(devices: Devices):
    desk = devices.open()
    asked: list[str] = []
    desk.page.on("request", lambda request: asked.append(request.url) if request.url.endswith("/draft/") else None)
    with desk.page.expect_response("**/draft/"):
        desk.chat.composer.press_sequentially("Twenty keys are typed", delay=20)
    assert len(asked) == 1


def test_what_was_typed_here_meanwhile_stays_and_the_agent_chooses(devices: Devices):
    office, phone = devices.open(), devices.open()
    write(office, "From the office")
    line = phone.dialog.locator("[data-part=newer]")
    write(phone, "From the phone")  # which has not looked since
    expect(line).to_contain_text("From the office")
    expect(phone.chat.composer).to_have_value("From the phone")
    assert ChatDraft.objects.get().body == "From the office"

    with phone.page.expect_response("**/draft/"):
        phone.dialog.get_by_role("button", name="Keep this").click()
    expect(line).to_be_hidden()
    assert ChatDraft.objects.get().body == "From the phone"

    write(office, "From the office again")
    line = office.dialog.locator("[data-part=newer]")
    expect(line).to_contain_text("From the phone")
    office.dialog.get_by_role("button", name="Use that").click()
    expect(office.chat.composer).to_have_value("From the phone")
    expect(line).to_be_hidden()


def test_without_a_line_it_stays_in_the_tab_and_is_kept_later(devices: Devices):
    desk = devices.open()
    desk.page.context.set_offline(True)
    with desk.page.expect_event("requestfailed", lambda request: request.url.endswith("/draft/")):
        desk.chat.composer.fill("In the tunnel")
    with desk.page.expect_response(lambda answer: answer.url.endswith("/draft/") and answer.ok):
        desk.page.context.set_offline(False)
    expect(desk.chat.composer).to_have_value("In the tunnel")
    assert ChatDraft.objects.get().body == "In the tunnel"


def test_a_reload_of_this_tab_keeps_the_words_that_are_masked_elsewhere(devices: Devices):
    desk = devices.open()
    write(desk, "Card 4111 1111 1111 1111")
    desk.page.reload()
    expect(desk.chat.composer).to_have_value("Card 4111 1111 1111 1111")
    expect(devices.open().chat.composer).to_have_value("Card *******************")
    write(desk, "Card 4111 1111 1111 1111!")
    assert ChatDraft.objects.get().body == "Card *******************!"


def test_leaving_the_chat_keeps_what_was_typed_last(devices: Devices):
    desk = devices.open()
    desk.chat.composer.fill("Not a second later")
    desk.page.goto("about:blank")
    expect(devices.open().chat.composer).to_have_value("Not a second later")


def test_a_note_is_a_note_on_the_other_device_too(devices: Devices):
    desk = devices.open()
    write(desk, "Dear Jun")
    desk.dialog.get_by_role("button", name="Internal note").click()
    write(desk, "He is angry")
    phone = devices.open()
    expect(phone.chat.composer).to_have_value("Dear Jun")
    phone.dialog.get_by_role("button", name="Internal note").click()
    expect(phone.chat.composer).to_have_value("He is angry")
    with phone.page.expect_response(lambda answer: answer.url.endswith("/draft/")):
        phone.chat.composer.press("Enter")
    expect(phone.chat.composer).to_have_value("Dear Jun")
    assert [draft.body for draft in ChatDraft.objects.all()] == ["Dear Jun"]
