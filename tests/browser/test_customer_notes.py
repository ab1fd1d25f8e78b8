"""A note on the customer is written in the dialog, beside the conversation, and nothing of it is lost meanwhile."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from agents.models import Service
from helpcenter.models import CustomerNote
from tests.browser.rows import make_agent_with_chat
from tests.browser.windows import Desk
from tests.make import make_chat, make_customer, make_message


def test_a_note_is_written_beside_the_conversation(service: Service, signed_in_page: Callable[..., Page]) -> None:
    agent, _chat = make_agent_with_chat(service, "Hello")
    make_message(make_chat(service, customer=make_customer(service, "Kim"), agent=agent), "Good day")
    desk = Desk(signed_in_page(agent))
    desk.select("Jun")
    notes = desk.customer.locator("[data-part=notes]")
    notes.get_by_text("Write a note").click()
    notes.get_by_label("Note", exact=True).fill("Prefers mornings")
    desk.select("Kim")
    expect(notes.get_by_label("Note", exact=True)).to_have_value("")
    desk.select("Jun")
    expect(notes.get_by_label("Note", exact=True)).to_have_value("Prefers mornings")
    notes.get_by_role("button", name="Add note").click()
    expect(notes.locator(".customer-note")).to_contain_text("Prefers mornings")
    expect(notes.get_by_label("Note", exact=True)).to_have_value("")
    assert CustomerNote.objects.get().name == agent.user.name
    desk.select("Kim")
    expect(notes.locator(".customer-note")).to_have_count(0)
    desk.select("Jun")
    expect(notes.locator(".customer-note")).to_have_count(1)
    expect(notes.get_by_label("Note", exact=True)).to_be_hidden()
