"""Where a page of the desk opens: at the section its address names, at the first field that was refused."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from agents.models import Agent
from agents.new_service import create_service

SETTINGS = "/desk/shop/help-center/"


@pytest.fixture
def admin(transactional_db) -> Agent:
    """The admin of a service as the operator leaves it."""
    return create_service(name="My shop", slug="shop", admin_email="boss@shop.example", admin_name="Bo")


def test_a_link_to_a_section_opens_there_without_a_reload(signed_in_page: Callable[..., Page], admin: Agent):
    page = signed_in_page(admin, SETTINGS)
    page.evaluate("window.isSame = true")
    page.get_by_role("link", name="Start from a template").click()
    expect(page.get_by_text("Nothing has been saved yet")).to_be_attached()
    expect(page.get_by_role("heading", name="Privacy policy")).to_be_in_viewport()
    assert page.evaluate("window.isSame")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Contract Details").click()
    page.get_by_role("dialog", name="Leave without saving?").get_by_role("button", name="Leave").click()
    expect(page.get_by_role("heading", name="Contract Details", level=1)).to_be_visible()
    page.wait_for_function("scrollY === 0")


def test_the_first_refused_field_of_a_long_form_has_the_focus(signed_in_page: Callable[..., Page], admin: Agent):
    page = signed_in_page(admin, SETTINGS)
    days = page.locator("[name=inquiry_link_days]")
    days.fill("0")
    page.locator("[name=title_en]").fill("Help for all")
    page.locator("form[data-changed]").get_by_role("button", name="Save").click()
    expect(days).to_be_focused()
    expect(days).to_have_attribute("aria-invalid", "true")
    expect(days).to_be_in_viewport()
    expect(page.locator("[name=title_en]")).to_have_value("Help for all")
