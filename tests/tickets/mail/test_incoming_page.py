"""The page of a service's address and of mails that became no ticket, and what a ticket shows of its mails."""

import pytest
from django.db import connection
from django.http import Http404
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from agents import mailboxes
from agents.models import AuditEntry, Service, ServiceMailbox
from contiple.base.errors import Closed
from tests.make import make_chat, make_ticket
from tests.tickets.mail.corpus import CORPUS, mail
from tickets.concealing import conceal_copies
from tickets.mail import unfiled
from tickets.mail.incoming import receive
from tickets.mail.models import ReceivedMail
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


def save(client, address: str):
    return client.post(PAGE, {"address": address}, follow=True)


def test_an_admin_sets_changes_and_removes_the_address(service, admin, sign_in) -> None:
    client = sign_in(admin)
    for typed, stored in [
        (" Help@Shop.Example ", "help@shop.example"),
        ("hi@shop.example", "hi@shop.example"),
        ("", ""),
    ]:
        assert b"Saved." in save(client, typed).content
        assert mailboxes.address_of(service) == stored
    assert b"No changes were made." in save(client, "").content
    assert AuditEntry.objects.filter(action="mailbox.changed").count() == 3
    assert not AuditEntry.objects.filter(details__icontains="shop.example").exists()


@pytest.mark.parametrize(
    "address", ["nobody", "a@b@c.example", "taken@shop.example", "TAKEN@shop.example", "me@x.example"]
)
def test_an_address_that_can_t_be_used_is_refused(service, admin, outsider, sign_in, address) -> None:
    ServiceMailbox.objects.create(service=outsider.service, address="taken@shop.example")
    admin.user.email = "me@x.example"
    admin.user.save()
    answer = save(sign_in(admin), address)
    assert answer.status_code == 400
    assert b"aria-invalid" in answer.content
    assert mailboxes.address_of(service) == ""


def test_another_address_has_had_no_mail_yet(mailbox, admin, sign_in) -> None:
    take(mail("x"))
    assert b"Last e-mail" in sign_in(admin).get(PAGE).content
    save(sign_in(admin), "new@shop.example")
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
    paths = [
        PAGE,
        reverse("tickets:mail_ticket", args=["demo", kept.pk]),
        reverse("tickets:mail_ticket", args=["other", kept.pk]),
    ]
    for who in (agent, outsider):
        assert {sign_in(who).post(path, {"address": "x@x.example"}).status_code for path in paths} <= {404}
        assert sign_in(who).get(PAGE).status_code == 404
    assert {client.post(path).status_code for path in paths} == {302}
    assert "Out of office" not in sign_in(outsider).get("/desk/other/mail/").content.decode()
    with pytest.raises(Http404):
        unfiled.make_ticket(outsider, kept.pk)
    with pytest.raises(Closed):
        unfiled.make_ticket(agent, kept.pk)
    with pytest.raises(Closed):
        mailboxes.set_address(agent, "x@x.example")
    assert mailboxes.address_of(kept.service) == "help@shop.example"
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
