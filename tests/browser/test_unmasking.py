"""What an agent does under a mask: looks, takes a wrong one off, takes what is offered; and who is not let."""

import pytest
from playwright.sync_api import expect

from agents.models import Agent, AuditEntry
from chat.masking.models import MaskingRules
from chat.models import Mask, Message
from tests.browser.windows import Screens

LIFT, CONFIRM = "Remove mask", "Remove for everyone"


def tools(both: Screens):
    return both.desk.page.locator(".mask-tools")


def test_a_wrong_mask_is_taken_off_on_both_screens(screens):
    both = screens("my secret here")
    both.desk.mask_text(both.body(1), "secret")
    both.show(1, "my ****** here")
    both.desk.chat.masks.click()
    tools(both).get_by_role("button", name=LIFT).click()
    both.show_masked_elsewhere(1, "my ****** here")
    tools(both).get_by_role("button", name=CONFIRM).click()
    both.show(1, "my secret here")
    expect(both.desk.said).to_have_text("The mask was removed.")
    expect(tools(both)).to_have_count(0)
    assert not Mask.objects.exists()
    assert AuditEntry.objects.filter(action="chat.lifted").count() == 1


def test_by_keyboard_as_well(screens):
    both = screens("my secret here")
    both.desk.mask_text(both.body(1), "secret")
    both.desk.chat.masks.press("Enter")
    expect(both.desk.chat.masks).to_have_text("secret")
    both.desk.page.keyboard.press("Tab")
    expect(tools(both).get_by_role("button", name=LIFT)).to_be_focused()
    both.desk.page.keyboard.press("Enter")
    both.desk.page.keyboard.press("Enter")
    both.show(1, "my secret here")


def test_the_tools_go_with_the_look(screens):
    both = screens("my secret here")
    both.desk.mask_text(both.body(1), "secret")
    both.desk.chat.masks.click()
    expect(tools(both)).to_be_visible()
    both.desk.chat.masks.click()
    expect(tools(both)).to_have_count(0)
    both.desk.chat.masks.click()
    both.desk.close()
    expect(tools(both)).to_have_count(0)


def test_without_the_permission_a_mask_is_no_button(screens, service):
    both = screens("my secret here")
    both.desk.mask_text(both.body(1), "secret")
    Agent.objects.filter(service=service).update(unmask_permission=False)
    both.desk.page.reload()
    both.desk.select("Jun")
    expect(both.desk.chat.masks).to_have_text("******")
    assert both.desk.chat.masks.get_attribute("role") is None


def test_past_the_limit_the_agent_is_told(screens, service):
    MaskingRules.objects.create(service=service, reveals_per_hour=1)
    both = screens("my secret here")
    both.desk.mask_text(both.body(1), "secret")
    for shown in ("secret", "******"):
        both.desk.chat.masks.click()
        expect(both.desk.chat.masks).to_have_text(shown)
    both.desk.chat.masks.click()
    expect(both.desk.said).to_contain_text("You’ve reached the limit of 1 unmaskings an hour")
    expect(both.desk.chat.masks).to_have_text("******")


@pytest.mark.parametrize("by", ["mouse", "keyboard"])
def test_what_is_offered_is_masked_by_a_click(screens, by):
    both = screens("Hi")
    both.center.chat.write("number 123-45-67891 please")
    offer = both.desk.chat.root.locator("offered-text")
    expect(offer).to_have_role("button")
    expect(offer).to_have_accessible_name("123-45-67891. This may be personal information. Click to mask it.")
    if by == "mouse":
        offer.click()
    else:
        offer.press("Enter")
    both.show(2, "number ************ please")
    expect(both.center.chat.root.locator("offered-text")).to_have_count(0)
    assert [mask.kind for mask in Mask.objects.all()] == ["brn"]
    assert Message.objects.get(seq=2).offers is None


def test_to_the_customer_an_offer_is_text(screens):
    both = screens("Hi")
    both.center.chat.write("number 123-45-67891 please")
    offer = both.center.chat.root.locator("offered-text")
    expect(offer).to_have_text("123-45-67891")
    assert offer.get_attribute("role") is None
    assert offer.evaluate("element => getComputedStyle(element).textDecorationLine") == "none"
