"""What is changed in a form of settings and not saved: Save stays in view, and leaving asks first."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from agents.models import Agent, Service
from chat.routing.chat_settings import chat_settings_of
from tests.browser.conftest import PHONE
from tests.make import make_agent

SETTINGS = "/desk/demo/chat/settings/"
# A page, and a field of it with a value that can be saved.
PAGES = [
    (SETTINGS, "queue_limit", "7"),
    ("/desk/demo/help-center/", "title_en", "Help for all"),
    ("/desk/demo/masking/", "reveals_per_hour", "31"),
    ("/desk/demo/ticket-settings/", "urgent_answer", "3"),
    ("/desk/demo/contract/", "chats_at_once", "6"),
]


@pytest.fixture
def admin(service: Service) -> Agent:
    return make_agent(service, "Ada", role="admin")


@pytest.fixture
def page(signed_in_page: Callable[..., Page], admin: Agent) -> Page:
    return signed_in_page(admin, SETTINGS)


def note(page: Page) -> Locator:
    return page.get_by_role("status").get_by_text("Unsaved changes")


def limit(page: Page) -> Locator:
    return page.locator("[name=queue_limit]")


def question(page: Page) -> Locator:
    return page.get_by_role("dialog", name="Leave without saving?")


def test_save_stays_in_view_while_something_is_unsaved(signed_in_page: Callable[..., Page], admin: Agent):
    page = signed_in_page(admin, None, viewport=PHONE)
    for path, name, value in PAGES:
        page.goto(path)
        field = page.locator(f"[name={name}]")
        save = page.locator(".form-actions:has(> .unsaved) .button-primary")
        discard = page.get_by_role("link", name="Discard")
        before = field.input_value()
        expect(discard).to_be_hidden()
        field.fill(value)
        expect(note(page)).to_be_visible()
        expect(save).to_be_in_viewport(ratio=1)
        field.fill(before)
        expect(note(page)).to_be_hidden()
        field.fill(value)
        discard.click()
        expect(field).to_have_value(before)
        expect(note(page)).to_be_hidden()
        field.fill(value)
        save.click()
        expect(page.get_by_text("Saved.", exact=True)).to_be_visible()
        expect(field).to_have_value(value)
        expect(note(page)).to_be_hidden()


def test_the_bar_covers_no_field_that_has_the_focus(signed_in_page: Callable[..., Page], admin: Agent):
    page = signed_in_page(admin, SETTINGS, viewport=PHONE)
    limit(page).fill("7")
    fields = page.locator("form[data-unsaved] :is(input:not([type=hidden]), textarea)")
    for at in range(fields.count()):
        fields.nth(at).focus()
        bar, field = page.locator(".form-actions:has(> .unsaved)").bounding_box(), fields.nth(at).bounding_box()
        assert field["y"] + field["height"] <= bar["y"], fields.nth(at).get_attribute("name")
    icon = page.locator(".chat-widget").bounding_box()
    assert icon["y"] + icon["height"] <= bar["y"]


def test_a_link_asks_before_the_page_is_left(page: Page):
    limit(page).fill("7")
    tickets = page.locator(".nav-panel").get_by_role("link", name="Tickets")
    tickets.click()
    question(page).get_by_role("button", name="Stay").click()
    expect(limit(page)).to_have_value("7")
    tickets.click()
    question(page).get_by_role("button", name="Leave").click()
    expect(page.get_by_role("heading", name="Tickets", exact=True)).to_be_visible()
    page.locator(".nav-panel").get_by_role("link", name="Agents").click()
    expect(page.get_by_role("heading", name="Agents", exact=True)).to_be_visible()
    expect(question(page)).to_be_hidden()


def test_the_way_back_asks_too(page: Page):
    page.locator(".nav-panel").get_by_role("link", name="Agents").click()
    expect(page.get_by_role("heading", name="Agents", exact=True)).to_be_visible()
    page.locator(".nav-panel").get_by_role("link", name="Chat", exact=True).click()
    limit(page).fill("7")
    page.get_by_role("navigation", name="On this page").get_by_role("link", name="Files").click()
    expect(page).to_have_url(re.compile("#"))
    page.evaluate("history.back()")
    expect(page).not_to_have_url(re.compile("#"))
    expect(limit(page)).to_have_value("7")
    page.evaluate("history.back()")
    question(page).get_by_role("button", name="Stay").click()
    expect(limit(page)).to_have_value("7")
    assert page.url.endswith(SETTINGS)
    page.evaluate("history.back()")
    question(page).get_by_role("button", name="Leave").click()
    expect(page.get_by_role("heading", name="Agents", exact=True)).to_be_visible()


def test_the_browser_asks_only_while_something_is_unsaved(page: Page):
    asked: list[str] = []

    def answer(dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    page.on("dialog", answer)
    limit(page).fill("7")
    page.reload()
    assert asked == ["beforeunload"]
    limit(page).fill("8")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.", exact=True)).to_be_visible()
    page.reload()
    assert asked == ["beforeunload"]


def test_a_refused_form_is_unsaved_until_it_is_discarded(page: Page, service: Service):
    page.get_by_label("End of a silent chat").fill("1")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("[aria-invalid=true]")).to_have_count(1)
    expect(note(page)).to_be_visible()
    page.get_by_role("link", name="Discard").click()
    expect(page.locator("[aria-invalid=true]")).to_have_count(0)
    expect(page.get_by_label("End of a silent chat")).to_have_value(str(chat_settings_of(service).idle_close_minutes))
    expect(page.locator("#content")).to_be_focused()


def test_a_sample_that_is_only_tried_is_nothing_to_save(page: Page):
    page.goto("/desk/demo/masking/")
    page.get_by_label("Sample text").fill("4111 1111 1111 1111")
    page.get_by_role("button", name="Try it").click()
    expect(page.locator("mark")).to_have_count(1)
    expect(note(page)).to_be_hidden()
    page.locator(".nav-panel").get_by_role("link", name="Tickets").click()
    expect(page.get_by_role("heading", name="Tickets", exact=True)).to_be_visible()


def test_without_scripts_save_is_at_the_end(signed_in_page: Callable[..., Page], admin: Agent):
    page = signed_in_page(admin, SETTINGS, java_script_enabled=False)
    limit(page).fill("7")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.", exact=True)).to_be_visible()
    expect(limit(page)).to_have_value("7")
