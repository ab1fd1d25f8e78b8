"""The Chat Widget stays while its agent works: across pages, tabs, reloads, window sizes, until the permission goes."""

import re
from collections.abc import Callable

import pytest
from django.conf import settings
from playwright.sync_api import Page, expect

from agents.models import Agent, Service
from chat.models import Chat
from tests.browser.conftest import PHONE
from tests.browser.rows import make_agent_with_chat
from tests.browser.windows import SLOW_MILLISECONDS, Desk, HelpCenter, count_sockets
from tests.make import make_agent, make_message


@pytest.fixture
def desk(service: Service, signed_in_page: Callable[..., Page]) -> Desk:
    """Mina, who is an admin too, with Jun's chat open."""
    agent, _chat = make_agent_with_chat(service, "Hello")
    Agent.objects.filter(pk=agent.pk).update(role=Agent.Role.ADMIN)
    desk = Desk(signed_in_page(agent))
    desk.select("Jun")
    return desk


def test_the_widget_and_what_is_typed_survive_moving_between_pages(service: Service, signed_in_page):
    agent, _chat = make_agent_with_chat(service, "Hello")
    Agent.objects.filter(pk=agent.pk).update(role=Agent.Role.ADMIN)
    page = signed_in_page(agent, None)
    sockets, desk = count_sockets(page), Desk(page)
    page.goto("/")
    desk.select("Jun")
    desk.chat.composer.press_sequentially("half a ")
    desk.root.evaluate("element => { element.mine = true }")
    nav = page.get_by_role("navigation", name="Main")
    for name, heading in (
        ("Contract Details", "Contract Details"),
        ("Default Setting", "Default Setting"),
        ("Agents", "Agents"),
        ("Tickets", "Tickets"),
    ):
        nav.get_by_role("link", name=name, exact=True).click()
        expect(page.get_by_role("heading", name=heading, level=1)).to_be_visible()
        expect(nav.locator("[aria-current=page]")).to_have_text(name)
        expect(page).to_have_title(re.compile(f"^{heading}"))
    desk.chat.composer.press_sequentially("sentence")

    page.go_back()
    expect(page.get_by_role("heading", name="Agents", level=1)).to_be_visible()
    expect(nav.locator("[aria-current=page]")).to_have_text("Agents")
    page.go_back()
    expect(page.get_by_role("heading", name="Default Setting", level=1)).to_be_visible()
    page.go_forward()
    expect(page.get_by_role("heading", name="Agents", level=1)).to_be_visible()

    assert desk.root.evaluate("element => element.mine")
    assert len(sockets) == 1
    expect(desk.chat.composer).to_have_value("half a sentence")
    desk.chat.composer.press("Enter")
    expect(desk.chat.bodies).to_have_text(["Hello", "half a sentence"])


def test_a_form_of_the_page_is_sent_without_touching_the_widget(desk: Desk):
    page = desk.page
    desk.root.evaluate("element => { element.mine = true }")
    desk.close()
    page.get_by_role("link", name="New ticket").first.click()
    page.locator("#content").get_by_label("Subject").fill("A call")
    page.locator("#content").get_by_label("Description").fill("She called about her order.")
    page.locator("#content form").get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="A call")).to_be_visible()

    # Back to a filtered list, which is a whole page again.
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Tickets").click()
    expect(page.get_by_role("heading", name="Tickets", level=1)).to_be_visible()
    page.get_by_role("search", name="Filter tickets").get_by_label("State").select_option("processing")
    expect(page).to_have_url(re.compile(r"\?.*state=processing"))
    page.get_by_label("Search tickets").fill("call")
    expect(page).to_have_url(re.compile(r"\?.*q=call"))
    page.locator("#content").get_by_role("link", name="A call").click()
    expect(page.get_by_role("heading", name="A call")).to_be_visible()
    page.go_back()
    expect(page.get_by_label("Search tickets")).to_have_value("call")
    expect(page.get_by_role("heading", name="Tickets", level=1)).to_be_visible()
    expect(page.get_by_role("navigation", name="Main")).to_have_count(1)
    assert desk.root.evaluate("element => element.mine")


def test_a_reload_keeps_the_status_the_chat_and_the_draft(desk: Desk):
    desk.chat.composer.press_sequentially("half a sentence")
    desk.page.reload()
    expect(desk.dialog).to_be_visible()
    expect(desk.chat.composer).to_have_value("half a sentence")
    expect(desk.status("online")).to_have_attribute("aria-pressed", "true")
    expect(desk.entry("Jun")).to_have_attribute("aria-current", "true")
    desk.chat.composer.press("Enter")
    expect(desk.chat.bodies).to_have_text(["Hello", "half a sentence"])
    assert Chat.objects.get().state == Chat.State.ACTIVE


def test_the_status_is_the_same_in_every_tab(desk: Desk):
    second = Desk(desk.page.context.new_page())
    second.page.goto("/desk/demo/tickets/")
    second.open()
    expect(second.status("online")).to_have_attribute("aria-pressed", "true")
    desk.choose("break")
    expect(second.status("break")).to_have_attribute("aria-pressed", "true")
    expect(second.widget).to_have_attribute("data-status", "break")
    second.choose("online")
    expect(desk.status("online")).to_have_attribute("aria-pressed", "true")


def test_two_tabs_of_an_agent_show_the_same_chat(desk: Desk):
    second = Desk(desk.page.context.new_page())
    second.page.goto("/desk/demo/tickets/")
    second.select("Jun")
    second.chat.write("from the second tab")
    expect(desk.chat.bodies).to_have_text(["Hello", "from the second tab"])
    desk.tool("end").click()
    desk.popup.get_by_role("button", name="End chat").click()
    expect(second.chat.composer).to_be_hidden()
    expect(second.dialog.locator(".chat-header .pill")).to_have_text("Ended")


def test_without_the_permission_the_widget_goes_and_the_chat_goes_to_a_colleague(
    service: Service, signed_in_page, new_page
):
    mina = make_agent(service, "Mina", online=True)
    desk, center = Desk(signed_in_page(mina)), HelpCenter(new_page("/hc/demo/"))
    expect(desk.list).to_contain_text("No chats right now")
    center.start(name="Jun Park", message="Hello")
    desk.select("Jun Park")
    theo = Desk(signed_in_page(make_agent(service, "Theo", online=True)))
    expect(theo.list).to_contain_text("No chats right now")

    Agent.objects.filter(pk=mina.pk).update(chat_permission=False, chat_status=Agent.ChatStatus.OFFLINE)
    expect(desk.root).to_have_count(0)
    expect(center.panel.get_by_text("The agent was disconnected.")).to_be_visible()
    theo.select("Jun Park")
    expect(center.panel.get_by_text("Theo joined the chat.")).to_be_visible()
    expect(theo.chat.bodies).to_have_text(["Hello"])
    # The page itself goes on without the widget.
    desk.page.get_by_role("link", name="New ticket").first.click()
    expect(desk.page.get_by_role("heading", name="New ticket")).to_be_visible()
    expect(desk.root).to_have_count(0)


def test_earlier_messages_come_in_pages_and_the_view_stays(service: Service, signed_in_page: Callable[..., Page]):
    agent, chat = make_agent_with_chat(service, name="Mina")
    for number in range(1, 131):
        make_message(chat, f"line {number}", author="agent" if number % 3 == 0 else "customer")
    desk = Desk(signed_in_page(agent))
    desk.select("Jun")
    expect(desk.chat.messages).to_have_count(50)
    expect(desk.chat.message("line 130")).to_be_in_viewport()

    earlier = desk.chat.root.get_by_role("button", name="Earlier messages")
    top = desk.chat.messages.first
    seen = desk.chat.root.locator(f"#{top.get_attribute('id')}")
    desk.chat.scroll.evaluate("element => { element.scrollTop = 0 }")
    expect(desk.chat.messages).to_have_count(100)
    expect(seen).to_be_in_viewport()
    earlier.focus()  # whoever has no wheel comes to the button, and into its view
    expect(desk.chat.messages).to_have_count(130)
    expect(earlier).to_be_hidden()
    expect(desk.chat.bodies).to_have_text([f"line {number}" for number in range(1, 131)])


def test_the_dialog_fills_the_whole_window_and_shrinks_again(desk: Desk):
    desk.place("filled")
    assert covers_the_window(desk)
    desk.page.reload()
    expect(desk.chat.composer).to_be_visible()
    assert covers_the_window(desk)
    desk.place("floating")
    assert not covers_the_window(desk)


def test_on_a_phone_the_list_and_the_chat_take_turns(service: Service, signed_in_page: Callable[..., Page]):
    agent, _chat = make_agent_with_chat(service, "Hello")
    desk = Desk(signed_in_page(agent, viewport=PHONE, has_touch=True, is_mobile=True))
    desk.open()
    assert covers_the_window(desk)
    expect(desk.tool("place")).to_have_count(0)
    expect(desk.chat.root).to_be_hidden()
    desk.entry("Jun").tap()
    expect(desk.chat.body("Hello")).to_be_visible()
    expect(desk.list).to_be_hidden()
    assert desk.chat.composer.evaluate("element => parseFloat(getComputedStyle(element).fontSize)") >= 16
    desk.chat.write("Hello Jun")
    expect(desk.chat.body("Hello Jun")).to_be_in_viewport()
    desk.tool("back").tap()
    expect(desk.entry("Jun")).to_be_visible()
    expect(desk.chat.root).to_be_hidden()
    assert desk.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    desk.tool("close").tap()
    expect(desk.dialog).to_be_hidden()


def test_escape_closes_what_is_on_top(desk: Desk):
    desk.tool("end").click()
    expect(desk.popup).to_be_visible()
    desk.page.keyboard.press("Escape")
    expect(desk.popup).to_be_hidden()
    expect(desk.dialog).to_be_visible()
    desk.chat.composer.press("Escape")
    expect(desk.dialog).to_be_hidden()
    expect(desk.widget).to_be_focused()
    desk.page.keyboard.press("Enter")
    expect(desk.chat.composer).to_be_focused()


def test_a_session_that_ended_leads_to_the_sign_in(desk: Desk):
    desk.page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    desk.status("offline").click()
    expect(desk.page).to_have_url(re.compile("/sign-in/"))


def covers_the_window(desk: Desk) -> bool:
    box, window = desk.dialog.bounding_box(), desk.page.viewport_size
    return (box["x"], box["y"], box["width"], box["height"]) == (0, 0, window["width"], window["height"])


def test_a_click_counts_though_the_list_is_renewed_between_press_and_release(
    service: Service, signed_in_page: Callable[..., Page], new_page: Callable[..., Page]
):
    agent, _chat = make_agent_with_chat(service, "Hello")
    desk = Desk(signed_in_page(agent))
    desk.choose("online")
    center = HelpCenter(new_page("/hc/demo/"))
    desk.entry("Jun").hover()
    desk.page.mouse.down()
    center.start(name="Hana", message="Hello")
    expect(desk.widget).to_have_attribute("data-state", "ringing", timeout=SLOW_MILLISECONDS)
    desk.page.mouse.up()
    expect(desk.dialog.locator(".chat-header h3")).to_have_text("Jun")
    expect(desk.entry("Hana")).to_be_visible()


def test_an_agent_marks_the_own_chat_as_spam_and_takes_it_back(service, signed_in_page) -> None:
    agent, chat = make_agent_with_chat(service, "Buy now")
    desk = Desk(signed_in_page(agent))
    desk.select("Jun")
    menu, spam = desk.dialog.get_by_label("Actions").first, desk.dialog.locator(".chat-header .tag")
    menu.click()
    desk.dialog.get_by_role("button", name="Mark as spam").click()
    expect(spam).to_have_text("Spam")
    expect(desk.chat.composer).to_be_visible()
    menu.click()
    desk.dialog.get_by_role("button", name="No spam").click()
    expect(spam).to_have_count(0)
    menu.click()
    desk.dialog.get_by_role("button", name="Mark as spam").click()
    expect(spam).to_be_visible()
    desk.close()
    desk.page.goto(f"/desk/demo/chat/{chat.pk}/history/")
    expect(desk.page.get_by_text("This chat is marked as spam. Reports leave it out.")).to_be_visible()
    expect(desk.page.get_by_role("link", name="Block…")).to_have_count(0)
    desk.page.get_by_role("main").get_by_role("button", name="No spam").click()
    expect(desk.page.get_by_text("Marked as no spam.")).to_be_visible()
