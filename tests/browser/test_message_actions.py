"""On the desk a message is answered, edited and deleted, by pointer and keyboard, and the customer sees it."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, expect

from chat.models import Chat, Mask, Message
from tests.browser.test_accessibility import checks  # noqa: F401 - a fixture
from tests.browser.windows import Conversation, Screens
from tests.make import make_message


def button(message: Locator) -> Locator:
    return message.get_by_role("button", name="Message actions")


def choose(message: Locator, action: str) -> None:
    message.hover()
    button(message).click()
    item(message, action).click()


def item(message: Locator, action: str) -> Locator:
    return message.page.locator(f".menu:popover-open [data-message-action={action}]")


def written(shown: Screens, text: str) -> Locator:
    """What the agent has just written, once it is stored."""
    shown.desk.chat.write(text)
    message = shown.desk.chat.root.locator(".message[data-seq]", has_text=text)
    expect(message).to_be_visible()
    return message


def box(chat: Conversation) -> Locator:
    return chat.root.locator("form.composer textarea")


# Edit


def test_an_own_message_is_edited_in_the_composer_and_the_customer_sees_it(screens) -> None:
    shown = screens("Hello")
    message = written(shown, "On it's way")
    choose(message, "edit")
    expect(box(shown.desk.chat)).to_have_value("On it's way")
    expect(box(shown.desk.chat)).to_be_focused()
    expect(shown.desk.chat.root.get_by_role("button", name="Save")).to_be_visible()
    box(shown.desk.chat).fill("On its way")
    box(shown.desk.chat).press("Enter")
    shown.show(2, "On its way")
    for chat in (shown.desk.chat, shown.center.chat):
        expect(chat.message("On its way").locator("time")).to_have_attribute("data-edited", "edited")
    expect(box(shown.desk.chat)).to_have_value("")
    expect(shown.desk.chat.root.get_by_role("button", name="Send", exact=True)).to_be_visible()


def test_escape_and_cancel_leave_it_as_it_was_and_bring_the_draft_back(screens) -> None:
    shown = screens("Hello")
    message = written(shown, "On it's way")
    chat = shown.desk.chat
    for end in (
        lambda: box(chat).press("Escape"),
        lambda: chat.root.get_by_role("button", name="Cancel").click(),
    ):
        box(chat).fill("A draft")
        choose(message, "edit")
        box(chat).fill("Something else")
        end()
        expect(box(chat)).to_have_value("A draft")
        expect(shown.desk.dialog).to_be_visible()
    assert not Message.objects.filter(edited=True).exists()


def test_by_keyboard_alone(screens) -> None:
    shown = screens("Hello", "Are you there?")
    message = written(shown, "On it's way")
    desk = shown.desk
    desk.chat.scroll.focus()
    for _ in range(4):
        desk.page.keyboard.press("Tab")
        if button(message).evaluate("element => element === document.activeElement"):
            break
    expect(button(message)).to_be_focused()
    desk.page.keyboard.press("ArrowUp")
    expect(button(desk.chat.messages.nth(1))).to_be_focused()
    desk.page.keyboard.press("Enter")
    expect(item(message, "reply")).to_be_focused()
    expect(item(message, "edit")).to_be_hidden()
    desk.page.keyboard.press("Escape")
    expect(button(desk.chat.messages.nth(1))).to_be_focused()
    expect(desk.dialog).to_be_visible()
    desk.page.keyboard.press("ArrowDown")
    desk.page.keyboard.press("Enter")
    desk.page.keyboard.press("ArrowDown")
    desk.page.keyboard.press("Enter")
    expect(box(desk.chat)).to_have_value("On it's way")
    desk.page.keyboard.press("End")
    desk.page.keyboard.type(" now")
    desk.page.keyboard.press("Enter")
    shown.show(3, "On it's way now")


def test_what_is_unmasked_for_a_look_is_not_in_the_box(screens) -> None:
    shown = screens("Hello")
    shown.desk.chat.write("Your card 4111 1111 1111 1111")
    message = shown.desk.chat.message("Your card")
    expect(message.locator("masked-text")).to_have_text("*" * 19)
    message.locator("masked-text").click()
    expect(message.locator("masked-text")).to_have_text("4111 1111 1111 1111")
    choose(message, "edit")
    expect(box(shown.desk.chat)).to_have_value(f"Your card {'*' * 19}")


def test_a_message_that_was_masked_meanwhile_is_not_overwritten(screens) -> None:
    shown = screens("Hello")
    message = written(shown, "On it's way")
    choose(message, "edit")
    shown.desk.mask_text(shown.body(2), "On")
    expect(shown.desk.chat.masks).to_have_count(1)
    box(shown.desk.chat).fill("On its way")
    box(shown.desk.chat).press("Enter")
    expect(shown.desk.said).to_contain_text("changed meanwhile")
    expect(box(shown.desk.chat)).to_have_value("On its way")
    assert Mask.objects.count() == 1


def test_only_own_messages_of_the_last_minutes_are_changed(screens) -> None:
    shown = screens("Hello")
    message = written(shown, "On it's way")
    make_message(Chat.objects.get(), "By Theo", author="agent", name="Theo")
    Message.objects.filter(seq=2).update(created_at=timezone.now() - timedelta(minutes=6))
    shown.desk.page.reload()
    expect(shown.desk.chat.messages).to_have_count(3)
    for each in (shown.desk.chat.message("Hello"), message, shown.desk.chat.message("By Theo")):
        each.hover()
        button(each).click()
        expect(item(each, "reply")).to_be_visible()
        expect(item(each, "edit")).to_be_hidden()
        expect(item(each, "delete")).to_be_hidden()
        shown.desk.page.keyboard.press("Escape")


def test_a_clock_that_is_fast_takes_no_minute_away(screens) -> None:
    shown = screens("Hello")
    page = shown.desk.page
    page.add_init_script("const real = Date.now; Date.now = () => real() + 600_000;")
    page.reload()
    message = written(shown, "On it's way")
    choose(message, "edit")
    expect(box(shown.desk.chat)).to_have_value("On it's way")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_notes_edits_quotes_and_the_menu_pass_the_checks(screens, checks, scheme) -> None:  # noqa: F811 - a fixture
    shown = screens("Where is my parcel?", color_scheme=scheme)
    chat, page = shown.desk.chat, shown.desk.page
    message = written(shown, "On it's way")
    message.hover()
    button(message).click()
    checks.look_at(page, "the menu")
    item(message, "edit").click()
    checks.look_at(page, "an edit")
    box(chat).press("Escape")
    choose(chat.messages.first, "reply")
    chat.root.locator("[data-part=note-toggle]").click()
    checks.look_at(page, "a note that answers")
    written(shown, "He shouts")
    checks.look_at(page, "a note")


# Delete


def test_a_deleted_message_is_gone_for_both_after_a_question(screens) -> None:
    shown = screens("Hello")
    message = written(shown, "Wrong window")
    choose(message, "delete")
    dialog = shown.desk.page.get_by_role("dialog", name="Delete this message?")
    dialog.get_by_role("button", name="Cancel").click()
    choose(message, "delete")
    dialog.get_by_role("button", name="Delete").click()
    for chat in (shown.desk.chat, shown.center.chat):
        expect(chat.root.get_by_text("This message was deleted.")).to_be_visible()
        expect(chat.root.get_by_text("Wrong window")).to_have_count(0)
    expect(shown.desk.entry("Jun")).to_contain_text("Hello")


# Reply


def test_a_reply_quotes_and_leads_to_its_message(screens) -> None:
    shown = screens("Where is my parcel?", "And my hat?")
    chat = shown.desk.chat
    choose(chat.messages.first, "reply")
    expect(chat.root.locator("[data-part=quote-of]")).to_have_text("Jun: Where is my parcel?")
    chat.write("On its way")
    expect(chat.root.locator("[data-part=about-quote]")).to_be_hidden()
    for each in (chat, shown.center.chat):
        quote = each.message("On its way").locator(".message-quote")
        expect(quote).to_have_text("Jun: Where is my parcel?")
        quote.click()
        expect(each.messages.first).to_be_focused()
    assert Message.objects.get(author="agent").quote == 1


def test_a_refused_reply_comes_back_with_its_quote(screens) -> None:
    shown = screens("Where is my parcel?", "And my hat?")
    chat = shown.desk.chat
    choose(chat.messages.first, "reply")
    chat.composer.evaluate("element => element.removeAttribute('maxlength')")
    chat.write("x" * 4001)
    chat.pending.get_by_role("button", name="Try again").click()
    expect(chat.composer).to_have_value("x" * 4001)
    expect(chat.root.locator("[data-part=quote-of]")).to_have_text("Jun: Where is my parcel?")
    chat.write("On its way")
    expect(chat.message("On its way").locator(".message-quote")).to_have_text("Jun: Where is my parcel?")


def test_a_quote_is_masked_edited_and_deleted_with_its_message(screens) -> None:
    shown = screens("I am Jun Park")
    written(shown, "I am Mina")
    message = shown.desk.chat.messages.nth(1)
    choose(shown.desk.chat.messages.first, "reply")
    written(shown, "Hello Jun")
    choose(message, "reply")
    written(shown, "As I said")
    quotes = [chat.root.locator(".message-quote") for chat in (shown.desk.chat, shown.center.chat)]
    shown.desk.mask_text(shown.body(1), "Jun Park")
    for each in quotes:
        expect(each.first).to_have_text("Jun: I am ********")
    choose(message, "delete")
    shown.desk.page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    for each in quotes:
        expect(each.last).to_have_text("This message was deleted.")


def test_a_note_is_answered_by_a_note(screens) -> None:
    shown = screens("Hello")
    chat = shown.desk.chat
    chat.root.locator("[data-part=note-toggle]").click()
    note = written(shown, "He shouts")
    choose(note, "reply")
    expect(chat.root.get_by_role("button", name="Add note")).to_be_visible()
    written(shown, "Not at me")
    assert list(Message.objects.filter(author="agent").values_list("internal", "quote")) == [(True, None), (True, 2)]


def test_a_quote_of_a_message_that_is_not_loaded_loads_it(screens) -> None:
    shown = screens("Line 1")
    for number in range(2, 121):
        make_message(Chat.objects.get(), f"Line {number}", quote=3 if number == 120 else None)
    shown.center.page.reload()
    chat = shown.center.chat
    quote = chat.root.locator(".message-quote")
    expect(quote).to_have_text("An earlier message")
    quote.click()
    expect(chat.root.locator(".message[data-seq='3']")).to_be_focused()
    expect(quote).to_have_text("Jun: Line 3")
