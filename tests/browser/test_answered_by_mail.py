"""The guide's second path to its end: nobody is Online, so an inquiry is left, and it is answered by mail and by page.

What is mailed arrives in a real mail server, and what the customer mails is fetched from a real mailbox.
"""

import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from agents.models import Service, ServiceMailbox
from contiple.base.env import BASE_DIR
from tests import server as servers
from tests import services
from tests.browser.windows import HelpCenter
from tests.faults.people import wait_until
from tests.make import make_agent
from tests.smtp import MailServer, mail_server
from tests.tickets.mail.test_polling import Mailbox
from tickets.models import Comment, Ticket

MAILBOX = "help@demo.example"
LONG_MS = 60_000  # a mailbox is looked into every 20 s


@pytest.fixture(scope="module")
def smtp() -> Iterator[MailServer]:
    with mail_server() as running:
        yield running


@pytest.fixture(scope="module")
def mailbox() -> Iterator[Mailbox]:
    ports = services.free_port(), services.free_port()
    command = [sys.executable, "-m", "tests.tickets.mail.imap_server", *map(str, ports)]
    process = subprocess.Popen(command, cwd=BASE_DIR)
    services.wait_for_port(ports[1], process)
    yield Mailbox(*ports)
    process.terminate()
    process.wait()


@pytest.fixture(scope="module")
def server(django_db_setup, server_logs: Path, smtp: MailServer, mailbox: Mailbox) -> Iterator[servers.Server]:
    """With a mail server and a mailbox, as in production."""
    log = server_logs / f"{uuid.uuid4()}.log"
    with servers.running(log, EMAIL_URL=smtp.url, IMAP_URL=mailbox.url) as started:
        yield started


def leave_inquiry(page: Page) -> None:
    form = page.locator("#inquiry")
    form.get_by_label("Name").fill("Jun Park")
    form.get_by_label("E-mail").fill("jun@example.com")
    form.get_by_label("Subject").fill("Where is my lamp?")
    form.get_by_label("Message").fill("I ordered it two weeks ago.")
    form.get_by_label("I agree").check()
    form.get_by_role("button", name="Send").click()


def mail_about(smtp: MailServer, words: str) -> EmailMessage:
    """The mail with these words, when it has arrived."""
    found: list[EmailMessage] = []

    def has_come() -> bool:
        found[:] = [mail for _to, mail in smtp.taken if words in mail.get_body(("plain",)).get_content()]
        return bool(found)

    wait_until(has_come, 60)
    return found[0]


def link_in(mail: EmailMessage) -> str:
    text = mail.get_body(("plain",)).get_content()
    return next(word for word in text.split() if "/inquiry/" in word)


def reply_to(mail: EmailMessage, words: str) -> bytes:
    """As a mail program writes it: in the thread, above what it answers to."""
    reply = EmailMessage()
    reply["From"], reply["To"] = "Jun Park <jun@example.com>", mail["Reply-To"]
    reply["Subject"] = mail["Subject"]
    reply["Message-ID"] = f"<{uuid.uuid4().hex}@mail.example.com>"
    reply["In-Reply-To"] = mail["Message-ID"]
    reply["References"] = f"{mail['References'] or ''} {mail['Message-ID']}".strip()
    quoted = "\n".join(f"> {line}" for line in mail.get_body(("plain",)).get_content().splitlines())
    reply.set_content(f"{words}\n\nOn Fri, 27 Nov 2026 at 14:00, Demo wrote:\n{quoted}\n")
    return reply.as_bytes()


def test_absent_to_answered(
    service: Service, smtp: MailServer, mailbox: Mailbox, new_page: Callable[..., Page], signed_in_page
) -> None:
    mina = make_agent(service, "Mina")
    ServiceMailbox.objects.create(service=service, address=MAILBOX)

    customer = new_page("/hc/demo/")
    center = HelpCenter(customer)
    center.open()
    expect(center.stage("absent").get_by_role("heading")).to_have_text("Agents is absent")
    center.stage("absent").get_by_role("link", name="Contact Us").click()
    leave_inquiry(customer)
    expect(customer.locator(".inquiry-number")).to_contain_text("#1")
    confirmation = mail_about(smtp, "Its number is #1")
    assert confirmation["To"] == "jun@example.com"
    assert confirmation["Auto-Submitted"] == "auto-generated"

    desk = signed_in_page(mina, "/desk/demo/tickets/1/")
    desk.locator("#reply-body").fill("It leaves today.")
    desk.get_by_role("button", name="Send reply to customer").click()
    expect(desk.locator(".comment-reply")).to_contain_text("It leaves today.")
    answer = mail_about(smtp, "It leaves today.")
    assert answer["In-Reply-To"] == confirmation["Message-ID"]
    assert answer["Reply-To"] == MAILBOX
    expect(desk.locator(".comment-reply")).to_contain_text("sent by e-mail", timeout=LONG_MS)

    mailbox.put(reply_to(answer, "Thank you, I wait."))
    expect(desk.locator(".comment-customer")).to_contain_text("Thank you, I wait.", timeout=LONG_MS)
    expect(desk.locator(".comment-customer")).not_to_contain_text("Its number is")
    expect(desk.locator("#ticket-state-now")).to_contain_text("Processing")

    customer.goto(link_in(answer))
    expect(customer.get_by_role("log")).to_contain_text("Thank you, I wait.")
    customer.get_by_label("Your answer").fill("It has come!")
    customer.get_by_role("button", name="Answer").click()
    expect(customer.get_by_role("log")).to_contain_text("It has come!")
    expect(desk.locator(".comment-customer").last).to_contain_text("It has come!", timeout=LONG_MS)
    assert list(Comment.objects.values_list("kind", flat=True)) == ["reply", "customer", "customer"]
    assert Ticket.objects.count() == 1
