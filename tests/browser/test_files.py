"""Files that are sent in a chat, from both sides: chosen, dropped, pasted, refused, on their way, cut off, left."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Route, expect

from chat.models import Message
from tests.browser.files import Files, file, pdf
from tests.browser.test_composition import compose
from tests.browser.windows import Desk, HelpCenter, Screens
from tests.chat.files import PDF, picture
from tests.make import make_chat, make_customer

SIDES = pytest.mark.parametrize("side", ["desk", "center"])
SLOW = 20_000  # bytes in a second: what is sent is still on its way


def files_of(window: Desk | HelpCenter) -> Files:
    return Files(window.chat, window.page)


def both(shown: Screens, side: str) -> tuple[Files, Files]:
    """The sender's files, and the other's."""
    mine, theirs = files_of(shown.desk), files_of(shown.center)
    return (mine, theirs) if side == "desk" else (theirs, mine)


def sent(shown: Screens) -> list[str]:
    messages = Message.objects.filter(chat=shown.chat, file__isnull=False)
    return list(messages.order_by("seq").values_list("body", flat=True))


def reopen(window: Desk | HelpCenter) -> None:
    """The customer's chat is open again by itself."""
    if isinstance(window, Desk):
        window.open()


@SIDES
def test_files_are_chosen_and_stand_in_order_on_both_sides(screens, side) -> None:
    shown = screens("Hello")
    mine, theirs = both(shown, side)
    mine.chat.composer.fill("Here they are")
    mine.choose(
        file("front.png", picture(), "image/png"),
        file("invoice.pdf", PDF, "application/pdf"),
        file("back.png", picture(), "image/png"),
    )
    for files in (mine, theirs):
        expect(files.shown).to_have_count(3)
        expect(files.shown.locator(".message-body")).to_have_text(["front.png", "invoice.pdf", "back.png"])
        expect(files.shown.first.locator("img")).to_be_visible()
        expect(files.shown.nth(1).get_by_title("Download")).to_be_visible()
    expect(mine.uploads).to_have_count(0)
    expect(mine.chat.composer).to_have_value("Here they are")
    mine.chat.composer.press("Enter")
    expect(theirs.chat.body("Here they are")).to_be_visible()
    assert sent(shown) == ["front.png", "invoice.pdf", "back.png"]


@SIDES
def test_a_file_is_dropped_onto_a_clear_area(screens, side, tmp_path: Path) -> None:
    shown = screens("Hello")
    mine, theirs = both(shown, side)
    path = tmp_path / "lamp.png"
    path.write_bytes(picture())
    expect(mine.button).to_be_visible()
    mine.drag(path, drop=False)
    expect(mine.area).to_be_visible()
    expect(mine.area).to_have_text("Drop files here to send them")
    mine.drag(path)
    expect(mine.area).to_be_hidden()
    expect(theirs.named("lamp.png")).to_be_visible()


COPY_PICTURE = """async bytes => {
  const blob = new Blob([new Uint8Array(bytes)], { type: "image/png" });
  await navigator.clipboard.write([new ClipboardItem({ "image/png": blob })]);
}"""
COPY_TABLE = """async bytes => {
  const picture = new Blob([new Uint8Array(bytes)], { type: "image/png" });
  const text = new Blob(["7, 8"], { type: "text/plain" });
  await navigator.clipboard.write([new ClipboardItem({ "image/png": picture, "text/plain": text })]);
}"""


@SIDES
def test_a_picture_is_pasted_and_a_text_is_a_text(screens, side) -> None:
    shown = screens("Hello")
    mine, theirs = both(shown, side)
    mine.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    expect(mine.button).to_be_visible()
    mine.page.evaluate(COPY_PICTURE, list(picture((64, 64))))
    mine.chat.composer.fill("Look: ")
    mine.chat.composer.press("ControlOrMeta+v")
    expect(theirs.shown.locator("img")).to_be_visible()
    expect(mine.chat.composer).to_have_value("Look: ")
    mine.page.evaluate(COPY_TABLE, list(picture((64, 64))))
    mine.chat.composer.press("ControlOrMeta+v")
    expect(mine.chat.composer).to_have_value("Look: 7, 8")
    expect(mine.uploads).to_have_count(0)
    assert len(sent(shown)) == 1


@SIDES
def test_what_the_browser_knows_is_refused_before_it_is_sent(screens, side, tmp_path: Path) -> None:
    shown = screens("Hello")
    mine, _theirs = both(shown, side)
    asked: list[str] = []
    mine.page.on("request", lambda request: asked.append(request.url))
    mine.chat.composer.fill("Look here")
    mine.choose(
        file("long.mov", b"x" * 10_500_000, "video/quicktime"),
        file("nothing.txt", b"", "text/plain"),
        file("setup.exe", b"MZ", "application/x-msdownload"),
    )
    expect(mine.hint).to_contain_text("long.mov\u2069 is larger than 10 MB.")
    expect(mine.hint).to_contain_text("nothing.txt\u2069 is empty.")
    expect(mine.hint).to_contain_text("setup.exe\u2069 is of a kind that can’t be sent here.")
    expect(mine.chat.composer).to_have_value("Look here")
    (tmp_path / "holidays").mkdir()
    mine.drag(tmp_path / "holidays")
    expect(mine.hint).to_have_text("\u2068holidays\u2069 is a folder. Choose the files in it.")
    expect(mine.uploads).to_have_count(0)
    assert [url for url in asked if "/files/" in url and "/static/" not in url] == []


@SIDES
def test_more_files_than_a_chat_has_room_for_are_left_out(screens, side, service) -> None:
    service.chat_settings.file_count = 2
    service.chat_settings.save()
    shown = screens("Hello")
    mine, theirs = both(shown, side)
    mine.choose(file("program.pdf", b"MZ\0\0", "application/pdf"))
    expect(mine.upload("program.pdf")).to_contain_text("Files of this kind can’t be sent here.")  # takes no room
    mine.choose(*(file(f"{number}.pdf", PDF, "application/pdf") for number in range(3)))
    expect(mine.hint).to_have_text("A chat has room for 2 files. The others were left out.")
    expect(theirs.shown).to_have_count(2)
    mine.choose(file("late.pdf", PDF, "application/pdf"))
    expect(mine.hint).to_have_text("A chat has room for 2 files. The others were left out.")
    expect(mine.uploads).to_have_count(1)


@SIDES
def test_a_file_on_its_way_shows_how_far_it_is_and_can_be_cancelled(screens, side) -> None:
    shown = screens("Hello")
    mine, theirs = both(shown, side)
    expect(mine.button).to_be_visible()
    mine.slow(SLOW)
    mine.choose(file("big.pdf", pdf(900_000), "application/pdf"), file("front.png", picture(), "image/png"))
    first, second = mine.upload("big.pdf"), mine.upload("front.png")
    expect(first).to_contain_text("879 KB")
    expect(first.get_by_role("progressbar", name="Uploading \u2068big.pdf\u2069")).not_to_have_js_property("value", 0)
    expect(first).to_contain_text(re.compile(r"\d+ %"))
    expect(first).to_have_attribute("aria-live", "off")  # not every percent is said
    expect(mine.chat.root.locator("chat-files [role=status]")).to_contain_text("Uploading \u2068big.pdf\u2069")
    expect(second).to_contain_text("Waiting…")
    expect(second.locator("canvas")).to_be_visible()
    mine.slow(-1)
    first.get_by_role("button", name="Cancel").click()
    expect(first).to_have_count(0)
    expect(theirs.named("front.png")).to_be_visible()
    expect(second).to_have_count(0)
    assert sent(shown) == ["front.png"]


def test_what_is_on_its_way_when_the_chat_ends_stops_and_says_so(screens) -> None:
    shown = screens("Hello")
    mine, _theirs = both(shown, "center")
    expect(mine.button).to_be_visible()
    mine.slow(SLOW)
    mine.choose(file("big.pdf", pdf(900_000), "application/pdf"), file("next.pdf", PDF, "application/pdf"))
    expect(mine.upload("big.pdf")).to_contain_text(re.compile(r"\d+ %"))
    shown.desk.tool("end").click()
    shown.desk.popup.get_by_role("button", name="End chat").click()
    for name in ("big.pdf", "next.pdf"):
        expect(mine.upload(name)).to_contain_text("This chat has ended.")
        expect(mine.upload(name).get_by_role("progressbar")).to_be_hidden()
    assert sent(shown) == []


@SIDES
def test_a_busy_server_is_asked_again_when_it_says(screens, side) -> None:
    shown = screens("Hello")
    mine, theirs = both(shown, side)
    ids: list[str] = []

    def busy_once(route: Route) -> None:
        ids.append(route.request.headers["x-client-id"])
        if len(ids) == 1:
            route.fulfill(status=503, headers={"Retry-After": "1"})  # as a proxy does
        else:
            route.continue_()

    mine.page.route(re.compile(r"/chat/(\d+/)?files/$"), busy_once)
    mine.choose(file("invoice.pdf", PDF, "application/pdf"))
    expect(mine.upload("invoice.pdf")).to_contain_text("The server is busy.")
    expect(theirs.named("invoice.pdf")).to_be_visible()
    expect(mine.uploads).to_have_count(0)
    assert len(ids) == 2
    assert len(set(ids)) == 1


@SIDES
def test_try_again_does_not_wait(screens, side) -> None:
    shown = screens("Hello")
    mine, theirs = both(shown, side)
    mine.page.route(
        re.compile(r"/chat/(\d+/)?files/$"),
        lambda route: route.fulfill(status=503, headers={"Retry-After": "600"}),
        times=1,
    )
    mine.choose(file("invoice.pdf", PDF, "application/pdf"))
    mine.upload("invoice.pdf").get_by_role("button", name="Try again").click()
    expect(theirs.named("invoice.pdf")).to_be_visible()
    expect(mine.uploads).to_have_count(0)


@SIDES
def test_what_was_refused_says_so_after_a_reload_too(screens, side) -> None:
    shown = screens("Hello")
    mine, _theirs = both(shown, side)
    mine.choose(file("not-a-picture.png", b"\x7fELF" + b"\0" * 200, "image/png"))
    reason = mine.upload("not-a-picture.png").locator(".file-reason")
    expect(reason).to_have_text("Files of this kind can’t be sent here.")
    mine.page.reload()
    reopen(getattr(shown, side))
    expect(reason).to_have_text("Files of this kind can’t be sent here.")
    assert sent(shown) == []


def test_korean_that_is_being_composed_is_not_disturbed(screens) -> None:
    shown = screens("Hello")
    mine, theirs = both(shown, "desk")
    expect(mine.button).to_be_visible()
    mine.chat.composer.focus()
    keyboard = mine.page.context.new_cdp_session(mine.page)
    compose(keyboard, "ㅎ", "하", "한")
    mine.page.locator("chat-files input").set_input_files([file("lamp.png", picture(), "image/png")])
    expect(theirs.named("lamp.png")).to_be_visible()
    expect(mine.named("lamp.png")).to_be_visible()
    compose(keyboard, "한", "한그")
    keyboard.send("Input.insertText", {"text": "한글"})
    expect(mine.chat.composer).to_have_value("한글")
    mine.chat.composer.press("Enter")
    expect(theirs.chat.body("한글")).to_be_visible()


@SIDES
def test_what_is_refused_for_good_says_why_and_is_removed(screens, side) -> None:
    shown = screens("Hello")
    mine, theirs = both(shown, side)
    mine.choose(
        file("not-a-picture.png", b"\x7fELF" + b"\0" * 200, "image/png"), file("real.png", picture(), "image/png")
    )
    refused = mine.upload("not-a-picture.png")
    expect(refused).to_have_attribute("data-state", "failed")
    expect(refused.locator(".file-reason")).not_to_be_empty()
    expect(refused).not_to_have_attribute("aria-live", "off")
    expect(refused.get_by_role("button", name="Try again")).to_be_hidden()
    expect(theirs.named("real.png")).to_be_visible()  # what comes after it goes on
    refused.get_by_role("button", name="Remove").press("Enter")
    expect(refused).to_have_count(0)
    expect(mine.chat.composer).to_be_focused()
    assert sent(shown) == ["real.png"]


@SIDES
def test_an_answer_stands_below_what_was_refused_before_it(screens, side) -> None:
    shown = screens("Hello")
    mine, theirs = both(shown, side)
    mine.choose(*[file(f"{number}.png", b"\x7fELF" + b"\0" * 200, "image/png") for number in range(6)])
    expect(mine.chat.root.locator(".message[data-state=failed]")).to_have_count(6)
    theirs.chat.write("Please send a picture.")
    expect(mine.chat.body("Please send a picture.")).to_be_in_viewport()
    expect(mine.chat.root.locator(".conversation > .message").last).to_contain_text("Please send a picture.")


@SIDES
def test_who_leaves_is_asked_first_and_told_afterwards(screens, side) -> None:
    shown = screens("Hello")
    mine, _theirs = both(shown, side)
    window = getattr(shown, side)
    asked: list[str] = []

    def answer(dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    mine.page.on("dialog", answer)
    expect(mine.button).to_be_visible()
    mine.slow(SLOW)
    mine.choose(file("big.pdf", pdf(900_000), "application/pdf"))
    expect(mine.bar).to_be_visible()
    mine.page.reload()
    assert asked == ["beforeunload"]
    reopen(window)
    left = files_of(window).upload("big.pdf")
    expect(left).to_contain_text("This page was left before the file was sent. Choose it again.")
    left.get_by_role("button", name="Remove").click()
    mine.page.reload()
    reopen(window)
    expect(files_of(window).button).to_be_visible()
    expect(left).to_have_count(0)
    assert sent(shown) == []


def test_an_agent_s_file_goes_up_while_another_chat_is_shown(screens, service) -> None:
    shown = screens("Hello")
    make_chat(service, agent=shown.chat.agent, customer=make_customer(service, "Ria"))
    shown.desk.page.reload()
    shown.desk.select("Jun")
    mine, theirs = both(shown, "desk")
    expect(mine.button).to_be_visible()
    mine.slow(50_000)
    mine.choose(file("big.pdf", pdf(300_000), "application/pdf"))
    expect(mine.bar).not_to_have_js_property("value", 0)
    shown.desk.select("Ria")
    expect(mine.uploads).to_have_count(0)
    shown.desk.select("Jun")
    expect(mine.upload("big.pdf")).to_contain_text(" %")
    shown.desk.select("Ria")
    expect(theirs.named("big.pdf")).to_be_visible()
    shown.desk.select("Jun")
    expect(mine.named("big.pdf")).to_be_visible()
    expect(mine.uploads).to_have_count(0)
    assert sent(shown) == ["big.pdf"]


@SIDES
def test_where_files_are_off_nothing_offers_them(screens, side, service, tmp_path: Path) -> None:
    service.chat_settings.files_on = False
    service.chat_settings.save()
    shown = screens("Hello")
    mine, _theirs = both(shown, side)
    path = tmp_path / "lamp.png"
    path.write_bytes(picture())
    expect(mine.chat.composer).to_be_visible()
    mine.drag(path, drop=False)
    expect(mine.button).to_have_count(0)
    expect(mine.area).to_have_count(0)
