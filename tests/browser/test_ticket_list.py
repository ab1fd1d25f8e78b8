"""The ticket list in the browser: several tickets are changed at once, and two are merged."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from agents.models import Agent, Service
from tests.browser.conftest import PHONE
from tests.make import make_agent, make_customer, make_ticket
from tickets.models import Ticket, TicketTarget
from tickets.models_settings import Group

LIST = "/desk/demo/tickets/"


@pytest.fixture
def mina(service: Service) -> Agent:
    return make_agent(service, "Mina")


@pytest.fixture
def many(service: Service, mina: Agent) -> list[Ticket]:
    return [make_ticket(service, f"Parcel {n}", state="processing", assignee=mina) for n in range(1, 4)]


def select(page: Page, number: int) -> None:
    page.get_by_role("checkbox", name=f"Select #{number}").check()


def test_selected_tickets_are_changed_and_one_that_changed_meanwhile_is_named(mina, many, signed_in_page) -> None:
    page = signed_in_page(mina, LIST)
    expect(page.get_by_role("button", name="Change selected")).to_be_hidden()
    for number in (1, 2, 3):
        select(page, number)
    expect(page.get_by_text("Selected: 3")).to_be_visible()
    expect(page.get_by_role("checkbox", name="Select all on this page")).to_be_checked()
    Ticket.objects.filter(number=2).update(state="resolved", updated_at=timezone.now())
    bar = page.locator(".changes-bar")
    bar.get_by_label("State").select_option("pending")
    bar.get_by_label("Priority").select_option("urgent")
    bar.get_by_label("Add a tag").fill("delayed")
    page.get_by_role("button", name="Change selected").click()
    expect(page.get_by_text("2 tickets were changed.")).to_be_visible()
    expect(page.get_by_text("Not changed: #2.")).to_be_visible()
    expect(page.locator("tbody tr", has_text="Parcel 1")).to_contain_text("Urgent")
    expect(page.locator("tbody tr", has_text="Parcel 3")).to_contain_text("delayed")
    states = dict(Ticket.objects.values_list("number", "state"))
    assert states == {1: "pending", 2: "resolved", 3: "pending"}


def test_selected_tickets_are_assigned_to_me_with_one_click(service, mina, signed_in_page) -> None:
    for n in (1, 2, 3):
        make_ticket(service, f"Parcel {n}")
    page = signed_in_page(mina, LIST)
    select(page, 1)
    select(page, 3)
    page.get_by_role("button", name="Assign to me").click()
    expect(page.get_by_text("2 tickets were changed.")).to_be_visible()
    expect(page.locator("tbody tr", has_text="Parcel 3")).to_contain_text("Mina")
    expect(page.locator("tbody tr", has_text="Parcel 2")).to_contain_text("Nobody")


def test_rows_stay_selected_if_nothing_was_chosen_for_them(mina, many, signed_in_page) -> None:
    page = signed_in_page(mina, LIST)
    select(page, 1)
    select(page, 3)
    page.get_by_role("button", name="Change selected").click()
    state = page.locator(".changes-bar").get_by_label("State")
    expect(state).to_be_focused()
    assert state.evaluate("field => field.validationMessage") == "Choose what to change first."
    page.locator(".changes-bar").get_by_label("Add a tag").fill("late")
    page.get_by_role("button", name="Change selected").click()
    expect(page.get_by_text("2 tickets were changed.")).to_be_visible()


@pytest.mark.parametrize("width", [800, 1024, 1280])
@pytest.mark.parametrize("has_due", [False, True])
def test_no_column_is_out_of_sight(mina, many, service, signed_in_page, width, has_due) -> None:
    group = Group.objects.create(service=service, name="Returns and complaints")
    Ticket.objects.update(
        requester=make_customer(service, name="Daniel Maximilian Park"), priority="urgent", group=group
    )
    if has_due:
        TicketTarget.objects.create(service=service, priority="urgent", solve_minutes=60)
        Ticket.objects.update(due_at=timezone.now() - timedelta(days=1))
    page = signed_in_page(mina, LIST, viewport={"width": width, "height": 768})
    expect(page.locator("tbody tr")).to_have_count(3)
    assert page.locator(".table-wrap").evaluate("wrap => wrap.scrollWidth <= wrap.clientWidth")
    assert page.locator("tbody .cell-main").first.evaluate("cell => cell.clientWidth") > 130


def test_all_columns_are_in_sight_beside_due_times(mina, many, service, signed_in_page) -> None:
    TicketTarget.objects.create(service=service, priority="urgent", solve_minutes=60)
    group = Group.objects.create(service=service, name="Returns team")
    overdue = {"due_at": timezone.now() - timedelta(days=1), "priority": "urgent", "group": group}
    Ticket.objects.update(requester=make_customer(service, name="Daniel Park"), **overdue)
    page = signed_in_page(mina, LIST)
    expect(page.locator("tbody .due-over")).to_have_count(3)
    assert page.locator(".table-wrap").evaluate("wrap => wrap.scrollWidth <= wrap.clientWidth")


def test_all_of_a_page_are_selected_by_keyboard_also_after_a_search(mina, many, service, signed_in_page) -> None:
    make_ticket(service, "Another thing", state="processing", assignee=mina)
    page = signed_in_page(mina, LIST)
    page.get_by_role("searchbox").fill("parcel")
    expect(page.locator("tbody tr")).to_have_count(3)
    everything = page.get_by_role("checkbox", name="Select all on this page")
    everything.focus()
    page.keyboard.press("Space")
    expect(page.get_by_text("Selected: 3")).to_be_visible()
    page.get_by_role("checkbox", name="Select #2").uncheck()
    expect(page.get_by_text("Selected: 2")).to_be_visible()
    assert everything.evaluate("box => box.indeterminate")
    page.locator(".changes-bar").get_by_label("Priority").select_option("low")
    page.get_by_role("button", name="Change selected").press("Enter")
    expect(page.get_by_text("2 tickets were changed.")).to_be_visible()
    expect(page.get_by_role("searchbox")).to_have_value("parcel")
    assert Ticket.objects.filter(priority="low").count() == 2


def test_on_a_phone_rows_are_selected_too_and_nothing_is_wider(mina, many, signed_in_page) -> None:
    page = signed_in_page(mina, LIST, viewport=PHONE)
    select(page, 2)
    expect(page.get_by_role("button", name="Change selected")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_two_tickets_are_merged_after_a_question(mina, service, signed_in_page: Callable[..., Page]) -> None:
    customer = make_customer(service, "Jun Park")
    for subject in ("Lost parcel", "Parcel again"):
        make_ticket(service, subject, body="It never came", requester=customer, state="pending", assignee=mina)
    page = signed_in_page(mina, f"{LIST}1/")
    page.get_by_role("link", name="Merge…").click()
    page.get_by_role("radio", name="#2 Parcel again").check()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("can’t be undone")).to_be_visible()
    page.get_by_role("button", name="Merge tickets").click()
    expect(page.get_by_role("heading", name="Parcel again")).to_be_visible()
    expect(page.locator("#ticket-timeline")).to_contain_text("Lost parcel")
    page.get_by_role("link", name="#1", exact=True).click()
    expect(page.get_by_text("This ticket was merged.")).to_be_visible()
    expect(page.get_by_role("button", name="Send reply to customer")).to_have_count(0)
