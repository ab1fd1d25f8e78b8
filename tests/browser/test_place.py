"""The dialog beside the page, over it, or in its stead: nothing is covered, nothing jumps, the agent's choice stays."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from agents.models import Agent, Service
from tests.browser.conftest import PHONE
from tests.browser.rows import make_agent_with_chat
from tests.browser.windows import Desk
from tests.make import make_chat, make_customer, make_message, make_ticket

CUSTOMERS = ("Hana", "김민수", "Lee", "Alexandria Montgomery", "박지훈", "Kim", "Ravi", "Zoë")
VISIBLE_MIN = 7
STEP_PX = 16
MEASURE_MAX_CH = 80
IN_ITS_COLUMN = """entry => {
  const box = entry.getBoundingClientRect(), x = box.x + box.width / 2;
  return [box.top + 1, box.bottom - 1].every((y) => entry.contains(document.elementFromPoint(x, y)));
}"""


@pytest.fixture
def agent(service: Service) -> Agent:
    agent, chat = make_agent_with_chat(service, "Hello", customer="Jun")
    make_message(chat, "A long line of words that goes on and on. " * 12)
    now = timezone.now()
    for number, name in enumerate(CUSTOMERS):
        since = now - timedelta(minutes=number) if number % 2 else None
        one = make_chat(service, agent=agent, customer=make_customer(service, name), customer_waits_since=since)
        make_message(one, "Can I still change the colour?")
    return agent


@pytest.fixture
def desk(agent: Agent, service: Service, signed_in_page: Callable[..., Page]) -> Desk:
    desk = Desk(signed_in_page(agent, f"/desk/demo/tickets/{make_ticket(service, body='Where is it?').number}/"))
    desk.select("Jun")
    return desk


def left(element: Locator) -> float:
    return element.bounding_box()["x"]


def right(element: Locator) -> float:
    box = element.bounding_box()
    return box["x"] + box["width"]


def width(element: Locator) -> float:
    return element.bounding_box()["width"]


def assert_inside(element: Locator, page: Page) -> None:
    box, size = element.bounding_box(), page.viewport_size
    assert min(box["x"], box["y"]) >= 0, box
    assert box["x"] + box["width"] <= size["width"], box
    assert box["y"] + box["height"] <= size["height"], box


def test_a_ticket_and_the_docked_dialog_are_used_side_by_side(desk: Desk):
    desk.place("docked")
    page = desk.page
    comment = page.locator("#content .ticket-composer-comment textarea")
    parts = {
        "Quick Menu": page.locator("#quick-menu"),
        "state": page.locator("#content .page-actions"),
        "comment": comment,
        "text": page.locator("#content .split > .stack"),
    }
    for name, part in parts.items():
        expect(part).to_be_in_viewport()
        assert right(part) <= left(desk.dialog), name
        assert left(part) >= 0, name
    assert right(comment) <= left(parts["Quick Menu"])
    assert_inside(parts["Quick Menu"], page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    comment.fill("Called back")
    desk.chat.composer.fill("One moment")
    page.get_by_role("button", name="Add internal comment").click()
    expect(page.locator("#content").get_by_text("Called back")).to_be_visible()
    expect(desk.chat.composer).to_have_value("One moment")
    page.get_by_role("button", name="Assign to me").click()
    expect(page.locator("#content .page-actions")).to_contain_text("Processing")


def test_the_docked_dialog_is_resized_by_pointer_and_by_keys_and_stays_so(desk: Desk):
    desk.place("docked")
    page, handle = desk.page, desk.dialog.get_by_role("separator", name="Width of the chat")
    begin = width(desk.dialog)
    expect(handle).to_have_attribute("aria-valuenow", f"{begin:.0f}")
    expect(handle).to_have_attribute("aria-orientation", "vertical")
    box = handle.bounding_box()
    page.mouse.move(box["x"] + 3, 300)
    page.mouse.down()
    page.mouse.move(box["x"] - 57, 320, steps=3)
    page.mouse.up()
    dragged = width(desk.dialog)
    assert dragged == pytest.approx(begin + 60, abs=5)
    handle.focus()
    page.keyboard.press("ArrowLeft")
    assert width(desk.dialog) == pytest.approx(dragged + STEP_PX, abs=1)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    kept = width(desk.dialog)
    assert kept == pytest.approx(dragged - STEP_PX, abs=1)
    expect(handle).to_have_attribute("aria-valuenow", f"{kept:.0f}")

    page.reload()
    expect(desk.chat.composer).to_be_visible()
    assert width(desk.dialog) == kept
    handle.focus()
    page.keyboard.press("Home")
    assert width(desk.dialog) == float(handle.get_attribute("aria-valuemin"))
    page.keyboard.press("End")
    assert width(desk.dialog) == float(handle.get_attribute("aria-valuemax"))
    assert right(page.locator("#content")) == left(desk.dialog)
    assert width(page.locator("#content")) >= page.viewport_size["width"] / 2
    handle.dblclick()
    assert width(desk.dialog) == begin


def test_the_page_leaves_the_room_before_the_dialog_is_there(desk: Desk):
    """Without the dialog's script the page is drawn as with it: nothing moves when the dialog comes."""
    desk.place("docked")
    page, content = desk.page, desk.page.locator("#content")
    page.get_by_role("button", name="Menu", exact=True).click()
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Chat History").click()
    expect(page.get_by_role("heading", name="Chat History", level=1)).to_be_visible()
    room = content.bounding_box()
    assert right(content) == left(desk.dialog)
    page.context.route("**/chat-desk*.js", lambda route: route.abort())
    page.reload()
    expect(page.get_by_role("heading", name="Chat History", level=1)).to_be_visible()
    assert (content.bounding_box()["x"], content.bounding_box()["width"]) == (room["x"], room["width"])
    page.context.unroute("**/chat-desk*.js")
    page.reload()
    expect(desk.chat.composer).to_be_visible()
    desk.close()
    assert right(content) == page.viewport_size["width"]


def test_the_floating_dialog_is_dragged_and_stays_in_the_window(desk: Desk):
    page, title = desk.page, desk.dialog.locator(".chat-dialog-title")
    page.set_viewport_size({"width": 1500, "height": 900})
    begin = desk.dialog.bounding_box()
    drag(page, title, -200, -60)
    moved = desk.dialog.bounding_box()
    assert (moved["x"], moved["y"]) == (begin["x"] - 200, begin["y"] - 60)
    drag(page, title, -2000, -2000)
    assert (desk.dialog.bounding_box()["x"], desk.dialog.bounding_box()["y"]) == (0, 0)
    for size in ((1000, 700), (800, 500), (1500, 900)):
        page.set_viewport_size({"width": size[0], "height": size[1]})
        assert_inside(desk.dialog, page)
    page.reload()
    expect(desk.chat.composer).to_be_visible()
    assert left(desk.dialog) == 0
    desk.status("break").click()  # a click on a button of the head drags nothing
    expect(desk.widget).to_have_attribute("data-status", "break")


def drag(page: Page, element: Locator, x: float, y: float) -> None:
    box = element.bounding_box()
    start = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(start[0] + x, start[1] + y, steps=4)
    page.mouse.up()


def test_filled_has_three_columns_and_lines_that_can_be_read(desk: Desk):
    desk.page.set_viewport_size({"width": 1920, "height": 1080})
    desk.place("filled")
    assert right(desk.list.locator("section")) <= left(desk.chat.root)
    assert right(desk.chat.root) <= left(desk.customer)
    assert desk.customer.bounding_box()["height"] > desk.page.viewport_size["height"] * 0.9
    long = desk.chat.body("A long line")
    characters = "body => parseFloat(getComputedStyle(body).width) / measure(body)"
    measure = """(body) => {
      const zero = body.appendChild(Object.assign(document.createElement("span"), { textContent: "0" }));
      zero.style.display = "inline-block";
      const { width } = zero.getBoundingClientRect();
      zero.remove();
      return width;
    }"""
    assert long.evaluate(f"body => {{ const measure = {measure}; return ({characters})(body); }}") <= MEASURE_MAX_CH
    middle = (left(desk.chat.root) + right(desk.chat.root)) / 2
    column = desk.chat.root.locator(".conversation")
    assert (left(column) + right(column)) / 2 == pytest.approx(middle, abs=8)  # beside a scroll bar
    order = "element => [...element.querySelectorAll('.chat-entry, textarea')].map((one) => one.localName)"
    assert desk.dialog.evaluate(order)[0] == "button"  # the keyboard comes to Active Chats first
    for part in (desk.list.locator("section"), desk.chat.scroll, desk.customer.locator("section")):
        assert part.evaluate("element => getComputedStyle(element).overflowY") == "auto"


def test_behind_the_filled_dialog_keys_reach_nothing(desk: Desk):
    page = desk.page
    desk.place("filled")
    desk.status("online").focus()
    page.keyboard.press("Shift+Tab")
    assert page.evaluate("document.activeElement.closest('.desk-room')") is None
    desk.place("floating")
    desk.status("online").focus()
    page.keyboard.press("Shift+Tab")
    assert page.evaluate("document.activeElement.closest('.desk-room') !== null")


@pytest.mark.parametrize("size", [{"width": 1280, "height": 800}, PHONE])
def test_a_link_in_a_dialog_that_covers_the_page_shows_the_page(desk: Desk, service: Service, size: dict):
    make_agent_with_chat(service, "Hello again", name="Theo", customer="Kim")  # of the same address
    page = desk.page
    desk.place("filled")
    page.set_viewport_size(size)
    if size == PHONE:
        desk.tool("back").click()
    desk.entry("Hana").click()
    expect(desk.dialog.locator(".chat-header h3")).to_have_text("Hana")
    if size == PHONE:
        desk.tool("customer").click()
    desk.customer.get_by_role("link", name="Chat with").first.click()
    expect(page).to_have_url(re.compile("/chat/[0-9]+/history/"))
    expect(page.locator("#content h1")).to_be_visible()
    expect(desk.dialog).to_be_hidden()
    desk.open()
    expect(desk.dialog).to_have_attribute("data-place", "filled")
    expect(desk.dialog.locator(".chat-header h3")).to_have_text("Hana")


def test_a_dialog_that_comes_back_with_the_page_takes_no_focus(desk: Desk):
    desk.page.reload()
    expect(desk.chat.composer).to_be_visible()
    expect(desk.chat.composer).not_to_be_focused()
    assert desk.page.evaluate("document.activeElement.closest('#chat-dialog')") is None


@pytest.mark.parametrize("place", ["docked", "floating", "filled"])
def test_seven_of_nine_chats_are_in_view(desk: Desk, place: str):
    desk.place(place)
    if place != "docked":
        expect(desk.customer.get_by_role("heading", name="Customer", exact=True)).to_be_in_viewport()
        assert visible_entries(desk) >= VISIBLE_MIN
        return
    expect(desk.chat.composer).to_be_visible()
    assert visible_entries(desk) >= VISIBLE_MIN
    desk.tool("customer").click()
    expect(desk.customer.get_by_role("heading", name="Customer", exact=True)).to_be_in_viewport()
    assert visible_entries(desk) >= VISIBLE_MIN
    desk.tool("leave-customer").click()
    desk.tool("back").click()
    expect(desk.chat.root).to_be_hidden()
    expect(desk.entry("Hana")).to_contain_text("Can I still change the colour?")
    assert visible_entries(desk) == len(CUSTOMERS) + 1


def visible_entries(desk: Desk) -> int:
    desk.page.mouse.move(5, 5)
    entries = desk.list.locator(".chat-entry")
    expect(entries).to_have_count(len(CUSTOMERS) + 1)
    return sum(entry.evaluate(IN_ITS_COLUMN) for entry in entries.all())


def test_the_choice_is_the_agents_and_outlives_the_tab(desk: Desk, service: Service, agent: Agent):
    desk.place("docked")
    page = desk.page
    page.evaluate("sessionStorage.clear()")
    page.reload()
    desk.open()
    expect(desk.dialog).to_have_attribute("data-place", "docked")
    key = f"contiple-place-{agent.pk}"
    assert page.evaluate("key => JSON.parse(localStorage.getItem(key)).place", key) == "docked"
    page.evaluate("key => localStorage.setItem(key, '{broken')", key)
    page.reload()
    desk.open()
    expect(desk.dialog).to_have_attribute("data-place", "floating")


def test_on_a_phone_it_always_fills_the_window(agent: Agent, signed_in_page: Callable[..., Page]):
    page = signed_in_page(agent)
    desk = Desk(page)
    desk.open()
    desk.place("docked")
    page.set_viewport_size(PHONE)
    box = desk.dialog.bounding_box()
    assert (box["width"], box["height"]) == (PHONE["width"], PHONE["height"])
    expect(desk.tool("place")).to_have_count(0)
    assert width(page.locator("#content")) == PHONE["width"]
