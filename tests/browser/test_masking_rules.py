"""Personal Information Masking as an admin uses it: chosen, tried and saved, with a script and without one."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from agents.models import Agent
from chat.masking.models import MaskingRules, OwnPattern
from tests.make import make_agent

SAMPLE = "Card 4111 1111 1111 1111, phone 010-1234-5678, member HRN-20451"


@pytest.fixture
def ada(service) -> Agent:
    return make_agent(service, "Ada", role=Agent.Role.ADMIN)


@pytest.fixture(params=[True, False], ids=["with a script", "without a script"])
def page(request, signed_in_page: Callable[..., Page], ada) -> Page:
    return signed_in_page(ada, "/desk/demo/masking/", java_script_enabled=request.param)


def choose(page: Page, kind: str, action: str) -> None:
    page.get_by_role("radiogroup", name=kind).get_by_text(action, exact=True).click()


def test_a_kind_is_chosen_tried_and_saved(page: Page, service):
    choose(page, "Phone number", "Mask")
    page.get_by_label("Sample text").fill(SAMPLE)
    page.get_by_role("button", name="Try it").click()

    expect(page.get_by_role("heading", name="Found in 2 places")).to_be_focused()
    expect(page.locator("mark")).to_contain_text(["4111 1111 1111 1111", "010-1234-5678"])
    expect(page.get_by_label("Sample text")).to_have_value(SAMPLE)
    assert not MaskingRules.objects.exists()

    page.get_by_role("combobox", name="Phone number Original").select_option("Destroy at once")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.", exact=True)).to_be_visible()
    assert MaskingRules.objects.get(service=service).kinds["phone"] == ["mask", False]


def test_what_is_off_asks_nothing_about_an_original(page: Page):
    original = page.get_by_role("combobox", name="Card number Original")
    expect(original).to_be_visible()
    choose(page, "Card number", "Off")
    expect(original).to_be_hidden()


def test_to_store_passwords_is_asked_for_twice(page: Page, service):
    choose(page, "Password or API key", "Off")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("Password or API key")
    assert not MaskingRules.objects.exists()

    page.get_by_role("button", name="Save anyway").click()
    expect(page.get_by_text("Saved.", exact=True)).to_be_visible()
    assert MaskingRules.objects.get(service=service).kinds["secret"][0] == "off"


def test_a_pattern_is_refused_tried_saved_and_deleted(page: Page, service):
    page.get_by_role("link", name="Add a word or pattern").click()
    expect(page.get_by_role("button", name="Save")).to_have_count(0)
    page.get_by_text("Pattern", exact=True).click()
    source = page.get_by_label("Word or pattern", exact=True)
    source.fill("(a+)+$")
    page.get_by_label("Sample text").fill(SAMPLE)
    page.get_by_role("button", name="Try it").click()
    expect(page.get_by_text("This pattern is too slow.")).to_be_visible()
    expect(source).to_have_attribute("aria-invalid", "true")

    source.fill(r"HRN-\d{5}")
    page.get_by_role("button", name="Try it").click()
    expect(page.locator("mark")).to_contain_text(["4111 1111 1111 1111", "HRN-20451"])
    assert not OwnPattern.objects.exists()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.", exact=True)).to_be_visible()
    assert OwnPattern.objects.get(service=service).source == r"HRN-\d{5}"

    page.get_by_role("link", name=r"HRN-\d{5}").click()
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("Deleted.", exact=True)).to_be_visible()
    assert not OwnPattern.objects.exists()
