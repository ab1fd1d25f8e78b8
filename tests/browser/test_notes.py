"""The desk's composer writes notes and messages, and nobody can take one for the other."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from agents.models import Agent, Service
from chat.lifecycle.transitions import close_chat
from chat.models import Chat, Message
from tests.browser.windows import Conversation, Desk
from tests.make import make_agent

SECRET = "He shouts, be gentle"


def part(chat: Conversation, name: str) -> Locator:
    return chat.root.locator(f"[data-part={name}]")


def test_a_note_looks_like_one_while_it_is_written_and_comes_to_agents_alone(screens) -> None:
    shown = screens("Hello")
    chat, toggle = shown.desk.chat, part(shown.desk.chat, "note-toggle")
    toggle.click()
    expect(toggle).to_have_attribute("aria-pressed", "true")
    expect(chat.composer).to_be_focused()
    expect(chat.composer).to_have_attribute("aria-label", "Internal note")
    expect(chat.root.get_by_text("Only agents see it.")).to_be_visible()
    expect(chat.root.get_by_role("button", name="Send", exact=True)).to_have_count(0)
    expect(chat.root.get_by_role("button", name="Send files")).to_be_hidden()
    expect(chat.root.get_by_role("button", name="Add note")).to_be_visible()

    chat.write(SECRET)

    expect(chat.root.locator(".message-note[data-seq] .message-body")).to_have_text(SECRET)
    expect(toggle).to_have_attribute("aria-pressed", "false")
    expect(chat.root.get_by_role("button", name="Send", exact=True)).to_be_visible()
    chat.write("Good morning")
    expect(shown.center.chat.bodies).to_have_text(["Hello", "Good morning"])
    assert [message.internal for message in Message.objects.order_by("seq")] == [False, True, False]
    assert SECRET not in shown.center.page.content()


def test_a_toggle_never_makes_one_of_the_other(screens) -> None:
    """Each has a draft of its own, also after a reload and for undo."""
    desk = screens("Hello").desk
    chat, toggle = desk.chat, part(desk.chat, "note-toggle")
    chat.composer.press_sequentially("Dear Jun")
    toggle.click()
    expect(chat.composer).to_have_value("")
    chat.composer.press_sequentially("He sh")
    toggle.click()
    expect(chat.composer).to_have_value("Dear Jun")
    for _ in range(3):
        chat.composer.press("ControlOrMeta+z")
    expect(chat.composer).not_to_have_value("He sh")
    toggle.click()
    expect(chat.composer).to_have_value("He sh")
    desk.page.reload()
    expect(toggle).to_have_attribute("aria-pressed", "true")
    expect(chat.composer).to_have_value("He sh")
    assert not Message.objects.filter(author="agent").exists()


def test_the_customer_never_reads_that_somebody_types_a_note(screens) -> None:
    shown = screens("Hello")
    chat = shown.desk.chat
    part(chat, "note-toggle").click()
    chat.composer.press_sequentially("He shouts")
    part(chat, "note-toggle").click()
    typed = shown.center.chat.typing
    assert typed.inner_text() == ""
    chat.composer.press_sequentially("Dear")
    expect(typed).to_contain_text("is typing")


def test_notes_go_on_if_the_agent_says_so_in_this_chat(screens) -> None:
    desk = screens("Hello").desk
    chat, toggle = desk.chat, part(desk.chat, "note-toggle")
    toggle.click()
    part(chat, "note-keep").click()
    chat.write("One")
    chat.write("Two")
    expect(chat.root.locator(".message-note[data-seq]")).to_have_count(2)
    expect(toggle).to_have_attribute("aria-pressed", "true")
    desk.page.reload()
    expect(part(chat, "note-keep")).to_have_attribute("aria-pressed", "true")
    toggle.click()
    chat.write("Three")
    expect(chat.messages.last.locator(".message-body")).to_have_text("Three")
    said = Message.objects.filter(author="agent").order_by("seq")
    assert [message.internal for message in said] == [True, True, False]


def test_a_note_that_is_refused_comes_back_as_a_note(screens) -> None:
    desk = screens("Hello").desk
    chat = desk.chat
    part(chat, "note-toggle").click()
    chat.composer.evaluate("element => element.removeAttribute('maxlength')")
    chat.write("x" * 4001)
    chat.pending.get_by_role("button", name="Try again").click()
    expect(part(chat, "note-toggle")).to_have_attribute("aria-pressed", "true")
    expect(chat.composer).to_have_value("x" * 4001)


def test_a_file_is_not_sent_while_a_note_is_written(screens) -> None:
    desk = screens("Hello").desk
    part(desk.chat, "note-toggle").click()
    desk.chat.composer.evaluate(
        """box => {
          const data = new DataTransfer();
          data.items.add(new File(["secret"], "secret.txt", { type: "text/plain" }));
          box.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
          box.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
        }"""
    )
    expect(desk.chat.root.locator(".file-upload")).to_have_count(0)


def test_a_note_that_is_being_written_outlives_the_chat(screens) -> None:
    shown = screens("Hello")
    desk = shown.desk
    part(desk.chat, "note-toggle").click()
    desk.chat.composer.press_sequentially("Call him back")
    shown.center.end()
    box = desk.chat.root.get_by_role("textbox", name="Internal note")
    expect(desk.dialog.locator(".composer-closed")).to_be_visible()
    expect(box).to_have_value("Call him back")
    desk.page.reload()
    expect(box).to_have_value("Call him back")
    box.press("Enter")
    expect(desk.chat.root.locator(".message-note[data-seq] .message-body")).to_have_text("Call him back")
    expect(box).to_have_value("")


def test_where_only_notes_are_written_a_refused_message_comes_back_as_one(screens, in_thread) -> None:
    """There is no toggle by which the agent could go back to notes."""
    shown = screens("Hello")
    desk, chat = shown.desk, shown.desk.chat
    desk.page.evaluate("document.querySelector('chat-desk').socket.send = () => false")
    chat.write("One moment")
    in_thread(close_chat, shown.chat.pk, by=Chat.ClosedBy.CUSTOMER)
    desk.page.reload()
    chat.pending.get_by_role("button", name="Try again").click()
    expect(desk.chat.root.get_by_role("textbox", name="Internal note")).to_have_value("One moment")
    expect(desk.chat.root.get_by_role("button", name="Add note")).to_be_visible()


@pytest.fixture
def ada(service: Service, signed_in_page: Callable[..., Page]) -> Desk:
    """Ada, an admin who may chat."""
    desk = Desk(signed_in_page(make_agent(service, "Ada", role=Agent.Role.ADMIN)))
    desk.open()
    return desk


def test_an_admin_who_looks_on_adds_a_note_that_the_agent_sees(screens, ada: Desk) -> None:
    desk = screens("Hello").desk
    ada.page.reload()
    ada.entry("Jun").click()
    expect(ada.chat.root.get_by_role("button", name="Add note")).to_be_visible()
    box = ada.chat.root.get_by_role("textbox", name="Internal note")
    box.fill("Offer a refund")
    box.press("Enter")
    expect(desk.chat.root.locator(".message-note .message-body")).to_have_text("Offer a refund")
    expect(desk.chat.root.locator(".message-note .message-author")).to_have_text("Ada")
    expect(box).to_have_value("")


def test_a_colleague_is_named_by_a_list_and_told_with_a_way_to_the_chat(screens, ada: Desk) -> None:
    desk = screens("Hello").desk
    part(desk.chat, "note-toggle").click()
    desk.chat.composer.press_sequentially("@a")
    option = desk.chat.root.get_by_role("option", name="Ada")
    expect(option).to_have_attribute("aria-selected", "true")
    desk.chat.composer.press("Enter")
    expect(desk.chat.composer).to_have_value("@Ada ")
    expect(desk.chat.root.get_by_role("listbox")).to_have_count(0)
    desk.chat.composer.press_sequentially("he shouts, @")
    expect(option).to_be_visible()
    desk.chat.composer.press("Escape")
    expect(option).to_be_hidden()
    expect(desk.dialog).to_be_visible()
    desk.chat.composer.press("Enter")

    notice = ada.list.locator(".desk-notice")
    expect(notice).to_contain_text("Mina mentioned you in a note in the chat with Jun")
    ada.close()
    expect(ada.count("notices")).to_have_text("1")
    expect(ada.widget).to_have_attribute("title", re.compile("Notices: 1"))
    ada.open()
    notice.get_by_role("button", name="Open").click()
    expect(ada.chat.root.locator(".message-note .message-body")).to_have_text("@Ada he shouts, @")
    expect(notice).to_have_count(0)
    ada.close()
    expect(ada.count("notices")).to_have_count(0)


def test_in_a_reply_an_at_sign_is_only_one(screens, ada: Desk) -> None:
    desk = screens("Hello").desk
    desk.chat.composer.press_sequentially("@a")
    desk.chat.composer.press("Enter")
    expect(desk.chat.bodies).to_have_text(["Hello", "@a"])
