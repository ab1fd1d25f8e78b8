"""Customers who are gone: what is written to them comes by mail, and its link leads back; and customers who wait for
agents who are gone. The mail server is a real one."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from django.db.models import F
from django.db.models.functions import Now
from playwright.sync_api import Page, expect

from agents.models import Agent, Service
from chat.models import Chat, Lease, MailWait, Message
from tests import server as servers
from tests.browser.conftest import PHONE
from tests.browser.windows import SLOW_MILLISECONDS, Desk, HelpCenter
from tests.make import make_agent
from tests.smtp import MailServer, mail_server
from tickets.models import Ticket

LATER = timedelta(hours=1)


@pytest.fixture(scope="module")
def smtp() -> Iterator[MailServer]:
    with mail_server() as smtp:
        yield smtp


@pytest.fixture(scope="module")
def server(django_db_setup, smtp: MailServer, server_logs: Path) -> Iterator[servers.Server]:
    """In place of the usual one: it has a mail server."""
    with servers.running(server_logs / "gone-customers.log", EMAIL_URL=smtp.url) as started:
        yield started


@pytest.fixture(autouse=True)
def no_mail(smtp: MailServer) -> None:
    smtp.taken.clear()


@pytest.fixture
def mina(service: Service) -> Agent:
    return make_agent(service, "Mina", online=True)


@pytest.fixture
def desk(mina: Agent, signed_in_page: Callable[..., Page]) -> Desk:
    desk = Desk(signed_in_page(mina))
    expect(desk.widget).to_have_attribute("data-status", "online")
    return desk


def goes(center: HelpCenter) -> None:
    """The customer closes the page, a while ago."""
    center.page.close()
    expect_gone()


def expect_gone() -> None:
    """No page of a customer renews its lease any more."""
    Lease.objects.exclude(chat=None).update(expires_at=Now() - LATER)


def minutes_pass() -> None:
    expect_gone()
    Message.objects.update(created_at=F("created_at") - timedelta(minutes=6))
    MailWait.objects.update(due_at=F("due_at") - timedelta(minutes=6))


def mail_to(smtp: MailServer, address: str, page: Page) -> EmailMessage:
    """The first mail that the server took for this address. ``page`` is what waits meanwhile."""
    for _ in range(200):
        for to, mail in smtp.taken:
            if to == [address]:
                return mail
        page.wait_for_timeout(100)
    raise AssertionError(f"no mail for {address}")


def link_in(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    [link] = re.findall(r"https?://\S+", part.get_content())
    return link


def test_what_is_written_to_who_is_gone_is_mailed_and_leads_back(desk, smtp, new_page: Callable[..., Page]):
    center = HelpCenter(new_page("/hc/demo/"))
    center.start(name="Jun Park", message="Where is my parcel?")
    desk.select("Jun Park")
    goes(center)
    desk.chat.write("It left today. Ask for 4539 1488 0343 6467.")
    expect(desk.chat.message("It left today.")).to_be_visible()  # it is stored
    minutes_pass()

    mail = mail_to(smtp, "jun@example.com", desk.page)
    text = mail.get_body(("plain",)).get_content()
    assert "It left today. Ask for *******************." in text
    expect(desk.chat.messages.last).to_contain_text("Unread messages sent by e-mail: 1")
    expect(desk.chat.receipts("It left today.").filter(has_text="Read")).to_have_count(0)

    elsewhere = HelpCenter(new_page(link_in(mail), viewport=PHONE))  # a phone that has never been here
    expect(elsewhere.chat.body("It left today.")).to_be_visible()
    expect(desk.chat.receipts("It left today.")).to_contain_text("Read", timeout=SLOW_MILLISECONDS)
    assert "#" not in elsewhere.page.url
    assert "#" not in elsewhere.frame.url
    elsewhere.chat.write("Thank you, I wait.")
    expect(desk.chat.body("Thank you, I wait.")).to_be_visible()

    elsewhere.page.reload()
    expect(elsewhere.chat.body("Thank you, I wait.")).to_be_visible()  # from now on it is known here


def test_a_customer_who_comes_back_in_time_gets_no_mail(desk, smtp, new_page: Callable[..., Page]):
    page = new_page("/hc/demo/")
    HelpCenter(page).start(name="Jun Park", message="Where is my parcel?")
    desk.select("Jun Park")
    page.goto("about:blank")
    desk.chat.write("It left today.")
    expect(desk.chat.message("It left today.")).to_be_visible()  # it is stored
    page.goto("/hc/demo/")
    expect(HelpCenter(page).chat.body("It left today.")).to_be_visible()
    expect(desk.chat.receipts("It left today.")).to_contain_text("Read")
    MailWait.objects.update(due_at=Now() - LATER)

    for _ in range(200):
        if not MailWait.objects.exists():
            break
        desk.page.wait_for_timeout(100)
    assert not MailWait.objects.exists()
    assert smtp.taken == []


def test_a_link_that_has_ended_says_so(service: Service, new_page: Callable[..., Page]):
    make_agent(service, "Mina", online=True)
    center = HelpCenter(new_page("/hc/demo/#chat=1.1tXyzz.AAAA"))

    expect(center.panel.get_by_text("This link doesn’t work any more.")).to_be_visible()


def test_when_the_last_agent_goes_who_waits_is_told_and_leaves_an_inquiry_by_one_click(
    desk, smtp, new_page: Callable[..., Page]
):
    center = HelpCenter(new_page("/hc/demo/"))
    center.start(name="Jun Park", message="Where is my parcel?")
    desk.select("Jun Park")
    desk.page.close()
    Lease.objects.filter(chat=None).update(expires_at=Now() - LATER)

    expect(center.panel.get_by_text("Agents is absent")).to_be_visible(timeout=SLOW_MILLISECONDS)
    expect(center.chat.body("Where is my parcel?")).to_be_visible()
    center.panel.get_by_role("button", name="Leave a 1:1 inquiry instead").click()

    expect(center.panel.get_by_text("Its number is #1.")).to_be_visible()
    expect(center.chat.body("Where is my parcel?")).to_be_visible()
    ticket = Ticket.objects.get()
    assert (ticket.subject, ticket.body) == ("Where is my parcel?", "Where is my parcel?")
    assert "#1" in mail_to(smtp, "jun@example.com", center.page).get_body(("plain",)).get_content()
    center.page.reload()
    expect(center.panel.get_by_text("Its number is #1.")).to_be_attached()


def test_only_an_address_is_asked_for(service: Service, new_page: Callable[..., Page]):
    agent = make_agent(service, "Mina", online=True)
    Lease.objects.create(agent=agent, expires_at=Now() + LATER)
    center = HelpCenter(new_page("/hc/demo/"))
    center.start(name="Jun Park", email="", message="Where is my parcel?")
    Lease.objects.filter(agent=agent).delete()
    expect(center.panel.get_by_text("Agents is absent")).to_be_visible(timeout=SLOW_MILLISECONDS)

    leave, email = (
        center.panel.get_by_role("button", name="Leave a 1:1 inquiry instead"),
        center.panel.get_by_label("E-mail"),
    )
    expect(email).to_be_hidden()
    leave.click()
    expect(email).to_be_focused()
    email.fill("jun@")
    leave.click()
    expect(center.panel.get_by_text("Please enter an e-mail address")).to_be_visible()
    email.fill("jun@example.com")
    email.press("Enter")
    expect(center.panel.get_by_text("Its number is #1.")).to_be_visible()
    assert Ticket.objects.get().requester.email == "jun@example.com"


def test_who_waits_is_told_when_an_agent_comes_back(mina: Agent, signed_in_page, new_page: Callable[..., Page]):
    Lease.objects.create(agent=mina, expires_at=Now() + LATER)
    center = HelpCenter(new_page("/hc/demo/"))
    center.start(name="Jun Park", message="Where is my parcel?")
    Lease.objects.filter(agent=mina).delete()
    expect(center.panel.get_by_text("Agents is absent")).to_be_visible(timeout=SLOW_MILLISECONDS)

    desk = Desk(signed_in_page(mina))
    desk.choose("online")
    expect(center.panel.get_by_text("An agent will be with you in a moment.")).to_be_visible(timeout=SLOW_MILLISECONDS)
    desk.select("Jun Park")
    desk.chat.write("Here I am.")
    expect(center.chat.body("Here I am.")).to_be_visible()


def test_nobody_is_there_changes_by_itself(mina: Agent, new_page: Callable[..., Page]):
    center = HelpCenter(new_page("/hc/demo/"))
    center.open()
    expect(center.stage("absent")).to_be_visible()

    Lease.objects.create(agent=mina, expires_at=Now() + LATER)

    expect(center.stage("start")).to_be_visible(timeout=SLOW_MILLISECONDS)


def test_who_closed_the_waiting_chats_page_comes_back_by_mail(mina, smtp, new_page: Callable[..., Page]):
    Lease.objects.create(agent=mina, expires_at=Now() + LATER)
    Agent.objects.update(chat_limit=0)
    center = HelpCenter(new_page("/hc/demo/", locale="ko-KR"))
    center.start(name="Jun Park", message="택배가 어디 있나요?")
    goes(center)
    Chat.objects.update(created_at=Now() - LATER)

    elsewhere = new_page()
    mail = mail_to(smtp, "jun@example.com", elsewhere)
    assert mail["Subject"] == "Demo 고객센터 채팅 안내"
    back = HelpCenter(elsewhere)
    elsewhere.goto(link_in(mail))
    back.panel.get_by_role("button", name="Leave a 1:1 inquiry", exact=True).click()
    expect(back.panel.get_by_text("Its number is #1.")).to_be_visible()
    assert Ticket.objects.get().body == "택배가 어디 있나요?"
