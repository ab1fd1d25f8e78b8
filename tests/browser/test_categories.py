"""A category in its people's hands: found by typing, by keyboard, in Korean; asked for at the end, and filtered by."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from agents.models import Agent, Service
from chat.categories import Category
from chat.models import Chat
from chat.service_settings import ChatSettings
from tests.browser.rows import make_agent_with_chat
from tests.browser.windows import Desk
from tests.chat.categories import make_category
from tests.make import make_chat, make_customer

PATHS = ("Order", "Order › Delivery", "Order › Delivery › Late", "Order › Payment", "Account")


@pytest.fixture
def categories(service: Service) -> dict[str, Category]:
    return {path: make_category(service, path) for path in PATHS}


def box(root: Page | Locator) -> Locator:
    return root.get_by_role("combobox", name="Category")


def options(root: Page | Locator) -> Locator:
    return root.get_by_role("option")


def category_now() -> str:
    category = Chat.objects.select_related("category__parent__parent").get().category
    return category.path if category else ""


def test_it_is_found_by_typing_and_chosen_by_keyboard(service: Service, categories, signed_in_page) -> None:
    agent, _chat = make_agent_with_chat(service, "Where is it?")
    desk = Desk(signed_in_page(agent))
    desk.select("Jun")
    field = box(desk.dialog)
    expect(field).to_have_value("No category")
    field.focus()
    field.press("ArrowDown")
    expect(options(desk.dialog)).to_have_count(6)
    field.fill("order late")
    expect(options(desk.dialog)).to_have_text(["Order › Delivery › Late"])
    field.press("Escape")  # closes the list, and not the dialog
    expect(desk.dialog).to_be_visible()
    expect(options(desk.dialog)).to_have_count(0)
    expect(field).to_have_value("No category")

    field.fill("deliv")
    expect(options(desk.dialog)).to_have_count(2)
    field.press("ArrowDown")
    field.press("Enter")
    expect(field).to_have_value("Order › Delivery › Late")
    expect(desk.dialog.get_by_text("Saved.")).to_be_visible()
    assert category_now() == "Order › Delivery › Late"

    field.fill("nothing like it")
    expect(desk.dialog.get_by_text("No category matches")).to_be_visible()
    field.press("Enter")
    field.blur()
    expect(field).to_have_value("Order › Delivery › Late")
    desk.page.reload()
    expect(box(desk.dialog)).to_have_value("Order › Delivery › Late")


def test_korean_is_found_while_it_is_typed(service: Service, signed_in_page) -> None:
    Category.objects.create(service=service, names={"en": "Order", "ko": "주문"})
    agent, chat = make_agent_with_chat(service)
    page = signed_in_page(agent, f"/desk/demo/chat/{chat.pk}/history/", locale="ko-KR")
    field = page.locator("main").get_by_role("combobox", name="카테고리")
    field.click()
    keyboard = page.context.new_cdp_session(page)
    for text in ("ㅈ", "주", "줌", "주무", "주문"):
        where = {"selectionStart": len(text), "selectionEnd": len(text)}
        keyboard.send("Input.imeSetComposition", {"text": text, **where})
        expect(options(page.locator("main"))).to_have_text(["주문"])
    field.evaluate(
        """box => {
          const enter = { key: "Enter", bubbles: true, cancelable: true, isComposing: true };
          return box.dispatchEvent(new KeyboardEvent("keydown", enter));
        }"""
    )
    assert category_now() == ""
    keyboard.send("Input.insertText", {"text": "주문"})
    field.press("Enter")
    expect(page.locator("main").get_by_text("저장되었습니다.")).to_be_visible()
    assert category_now() == "Order"


def test_the_end_asks_for_it_where_it_is_required(service: Service, categories, signed_in_page) -> None:
    ChatSettings.objects.update(category_required=True)
    agent, _chat = make_agent_with_chat(service, "Thank you!")
    desk = Desk(signed_in_page(agent))
    desk.select("Jun")
    desk.tool("end").click()
    desk.popup.get_by_role("button", name="End chat").click()
    expect(desk.popup.get_by_role("alert")).to_have_text("Choose a category before you end the chat.")
    expect(box(desk.popup)).to_be_focused()
    box(desk.popup).click()
    options(desk.popup).filter(has_text="Payment").click()
    desk.popup.get_by_role("button", name="End chat").click()
    expect(desk.popup).to_be_hidden()
    expect(desk.dialog.get_by_text("This chat has ended.")).to_be_visible()
    expect(box(desk.dialog)).to_have_value("Order › Payment")
    assert category_now() == "Order › Payment"


def test_a_refusal_is_told_and_shows_what_is_true(service: Service, categories, signed_in_page) -> None:
    agent, _chat = make_agent_with_chat(service)
    desk = Desk(signed_in_page(agent))
    desk.select("Jun")
    Category.objects.filter(pk=categories["Account"].pk).update(removed_at="2026-01-01T00:00Z")
    box(desk.dialog).click()
    options(desk.dialog).filter(has_text="Account").click()
    expect(desk.dialog.get_by_text("not offered any more")).to_be_visible()
    expect(box(desk.dialog)).to_have_value("No category")
    assert category_now() == ""


def test_an_admin_makes_the_tree_by_mouse(service: Service, admin: Agent, signed_in_page) -> None:
    page = signed_in_page(admin, "/desk/demo/chat/categories/")
    for add, name in (("New category", "Order"), ("Add below Order", "Delivery"), ("Add below Delivery", "Late")):
        page.get_by_role("link", name=add).click()
        page.get_by_label("Name (English)").fill(name)
        page.get_by_role("button", name="Save").click()
        expect(page.locator(".list .row-link").filter(has_text=name)).to_be_visible()
    page.get_by_role("link", name="Remove Delivery").click()
    expect(page.get_by_text("Order › Delivery › Late")).to_be_visible()
    page.get_by_role("button", name="Remove").click()
    expect(page.locator(".list .row-link")).to_have_text(["Order"])


def test_filters_of_chat_history_are_in_the_address_and_cleared(service: Service, admin: Agent, signed_in_page) -> None:
    category = make_category(service, "Order › Delivery")
    for name, filed in (("Hana", category), ("Noah", None)):
        make_chat(service, customer=make_customer(service, name), state=Chat.State.CLOSED, category=filed)
    page = signed_in_page(admin, "/desk/demo/chats/")
    rows = page.locator("#chats-results .row-link")
    expect(rows).to_have_text(["Noah", "Hana"])
    page.get_by_label("Category").select_option("Order")
    expect(rows).to_have_text(["Hana"])
    page.get_by_label("How it ended").select_option("By the agent")
    expect(page).to_have_url(re.compile("ended=agent"))
    rows.click()
    expect(page).to_have_url(re.compile("/history/$"))
    expect(page.get_by_role("heading", name="Chat history", exact=True)).to_be_visible()
    page.go_back()
    expect(page).to_have_url(re.compile("ended=agent"))
    expect(rows).to_have_text(["Hana"])
    expect(page.get_by_label("Category")).to_have_value(str(category.parent_id))
    expect(page.get_by_label("How it ended")).to_have_value("agent")
    with page.expect_download() as download:
        page.get_by_role("link", name="Export").click()
        page.get_by_label("Reason", exact=True).fill("Monthly review")
        page.get_by_role("button", name="Export").click()
    assert re.fullmatch(r"chats-demo-[\d-]{10}\.xlsx", download.value.suggested_filename)
    page.goto("/desk/demo/chats/?category=none")
    expect(rows).to_have_text(["Noah"])
    page.get_by_role("link", name="Clear").click()
    expect(rows).to_have_text(["Noah", "Hana"])
