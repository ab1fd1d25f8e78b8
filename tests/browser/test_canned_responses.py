"""Canned responses in the composer, by keys alone: found at a slash, also in Korean, put in, read, and sent."""

from collections.abc import Callable

import pytest
from playwright.sync_api import CDPSession, Locator, Page, expect

from agents.models import Agent, Service
from chat.canned_response import CannedResponse
from chat.models import Message
from tests.browser.files import Files, file
from tests.browser.rows import make_agent_with_chat
from tests.browser.test_composition import compose, enter
from tests.browser.windows import Desk
from tests.chat.canned import make_response
from tests.chat.files import PDF


@pytest.fixture
def desk(service: Service, signed_in_page: Callable[..., Page]) -> Desk:
    make_response(service, "hello", "Hello {customer}, I am {agent}.")
    make_response(service, "help", "How can I help?")
    make_response(service, "환불", texts={"ko": "환불은 3일 걸립니다."})
    agent, _chat = make_agent_with_chat(service)
    desk = Desk(signed_in_page(agent))
    desk.select("Jun")
    return desk


def options(desk: Desk) -> Locator:
    return desk.dialog.get_by_role("option")


def used(name: str) -> int:
    return CannedResponse.objects.get(name=name).used_count


def test_by_keys_alone_one_is_found_chosen_read_and_sent(desk: Desk):
    box = desk.chat.composer
    box.press_sequentially("Hi! /hel")
    expect(options(desk)).to_have_count(2)
    expect(box).to_have_attribute("aria-autocomplete", "list")
    expect(box).to_have_attribute("aria-controls", "canned-list")
    expect(options(desk).nth(0)).to_have_attribute("aria-selected", "true")
    box.press("ArrowDown")
    expect(options(desk).nth(1)).to_have_attribute("aria-selected", "true")
    expect(box).to_have_attribute("aria-activedescendant", options(desk).nth(1).get_attribute("id"))
    box.press("ArrowDown")  # round
    box.press("Enter")
    expect(box).to_have_value("Hi! Hello Jun, I am Mina.")
    expect(options(desk)).to_have_count(0)
    expect(box).not_to_have_attribute("aria-controls", "canned-list")
    assert desk.chat.messages.count() + desk.chat.pending.count() == 0
    assert used("hello") == 0

    box.press_sequentially(" ✓")
    box.press("Enter")
    expect(desk.chat.bodies).to_have_text(["Hi! Hello Jun, I am Mina. ✓"])
    wait_until(desk, lambda: used("hello") == 1)
    assert used("help") == 0


def wait_until(desk: Desk, holds: Callable[[], bool]) -> None:
    for _try in range(100):
        if holds():
            return
        desk.page.wait_for_timeout(50)
    raise AssertionError


def test_what_stands_before_and_after_stays_and_undo_brings_it_back(desk: Desk):
    box = desk.chat.composer
    box.fill("before  after")
    box.evaluate("box => box.setSelectionRange(7, 7)")
    box.press_sequentially("/help")
    expect(options(desk)).to_have_count(1)
    box.press("Tab")
    expect(box).to_have_value("before How can I help? after")
    box.press("Control+z")
    expect(box).to_have_value("before /help after")


def test_korean_filters_while_it_is_composed_and_its_enter_chooses_nothing(desk: Desk):
    keyboard, box = desk.page.context.new_cdp_session(desk.page), desk.chat.composer
    keyboard.send("Input.insertText", {"text": "/"})
    expect(options(desk)).to_have_count(3)
    compose(keyboard, "ㅎ", "화", "환")
    expect(options(desk)).to_have_count(1)
    enter(box, composing=True)
    expect(options(desk)).to_have_count(1)
    expect(box).to_have_value("/환")
    finish(keyboard, "환")
    compose(keyboard, "부", "불")
    finish(keyboard, "불")
    expect(options(desk)).to_have_count(1)
    box.press("Enter")
    expect(box).to_have_value("환불은 3일 걸립니다.")
    assert desk.chat.messages.count() + desk.chat.pending.count() == 0


def finish(keyboard: CDPSession, text: str) -> None:
    keyboard.send("Input.insertText", {"text": text})


def test_escape_closes_the_list_alone_and_enter_sends_again(desk: Desk):
    box = desk.chat.composer
    box.press_sequentially("/hel")
    expect(options(desk)).to_have_count(2)
    box.press("Escape")
    expect(options(desk)).to_have_count(0)
    box.press_sequentially("p")
    expect(desk.dialog).to_be_visible()
    box.press("Enter")
    expect(desk.chat.bodies).to_have_text(["/help"])


def test_a_slash_in_a_sentence_or_an_address_is_a_slash(desk: Desk):
    box = desk.chat.composer
    box.press_sequentially("1/2 and/or https://shop.example/hello")
    box.press("Enter")
    expect(desk.chat.bodies).to_have_text(["1/2 and/or https://shop.example/hello"])


def test_the_button_opens_the_list_where_the_cursor_is(desk: Desk):
    box = desk.chat.composer
    box.fill("Well, ")
    desk.dialog.get_by_role("button", name="Canned Responses").click()
    expect(options(desk)).to_have_count(3)
    expect(box).to_be_focused()
    box.press_sequentially("help")
    expect(options(desk)).to_have_count(1)
    options(desk).click()
    expect(box).to_have_value("Well, How can I help?")
    expect(box).to_be_focused()


def test_nothing_that_fits_is_said_and_enter_sends(desk: Desk):
    box = desk.chat.composer
    box.press_sequentially("/nothing")
    expect(desk.dialog.locator(".canned-none")).to_have_text("No canned responses match")
    box.press("Enter")
    expect(desk.chat.bodies).to_have_text(["/nothing"])
    expect(desk.dialog.locator(".canned-none")).to_have_count(0)


def test_an_emptied_box_has_been_written_anew(desk: Desk):
    box = desk.chat.composer
    box.press_sequentially("/help")
    expect(options(desk)).to_have_count(1)
    box.press("Enter")
    box.fill("")
    box.fill("My own words")
    box.press("Enter")
    expect(desk.chat.bodies).to_have_text(["My own words"])
    box.fill("/hello")
    expect(options(desk)).to_have_count(1)
    box.press("Enter")
    box.press("Enter")
    wait_until(desk, lambda: used("hello") == 1)
    assert used("help") == 0


def attach(page: Page, response: CannedResponse, name: str) -> None:
    page.goto(f"/desk/demo/canned/{response.pk}/")
    with page.expect_file_chooser() as opened:
        page.get_by_role("button", name="Add a file").click()
    opened.value.set_files([file(name, PDF, "application/pdf")])
    expect(page.get_by_role("link", name=name)).to_be_visible()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("link", name=name)).to_be_visible()


def choose(desk: Desk, name: str) -> None:
    desk.chat.composer.press_sequentially(f"/{name}")
    expect(options(desk)).to_have_count(1)
    desk.chat.composer.press("Enter")
    expect(options(desk)).to_have_count(0)


def test_a_file_follows_its_message_unless_it_is_taken_away(desk: Desk):
    mine = CannedResponse.objects.get(name="help")
    CannedResponse.objects.filter(pk=mine.pk).update(owner=Agent.objects.get())
    desk.close()  # or it lies over the form
    attach(desk.page, mine, "terms.pdf")
    desk.select("Jun")
    files, chip = Files(desk.chat, desk.page), desk.dialog.locator(".canned-chip")
    choose(desk, "help")
    expect(chip).to_contain_text("terms.pdf")
    desk.chat.composer.press("Enter")
    expect(files.named("terms.pdf")).to_have_count(1)
    expect(files.uploads).to_have_count(0)
    expect(chip).to_have_count(0)
    texts = list(Message.objects.order_by("seq").values_list("body", flat=True))
    assert texts == ["How can I help?", "terms.pdf"]

    choose(desk, "help")
    desk.dialog.get_by_role("button", name="Remove file terms.pdf").click()
    expect(chip).to_have_count(0)
    desk.chat.composer.press("Enter")
    expect(desk.chat.bodies).to_have_count(3)
    expect(files.shown).to_have_count(1)


def test_a_note_in_between_takes_no_file_away(desk: Desk):
    mine = CannedResponse.objects.get(name="help")
    CannedResponse.objects.filter(pk=mine.pk).update(owner=Agent.objects.get())
    desk.close()  # or it lies over the form
    attach(desk.page, mine, "terms.pdf")
    desk.select("Jun")
    choose(desk, "help")
    toggle = desk.dialog.get_by_role("button", name="Internal note")
    toggle.click()
    desk.chat.composer.press_sequentially("x")
    desk.chat.composer.press("Backspace")
    toggle.click()
    expect(desk.dialog.locator(".canned-chip")).to_contain_text("terms.pdf")
    desk.chat.composer.press("Enter")
    expect(Files(desk.chat, desk.page).named("terms.pdf")).to_have_count(1)


def test_the_form_inserts_names_and_uploads_a_file(service: Service, signed_in_page: Callable[..., Page]):
    agent, _chat = make_agent_with_chat(service)
    page = signed_in_page(agent, "/desk/demo/canned/")
    page.get_by_role("link", name="New canned response").click()
    page.get_by_label("Short name").fill("terms")
    korean = page.get_by_label("Text (한국어)")
    korean.press_sequentially("님, 안녕하세요")
    korean.press("Home")
    page.get_by_role("button", name="The customer’s name").click()
    expect(korean).to_have_value("{customer}님, 안녕하세요")
    with page.expect_file_chooser() as opened:
        page.get_by_role("button", name="Add a file").click()
    opened.value.set_files([file("terms.pdf", PDF, "application/pdf")])
    expect(page.get_by_role("link", name="terms.pdf")).to_be_visible()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("link", name="/terms")).to_be_visible()
    response = CannedResponse.objects.get()
    assert (response.texts, str(response.file)) == ({"ko": "{customer}님, 안녕하세요"}, "terms.pdf")


def test_a_note_has_none(desk: Desk):
    desk.dialog.get_by_role("button", name="Internal note").click()
    expect(desk.dialog.get_by_role("button", name="Canned Responses")).to_be_hidden()
    desk.chat.composer.press_sequentially("/hello")
    desk.chat.composer.press("Enter")
    expect(desk.chat.message("/hello")).to_be_visible()
