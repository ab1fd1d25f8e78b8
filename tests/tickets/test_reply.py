"""An agent's reply is stored, shown to the customer, and put into the outbox: all of it or nothing."""

import uuid

import pytest
from django.db import IntegrityError

from agents import outbox
from agents.models import OutgoingMail
from agents.models_mailboxes import ServiceMailbox
from contiple.base.errors import Closed
from helpcenter.models import HelpCenterText
from tests.chat.secrets import columns_with
from tests.make import make_customer, make_service, make_ticket
from tests.tickets.masked import mask_text
from tests.tickets.outgoing import made
from tickets.answering.conversation import add_customer_answer
from tickets.answering.mails import post_confirmation
from tickets.answering.replies import Reply, send_reply
from tickets.models import Comment, Ticket, TicketMail

pytestmark = pytest.mark.django_db

CARD = "4111 1111 1111 1111"
URL = "/desk/demo/tickets/1/reply/"
State = Ticket.State


@pytest.fixture
def ticket(service, customer) -> Ticket:
    return make_ticket(service, requester=customer)


def form(body: str = "It is on its way", **fields) -> dict:
    return {"body": body, "cc": "", "state": "pending", "request_id": str(uuid.uuid4()), **fields}


def test_it_is_stored_and_mailed_and_the_ticket_is_the_agents(ticket, agent, actions) -> None:
    comment = send_reply(agent, ticket, Reply("It is on its way"))
    ticket.refresh_from_db()
    assert (ticket.state, ticket.assignee) == (State.PENDING, agent)
    assert (comment.kind, comment.name) == ("reply", "Mina")
    mail = OutgoingMail.objects.get()
    assert (mail.to, mail.cc, made(mail).from_name, mail.is_automatic) == (["jun@example.com"], [], "Demo help", False)
    assert "It is on its way" in made(mail).text
    assert TicketMail.objects.get().message_id == mail.message_id
    assert actions(ticket) == ["ticket.replied", "ticket.assignee", "ticket.state", "ticket.state"]


def test_it_may_resolve_the_ticket(ticket, agent, colleague) -> None:
    ticket = make_ticket(ticket.service, requester=ticket.requester, assignee=colleague, state=State.PROCESSING)
    send_reply(agent, ticket, Reply("Done", State.RESOLVED))
    ticket.refresh_from_db()
    assert (ticket.state, ticket.assignee) == (State.RESOLVED, colleague)


def test_what_is_masked_stays_masked_in_the_mail(ticket, agent) -> None:
    send_reply(agent, ticket, Reply(f"You wrote {CARD}"))
    mail = made(OutgoingMail.objects.get())
    text, html = mail.text, mail.html
    assert "*" * len(CARD) in text
    assert "*" * len(CARD) in html
    assert "4111" not in text + html
    assert columns_with("4111") == []


def test_what_is_masked_by_hand_before_it_leaves_is_masked_in_the_mail(ticket, agent) -> None:
    mask_text(agent, send_reply(agent, ticket, Reply("Ask Kim Minsu")), "Kim Minsu")
    mail = made(OutgoingMail.objects.get())
    assert "Ask *********" in mail.text
    assert columns_with("Kim Minsu") == []


def test_a_mail_says_what_it_is_in_the_customers_language(service, agent) -> None:
    HelpCenterText.objects.filter(language="ko").update(signature="데모 <상담팀>")
    send_reply(agent, make_ticket(service, requester=make_customer(service, language="ko")), Reply("<b>네</b>"))
    mail = OutgoingMail.objects.get()
    text, html, subject = made(mail).text, made(mail).html, made(mail).subject
    assert mail.language == "ko"
    assert "데모 <상담팀>" in text
    assert "데모 &lt;상담팀&gt;" in html
    assert "&lt;b&gt;네&lt;/b&gt;" in html
    assert not any(word in text + subject for word in ("Your", "Read", "inquiry #"))


def test_the_mails_of_a_ticket_are_one_thread(ticket, agent) -> None:
    post_confirmation(ticket)
    send_reply(agent, ticket, Reply("First"))
    TicketMail.objects.create(
        ticket=ticket, service=ticket.service, message_id="<theirs@example.com>", direction="in", is_from_requester=True
    )
    send_reply(agent, ticket, Reply("Second"))
    rows = list(OutgoingMail.objects.order_by("pk"))
    (first, second, third), ids = map(made, rows), [row.message_id for row in rows]
    assert (first.in_reply_to, first.references, rows[0].is_automatic) == ("", [], True)
    assert (second.in_reply_to, second.references) == (ids[0], [ids[0]])
    assert third.references == [ids[0], ids[1], "<theirs@example.com>"]
    assert third.in_reply_to == "<theirs@example.com>"
    assert {first.subject, second.subject.removeprefix("Re: "), third.subject.removeprefix("Re: ")} == {first.subject}
    assert ticket.subject not in first.subject


def test_a_thread_that_a_customer_began_keeps_its_subject(ticket, agent) -> None:
    ticket.mails.create(service=ticket.service, message_id="<theirs@example.com>", direction="in")
    send_reply(agent, ticket, Reply("Hello"))
    assert made(OutgoingMail.objects.get()).subject == f"Re: {ticket.subject}"


def test_a_long_thread_names_the_first_and_the_latest(ticket, agent) -> None:
    for number in range(30):
        ticket.mails.create(service=ticket.service, message_id=f"<{number}@example.com>", direction="in")
    send_reply(agent, ticket, Reply("Hello"))
    references = made(OutgoingMail.objects.get()).references
    assert len(references) == 20
    assert (references[0], references[1], references[-1]) == (
        "<0@example.com>",
        "<11@example.com>",
        "<29@example.com>",
    )


def test_with_others_in_cc_there_is_no_link(ticket, agent, sign_in) -> None:
    cc = " ann@example.com, bo@example.com;ann@example.com "
    assert sign_in(agent).post(URL, form(cc=cc)).status_code == 302
    mail = OutgoingMail.objects.get()
    assert mail.cc == ["ann@example.com", "bo@example.com"]
    assert "/inquiry/" not in made(mail).text + made(mail).html


def test_without_others_there_is_a_link(ticket, agent) -> None:
    send_reply(agent, ticket, Reply("Hello"))
    mail = made(OutgoingMail.objects.get())
    assert "/inquiry/demo/" in mail.text
    assert "/inquiry/demo/" in mail.html


@pytest.mark.parametrize(
    "wrong",
    [
        {"cc": "no address"},
        {"cc": "a@example.com\r\nBcc: b@example.com, c"},
        {"cc": ",".join(f"a{number}@example.com" for number in range(11))},
        {"body": ""},
        {"state": "completed"},
        {"state": "processing"},
        {"request_id": ""},
    ],
)
def test_a_wrong_form_keeps_what_was_typed_and_sends_nothing(ticket, agent, sign_in, wrong) -> None:
    answer = sign_in(agent).post(URL, form(**wrong))
    assert answer.status_code == 400
    assert "body" in wrong or "It is on its way" in answer.content.decode()
    assert not OutgoingMail.objects.exists()
    assert not Comment.objects.exists()


def test_without_an_address_there_is_no_reply_but_a_way(service, agent, sign_in) -> None:
    ticket, client = make_ticket(service, requester=make_customer(service, email="")), sign_in(agent)
    with pytest.raises(Closed):
        send_reply(agent, ticket, Reply("Hello"))
    assert client.post(URL, form()).status_code == 400
    assert "left no e-mail address" in client.get("/desk/demo/tickets/1/").content.decode()
    client.post("/desk/demo/tickets/1/requester/", {"email": "kim@example.com"})
    assert client.post(URL, form()).status_code == 302
    assert OutgoingMail.objects.get().to == ["kim@example.com"]


def test_nobody_changes_an_address_that_is_there(ticket, agent, sign_in) -> None:
    sign_in(agent).post("/desk/demo/tickets/1/requester/", {"email": "other@example.com"})
    ticket.requester.refresh_from_db()
    assert ticket.requester.email == "jun@example.com"


def test_a_completed_ticket_is_for_admins(ticket, agent, admin) -> None:
    Ticket.objects.update(state=State.COMPLETED, assignee=agent)
    with pytest.raises(Closed):
        send_reply(agent, ticket, Reply("One more"))
    assert not OutgoingMail.objects.exists()
    send_reply(admin, ticket, Reply("One more"))
    ticket.refresh_from_db()
    assert ticket.state == State.PENDING


def test_the_same_form_sent_twice_is_one_reply(ticket, agent, sign_in) -> None:
    sent = form()
    for _ in range(2):
        sign_in(agent).post(URL, sent)
    assert OutgoingMail.objects.count() == Comment.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_same_form_sent_by_many_clicks_at_once_is_one_reply(ticket, agent, at_once) -> None:
    once = Reply("It is on its way", request_id=uuid.uuid4())
    made_by = at_once(lambda _turn: send_reply(agent, Ticket.objects.get(pk=ticket.pk), once))
    assert made_by == [Comment.objects.get()] * len(made_by)
    assert OutgoingMail.objects.count() == 1


def test_a_mail_is_made_of_its_own_service_s_ticket_whatever_id_another_one_got(service, ticket, agent) -> None:
    """A Message-ID is seen by whoever gets the mail, and can be sent to another service."""
    mail_id = "<seen@elsewhere>"
    other = make_service("other")
    foreign = make_ticket(other, requester=make_customer(other))
    foreign.mails.create(
        service=other, message_id=mail_id, comment=foreign.comments.create(name="Jun", body="Theirs"), direction="in"
    )
    send_reply(agent, ticket, Reply("Yours"))
    OutgoingMail.objects.update(message_id=mail_id)
    ticket.mails.update(message_id=mail_id)
    assert "Yours" in made(OutgoingMail.objects.get()).text


def test_neither_the_mail_nor_the_reply_exists_alone(ticket, agent, monkeypatch) -> None:
    def fails(mail):
        raise IntegrityError

    monkeypatch.setattr(outbox, "post", fails)
    with pytest.raises(IntegrityError):
        send_reply(agent, ticket, Reply("Hello"))
    ticket.refresh_from_db()
    assert (Comment.objects.count(), ticket.state) == (0, State.UNASSIGNED)


def test_answers_by_mail_go_to_the_services_address(ticket, agent) -> None:
    send_reply(agent, ticket, Reply("Hello"))
    row = OutgoingMail.objects.get()
    assert made(row).reply_to == ""
    assert "replying to this e-mail" not in made(row).text
    ServiceMailbox.objects.create(service=ticket.service, address="help@demo.example")
    assert made(row).reply_to == "help@demo.example"
    assert "replying to this e-mail" in made(row).text


def test_it_takes_the_mark_of_an_answer_away(ticket, agent) -> None:
    add_customer_answer(ticket, "Hello?")
    send_reply(agent, ticket, Reply("Here"))
    ticket.refresh_from_db()
    assert not ticket.has_answer


def test_it_is_told_apart_from_what_stays_inside(ticket, agent, sign_in) -> None:
    send_reply(agent, ticket, Reply("To you"))
    page = sign_in(agent).get("/desk/demo/tickets/1/").content.decode()
    assert 'class="comment comment-reply"' in page
    assert "being sent" in page
    assert 'value="reply" checked' in page


def test_an_outsider_cannot_reply(ticket, outsider, sign_in) -> None:
    for path in ("reply/", "requester/", "links/revoke/"):
        assert sign_in(outsider).post(f"/desk/demo/tickets/1/{path}", form()).status_code == 404
    assert not OutgoingMail.objects.exists()
