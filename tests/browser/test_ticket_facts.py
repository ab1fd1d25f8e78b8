"""State, assignee, priority and tags of a ticket are saved at once, say so, and can be taken back."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from agents.models import Agent, Service
from tests.browser.test_accessibility import checks  # noqa: F401 - a fixture
from tests.faults.people import wait_until
from tests.make import make_agent, make_ticket
from tickets.lifecycle import set_state
from tickets.models import Ticket
from tickets.tags import add_tag

DETAIL = "/desk/demo/tickets/1/"


@pytest.fixture
def mina(service: Service) -> Agent:
    return make_agent(service, "Mina")


@pytest.fixture
def ticket(service: Service, mina: Agent) -> Ticket:
    ticket = make_ticket(service, "Where is my order?", state="processing", assignee=mina)
    add_tag(mina, make_ticket(service, "Another"), "refund")
    return ticket


@pytest.fixture
def page(mina: Agent, ticket: Ticket, signed_in_page: Callable[..., Page]) -> Page:
    return signed_in_page(mina, DETAIL)


def saved(page: Page):
    return page.locator(".field-saved")


def test_a_chosen_state_is_saved_and_taken_back(page: Page, ticket: Ticket, checks) -> None:  # noqa: F811
    expect(page.get_by_role("button", name="Change")).to_have_count(0)
    heights = page.locator("#ticket-facts").evaluate("facts => facts.offsetHeight")
    page.get_by_label("State").select_option("pending")
    expect(saved(page)).to_contain_text("Saved")
    expect(page.locator("save-at-once > [role=status]")).to_have_text("Saved")
    expect(page.locator("#ticket-timeline")).to_contain_text("changed the state from Processing to Pending")
    assert page.locator("#ticket-facts").evaluate("facts => facts.offsetHeight") == heights
    checks.look_at(page, "a saved state")

    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_label("State")).to_have_value("processing")
    expect(page.get_by_role("button", name="Undo")).to_have_count(0)
    ticket.refresh_from_db()
    assert ticket.state == "processing"


def test_keys_pass_by_states_and_only_the_last_is_saved(page: Page, ticket: Ticket) -> None:
    state = page.get_by_label("State")
    state.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(state).to_have_value("transferred")
    page.keyboard.press("Tab")
    expect(saved(page)).to_contain_text("Saved")
    expect(page.locator("#ticket-timeline")).to_contain_text("from Processing to Transferred")
    expect(page.locator("#ticket-timeline")).not_to_contain_text("Pending")
    expect(page.get_by_label("Assignee")).to_be_focused()


def test_a_colleagues_newer_state_is_shown_and_kept(page: Page, ticket: Ticket, service: Service) -> None:
    page.get_by_label("State").focus()  # so the page takes over nothing by itself
    set_state(make_agent(service, "Theo"), ticket, "resolved")
    page.get_by_label("State").select_option("pending")
    expect(page.locator("#ticket-facts").get_by_role("alert")).to_contain_text("someone else changed this")
    expect(page.get_by_label("State")).to_have_value("resolved")
    ticket.refresh_from_db()
    assert ticket.state == "resolved"


def test_a_tag_is_put_on_by_enter_or_from_the_list_and_comes_back(page: Page, ticket: Ticket) -> None:
    tag = page.get_by_label("Add a tag")
    tag.fill("urgent one")
    tag.press("Enter")
    expect(page.locator(".tag", has_text="urgent one")).to_be_visible()
    expect(tag).to_be_focused()
    expect(tag).to_have_value("")
    # As the browser does when an entry of the list is taken.
    tag.evaluate("box => { box.value = 'refund'; box.dispatchEvent(new Event('input', { bubbles: true })) }")
    expect(page.locator(".tag", has_text="refund")).to_be_visible()

    page.get_by_role("button", name="Remove tag refund").click()
    expect(page.locator(".tag", has_text="refund")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".tag", has_text="refund")).to_be_visible()
    assert {tag.name for tag in ticket.tags.all()} == {"urgent one", "refund"}


def test_a_text_box_that_was_made_larger_breaks_no_policy(page: Page) -> None:
    """What a swap copies of the old box: each error in the console fails the test."""
    box = page.locator(".ticket-composer-comment textarea")
    box.evaluate("box => { box.style.height = '9rem'; }")
    box.fill("Called back")
    page.get_by_role("button", name="Add internal comment").click()
    expect(page.locator("#ticket-timeline")).to_contain_text("Called back")


def test_keys_keep_their_place_when_their_button_is_gone(page: Page, ticket: Ticket, mina: Agent) -> None:
    add_tag(mina, ticket, "refund")
    page.reload()
    page.get_by_label("Priority").focus()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Remove tag refund")).to_be_focused()
    page.keyboard.press("Enter")
    expect(saved(page)).to_contain_text("Saved")
    expect(page.get_by_role("combobox", name="Add a tag")).to_be_focused()


NO_PAUSE_ENDS = """const later = setTimeout;
window.setTimeout = (call, ms, ...more) => ms === 900 || later(call, ms, ...more)"""


@pytest.fixture
def passing_by(mina: Agent, ticket: Ticket, signed_in_page: Callable[..., Page]) -> Page:
    """Keys have chosen the next state, and might go on."""
    page = signed_in_page(mina, path=None)
    page.add_init_script(NO_PAUSE_ENDS)
    page.goto(DETAIL)
    page.get_by_label("State").focus()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_label("State")).to_have_value("pending")
    expect(saved(page)).to_have_count(0)
    return page


def is_pending(ticket: Ticket) -> bool:
    return Ticket.objects.get(pk=ticket.pk).state == "pending"


def test_what_keys_have_chosen_is_saved_when_the_page_is_left(passing_by: Page, ticket: Ticket) -> None:
    passing_by.goto("about:blank")
    wait_until(lambda: is_pending(ticket))


def test_so_it_is_when_its_request_is_cut_off(passing_by: Page, ticket: Ticket) -> None:
    def cut_off(route: Route) -> None:
        if "hx-request" in route.request.headers:
            held.append(route)
        else:
            route.continue_()

    held: list[Route] = []
    passing_by.route("**/state/", cut_off)
    with passing_by.expect_request("**/state/"):
        passing_by.keyboard.press("Enter")
    passing_by.goto("about:blank")
    # Playwright works meanwhile: the last request of the page goes on to the server by the handler above.
    wait_until(lambda: is_pending(ticket) or passing_by.wait_for_timeout(20))


def test_so_it_is_when_another_page_of_the_desk_is_shown(passing_by: Page, ticket: Ticket) -> None:
    swap = "{ target: '#content', select: '#content', swap: 'outerHTML' }"
    passing_by.evaluate(f"htmx.ajax('GET', '/desk/demo/tickets/', {swap})")
    expect(passing_by.get_by_role("heading", name="Tickets")).to_be_visible()
    wait_until(lambda: is_pending(ticket))


def test_so_it_is_when_the_reader_goes_back(mina: Agent, ticket: Ticket, signed_in_page: Callable[..., Page]) -> None:
    page = signed_in_page(mina, path=None)
    page.add_init_script(NO_PAUSE_ENDS)
    page.goto("/desk/demo/tickets/?assignee=me")
    page.get_by_role("link", name="Where is my order?").click()
    page.locator("#ticket-state").focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator("#ticket-state")).to_have_value("pending")
    page.evaluate("history.back()")
    expect(page.get_by_role("heading", name="Tickets")).to_be_visible()
    wait_until(lambda: is_pending(ticket))
    expect(page).to_have_url(re.compile(r"/tickets/\?assignee=me$"))


def test_so_it_is_when_the_tab_is_hidden_and_the_page_says_it(passing_by: Page, ticket: Ticket) -> None:
    passing_by.evaluate("Object.defineProperty(document, 'hidden', { value: true })")
    passing_by.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(saved(passing_by)).to_contain_text("Saved")
    assert is_pending(ticket)
