"""Without a mail server the operator sees every kind of mail as it would have left, with links that work."""

import html
import re
from collections.abc import Callable

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from agents.invitation_mail import post_invitation
from agents.invitations import invite_agent
from agents.models import OutgoingMail
from agents.outbox import delivery, kinds
from agents.reset_mail import post_reset
from agents.second_factor.trail import record
from chat.conversation.transcript_mail import post_transcript
from chat.lifecycle import customer_mails
from chat.masking.limit_notice import tell_of_limit
from tests.make import make_chat, make_message, make_ticket, make_user
from tickets import lifecycle
from tickets.answering.mails import post_confirmation, post_links
from tickets.answering.replies import Reply, send_reply
from tickets.mail.returned import _tell_assignee

pytestmark = pytest.mark.django_db


def invitation(service, admin, **_others) -> None:
    made = invite_agent(by=admin, email="new@example.com", role="agent", chat_permission=False, now=timezone.now())
    if not OutgoingMail.objects.exists():
        post_invitation(made.invitation, made.secret, by=admin)


def reply(service, agent, ticket, **_others) -> None:
    send_reply(agent, ticket, Reply("It leaves today <now>"))


def returned(service, agent, ticket, **_others) -> None:
    lifecycle.set_assignee(agent, ticket, agent)
    _tell_assignee(service, ticket)


def unread(service, agent, customer, **_others) -> None:
    chat = make_chat(service, customer=customer, agent=agent)
    customer_mails.post(chat, up_to=make_message(chat, "It leaves today", author="agent", agent=agent).seq)


def missed(service, customer, **_others) -> None:
    customer_mails.post(make_chat(service, customer=customer), up_to=0)


def chat_transcript(service, agent, customer, **_others) -> None:
    chat = make_chat(service, customer=customer, agent=agent)
    make_message(chat, "It leaves today", author="agent", agent=agent)
    post_transcript(chat, language="en", offset=0)


# How each kind comes about, and what its text says. A new kind is tried here too.
KINDS: dict[str, tuple[Callable[..., object], str]] = {
    "invitation": (invitation, "invit"),
    "reset": (lambda agent, **_others: post_reset(agent.user.email), "password"),
    "account": (lambda agent, **_others: record(agent.user, "app_added"), "authenticator"),
    "unmask_limit": (lambda agent, admin, **_others: tell_of_limit(agent, 30), "30"),
    "inquiry": (lambda ticket, **_others: post_confirmation(ticket), "#1"),
    "reply": (reply, "It leaves today &lt;now&gt;"),
    "mail_returned": (returned, "could not be delivered"),
    "unread": (unread, "It leaves today"),
    "missed_chat": (missed, "Demo"),
    "transcript": (chat_transcript, "It leaves today"),
    "inquiry_links": (lambda service, **_others: post_links(service, "jun@example.com", language="en"), "#1"),
}


@pytest.fixture
def operator(client, settings):
    settings.OPERATOR_SECOND_FACTOR = False
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    client.force_login(make_user("Olga", is_staff=True, is_superuser=True))
    return client


def test_every_kind_is_tried() -> None:
    own = {name for name, kind in kinds._kinds.items() if "test" not in str(kind.label).lower()}
    assert own - {"told", "made"} <= KINDS.keys()


@pytest.mark.parametrize("kind", KINDS)
def test_the_operator_reads_it_and_its_links_work(kind, operator, service, admin, agent, customer, client) -> None:
    ticket = make_ticket(service, requester=customer)
    post, words = KINDS[kind]
    post(service=service, admin=admin, agent=agent, ticket=ticket, customer=customer)
    delivery.deliver_due()
    [mail] = OutgoingMail.objects.filter(kind=kind)
    assert mail.state == OutgoingMail.State.UNSENT
    shown = operator.get(reverse("admin:agents_outgoingmail_change", args=[mail.pk])).content.decode()
    assert words in shown
    links = re.findall(rf'<a href="({re.escape(settings.PUBLIC_ORIGIN)}[^"]*)"', shown)
    assert links or kind == "transcript"
    client.logout()
    for link in links:
        answer = client.get(html.unescape(link).removeprefix(settings.PUBLIC_ORIGIN), follow=True)
        assert answer.status_code == 200, link


def test_a_mail_that_nobody_is_to_get_says_so(operator) -> None:
    post_reset("nobody@example.com")
    mail = OutgoingMail.objects.get()
    OutgoingMail.objects.update(state=OutgoingMail.State.UNSENT)
    page = operator.get(reverse("admin:agents_outgoingmail_change", args=[mail.pk]))
    assert page.status_code == 200
