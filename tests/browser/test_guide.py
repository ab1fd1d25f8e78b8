"""The guide, from ➊ to ➌, in two windows: an agent's and a customer's. Each step does what it says, by its labels."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from agents.models import Agent, AuditEntry, Service
from chat.models import Chat, Mask, Message
from tests.browser.windows import Desk, HelpCenter
from tests.make import PASSWORD, make_agent, make_help_center
from tickets.models import Ticket


@pytest.fixture
def new_service(transactional_db) -> Service:
    """As the operator leaves it: nothing of chat is on yet."""
    from agents.models import Contract

    service = Service.objects.create(slug="demo", name="Demo")
    Contract.objects.create(service=service)
    make_help_center(service, chat_enabled=False)
    return service


def test_the_guide_from_permissions_to_the_ticket(new_service: Service, new_page: Callable[..., Page]):
    admin = make_agent(new_service, "Ada", role=Agent.Role.ADMIN, chat_permission=False)
    mina = make_agent(new_service, "Mina", chat_permission=False)
    agent, visitor = new_page(reduced_motion="no-preference"), new_page("/hc/demo/")
    desk, center = Desk(agent), HelpCenter(visitor)

    expect(center.icon).to_be_hidden()
    set_chat_permissions(new_page(), admin, "Mina")

    sign_in(agent, mina)
    start_chat_support(desk)

    visitor.reload()
    start_chat(center)
    receive_chat(desk)
    talk(desk, center)

    mask(desk, center)

    create_ticket(desk)
    review_chat_history(desk, center)

    end_as_customer(desk, center)


def test_the_agent_ends_the_chat_and_the_customer_starts_a_new_one(service, signed_in_page, new_page):
    desk, center = Desk(signed_in_page(make_agent(service, "Mina", online=True))), HelpCenter(new_page("/hc/demo/"))
    expect(desk.widget).to_have_attribute("data-status", "online")
    center.start(name="Jun Park", message="Just a quick one")
    desk.select("Jun Park")

    desk.tool("end").click()
    expect(desk.popup).to_contain_text("End this chat?")
    desk.popup.get_by_role("link", name="Cancel").click()
    expect(desk.popup).to_be_hidden()
    desk.tool("end").click()
    desk.popup.get_by_role("button", name="End chat").click()

    expect(center.panel.get_by_text("This chat has ended.")).to_be_visible()
    expect(center.chat.composer).to_be_hidden()
    expect(center.panel.get_by_text("Mina ended the chat.")).to_be_visible()
    expect(desk.dialog.locator(".chat-header .pill")).to_have_text("Ended")
    expect(desk.entry("Jun Park")).to_have_count(0)
    assert Chat.objects.get().closed_by == Chat.ClosedBy.AGENT

    center.panel.get_by_role("button", name="Start a new chat").click()
    expect(center.stage("start")).to_be_visible()
    expect(center.panel.get_by_label("I have read the privacy policy")).not_to_be_checked()


# ➊ Set Chat Permissions


def sign_in(page: Page, agent: Agent) -> None:
    page.goto("/sign-in/")
    page.get_by_label("E-mail").fill(agent.user.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", name="Tickets", exact=True)).to_be_visible()


def set_chat_permissions(page: Page, admin: Agent, name: str) -> None:
    sign_in(page, admin)
    content, nav = page.locator("#content"), page.get_by_role("navigation", name="Main")
    expect(page.locator("chat-desk")).to_have_count(0)

    # Nothing further down can be switched on while the contract has no Chat.
    nav.get_by_role("link", name="Default Setting").click()
    expect(content.get_by_label("Chat enabled")).to_be_disabled()

    nav.get_by_role("link", name="Contract Details").click()
    content.get_by_label("Chat", exact=True).check()
    content.get_by_label("Chat seats").fill("2")
    content.get_by_role("button", name="Save").click()
    expect(content.locator(".notice-success")).to_be_visible()

    expect(nav.get_by_text("Service Management")).to_be_visible()
    nav.get_by_role("link", name="Default Setting").click()
    content.get_by_label("Chat enabled").check()
    content.get_by_label("Greeting").first.fill("Welcome to Demo!")
    content.get_by_role("button", name="Save").click()
    expect(content.locator(".notice-success")).to_be_visible()

    nav.get_by_role("link", name="Agents").click()
    content.get_by_role("link", name=name).click()
    expect(content.get_by_role("heading", name=name, level=1)).to_be_visible()
    content.get_by_label("Chat permission").check()
    content.get_by_role("button", name="Save").click()
    expect(content.locator(".notice-success")).to_be_visible()


# ➋ Start a Chat Support


def start_chat_support(desk: Desk) -> None:
    expect(desk.widget).to_have_accessible_name("Chat Widget")
    box, window = desk.widget.bounding_box(), desk.page.viewport_size
    assert box["x"] > window["width"] - 100
    assert box["y"] > window["height"] - 100
    desk.widget.click()
    expect(desk.dialog).to_be_visible()
    expect(desk.status("offline")).to_have_attribute("aria-pressed", "true")
    expect(desk.list).to_contain_text("You are Offline")
    desk.dialog.get_by_role("button", name="Online").click()
    expect(desk.status("online")).to_have_attribute("aria-pressed", "true")
    expect(desk.list).to_contain_text("No chats right now")
    desk.close()


# 2-1 Chat Reception


def start_chat(center: HelpCenter) -> None:
    expect(center.icon).to_be_visible()
    box, window = center.icon.bounding_box(), center.page.viewport_size
    assert box["x"] > window["width"] - 100
    assert box["y"] > window["height"] - 100
    center.icon.click()
    panel = center.panel
    expect(panel.get_by_role("region", name="Privacy policy")).to_contain_text("Policy 1 en")
    panel.get_by_label("Name").fill("Jun Park")
    panel.get_by_label("E-mail").fill("jun@example.com")
    panel.get_by_label("How can we help?").fill("Where is my order?")

    panel.get_by_role("button", name="Start chat").click()
    expect(panel.get_by_text("please agree to the privacy policy")).to_be_visible()
    assert not Chat.objects.exists()
    expect(panel.get_by_label("How can we help?")).to_have_value("Where is my order?")

    panel.get_by_label("I have read the privacy policy and agree to it.").check()
    panel.get_by_role("button", name="Start chat").click()
    expect(panel.get_by_text("An agent will be with you in a moment.")).to_be_visible()
    chat = Chat.objects.get()
    assert (chat.policy.version, chat.policy.language) == (1, "en")
    assert chat.page == center.page.url


# 2-2 Chat Handling


def receive_chat(desk: Desk) -> None:
    expect(desk.widget).to_have_attribute("data-state", "ringing")
    expect(desk.count("ringing")).to_have_text("1")
    expect(desk.page).to_have_title(re.compile(r"^\(1\) New chat from a customer – "))
    assert desk.widget.evaluate("element => getComputedStyle(element).animationName") == "ring-blink"
    expect(desk.root.locator("[data-part=announce]")).to_have_text("New chat from a customer")

    desk.widget.click()
    expect(desk.list.get_by_role("heading", name="Active Chats")).to_be_visible()
    entry = desk.entry("Jun Park")
    expect(entry).to_have_attribute("data-state", "ringing")
    expect(entry).to_contain_text("Where is my order?")
    expect(entry.locator("[data-part=wait] time")).to_have_text(re.compile(r"^\d+:\d\d$"))
    expect(entry.locator(".count")).to_have_text("1")
    entry.click()

    expect(desk.chat.body("Where is my order?")).to_be_visible()
    expect(desk.chat.composer).to_be_focused()
    expect(desk.widget).to_have_attribute("data-state", "idle")
    expect(desk.page).to_have_title(re.compile(r"^\(1\) Waiting for an answer – Tickets"))
    expect(desk.customer).to_contain_text("jun@example.com")
    expect(desk.customer).to_contain_text("Privacy policy, version 1")
    assert Chat.objects.get().state == Chat.State.ACTIVE


def talk(desk: Desk, center: HelpCenter) -> None:
    expect(center.panel.get_by_text("Mina joined the chat.")).to_be_visible()
    # Who has written already is not greeted.
    expect(center.panel.get_by_text("Welcome to Demo!")).to_have_count(0)
    expect(center.panel.get_by_text("An agent will be with you in a moment.")).to_be_hidden()

    desk.chat.composer.press_sequentially("Hello Jun!")
    expect(center.chat.typing).to_contain_text("The agent is typing")
    desk.chat.composer.press("Enter")
    expect(center.chat.body("Hello Jun!")).to_be_visible()
    expect(center.chat.typing).to_be_empty()
    expect(desk.chat.composer).to_have_value("")
    expect(desk.chat.receipts("Hello Jun!")).to_have_text(re.compile("Read|Delivered"))
    center.chat.composer.focus()
    expect(desk.chat.receipts("Hello Jun!")).to_have_text("Read")

    center.chat.composer.press_sequentially("see ")
    expect(desk.chat.typing).to_contain_text("Jun Park is typing")
    center.chat.composer.fill("see https://shop.example/orders?id=7&b=<1>\nmy door opens with hunter2 🐶\nthanks")
    center.chat.composer.press("Enter")
    body = desk.chat.body("hunter2")
    expect(body).to_have_text("see https://shop.example/orders?id=7&b=<1>\nmy door opens with hunter2 🐶\nthanks")
    assert body.inner_text().count("\n") == 2
    link = body.get_by_role("link")
    expect(link).to_have_attribute("href", "https://shop.example/orders?id=7&b=")
    expect(link).to_have_attribute("rel", re.compile("noopener.*nofollow"))
    expect(link).to_have_attribute("target", "_blank")
    expect(desk.chat.message("hunter2").locator("time")).to_have_text(re.compile(r"^\d\d:\d\d$"))
    desk.chat.composer.focus()
    expect(center.chat.receipts("hunter2")).to_have_text("Read")
    assert list(Message.objects.filter(event="").order_by("seq").values_list("author", flat=True)) == [
        "customer",
        "agent",
        "customer",
    ]


# 2-3 개인정보 마스킹


def mask(desk: Desk, center: HelpCenter) -> None:
    stored = "see https://shop.example/orders?id=7&b=<1>\nmy door opens with ******* 🐶\nthanks"
    desk.mask_text(desk.chat.body("hunter2"), "hunter2")
    expect(desk.chat.masks).to_have_text("*******")
    expect(center.chat.masks).to_have_text("*******")
    expect(desk.chat.body("my door opens")).to_have_text(stored)
    expect(center.chat.body("my door opens")).to_have_text(stored)
    assert Message.objects.get(body__contains="door opens").body == stored
    assert b"hunter2" not in bytes(Mask.objects.get().sealed)

    desk.chat.masks.click()
    expect(desk.chat.masks).to_have_text("hunter2")
    expect(center.chat.masks).to_have_text("*******")
    assert AuditEntry.objects.filter(action="chat.revealed").count() == 1
    desk.chat.masks.click()
    expect(desk.chat.masks).to_have_text("*******")

    # A customer can't look under it, and neither key nor click finds anything there.
    center.chat.masks.click()
    expect(center.chat.masks).to_have_text("*******")
    assert center.chat.masks.get_attribute("role") is None

    center.chat.write("card 4111 1111 1111 1111")
    expect(desk.chat.body("card")).to_have_text("card *******************")
    assert not Message.objects.filter(body__contains="4111").exists()


# ➌ Create a Ticket


def create_ticket(desk: Desk) -> None:
    desk.dialog.get_by_role("button", name="Create Ticket").click()
    subject = desk.popup.get_by_label("Subject")
    expect(subject).not_to_have_value("")
    subject.fill("Order 7")
    desk.popup.get_by_role("button", name="Create Ticket").dblclick()
    desk.popup.get_by_role("link", name="Ticket #1").click()
    expect(desk.page).to_have_url(re.compile(r"/desk/demo/tickets/1/$"))
    expect(desk.popup).to_be_hidden()
    expect(desk.page.locator("#content .tag")).to_contain_text("Chat")
    expect(desk.page.locator("#content .tag button")).to_have_count(0)
    ticket = Ticket.objects.get()
    assert (ticket.subject, ticket.chat) == ("Order 7", Chat.objects.get())


def review_chat_history(desk: Desk, center: HelpCenter) -> None:
    desk.close()
    menu = desk.page.get_by_role("complementary", name="Quick Menu")
    menu.get_by_role("link", name="Chat history").click()
    history = menu.locator("chat-history")
    expect(history).to_contain_text("Where is my order?")
    expect(history).to_contain_text("my door opens with *******")
    expect(history).not_to_contain_text("hunter2")

    center.chat.write("One more thing, after the ticket")
    expect(history).to_contain_text("One more thing, after the ticket")
    desk.open()
    desk.mask_text(desk.chat.body("One more thing"), "thing")
    expect(history).to_contain_text("One more *****, after the ticket")


def end_as_customer(desk: Desk, center: HelpCenter) -> None:
    center.end()
    expect(center.panel.get_by_text("This chat has ended.")).to_be_visible()
    expect(desk.chat.composer).to_be_hidden()
    expect(desk.dialog.locator(".chat-header .pill")).to_have_text("Ended")
    expect(desk.list).to_contain_text("No chats right now")
    assert Chat.objects.get().closed_by == Chat.ClosedBy.CUSTOMER
