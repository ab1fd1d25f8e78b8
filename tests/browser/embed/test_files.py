"""Files in the chat on another site: its frame has an origin of its own, and on a phone little room."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Dialog, Page, expect

from agents.models import Service
from tests.browser.embed.shop import PHONE, SIZES, Shop, center_of, icon_of
from tests.browser.embed.test_across_pages import PAGE, deny, next_page
from tests.browser.files import Files, file, pdf
from tests.browser.windows import Desk, HelpCenter
from tests.chat.files import PDF, picture
from tests.make import make_agent


@pytest.fixture
def desk(service: Service, signed_in_page: Callable[..., Page]) -> Desk:
    return Desk(signed_in_page(make_agent(service, "Mina", online=True)))


def started(page: Page, desk: Desk) -> tuple[HelpCenter, Files, Files]:
    center = center_of(page)
    center.start(message="Hello")
    conversation = desk.select("Jun Park")
    return center, Files(center.chat, page), Files(conversation, desk.page)


def sends_and_receives(mine: Files, theirs: Files) -> None:
    mine.choose(file("lamp.png", picture(), "image/png"))
    expect(theirs.shown.locator("img")).to_be_visible()
    theirs.choose(file("other lamp.png", picture(), "image/png"), file("price.pdf", PDF, "application/pdf"))
    expect(mine.shown.locator("img")).to_have_count(2)
    for image in mine.shown.locator("img").all():
        expect(image).not_to_have_js_property("naturalWidth", 0)
    with mine.page.context.expect_page() as opened:
        mine.named("other lamp.png").get_by_role("button", name="Open").click()
    expect(opened.value.locator("img")).to_be_visible()
    opened.value.close()
    with mine.page.expect_download() as saved:
        mine.named("price.pdf").get_by_role("button", name="Download").click()
    assert saved.value.suggested_filename == "price.pdf"


@SIZES
def test_files_go_both_ways_in_the_frame(visit, desk: Desk, size: dict, console: list[str]):
    _center, mine, theirs = started(visit(size=size), desk)
    sends_and_receives(mine, theirs)
    assert not console


def test_files_go_both_ways_without_a_storage(visit, site: Shop, desk: Desk):
    page = visit(PAGE, locale="en-ZA")
    deny(page.context, site.desk, site.origin)
    next_page(page, site)
    _center, mine, theirs = started(page, desk)
    sends_and_receives(mine, theirs)


def test_who_goes_to_the_sites_next_page_is_asked_first_and_told_there(visit, site: Shop, desk: Desk):
    page = visit(PAGE)
    _center, mine, _theirs = started(page, desk)
    asked: list[str] = []

    def go(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    page.on("dialog", go)
    expect(mine.button).to_be_visible()
    mine.slow(20_000)
    mine.choose(file("big.pdf", pdf(900_000), "application/pdf"))
    expect(mine.bar).not_to_have_js_property("value", 0)
    next_page(page, site)
    assert asked == ["beforeunload"]
    icon_of(page).click()
    left = Files(center_of(page).chat, page).upload("big.pdf")
    expect(left).to_contain_text("This page was left before the file was sent. Choose it again.")


BUTTONS = ["Send files", "Take a picture"]


def test_on_a_phone_the_buttons_are_large_and_one_is_the_camera(visit, desk: Desk):
    center, mine, _theirs = started(visit(size=PHONE, has_touch=True, is_mobile=True), desk)
    for name in BUTTONS:
        box = center.chat.root.get_by_role("button", name=name).bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 44, (name, box)
    with mine.page.expect_file_chooser() as opened:
        center.chat.root.get_by_role("button", name="Take a picture").click()
    assert not opened.value.is_multiple()
    chooser = mine.root.locator("chat-files input")
    expect(chooser).to_have_attribute("capture", "")
    expect(chooser).to_have_attribute("accept", "image/*")


@pytest.mark.parametrize("size", [(667, 320), (568, 320), (390, 844), (320, 640)])
def test_the_composer_is_as_high_as_without_files(visit, desk: Desk, size: tuple[int, int]):
    window = {"width": size[0], "height": size[1]}
    center, mine, _theirs = started(visit(size=window, has_touch=True, is_mobile=True), desk)
    expect(mine.button).to_be_in_viewport(ratio=1)
    expect(center.chat.root.get_by_role("button", name="Send", exact=True)).to_be_in_viewport(ratio=1)
    box = center.chat.root.locator(".composer-box")
    height = box.evaluate("box => box.offsetHeight")
    box.locator("chat-files").evaluate("files => files.remove()")
    assert box.evaluate("box => box.offsetHeight") == height
