"""Files that have arrived: thumbnails and cards on every page that shows a conversation, opened, saved, removed."""

import json
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from agents.models import Agent
from tests.browser.files import Files, file, pdf
from tests.browser.test_accessibility import Checks
from tests.browser.test_conversation import LISTEN, hear, spoken
from tests.browser.test_files import SIDES, both, files_of
from tests.browser.windows import Conversation, Screens
from tests.chat.files import PDF, picture
from tickets.lifecycle import create_from_chat

THUMBNAIL = re.compile(r"/thumbnail/")
BOX = "element => { const { width, height } = element.getBoundingClientRect(); return [width, height]; }"


@SIDES
def test_a_picture_has_its_space_before_it_is_there(screens, side) -> None:
    shown = screens("Hello")
    mine, theirs = both(shown, side)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    theirs.page.route(THUMBNAIL, hold)
    mine.choose(file("wide.png", picture((1200, 300)), "image/png"), file("tiny.png", picture((8, 8)), "image/png"))
    expect(theirs.shown).to_have_count(2)
    images = theirs.shown.locator("img")
    expect(images).to_have_count(2)
    before = [image.evaluate(BOX) for image in images.all()]
    for route in held:
        route.continue_()
    for image in images.all():
        expect(image).to_have_js_property("complete", True)
        expect(image).not_to_have_js_property("naturalWidth", 0)
    assert [image.evaluate(BOX) for image in images.all()] == before
    assert before[0][0] > before[0][1] > 0
    assert theirs.chat.scroll.evaluate("it => it.scrollHeight - it.scrollTop - it.clientHeight") < 2


def test_an_agent_opens_a_picture_and_saves_a_file(screens) -> None:
    shown = screens("Hello")
    theirs, mine = both(shown, "center")[0], files_of(shown.desk)
    theirs.choose(file("lamp.png", picture(), "image/png"), file("invoice.pdf", PDF, "application/pdf"))
    link = mine.named("lamp.png").get_by_role("link", name="Open")
    with mine.page.context.expect_page() as opened:
        link.click()
    expect(opened.value.locator("img")).to_be_visible()
    with mine.page.expect_download() as saved:
        mine.named("invoice.pdf").get_by_role("link", name="Download").click()
    assert saved.value.suggested_filename == "invoice.pdf"


def test_a_customer_opens_a_picture_without_a_token_in_the_address(screens) -> None:
    shown = screens("Hello")
    theirs, mine = files_of(shown.desk), files_of(shown.center)
    theirs.choose(file("lamp.png", picture(), "image/png"), file("invoice.pdf", PDF, "application/pdf"))
    with mine.page.context.expect_page() as opened:
        mine.named("lamp.png").get_by_role("button", name="Open").click()
    expect(opened.value.locator("img")).to_be_visible()
    assert re.fullmatch(r"http://[^/]+/hc/demo/chat/files/\d+/", opened.value.url)
    with mine.page.expect_download() as saved:
        mine.named("invoice.pdf").get_by_role("button", name="Download").click()
    assert saved.value.suggested_filename == "invoice.pdf"


@SIDES
def test_a_picture_that_can_t_be_shown_is_a_card(screens, side) -> None:
    shown = screens("Hello")
    mine, theirs = both(shown, side)
    theirs.page.route(THUMBNAIL, lambda route: route.fulfill(status=404))
    mine.choose(file("lamp.png", picture(), "image/png"))
    card = theirs.named("lamp.png")
    expect(card).to_have_attribute("data-shown", "card")
    expect(card.locator("img")).to_have_count(0)
    expect(card.get_by_title("Download")).to_be_visible()


def remove_by_keyboard(page: Page, card) -> None:
    card.get_by_role("button", name="Remove file").press("Enter")
    question = page.get_by_role("dialog", name="Remove this file?")
    expect(question).to_contain_text("lamp.png")
    page.keyboard.press("Escape")
    expect(question).to_be_hidden()
    expect(card.get_by_role("button", name="Remove file")).to_be_focused()
    page.keyboard.press("Enter")
    question.get_by_role("button", name="Remove file").press("Enter")


def test_an_agent_removes_a_file_and_it_is_gone_on_both_sides_at_once(screens) -> None:
    shown = screens("Hello")
    theirs, mine = files_of(shown.center), files_of(shown.desk)
    theirs.choose(file("lamp.png", picture(), "image/png"))
    expect(theirs.shown.locator("img")).to_be_visible()
    remove_by_keyboard(mine.page, mine.named("lamp.png"))
    for files in (mine, theirs):
        expect(files.root.locator(".file-removed")).to_have_text("File removed")
        expect(files.root.locator("chat-file img")).to_have_count(0)
    expect(mine.chat.scroll).to_be_focused()
    expect(theirs.root.get_by_role("button", name="Remove file")).to_have_count(0)


def history(shown: Screens, agent: Agent, signed_in_page: Callable[..., Page]) -> Files:
    page = signed_in_page(agent, f"/desk/demo/chat/{shown.chat.pk}/history/")
    return Files(Conversation(page.locator("chat-history")), page)


def test_the_history_shows_and_removes_files(screens, signed_in_page) -> None:
    shown = screens("Hello")
    theirs = files_of(shown.center)
    theirs.choose(file("lamp.png", picture(), "image/png"))
    expect(files_of(shown.desk).shown.locator("img")).to_be_visible()
    read = history(shown, shown.chat.agent, signed_in_page)
    expect(read.shown.locator("img")).to_be_visible()
    remove_by_keyboard(read.page, read.named("lamp.png"))
    expect(read.root.locator(".file-removed")).to_be_visible()
    expect(theirs.root.locator(".file-removed")).to_be_visible()


def test_a_ticket_s_quick_menu_shows_files(screens, signed_in_page, service) -> None:
    shown = screens("Hello")
    files_of(shown.center).choose(file("lamp.png", picture(), "image/png"))
    expect(files_of(shown.desk).shown.locator("img")).to_be_visible()
    ticket = create_from_chat(shown.chat.agent, shown.chat)
    page = signed_in_page(shown.chat.agent, f"/desk/demo/tickets/{ticket.number}/?menu=history")
    read = Files(Conversation(page.locator("chat-history")), page)
    expect(read.shown.locator("img")).not_to_have_js_property("naturalWidth", 0)
    remove_by_keyboard(page, read.named("lamp.png"))
    expect(read.root.locator(".file-removed")).to_be_visible()


MARKUP = b'My order: <b id="forged" hx-get="/desk/demo/tickets/">17</b>'


@pytest.mark.parametrize("where", ["history", "ticket"])
def test_a_file_is_saved_from_the_desk_s_pages_and_never_shown_in_them(screens, signed_in_page, where) -> None:
    shown = screens("Hello")
    files_of(shown.center).choose(file("notes.txt", MARKUP, "text/plain"))
    expect(files_of(shown.desk).named("notes.txt")).to_be_visible()
    number = create_from_chat(shown.chat.agent, shown.chat).number
    path = {"history": f"chat/{shown.chat.pk}/history/", "ticket": f"tickets/{number}/?menu=history"}[where]
    page = signed_in_page(shown.chat.agent, f"/desk/demo/{path}")
    link = page.locator("chat-file").get_by_role("link", name="Download")
    with page.expect_download() as saved:
        link.click()
    assert saved.value.suggested_filename == "notes.txt"
    assert page.url.endswith(path)
    expect(link).to_be_visible()


def test_what_is_no_page_is_never_put_into_one(screens) -> None:
    shown = screens("Hello")
    files_of(shown.center).choose(file("notes.txt", MARKUP, "text/plain"))
    page = shown.desk.page
    address = files_of(shown.desk).shown.get_by_role("link", name="Download").get_attribute("href")
    with page.expect_response(lambda answer: answer.url.endswith(address)):
        page.evaluate("address => htmx.ajax('GET', address, '#content')", address)
    page.evaluate("() => new Promise((done) => setTimeout(done, 0))")
    expect(page.locator("#forged")).to_have_count(0)


def test_a_file_is_said_once_and_how_far_it_is_is_not(screens) -> None:
    shown = screens("Hello")
    center, desk = shown.center, shown.desk
    mine = files_of(center)
    expect(mine.button).to_be_visible()
    for shows in (center.frame, desk.page):
        shows.evaluate(LISTEN)
    mine.slow(100_000)
    mine.choose(file("big.pdf", pdf(300_000), "application/pdf"))
    expect(mine.bar).not_to_have_js_property("value", 0)
    hear(center, "File: big.pdf")
    said, arrived = spoken(center)
    assert said == "Uploading \u2068big.pdf\u2069"
    assert re.fullmatch(r"Jun \d\d:\d\d File: big.pdf 293.0\sKB", arrived)
    theirs = json.loads(desk.page.evaluate("document.documentElement.dataset.spoken"))
    assert [text for text in theirs if "big.pdf" in text] == [arrived]


def test_a_list_says_that_the_last_line_is_a_file(screens) -> None:
    shown = screens("Hello")
    files_of(shown.center).choose(file("lamp.png", picture(), "image/png"))
    line = shown.desk.list.locator(".chat-entry-line").first
    expect(line).to_have_text("📎 lamp.png")
    shown.desk.page.reload()
    expect(line).to_have_text("📎 lamp.png")


def test_a_selection_over_a_file_masks_its_name(screens) -> None:
    shown = screens("Hello")
    files_of(shown.center).choose(file("kim-minsu.pdf", PDF, "application/pdf"))
    name = files_of(shown.desk).named("kim-minsu").locator(".message-body")
    shown.desk.mask_text(name, "minsu")
    expect(files_of(shown.center).shown.locator(".message-body")).to_have_text("kim-*****.pdf")


@pytest.mark.parametrize("language", ["en-US", "ko-KR"])
def test_the_tools_of_the_composer_have_room(screens, language) -> None:
    shown = screens("Hello", locale=language)
    box = shown.desk.chat.root.locator(".composer-box")
    expect(box.locator("[data-file-action=choose]")).to_be_visible()
    for width in (320, 390, 640, 768, 800, 1280):
        shown.desk.page.set_viewport_size({"width": width, "height": 800})
        room = box.evaluate("box => box.getBoundingClientRect().right")
        ends = [tool.evaluate("tool => tool.getBoundingClientRect().right") for tool in box.get_by_role("button").all()]
        assert max(ends) <= room, (width, room, ends)


@pytest.fixture
def checks():
    checks = Checks()
    yield checks
    assert not checks.problems, "\n".join(checks.problems)


def test_files_are_accessible_in_every_state(screens, checks) -> None:
    shown = screens("Hello")
    for window in (shown.desk, shown.center):
        files = files_of(window)
        files.choose(file("lamp.png", picture(), "image/png"), file("invoice.pdf", PDF, "application/pdf"))
        expect(files.shown.filter(has=files.page.locator(".icon-button, img")).last).to_be_visible()
    for window in (shown.desk, shown.center):
        files = files_of(window)
        files.slow(20_000)
        files.choose(
            file("bad.png", b"\x7fELF" + b"\0" * 200, "image/png"),
            file("big.pdf", pdf(900_000), "application/pdf"),
            file("nothing.txt", b"", "text/plain"),
        )
        expect(files.upload("bad.png")).to_have_attribute("data-state", "failed")
        expect(files.upload("big.pdf")).to_contain_text(" %")
    checks.look_at(shown.desk.page, "files on the desk")
    checks.look_at(shown.center.page, "files of a customer", shown.center.frame)
