"""The page of a service's address and of mails that became no ticket, and what a ticket shows of its mails."""

import pytest
from django.db import connection
from django.http import Http404
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from agents import mailboxes
from agents.models import AuditEntry, Service, ServiceMailbox
from contiple.base.errors import Closed
from tests.make import make_chat, make_ticket, make_user
from tests.tickets.mail.corpus import CORPUS, mail
from tickets.mail import unfiled
from tickets.mail.incoming import receive
from tickets.mail.models import ReceivedMail
from tickets.masking.concealing import conceal_copies
from tickets.models import Ticket

PAGE = "/desk/demo/mail/"


@pytest.fixture
def mailbox(service: Service) -> ServiceMailbox:
    return ServiceMailbox.objects.create(service=service, address="help@shop.example")


@pytest.fixture
def kept(mailbox) -> ReceivedMail:
    return take(mail("I am away.", Subject="Out of office", Auto_Submitted="auto-replied"))


def take(raw: bytes) -> ReceivedMail:
    [row] = receive(raw, size=len(raw), now=timezone.now())
    return row


ADDRESSES = "/operator/agents/servicemailbox/"


@pytest.fixture
def operator(client, settings) -> Client:
    settings.OPERATOR_SECOND_FACTOR = False
    client.force_login(make_user("Olga", is_staff=True, is_superuser=True))
    return client


def test_the_operator_allots_changes_and_removes_the_address(service, operator) -> None:
    added = operator.post(f"{ADDRESSES}add/", {"service": service.pk, "address": " Help@Shop.Example "})
    assert (added.status_code, mailboxes.address_of(service)) == (302, "help@shop.example")
    row = ServiceMailbox.objects.get()
    operator.post(f"{ADDRESSES}{row.pk}/change/", {"address": "hi@shop.example"})
    assert mailboxes.address_of(service) == "hi@shop.example"
    assert operator.get(ADDRESSES, {"q": "shop"}).status_code == 200
    operator.post(f"{ADDRESSES}{row.pk}/delete/", {"post": "yes"})
    assert mailboxes.address_of(service) == ""
    entries = AuditEntry.objects.filter(action="mailbox.changed", service=service).order_by("id")
    assert [entry.details for entry in entries] == [{"is_open": True}, {"is_open": True}, {"is_open": False}]


@pytest.mark.parametrize(
    "address", ["nobody", "a@b@c.example", "taken@shop.example", "TAKEN@shop.example", "me@x.example"]
)
def test_an_address_that_can_t_be_used_is_refused(service, admin, outsider, operator, address) -> None:
    ServiceMailbox.objects.create(service=outsider.service, address="taken@shop.example")
    admin.user.email = "me@x.example"
    admin.user.save()
    answer = operator.post(f"{ADDRESSES}add/", {"service": service.pk, "address": address})
    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors.keys() == {"address"}
    assert mailboxes.address_of(service) == ""


def test_no_admin_can_take_an_address(admin, sign_in) -> None:
    """It would bring the service a copy of every mail that names the address, also of other services' mails."""
    client = sign_in(admin)
    assert client.post(PAGE, {"address": "help@shop.example"}).status_code == 405
    assert client.get(ADDRESSES, follow=True).status_code == 404
    assert b"Your operator sets it" in client.get(PAGE).content
    assert not ServiceMailbox.objects.exists()


def test_a_mail_to_an_address_with_a_tag_goes_to_one_service(mailbox, outsider) -> None:
    other = ServiceMailbox.objects.create(service=outsider.service, address="help+eu@shop.example")
    assert mailboxes.mailboxes_for(["help+eu@shop.example"]) == [other]
    assert mailboxes.mailboxes_for(["Help+5@shop.example", "help@shop.example"]) == [mailbox]
    assert mailboxes.mailboxes_for(["help+eu@shop.example", "help@shop.example"]) == [mailbox, other]


def test_another_address_has_had_no_mail_yet(mailbox, admin, sign_in, operator) -> None:
    take(mail("x"))
    assert b"Last e-mail" in sign_in(admin).get(PAGE).content
    operator.post(f"{ADDRESSES}{mailbox.pk}/change/", {"address": "new@shop.example"})
    assert b"No e-mail has come in yet" in sign_in(admin).get(PAGE).content


def test_what_became_no_ticket_is_listed_with_its_reason(kept, admin, sign_in) -> None:
    page = sign_in(admin).get(PAGE).content.decode()
    assert "Out of office" in page
    assert "I am away." in page
    assert "Automatic e-mail" in page


def test_a_ticket_is_made_of_it_once(kept, admin, sign_in) -> None:
    path = reverse("tickets:mail_ticket", args=["demo", kept.pk])
    first, second = (sign_in(admin).post(path) for _each in range(2))
    ticket = Ticket.objects.get()
    assert first["Location"] == second["Location"] == f"/desk/demo/tickets/{ticket.number}/"
    assert (ticket.subject, ticket.body, ticket.requester.email) == ("Out of office", "I am away.", "jun@example.com")
    assert "Out of office" not in sign_in(admin).get(PAGE).content.decode()


def test_a_ticket_is_made_of_a_mail_without_a_sender(mailbox, admin) -> None:
    assert unfiled.make_ticket(admin, take(mail("x", From=None)).pk).requester is None


def test_from_the_wrong_hands(kept, agent, outsider, sign_in, client) -> None:
    paths = [reverse("tickets:mail_ticket", args=[slug, kept.pk]) for slug in ("demo", "other")]
    for who in (agent, outsider):
        assert {sign_in(who).post(path).status_code for path in paths} == {404}
        assert sign_in(who).get(PAGE).status_code == 404
    assert {client.post(path).status_code for path in paths} == {302}
    assert "Out of office" not in sign_in(outsider).get("/desk/other/mail/").content.decode()
    with pytest.raises(Http404):
        unfiled.make_ticket(outsider, kept.pk)
    with pytest.raises(Closed):
        unfiled.make_ticket(agent, kept.pk)
    assert not Ticket.objects.exists()


def test_queries_do_not_grow_with_the_mails(kept, admin, sign_in) -> None:
    client = sign_in(admin)
    client.get(PAGE)
    with CaptureQueriesContext(connection) as few:
        client.get(PAGE)
    for at in range(20):
        take(mail("x", Message_ID=f"<{at}@x>", Auto_Submitted="auto-replied"))
    with CaptureQueriesContext(connection) as many:
        client.get(PAGE)
    assert len(many) == len(few)


def test_a_ticket_shows_files_notes_and_the_rest_of_its_mail(mailbox, agent, sign_in) -> None:
    row = take(CORPUS["winmail.dat"][0])
    row.folded = "<b>Jun</b>"
    row.save()
    page = sign_in(agent).get(f"/desk/demo/tickets/{row.ticket.number}/").content.decode()
    assert "winmail.dat" in page
    assert "Outlook packed files" in page
    assert "&lt;b&gt;Jun&lt;/b&gt;" in page


def test_an_answer_from_another_address_is_shown_as_such(mailbox, agent, customer, sign_in) -> None:
    ticket = make_ticket(mailbox.service, requester=customer)
    ticket.mails.create(service=ticket.service, message_id="<ours@x>", direction="out")
    take(mail("Hello", In_Reply_To="<ours@x>", From="eve@example.com"))
    page = sign_in(agent).get(f"/desk/demo/tickets/{ticket.number}/").content.decode()
    assert "From another address: eve@example.com." in page


def test_what_is_masked_by_hand_in_the_chat_goes_from_the_ticket_s_mails(mailbox, agent, customer) -> None:
    chat = make_chat(mailbox.service, customer=customer)
    ticket = make_ticket(mailbox.service, requester=customer, chat=chat)
    ticket.mails.create(service=ticket.service, message_id="<ours@x>", direction="out")
    row = take(mail("Yes\n-- \nmy secret word", Subject="my secret word", In_Reply_To="<ours@x>"))
    conceal_copies(chat, ["secret word"])
    row.refresh_from_db()
    assert "secret" not in row.folded + row.subject
