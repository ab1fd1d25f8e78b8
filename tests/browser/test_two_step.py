"""Two-step verification in a real browser, with its virtual authenticator (CDP)."""

import base64
import re
from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from agents.models import Agent, Service
from agents.second_factor import factors
from tests.agents.test_second_factor import SECRET, app_code, give_app
from tests.browser.windows import Desk
from tests.make import PASSWORD, make_agent, make_chat, make_message


def add_authenticator(page: Page) -> None:
    """Gives the window an authenticator that says yes, with a finger, at once."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    told = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": told})


def give_password(page: Page, agent: Agent, path: str = "/sign-in/") -> None:
    page.goto(path)
    page.get_by_label("E-mail").fill(agent.user.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def sign_out(page: Page) -> None:
    page.goto("/services/")
    page.get_by_role("button", name="Sign out", exact=True).click()


@pytest.fixture
def window(new_page: Callable[..., Page]) -> Page:
    page = new_page()
    add_authenticator(page)
    return page


def test_a_passkey_from_being_added_to_signing_in_alone(window: Page, service, agent: Agent):
    give_password(window, agent)
    window.goto("/two-step/")
    window.get_by_role("link", name="Add a passkey").click()
    window.get_by_label("Name").fill("Laptop")
    window.get_by_role("button", name="Add a passkey").click()
    expect(window.get_by_role("heading", name="Recovery codes")).to_be_visible()
    assert len(window.locator("#codes").input_value().split()) == 10
    window.goto("/two-step/")
    expect(window.get_by_text("Laptop")).to_be_visible()

    sign_out(window)
    give_password(window, agent)
    expect(window).to_have_url(re.compile("/sign-in/second-step/"))
    window.get_by_role("button", name="Use a passkey").click()
    expect(window).to_have_url(re.compile("/desk/demo/tickets/"))

    sign_out(window)
    window.goto("/sign-in/?next=/services/")
    window.get_by_role("button", name="Sign in with a passkey").click()
    expect(window).to_have_url(re.compile("/services/$"))


def test_a_refused_question_is_said_and_can_be_asked_again(new_page: Callable[..., Page], service, agent: Agent):
    page = new_page("/sign-in/")
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    told = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    session.send("WebAuthn.addVirtualAuthenticator", {"options": {**told, "automaticPresenceSimulation": True}})
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_text("The passkey wasn’t used. Try again.")).to_be_visible()
    expect(page.get_by_role("button", name="Sign in with a passkey")).to_be_enabled()


def test_an_app_and_its_code(window: Page, service, agent: Agent):
    give_password(window, agent)
    window.goto("/two-step/app/")
    expect(window.locator(".qr svg")).to_be_visible()
    secret = base64.b32decode(window.locator("#secret").input_value().replace(" ", ""))
    window.get_by_label("6-digit code").fill("000000")
    window.get_by_role("button", name="Set up").click()
    expect(window.get_by_text("This code is wrong")).to_be_visible()
    assert base64.b32decode(window.locator("#secret").input_value().replace(" ", "")) == secret
    window.get_by_label("6-digit code").fill(app_code(secret, timezone.now()))
    window.get_by_role("button", name="Set up").click()
    expect(window.get_by_role("heading", name="Recovery codes")).to_be_visible()
    with window.expect_download() as download:
        window.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename == "contiple-recovery-codes.txt"
    code = window.locator("#codes").input_value().split()[0]
    window.get_by_role("link", name="Continue").click()

    sign_out(window)
    give_password(window, agent, "/sign-in/?next=/services/")
    window.get_by_label("Code").fill(code)
    window.get_by_role("button", name="Continue").click()
    expect(window).to_have_url(re.compile("/services/$"))


def test_unmasking_asks_again_and_goes_on(signed_in_page: Callable[..., Page], service):
    mina = make_agent(service, "Mina", online=True)
    chat = make_chat(service, agent=mina)
    make_message(chat, "My dog is called Rex")
    give_app(mina.user)
    mina.user.refresh_from_db()
    page = signed_in_page(mina)
    desk = Desk(page)
    desk.open()
    desk.list.locator(".chat-entry").first.click()
    desk.mask_text(desk.chat.body("dog"), "Rex")
    desk.chat.composer.fill("half a sentence")
    desk.chat.masks.click()
    question = page.get_by_role("dialog", name="Confirm it’s you")
    question.get_by_label("Code").fill("000000")
    question.get_by_role("button", name="Continue").click()
    expect(question.get_by_text("This code is wrong")).to_be_visible()
    question.get_by_label("Code").fill(app_code(SECRET, timezone.now()))
    question.get_by_role("button", name="Continue").click()
    expect(desk.chat.masks).to_have_text("Rex")
    expect(desk.chat.composer).to_have_value("half a sentence")
    desk.chat.masks.click()
    desk.chat.masks.click()
    expect(desk.chat.masks).to_have_text("Rex")


def test_a_question_that_finds_no_server_says_so(signed_in_page: Callable[..., Page], service):
    mina = make_agent(service, "Mina", online=True)
    make_message(make_chat(service, agent=mina), "My dog is called Rex")
    give_app(mina.user)
    mina.user.refresh_from_db()
    page = signed_in_page(mina)
    desk = Desk(page)
    desk.open()
    desk.list.locator(".chat-entry").first.click()
    desk.mask_text(desk.chat.body("dog"), "Rex")
    desk.chat.masks.click()
    question = page.get_by_role("dialog", name="Confirm it’s you")
    question.get_by_label("Code").fill(app_code(SECRET, timezone.now()))
    page.context.set_offline(True)
    question.get_by_role("button", name="Continue").click()
    expect(question.get_by_role("alert")).to_contain_text("The server can’t be reached.")
    page.context.set_offline(False)
    question.get_by_role("button", name="Continue").click()
    expect(desk.chat.masks).to_have_text("Rex")


def test_a_question_that_is_closed_shows_nothing(signed_in_page: Callable[..., Page], service):
    mina = make_agent(service, "Mina", online=True)
    make_message(make_chat(service, agent=mina), "My dog is called Rex")
    give_app(mina.user)
    mina.user.refresh_from_db()
    page = signed_in_page(mina)
    desk = Desk(page)
    desk.open()
    desk.list.locator(".chat-entry").first.click()
    desk.mask_text(desk.chat.body("dog"), "Rex")
    desk.chat.masks.click()
    page.get_by_role("dialog", name="Confirm it’s you").get_by_role("button", name="Cancel").click()
    expect(page.locator(".confirm-dialog")).to_have_count(0)
    expect(desk.chat.masks).to_have_text("***")


def test_an_open_desk_ends_when_the_service_requires_it(signed_in_page: Callable[..., Page], service):
    mina = make_agent(service, "Mina", online=True)
    page = signed_in_page(mina)
    desk = Desk(page)
    desk.open()
    expect(desk.list).to_contain_text("No chats right now")
    Service.objects.update(second_factor="all")
    page.goto("/desk/demo/tickets/")
    expect(page).to_have_url(re.compile("/two-step/"))
    expect(page.get_by_text("requires two-step verification")).to_be_visible()
    factors.reset(mina.user, actor="operator")
