"""How customers get in, and what they meet: absent agents, a queue, a closed help center, a new policy, a reload."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from agents.models import Agent, Service
from chat.models import Chat
from helpcenter.models import HelpCenter as Settings
from helpcenter.models import PrivacyPolicy
from tests.browser.conftest import PHONE
from tests.browser.windows import SLOW_MILLISECONDS, Desk, HelpCenter
from tests.make import make_agent
from tickets.models import Ticket


@pytest.fixture
def desk(service: Service, signed_in_page: Callable[..., Page]) -> Desk:
    """Mina is Online, with the tickets in front of her."""
    return online(signed_in_page(make_agent(service, "Mina", online=True)))


@pytest.fixture
def center(service: Service, new_page: Callable[..., Page]) -> HelpCenter:
    return HelpCenter(new_page("/hc/demo/"))


def online(page: Page) -> Desk:
    """The desk, connected."""
    desk = Desk(page)
    expect(desk.widget).to_have_attribute("data-status", "online")
    expect(desk.list).to_contain_text("No chats right now")
    return desk


def test_nobody_online_leads_to_the_inquiry_form_and_a_ticket(center: HelpCenter, agent: Agent):
    center.open()
    absent = center.stage("absent")
    expect(absent.get_by_role("heading")).to_have_text("Agents is absent")
    absent.get_by_role("link", name="Contact Us").click()
    leave_inquiry(center.page, message="The lamp is broken")
    ticket = Ticket.objects.get()
    assert (ticket.channel, ticket.body) == (Ticket.Channel.HELP_CENTER, "The lamp is broken")
    assert not Chat.objects.exists()


@pytest.mark.parametrize("has_script", [True, False], ids=["its script is there", "its script has not come yet"])
def test_on_a_phone_nothing_covers_the_inquiry_form(service: Service, new_page: Callable[..., Page], has_script: bool):
    page = new_page("/hc/demo/", viewport=PHONE)
    if not has_script:
        page.route("**/customer-chat*.js", lambda route: route.abort())
    center = HelpCenter(page)
    center.open()
    center.stage("absent").get_by_role("link", name="Contact Us").click()
    center.page.locator("#inquiry").get_by_label("Message").click()
    expect(center.page.locator("chat-launcher iframe")).to_be_hidden()


def test_an_agent_who_went_offline_in_between_costs_the_customer_no_word(desk: Desk, center: HelpCenter):
    center.open()
    center.fill(name="Jun Park", email="jun@example.com", message="I have written\na long text")
    desk.choose("offline")
    center.agree_and_start()
    expect(center.stage("absent").get_by_role("heading")).to_have_text("Agents is absent")
    assert not Chat.objects.exists()
    center.stage("absent").get_by_role("link", name="Contact Us").click()

    form = center.page.locator("#inquiry")
    expect(form.get_by_label("Message")).to_have_value("I have written\na long text")
    expect(form.get_by_label("Name")).to_have_value("Jun Park")
    expect(form.get_by_label("E-mail")).to_have_value("jun@example.com")
    leave_inquiry(center.page)
    assert Ticket.objects.get().body == "I have written\na long text"

    # It is not carried into the next inquiry.
    center.page.goto("/hc/demo/contact/")
    expect(form.get_by_label("Message")).to_have_value("")


def test_a_click_on_the_icon_reads_anew_who_is_there(desk: Desk, center: HelpCenter):
    center.open()
    center.fill(name="Jun Park", message="I am not in a hurry")
    center.fold()
    desk.choose("offline")
    center.open()
    expect(center.stage("absent")).to_be_visible()
    center.fold()
    desk.choose("online")
    center.open()
    expect(center.stage("start").locator("[name=message]")).to_have_value("I am not in a hurry")
    expect(center.stage("start").locator("[name=name]")).to_have_value("Jun Park")


def test_a_reload_brings_the_customer_back_with_everything(desk: Desk, center: HelpCenter):
    chat = center.start(name="Jun Park", message="First line")
    desk.select("Jun Park")
    desk.chat.write("Hello Jun")
    expect(chat.body("Hello Jun")).to_be_visible()
    chat.composer.fill("half a sentence")

    center.page.reload()
    expect(chat.bodies).to_have_text(["First line", "Hello Jun"])
    expect(chat.composer).to_have_value("half a sentence")
    chat.composer.press("Enter")
    expect(desk.chat.body("half a sentence")).to_be_visible()

    # Another page of the help center, and a new window of the same browser, lead into the same chat.
    center.page.goto("/hc/demo/contact/")
    expect(chat.bodies).to_have_text(["First line", "Hello Jun", "half a sentence"])
    second = HelpCenter(center.page.context.new_page())
    second.page.goto("/hc/demo/")
    second.open()
    second.chat.write("from the second window")
    expect(chat.body("from the second window")).to_be_visible()
    assert Chat.objects.count() == 1


def test_a_running_chat_outlives_the_closing_of_the_help_center(desk: Desk, center: HelpCenter, new_page):
    chat = center.start(name="Jun Park", message="Hello")
    desk.select("Jun Park")
    Settings.objects.update(chat_enabled=False)
    center.page.reload()
    expect(chat.body("Hello")).to_be_visible()
    chat.write("Are you still there?")
    expect(desk.chat.body("Are you still there?")).to_be_visible()
    desk.chat.write("I am")
    expect(chat.body("I am")).to_be_visible()

    expect(HelpCenter(new_page("/hc/demo/")).icon).to_be_hidden()
    center.end()
    expect(center.panel.get_by_text("This chat has ended.")).to_be_visible()
    center.panel.get_by_role("button", name="Start a new chat").click()
    expect(center.stage("unavailable")).to_contain_text("Chat is not available now.")


def test_the_place_in_the_queue_moves_and_an_inquiry_can_be_left_instead(service: Service, signed_in_page, new_page):
    desk = online(signed_in_page(make_agent(service, "Mina", online=True, chat_limit=1)))
    first, second, third = (HelpCenter(new_page("/hc/demo/")) for _ in range(3))
    first.start(name="First", message="1")
    expect(first.panel.get_by_text("An agent will be with you in a moment.")).to_be_visible()
    second.start(name="Second", message="2")
    expect(second.panel.get_by_text("Your place in the queue: 1")).to_be_visible()
    third.start(name="Third", message="I wait")
    expect(third.panel.get_by_text("Your place in the queue: 2")).to_be_visible()
    expect(desk.count("ringing")).to_have_text("1")
    expect(desk.count("waiting")).to_have_text("2")
    desk.open()
    expect(desk.queue).to_contain_text("2 customers are waiting for an agent.")

    desk.select("First")
    first.end()
    expect(second.panel.get_by_text("An agent will be with you in a moment.")).to_be_visible()
    expect(third.panel.get_by_text("Your place in the queue: 1")).to_be_visible()
    expect(desk.entry("Second")).to_have_attribute("data-state", "ringing")

    third.chat.composer.fill("and now I go")
    third.panel.get_by_role("button", name="Leave a 1:1 inquiry instead").click()
    expect(third.panel.get_by_text("Its number is #1.")).to_be_visible()
    assert Ticket.objects.get().body == "I wait\nand now I go"


def test_two_customers_at_once_are_kept_apart(desk: Desk, new_page: Callable[..., Page]):
    jun, hana = HelpCenter(new_page("/hc/demo/")), HelpCenter(new_page("/hc/demo/", locale="ko-KR"))
    jun.start(name="Jun Park", message="Jun asks")
    hana.start(name="Hana Kim", message="하나가 묻습니다")
    desk.open()
    expect(desk.list.locator(".chat-entry")).to_have_count(2)
    desk.select("Jun Park")
    desk.chat.write("For Jun")
    expect(jun.chat.body("For Jun")).to_be_visible()
    desk.chat.composer.fill("not finished for Jun")
    desk.select("Hana Kim")
    expect(desk.chat.composer).to_have_value("")
    desk.chat.write("For Hana")
    expect(hana.chat.body("For Hana")).to_be_visible()

    jun.chat.write("Jun again")
    expect(desk.entry("Jun Park").locator(".count")).to_have_text("1")
    expect(desk.entry("Jun Park")).to_contain_text("Jun again")
    expect(desk.chat.bodies).to_have_text(["하나가 묻습니다", "For Hana"])
    expect(jun.chat.bodies).to_have_text(["Jun asks", "For Jun", "Jun again"])
    expect(hana.chat.bodies).to_have_text(["하나가 묻습니다", "For Hana"])

    desk.select("Jun Park")
    expect(desk.chat.composer).to_have_value("not finished for Jun")
    expect(desk.entry("Jun Park").locator(".count")).to_be_empty()


def test_a_policy_that_changed_meanwhile_is_read_and_agreed_to_first(desk: Desk, center: HelpCenter, service: Service):
    center.open()
    center.fill(name="Jun Park", message="Hello")
    for language in ("en", "ko"):
        publish(service, language=language, version=2, text=f"Policy 2 {language}")
    center.agree_and_start()
    expect(center.panel.get_by_text("The privacy policy has changed.")).to_be_visible()
    expect(center.panel.get_by_role("region", name="Privacy policy")).to_have_text("Policy 2 en")
    expect(center.panel.locator("[name=agree]")).not_to_be_checked()
    expect(center.panel.locator("[name=message]")).to_have_value("Hello")
    assert not Chat.objects.exists()

    center.agree_and_start()
    expect(center.stage("chat")).to_be_visible()
    assert Chat.objects.get().policy.version == 2


def test_on_a_break_the_running_chat_stays_and_no_new_one_comes(desk: Desk, center: HelpCenter, new_page):
    center.start(name="Jun Park", message="Hello")
    desk.select("Jun Park")
    desk.choose("break")
    newcomer = HelpCenter(new_page("/hc/demo/"))
    newcomer.open()
    expect(newcomer.stage("absent")).to_be_visible()
    desk.chat.write("I am still with you")
    expect(center.chat.body("I am still with you")).to_be_visible()


def test_consent_is_stored_in_the_language_it_was_given_in(desk: Desk, new_page: Callable[..., Page]):
    center = HelpCenter(new_page("/hc/demo/", locale="ko-KR"))
    center.start(name="하나", message="안녕하세요")
    chat = Chat.objects.get()
    assert (chat.policy.language, chat.language) == ("ko", "ko")
    desk.open()
    expect(desk.entry("하나")).to_be_visible()


def test_what_comes_while_the_chat_is_folded_away_is_counted_on_the_icon(desk: Desk, center: HelpCenter):
    center.start(name="Jun Park", message="Hello")
    desk.select("Jun Park")
    expect(center.panel.get_by_text("Mina joined the chat.")).to_be_visible()
    center.fold()
    expect(center.icon).to_be_focused()
    desk.chat.write("One")
    desk.chat.write("Two")
    expect(center.launcher.locator(".chat-widget-count")).to_have_text("2")
    expect(desk.chat.receipts("Two")).to_have_text("Delivered")
    center.open()
    expect(center.launcher.locator(".chat-widget-count")).to_be_empty()
    expect(desk.chat.receipts("Two")).to_have_text("Read")


def test_a_chat_nobody_opens_goes_to_the_next_agent(desk: Desk, service: Service, center: HelpCenter, signed_in_page):
    center.start(name="Jun Park", message="Hello")
    desk.open()
    expect(desk.entry("Jun Park")).to_have_attribute("data-state", "ringing")
    theo = online(signed_in_page(make_agent(service, "Theo", online=True)))
    desk.choose("offline")
    expect(theo.widget).to_have_attribute("data-state", "ringing", timeout=SLOW_MILLISECONDS)
    expect(desk.widget).to_have_attribute("data-state", "idle")
    theo.select("Jun Park")
    expect(center.panel.get_by_text("Theo joined the chat.")).to_be_visible()


def leave_inquiry(page: Page, **fields: str) -> None:
    form = page.locator("#inquiry")
    defaults: dict[str, Any] = {"name": "Jun Park", "email": "jun@example.com", "subject": "Help"}
    for name, value in (defaults | fields).items():
        form.locator(f"[name={name}]").fill(value)
    form.locator("[name=consent]").check()
    form.get_by_role("button", name="Send").click()
    expect(page.locator("#content")).to_contain_text("Thank")


def publish(service: Service, **fields: Any) -> None:
    PrivacyPolicy.objects.create(help_center=service.help_center, **fields)
