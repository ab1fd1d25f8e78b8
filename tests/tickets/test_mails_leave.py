"""Mails about tickets as a real mail server gets them."""

import re
import uuid

import pytest

from agents.models import OutgoingMail
from agents.outbox.delivery import deliver_due
from tests.make import make_ticket
from tests.smtp import MailServer, mail_server
from tickets.answering.replies import Reply, send_reply
from tickets.models import Comment, Ticket

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def smtp(settings):
    with mail_server() as running:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", running.port
        yield running


def text_of(mail) -> str:
    return mail.get_body(("plain",)).get_content()


def inquiry(service) -> dict:
    policy = service.help_center.policies.get(language="en")
    form = {"name": "Jun", "email": "jun@example.com", "subject": "Cheap pills", "message": "at pills.example"}
    return form | {"policy": policy.pk, "consent": "on", "request_id": str(uuid.uuid4())}


def test_from_the_number_to_the_answer(client, service, agent, smtp: MailServer) -> None:
    client.post("/hc/demo/contact/", inquiry(service))
    deliver_due()
    [(to, confirmation)] = smtp.taken
    assert to == ["jun@example.com"]
    assert confirmation["Auto-Submitted"] == "auto-generated"
    assert "#1" in confirmation["Subject"]
    assert "ills" not in confirmation.as_string()  # nobody advertises by our mails
    page = re.search(r"https?://[^/]+(/inquiry/\S+)", text_of(confirmation))[1]

    send_reply(agent, Ticket.objects.get(), Reply("We <look> for it", cc=("ann@example.com",)))
    deliver_due()
    to, reply = smtp.taken[1]
    assert to == ["jun@example.com", "ann@example.com"]
    assert reply["Auto-Submitted"] is None
    assert (reply["In-Reply-To"], reply["References"]) == (confirmation["Message-ID"],) * 2
    assert reply["Subject"] == f"Re: {confirmation['Subject']}"
    assert "We <look> for it" in text_of(reply)
    assert "We &lt;look&gt; for it" in reply.get_body(("html",)).get_content()
    assert "Demo support" in text_of(reply)

    client.post(f"{page}answer/", {"body": "Thanks", "request_id": str(uuid.uuid4())})
    assert list(Comment.objects.values_list("kind", flat=True)) == ["reply", "customer"]
    states = OutgoingMail.objects.values_list("state", "sealed", "text")
    assert set(states) == {(OutgoingMail.State.SENT, None, "")}


def test_nobody_gets_a_reply_twice_because_another_reader_refused_it(
    service, customer, agent, smtp: MailServer
) -> None:
    answers = {"later@example.com": "451 4.3.0 later"}
    smtp.at_rcpt = lambda address: answers.get(address, "")
    send_reply(agent, make_ticket(service, requester=customer), Reply("Hello", cc=("later@example.com",)))
    deliver_due()
    answers.clear()
    OutgoingMail.objects.update(due_at=None)
    deliver_due()
    assert [to for to, _mail in smtp.taken] == [["jun@example.com"], ["later@example.com"]]


def test_a_form_sent_by_many_fills_no_mailbox(client, service) -> None:
    for _ in range(7):
        client.post("/hc/demo/contact/", inquiry(service))
    assert Ticket.objects.count() == 7
    assert OutgoingMail.objects.count() == 5
