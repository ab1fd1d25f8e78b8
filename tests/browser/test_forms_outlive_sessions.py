"""What was typed is back after a sign-in, and every error of a form says something."""

import re

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import expect

from agents.models import Agent, Service
from tests.make import PASSWORD, make_agent, make_ticket

TEXT = "A long answer that nobody wants to write twice"


@pytest.fixture
def mina(service) -> Agent:
    return make_agent(service, "Mina")


def sign_in(page, agent) -> None:
    page.locator("input[name=email]").fill(agent.user.email)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("input[name=password]").press("Enter")


def test_a_comment_is_back_after_the_sign_in(service, mina, signed_in_page):
    make_ticket(service)
    page = signed_in_page(mina, "/desk/demo/tickets/1/")
    comment = page.locator("#ticket-comment textarea")
    comment.fill(TEXT)
    Session.objects.all().delete()
    page.locator("#ticket-comment button:not([type=button])").click()
    expect(page).to_have_url(re.compile("/sign-in/"))
    expect(page.get_by_text("What you typed is kept, and will be back after you sign in.")).to_be_visible()
    sign_in(page, mina)

    expect(comment).to_have_value(TEXT)
    expect(page.get_by_text("What you typed is back. It has not been saved yet.")).to_be_visible()
    page.locator("#ticket-comment button:not([type=button])").click()
    expect(page.locator("#ticket-timeline")).to_contain_text(TEXT)
    page.reload()
    expect(comment).to_have_value("")


def test_somebody_else_who_signs_in_there_does_not_see_it(service, mina, signed_in_page):
    make_ticket(service)
    other = make_agent(service, "Theo")
    page = signed_in_page(mina, "/desk/demo/tickets/1/")
    page.locator("#ticket-comment textarea").fill(TEXT)
    Session.objects.all().delete()
    page.locator("#ticket-comment button:not([type=button])").click()
    expect(page).to_have_url(re.compile("/sign-in/"))
    sign_in(page, other)

    expect(page.locator("#ticket-comment textarea")).to_have_value("")
    expect(page.locator("#nav")).to_be_visible()
    assert page.evaluate("sessionStorage.getItem('contiple-kept-forms')") is None


def test_a_form_with_an_old_token_says_so_and_can_be_sent_again(service, mina, signed_in_page):
    make_ticket(service)
    page = signed_in_page(mina, "/desk/demo/tickets/1/", locale="ko-KR")
    comment = page.locator("#ticket-comment textarea")
    comment.fill(TEXT)
    page.context.clear_cookies(name="csrftoken")
    page.locator("#ticket-comment button:not([type=button])").click()
    expect(page.locator(".toast")).to_contain_text("페이지가 오래되었습니다")
    expect(comment).to_have_value(TEXT)

    page.locator("#ticket-comment button:not([type=button])").click()
    expect(page.locator("#ticket-timeline")).to_contain_text(TEXT)


def test_a_form_without_a_connection_says_so(service, mina, signed_in_page):
    make_ticket(service)
    page = signed_in_page(mina, "/desk/demo/tickets/1/")
    page.locator("#ticket-comment textarea").fill(TEXT)
    page.context.set_offline(True)
    page.locator("#ticket-comment button:not([type=button])").click()
    expect(page.locator(".toast")).to_contain_text("The server can’t be reached.")


@pytest.mark.parametrize("status", [413, 429, 500, 502, 503, 504])
def test_every_status_of_a_proxy_says_something(service, mina, signed_in_page, status):
    make_ticket(service)
    page = signed_in_page(mina, "/desk/demo/tickets/1/", locale="ko-KR")
    page.route("**/comments/", lambda route: route.fulfill(status=status, content_type="text/html", body="<h1>nginx"))
    page.locator("#ticket-comment textarea").fill(TEXT)
    page.locator("#ticket-comment button:not([type=button])").click()
    expect(page.locator(".toast")).to_contain_text(re.compile("[가-힣]"))
    expect(page.locator("#ticket-comment textarea")).to_have_value(TEXT)


def test_a_permission_brings_the_widget_without_a_reload(service, signed_in_page):
    ada = make_agent(service, "Ada", role="admin", chat_permission=False)
    page = signed_in_page(ada, f"/desk/demo/agents/{ada.pk}/")
    page.evaluate("window.stayed = true")
    expect(page.locator("chat-desk")).to_have_count(0)
    page.get_by_label("Chat permission").check()
    page.get_by_role("button", name="Save").click()

    expect(page.locator("chat-desk > .chat-widget")).to_be_visible()
    page.locator("chat-desk > .chat-widget").click()
    expect(page.locator("#chat-dialog")).to_be_visible()
    assert page.evaluate("window.stayed")


def test_a_sign_out_leaves_nothing_in_the_tab(service, mina, signed_in_page):
    make_ticket(service)
    page = signed_in_page(mina, "/desk/demo/tickets/1/")
    page.evaluate("sessionStorage.setItem('contiple-outbox:1', 'what a customer wrote')")
    page.locator("form[action='/sign-out/']").evaluate("form => form.requestSubmit()")
    expect(page).to_have_url(re.compile("/sign-in/"))

    left = page.evaluate("Object.keys(sessionStorage)")
    assert [name for name in left if not name.startswith("htmx-")] == []  # htmx notes the address of this page


def test_a_page_that_comes_back_saved_does_not_say_that_it_was_not(service, signed_in_page):
    """The form itself is gone from the page by the time the answer is dealt with."""
    page = signed_in_page(make_agent(service, "Ada", role="admin"), "/desk/demo/contract/")
    page.get_by_label("Chat seats").fill("9")
    page.get_by_role("button", name="Save").click()

    expect(page.get_by_text("Saved.")).to_be_visible()
    assert page.evaluate("sessionStorage.getItem('contiple-kept-forms')") is None
    expect(page.get_by_text("What you typed is back.")).to_have_count(0)


def test_what_was_typed_outlives_a_requirement_to_set_up_two_steps(service, mina, signed_in_page):
    make_ticket(service)
    page = signed_in_page(mina, "/desk/demo/tickets/1/")
    comment = page.locator("#ticket-comment textarea")
    comment.fill(TEXT)
    Service.objects.update(second_factor=Service.SecondFactor.ALL)
    page.locator("#ticket-comment button:not([type=button])").click()
    expect(page).to_have_url(re.compile("/two-step/.*next=%2Fdesk%2Fdemo%2Ftickets%2F1%2F$"))

    Service.objects.update(second_factor=Service.SecondFactor.NOBODY)
    page.goto("/desk/demo/tickets/1/")
    expect(comment).to_have_value(TEXT)
