"""Queues by topic in front of people: made by an admin, chosen by a customer or by the page, passed on by an agent."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from agents.models import Agent, Service
from chat.models import Chat
from chat.topics import Topic
from tests.browser.windows import SLOW_MILLISECONDS, Desk, HelpCenter
from tests.make import make_agent


def make_topic(service: Service, key: str, *agents: Agent) -> Topic:
    topic = Topic.objects.create(service=service, key=key, names={"en": key.title()})
    topic.agents.set(agents)
    return topic


def test_from_the_admins_queue_to_an_agent_of_it(service: Service, admin: Agent, signed_in_page, new_page):
    mina, theo = make_agent(service, "Mina", online=True), make_agent(service, "Theo", online=True)
    make_topic(service, "delivery", theo)
    page = signed_in_page(admin, "/desk/demo/chat/queues/")
    page.get_by_role("link", name="New queue").click()
    page.get_by_label("Name (English)").fill("Refunds")
    page.get_by_label("Mina").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("link", name="Refunds")).to_be_visible()

    minas, theos = Desk(signed_in_page(mina)), Desk(signed_in_page(theo))
    for desk in (minas, theos):
        desk.open()
        expect(desk.list).to_contain_text("New chats will ring here")
    center = HelpCenter(new_page("/hc/demo/"))
    center.open()
    center.fill(name="Jun Park", message="My money, please")
    center.agree_and_start()
    topic = center.stage("start").get_by_label("What is it about?")
    expect(topic).to_have_attribute("aria-invalid", "true")
    topic.select_option("Refunds")
    center.agree_and_start()
    minas.select("Jun Park")
    expect(minas.dialog).to_contain_text("Refunds")
    expect(theos.list).not_to_contain_text("Jun Park")

    minas.dialog.locator(".chat-actions > summary").click()
    minas.dialog.get_by_role("link", name="Transfer").click()
    minas.popup.get_by_role("radio", name="Delivery").check()
    minas.popup.get_by_role("button", name="Transfer").click()

    theos.select("Jun Park")
    expect(center.panel.get_by_text("Theo joined the chat.")).to_be_visible()
    assert str(Chat.objects.get().topic) == "Delivery"


def test_queues_are_put_in_order_and_removed_by_mouse(service: Service, admin: Agent, signed_in_page) -> None:
    for place, key in enumerate(("delivery", "refunds", "garden")):
        Topic.objects.filter(pk=make_topic(service, key).pk).update(position=place, is_active=key != "garden")
    page = signed_in_page(admin, "/desk/demo/chat/queues/")
    page.get_by_role("button", name="Move Delivery down").click()
    expect(page.locator(".list .row-link")).to_have_text(["Refunds", "Delivery", "Garden"])
    expect(page.get_by_role("button", name="Move Delivery down")).to_be_focused()  # for the next step
    page.get_by_role("link", name="Remove Garden").click()
    expect(page).to_have_url(re.compile("remove"))


def test_nobody_of_the_chosen_topic_is_there_until_somebody_comes(service: Service, signed_in_page, new_page):
    theo = make_agent(service, "Theo")
    make_topic(service, "delivery", theo)
    make_topic(service, "refunds", mina := make_agent(service, "Mina", online=True))
    desk = Desk(signed_in_page(mina))
    desk.open()
    expect(desk.list).to_contain_text("New chats will ring here")
    center = HelpCenter(new_page("/hc/demo/"))
    center.open()
    center.fill(name="Jun Park", message="Where is it?")
    topic = center.stage("start").get_by_label("What is it about?")
    topic.select_option("Delivery – nobody is there now")
    center.agree_and_start()
    expect(center.stage("absent").get_by_role("heading")).to_have_text("Agents is absent")

    Desk(signed_in_page(theo)).choose("online")

    expect(center.stage("start")).to_be_visible(timeout=SLOW_MILLISECONDS)
    expect(center.stage("start").locator("[name=message]")).to_have_value("Where is it?")


def test_who_chose_a_topic_without_agents_chooses_another(service: Service, signed_in_page, new_page) -> None:
    make_topic(service, "delivery", make_agent(service, "Theo"))
    make_topic(service, "refunds", mina := make_agent(service, "Mina", online=True))
    desk = Desk(signed_in_page(mina))
    desk.open()
    expect(desk.list).to_contain_text("New chats will ring here")
    center = HelpCenter(new_page("/hc/demo/"))
    center.open()
    center.fill(name="Jun Park", message="Where is it?")
    center.stage("start").get_by_label("What is it about?").select_option("Delivery – nobody is there now")
    center.agree_and_start()
    center.stage("absent").get_by_role("button", name="Choose another topic").click()
    expect(center.stage("start").locator("[name=message]")).to_have_value("Where is it?")
    center.stage("start").get_by_label("What is it about?").select_option("Refunds")
    center.agree_and_start()
    expect(center.stage("chat")).to_be_visible()


def test_the_page_around_the_chat_has_chosen(service: Service, signed_in_page, new_page: Callable[..., Page]):
    mina = make_agent(service, "Mina", online=True)
    topic = make_topic(service, "refunds", mina)
    desk = Desk(signed_in_page(mina))
    desk.open()
    expect(desk.list).to_contain_text("New chats will ring here")
    page = new_page("/hc/demo/chat/?topic=refunds")
    form = page.locator("form[data-stage=start]")
    form.get_by_label("Name").fill("Jun Park")
    expect(page.get_by_label("What is it about?")).to_have_count(0)
    form.locator("[name=agree]").check()
    form.get_by_role("button", name="Start chat").click()
    desk.select("Jun Park")
    assert Chat.objects.get().topic == topic
