"""Operating hours in front of people: an admin sets a week, customers and agents see when chat opens and closes."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from agents.models import Agent, Service
from chat.models import OperatingHours, SpecialDay
from chat.routing.hours import DAY
from contiple.base.clock import database_now
from tests.browser.windows import SLOW_MILLISECONDS, Desk, HelpCenter
from tests.make import make_agent

PATH = "/desk/demo/chat/hours/"
ALWAYS, NEVER = [[[0, DAY]]] * 7, [[]] * 7


@pytest.fixture
def hours(service: Service) -> Callable[..., None]:
    """Changes the hours; an edge has just passed."""

    def change(week: list) -> None:
        values = {"is_on": True, "week": week, "next_edge_at": database_now() - timedelta(seconds=1)}
        OperatingHours.objects.update_or_create(service=service, defaults=values)

    return change


def test_who_came_outside_of_the_hours_sees_the_form_when_they_begin(service, hours, signed_in_page, new_page):
    desk = Desk(signed_in_page(make_agent(service, "Mina", online=True)))
    desk.open()
    expect(desk.list).to_contain_text("New chats will ring here")
    expect(desk.list).not_to_contain_text("Chat is closed")
    hours(NEVER)
    expect(desk.list).to_contain_text("Chat is closed: no new chats come.", timeout=SLOW_MILLISECONDS)
    center = HelpCenter(new_page("/hc/demo/"))
    center.open()
    expect(center.stage("out_of_hours").get_by_role("heading")).to_have_text("Chat is closed right now.")

    hours(ALWAYS)

    expect(center.stage("start")).to_be_visible(timeout=SLOW_MILLISECONDS)
    expect(desk.list).not_to_contain_text("Chat is closed", timeout=SLOW_MILLISECONDS)


def test_what_was_typed_before_it_closed_goes_into_the_inquiry(service, hours, signed_in_page, new_page):
    Desk(signed_in_page(make_agent(service, "Mina", online=True))).open()
    center = HelpCenter(new_page("/hc/demo/"))
    center.open()
    center.fill(name="Jun Park", message="Where is my parcel?")
    hours(NEVER)
    center.agree_and_start()

    center.stage("out_of_hours").get_by_role("link", name="Contact Us").click()
    expect(center.page.locator("#inquiry").get_by_label("Message")).to_have_value("Where is my parcel?")


def test_an_admin_sets_a_week_a_day_and_holidays(admin: Agent, signed_in_page: Callable[..., Page]):
    page = signed_in_page(admin, PATH)
    page.get_by_label("Chat by operating hours").check()
    friday = page.get_by_role("group", name="Friday")
    page.get_by_role("group", name="Saturday").get_by_label("Saturday").check()
    expect(page.get_by_role("group", name="Sunday").get_by_label("Opens")).to_be_hidden()
    friday.get_by_label("Closes").fill("02:00")
    friday.get_by_label("Break from").fill("12:00")
    page.get_by_role("button", name="Save").click()
    expect(friday.get_by_label("Break until")).to_have_attribute("aria-invalid", "true")
    friday.get_by_label("Break until").fill("13:00")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    week = OperatingHours.objects.get().week
    assert week[4:] == [[[540, 720], [780, 1560]], [[540, 1080]], []]

    for box in page.locator("[name=days]").all()[2:]:
        box.uncheck()
    page.get_by_role("button", name="Close on these days").click()
    expect(page.get_by_text("Closed all day", exact=True)).to_have_count(2)
    page.get_by_label("Day", exact=True).fill(f"{database_now().date() + timedelta(days=3):%Y-%m-%d}")
    page.get_by_label("Open on this day").check()
    page.locator(".special-day").get_by_label("Closes").fill("14:00")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("9:00–14:00")).to_be_visible()
    assert SpecialDay.objects.count() == 3
    page.get_by_role("button", name="Delete").first.click()
    expect(page.get_by_text("9:00–14:00")).to_have_count(0)

    page.get_by_role("button", name="until").click()
    expect(page.get_by_text("This was set by hand.")).to_be_visible()
    page.get_by_role("button", name="Go back to the hours").click()
    expect(page.get_by_text("This was set by hand.")).to_have_count(0)
