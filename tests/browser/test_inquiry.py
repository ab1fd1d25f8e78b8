"""An inquiry from Contact Us to its end: the number, an agent's reply, the customer's page, answers to and fro."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from agents.models import Agent, OutgoingMail, Service
from tests.browser.conftest import PHONE
from tests.faults.people import wait_until
from tests.make import make_agent, make_customer, make_ticket
from tests.tickets.outgoing import link_in
from tickets.answering.conversation import add_customer_answer
from tickets.models import Comment, CommentDraft, Ticket


@pytest.fixture
def mina(service: Service) -> Agent:
    return make_agent(service, "Mina")


def leave_inquiry(page: Page) -> None:
    page.goto("/hc/demo/contact/")
    page.get_by_label("Name").fill("Jun Park")
    page.get_by_label("E-mail").fill("jun@example.com")
    page.get_by_label("Subject").fill("Where is my lamp?")
    page.get_by_label("Message").fill("I ordered it two weeks ago.")
    page.get_by_label("I agree").check()
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".inquiry-number")).to_contain_text("#1")


def test_from_contact_us_to_solved(mina: Agent, new_page: Callable[..., Page], signed_in_page) -> None:
    customer = new_page()
    leave_inquiry(customer)
    customer.goto(link_in(OutgoingMail.objects.get(kind="inquiry")))
    expect(customer.get_by_role("log")).to_contain_text("two weeks ago")

    desk = signed_in_page(mina, "/desk/demo/tickets/1/")
    desk.locator("#reply-body").fill("It leaves today.")
    desk.get_by_role("button", name="Send reply to customer").click()
    expect(desk.locator(".comment-reply")).to_contain_text("It leaves today.")
    expect(desk.locator("#reply-body")).to_have_value("")
    expect(desk.locator("#ticket-state-now")).to_contain_text("Pending")
    expect(desk.locator("#ticket-state")).to_have_value("pending")

    expect(customer.get_by_role("log")).to_contain_text("It leaves today.", timeout=20_000)  # without a reload
    customer.get_by_label("Your answer").fill("Thank you, I wait.")
    customer.get_by_role("button", name="Answer").click()
    expect(customer.get_by_role("log")).to_contain_text("I wait.")
    expect(customer.get_by_label("Your answer")).to_have_value("")

    expect(desk.locator(".comment-customer")).to_contain_text("I wait.")
    expect(desk.locator("#ticket-state-now")).to_contain_text("Customer answered")
    expect(desk.locator("#ticket-state")).to_have_value("processing")
    desk.goto("/desk/demo/tickets/")
    expect(desk.locator(".nav .count")).to_have_text("1")
    expect(desk.locator(".table")).to_contain_text("Customer answered")

    customer.get_by_role("button", name="Solved").click()
    expect(customer.locator(".inquiry-state")).to_contain_text("Solved")
    expect(customer.get_by_role("button", name="Solved")).to_have_count(0)
    assert Ticket.objects.get().state == Ticket.State.RESOLVED


def test_reply_and_comment_are_not_confused(service: Service, mina: Agent, signed_in_page) -> None:
    make_ticket(service, requester=make_customer(service))
    desk = signed_in_page(mina, "/desk/demo/tickets/1/")
    desk.locator("#reply-body").fill("Dear Jun")
    expect(desk.locator("#comment-body")).to_be_hidden()
    desk.get_by_role("radio", name="Internal comment").check(force=True)
    expect(desk.locator("#reply-body")).to_be_hidden()
    desk.locator("#comment-body").fill("He is angry")
    desk.get_by_role("button", name="Add internal comment").click()
    expect(desk.locator(".comment-internal")).to_contain_text("He is angry")
    expect(desk.locator("#comment-body")).to_have_value("")
    assert desk.evaluate("sessionStorage.getItem('contiple-kept-forms')") is None
    assert Comment.objects.get().kind == Comment.Kind.INTERNAL
    assert not OutgoingMail.objects.exists()
    desk.get_by_role("radio", name="Reply").check(force=True)
    expect(desk.locator("#reply-body")).to_have_value("Dear Jun")


def test_a_reply_kept_over_a_sign_in_is_shown(service: Service, mina: Agent, signed_in_page) -> None:
    make_ticket(service, requester=make_customer(service))
    desk = signed_in_page(mina, "/desk/demo/tickets/1/")
    desk.get_by_role("radio", name="Internal comment").check(force=True)
    desk.locator("#comment-body").fill("Kept")
    desk.context.clear_cookies()
    desk.get_by_role("button", name="Add internal comment").click()
    desk.get_by_label("E-mail").fill(mina.user.email)
    desk.get_by_label("Password", exact=True).fill("correct horse battery")
    desk.get_by_role("button", name="Sign in", exact=True).click()
    expect(desk.locator("#comment-body")).to_be_visible()
    expect(desk.locator("#comment-body")).to_have_value("Kept")


def test_an_answer_typed_and_not_sent_is_kept(service: Service, new_page: Callable[..., Page]) -> None:
    page = new_page(viewport=PHONE)
    leave_inquiry(page)
    path = link_in(OutgoingMail.objects.get())
    page.goto(path)
    page.get_by_label("Your answer").fill("Half an ans")
    page.reload()
    expect(page.get_by_label("Your answer")).to_have_value("Half an ans")
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_a_dead_link_says_so_and_leads_on(service: Service, new_page: Callable[..., Page]) -> None:
    """There is no mail server here, so no new link is promised."""
    page = new_page("/inquiry/demo/forged/")
    expect(page.get_by_role("heading", name="This link doesn’t work")).to_be_visible()
    page.get_by_role("main").get_by_role("link", name="Contact Us").click()
    expect(page.get_by_label("Message")).to_be_visible()


def test_a_draft_is_on_another_device_and_gone_when_it_is_sent(service: Service, mina: Agent, signed_in_page) -> None:
    make_ticket(service, requester=make_customer(service))
    desk = signed_in_page(mina, "/desk/demo/tickets/1/")
    desk.locator("#reply-body").press_sequentially("Dear Jun, it lea")
    expect(desk.locator("#ticket-reply [data-part=draft]")).to_be_visible()
    laptop = signed_in_page(mina, "/desk/demo/tickets/1/")
    box = laptop.locator("#reply-body")
    expect(box).to_have_value("Dear Jun, it lea")
    desk.locator("#reply-body").press_sequentially("ves")
    kept = CommentDraft.objects.filter(body="Dear Jun, it leaves")
    wait_until(kept.exists, 10)
    laptop.evaluate("window.dispatchEvent(new Event('focus'))")
    expect(box).to_have_value("Dear Jun, it leaves")
    box.press_sequentially(" today.")
    laptop.get_by_role("button", name="Send reply to customer").click()
    expect(laptop.locator(".comment-reply")).to_contain_text("Dear Jun, it leaves today.")
    expect(box).to_have_value("")
    desk.evaluate("window.dispatchEvent(new Event('focus'))")
    expect(desk.locator("#reply-body")).to_have_value("")
    assert not CommentDraft.objects.exists()
    desk.locator("#reply-body").press_sequentially("No")
    desk.get_by_role("button", name="Discard draft").click()
    expect(desk.locator("#reply-body")).to_have_value("")
    expect(desk.locator("#ticket-reply [data-part=draft]")).to_be_hidden()
    wait_until(lambda: not CommentDraft.objects.exists(), 10)


def test_an_answer_comes_while_an_agent_types_and_moves_nothing(service: Service, mina: Agent, signed_in_page) -> None:
    ticket = make_ticket(service, requester=make_customer(service), assignee=mina, state="pending")
    Comment.objects.bulk_create([Comment(ticket=ticket, name="Jun", body=f"Line {it}\n" * 9) for it in range(9)])
    desk = signed_in_page(mina, "/desk/demo/tickets/1/")
    desk.locator("#reply-body").press_sequentially("Dear Jun, ")
    before = desk.locator("#reply-body").bounding_box()["y"]
    add_customer_answer(ticket, "It has come")
    expect(desk.locator(".comment-customer")).to_contain_text("It has come")
    assert abs(desk.locator("#reply-body").bounding_box()["y"] - before) <= 1
    expect(desk.locator("#reply-body")).to_have_value("Dear Jun, ")
    expect(desk.locator("#reply-body")).to_be_focused()
    desk.evaluate("window.scrollTo(0, 0)")
    for said in ("One more thing", "And another"):
        add_customer_answer(ticket, said)
    news = desk.get_by_role("button", name="2 new entries: show")
    expect(news).to_be_visible(timeout=20_000)
    news.click()
    expect(desk.get_by_text("One more thing")).to_be_in_viewport()
    expect(news).to_be_hidden()
    expect(desk.locator("#reply-body")).to_have_value("Dear Jun, ")
    expect(desk.locator(".nav .count")).to_have_text("1", timeout=30_000)


def test_the_list_says_that_it_is_old(service: Service, mina: Agent, signed_in_page) -> None:
    ticket = make_ticket(service, requester=make_customer(service), assignee=mina, state="pending")
    with_count = signed_in_page(mina)
    with_count.wait_for_load_state("networkidle")  # else the answer of this page may be taken for that of the next
    with with_count.expect_response("**/tickets/answers/"):
        with_count.goto("/desk/demo/tickets/")
    add_customer_answer(ticket, "It has come")
    word = with_count.get_by_role("link", name="Tickets have changed: show")
    expect(word).to_be_visible(timeout=30_000)
    expect(with_count.locator(".nav .count")).to_have_text("1")
    word.click()
    expect(with_count.locator(".table")).to_contain_text("Customer answered")
    expect(word).to_be_hidden()
