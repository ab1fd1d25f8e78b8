"""A mail becomes a ticket or an answer to one, once, masked; whatever can't be filed is kept with the reason."""

from datetime import timedelta
from threading import Thread

import pytest
from django.db import connection
from django.utils import timezone

from agents.models import AuditEntry, Service, ServiceMailbox
from agents.outbox.models import OutgoingMail
from chat.block import Block
from contiple.base.errors import TooMany
from helpcenter.models import Customer
from tests.make import make_agent, make_ticket
from tests.tickets.mail.corpus import CORPUS, DSN, mail, multipart, part
from tests.tickets.outgoing import made
from tickets.answering import mails
from tickets.mail import limits
from tickets.mail.bounces import Bounce
from tickets.mail.incoming import NobodysMail, receive
from tickets.mail.models import ReceivedMail
from tickets.mail.returned import mark_returned
from tickets.models import Comment, Ticket, TicketMail
from tickets.triage.merging import merge

CARD = "4111 1111 1111 1111"
Reason = ReceivedMail.Reason


@pytest.fixture
def mailbox(service: Service) -> ServiceMailbox:
    return ServiceMailbox.objects.create(service=service, address="help@shop.example")


@pytest.fixture
def asked(service, mailbox, agent, customer) -> Ticket:
    """Jun's ticket, to which an agent has replied by mail."""
    ticket = make_ticket(service, requester=customer, assignee=agent, state=Ticket.State.PENDING)
    reply = ticket.comments.create(kind=Comment.Kind.REPLY, agent=agent, name="Mina", body="Which one?")
    mails.post_reply(ticket, reply)
    OutgoingMail.objects.update(state=OutgoingMail.State.SENT)
    return ticket


def take(raw: bytes, **options) -> ReceivedMail:
    [row] = receive(raw, size=len(raw), now=timezone.now(), **options)
    return row


def reply_id(ticket: Ticket) -> str:
    return ticket.mails.get(direction="out").message_id


def answer(ticket: Ticket, body: str = "The blue one.", **headers) -> bytes:
    return mail(body, **{"Message_ID": "<a1@example.com>", "In_Reply_To": reply_id(ticket), **headers})


def test_a_mail_becomes_an_unassigned_ticket_of_its_sender(mailbox) -> None:
    row = take(mail("어디에 있나요?", Subject="주문"))
    ticket = row.ticket
    assert (ticket.subject, ticket.body, ticket.channel, ticket.state) == (
        "주문",
        "어디에 있나요?",
        "mail",
        "unassigned",
    )
    requester = ticket.requester
    assert (requester.name, requester.email, requester.language) == ("Jun Kim", "jun@example.com", "ko")
    assert ticket.mails.get(direction="in").is_from_requester
    mailbox.refresh_from_db()
    assert mailbox.last_mail_at is not None


def test_the_sender_is_told_the_number_in_the_thread(mailbox) -> None:
    ticket = take(mail("Where is it?")).ticket
    sent = OutgoingMail.objects.get()
    assert (sent.to, made(sent).in_reply_to, sent.is_automatic) == (["jun@example.com"], "<m1@example.com>", True)
    assert ticket.mails.filter(direction="out", message_id=sent.message_id).exists()


def test_whatever_is_personal_is_masked_before_it_is_stored(mailbox) -> None:
    raw = multipart(
        part(f"my card is {CARD}\n\nOn Friday Demo wrote:\n> {CARD}"),
        part("x", f'application/pdf; name="{CARD}.pdf"'),
        Subject=f"card {CARD}",
        From=f'"{CARD}" <jun@example.com>',
    )
    row = take(raw)
    with connection.cursor() as cursor:
        for table in (
            "tickets_ticket",
            "tickets_receivedmail",
            "helpcenter_customer",
            "tickets_comment",
            "agents_auditentry",
        ):
            cursor.execute(f"SELECT count(*) FROM {table} t WHERE t::text LIKE '%%1111%%'")
            assert cursor.fetchone() == (0,), table
    assert all("****" in text for text in (row.ticket.subject, row.ticket.body, row.folded, row.files[0]))


def test_what_is_personal_in_a_mail_that_became_no_ticket_is_masked_too(mailbox) -> None:
    words = f"my card is {CARD}\n\nOn Friday Demo wrote:\n> {CARD}"
    row = take(mail(words, Subject=CARD, Auto_Submitted="auto-replied"))
    row.refresh_from_db()
    assert row.reason == Reason.AUTOMATIC
    assert all("****" in text and "1111" not in text for text in (row.text, row.folded, row.subject))


@pytest.mark.parametrize(
    "name", [name for name, (_raw, expected) in CORPUS.items() if expected.get("sender") != ("", "")]
)
def test_every_mail_of_the_corpus_is_filed_or_kept(mailbox, name) -> None:
    raw, expected = CORPUS[name]
    row = take(raw, recipients=["help@shop.example"])
    assert (row.reason == Reason.FILED) == (row.ticket is not None)
    if expected.get("is_automatic"):
        assert row.reason in (Reason.AUTOMATIC, Reason.BOUNCE)
    if row.ticket is None:
        assert not Ticket.objects.exists()


def test_a_mail_that_comes_twice_is_filed_once(mailbox) -> None:
    for raw in (mail("hello"), mail("hello", Message_ID=None)):
        assert take(raw) == take(b"Received: again\n" + raw)
    assert Ticket.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_a_mail_that_comes_ten_times_at_once_is_filed_once(mailbox) -> None:
    def run() -> None:
        take(mail("hello"))
        connection.close()

    threads = [Thread(target=run) for _each in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (Ticket.objects.count(), ReceivedMail.objects.count()) == (1, 1)


def test_an_answer_comes_to_its_ticket_and_brings_it_back(asked) -> None:
    row = take(answer(asked, "The blue one.\n\nOn Friday Demo wrote:\n> Which one?"))
    asked.refresh_from_db()
    comment = row.comment
    assert (row.ticket, comment.kind, comment.name, comment.body) == (asked, "customer", "Jun Kim", "The blue one.")
    assert (asked.state, asked.has_answer) == (Ticket.State.PROCESSING, True)
    assert "Which one?" in row.folded
    assert OutgoingMail.objects.count() == 1  # the reply: an answer is not confirmed


def test_references_lead_to_the_ticket_too(asked) -> None:
    raw = mail("Blue.", Message_ID="<a@x>", References=f"<unknown@x> {reply_id(asked)}")
    assert take(raw).ticket == asked


def test_an_answer_to_a_completed_ticket_makes_one_that_names_it(asked) -> None:
    Ticket.objects.filter(pk=asked.pk).update(state=Ticket.State.COMPLETED)
    row = take(answer(asked))
    assert (row.ticket.follows, row.comment, row.ticket.channel) == (asked, None, "mail")


def test_an_answer_to_a_merged_ticket_comes_to_the_kept_one_and_so_does_what_follows(asked, service, agent) -> None:
    kept = make_ticket(service, requester=asked.requester, assignee=agent, state=Ticket.State.PENDING)
    merge(agent, asked, kept)
    first = take(answer(asked))
    assert (first.ticket, first.comment.ticket) == (kept, kept)
    again = take(mail("And soon.", Message_ID="<a2@example.com>", In_Reply_To="<a1@example.com>"))
    assert (again.ticket, again.comment.body) == (kept, "And soon.")
    assert Ticket.objects.count() == 2


def test_a_bounce_of_a_merged_ticket_s_mail_is_told_on_the_kept_one(asked, service, agent, colleague) -> None:
    kept = make_ticket(service, requester=asked.requester, assignee=colleague, state=Ticket.State.PENDING)
    merge(agent, asked, kept)
    bounced = mark_returned(service, Bounce((reply_id(asked),), "5.1.1"))
    assert bounced == kept
    assert AuditEntry.objects.get(action="ticket.mail_returned").subject == kept.audit_subject
    assert OutgoingMail.objects.get(kind="mail_returned").to == [colleague.user.email]


def test_an_answer_from_another_address_is_noted_as_such(asked) -> None:
    row = take(answer(asked, From="Eve <eve@example.com>"))
    noted = TicketMail.objects.get(message_id="<a1@example.com>")
    assert (row.ticket, noted.from_address, noted.is_from_requester) == (asked, "eve@example.com", False)


def test_a_mail_that_names_two_senders_is_not_the_requester_s(asked) -> None:
    take(answer(asked, From="jun@example.com, eve@example.com"))
    assert not TicketMail.objects.get(message_id="<a1@example.com>").is_from_requester


@pytest.mark.parametrize(
    "headers",
    [
        {"Subject": "Re: [#1] Where is my order?"},
        {"In_Reply_To": "<m0@example.com>", "From": "eve@example.com"},
        {"References": "<guessed@desk.example.com>"},
        {"To": "help+1@shop.example"},
    ],
    ids=["a number", "a customer's id", "an id of ours, guessed", "a tag"],
)
def test_nothing_that_can_be_guessed_leads_into_another_s_thread(asked, headers) -> None:
    asked.mails.create(
        service=asked.service, message_id="<m0@example.com>", direction="in", from_address="jun@example.com"
    )
    row = take(mail("let me in", **headers))
    assert row.ticket != asked


def test_a_customer_s_second_mail_comes_to_the_first_one_s_ticket(mailbox) -> None:
    first = take(mail("one"))
    second = take(mail("two", Message_ID="<m2@example.com>", In_Reply_To="<m1@example.com>"))
    assert second.ticket == first.ticket


def test_another_service_s_thread_is_not_found(asked, outsider) -> None:
    ServiceMailbox.objects.create(service=outsider.service, address="other@shop.example")
    row = take(answer(asked, To="other@shop.example"))
    assert row.ticket.service == outsider.service
    assert row.ticket != asked


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (mail("away", Auto_Submitted="auto-replied"), Reason.AUTOMATIC),
        (mail("x", From="help@shop.example"), Reason.LOOP),
        (mail("x", From=None), Reason.NO_SENDER),
        (mail("x", From="a@nodomain"), Reason.NO_SENDER),
        (mail("", Subject=None), Reason.EMPTY),
    ],
    ids=["automatic", "from the mailbox itself", "no sender", "no address", "empty"],
)
def test_what_can_t_be_filed_is_kept_with_the_reason_and_answered_by_nobody(mailbox, raw, reason) -> None:
    row = take(raw)
    assert (row.reason, row.ticket) == (reason, None)
    assert row.text == ("" if reason == Reason.EMPTY else raw.rpartition(b"\n")[2].decode())
    assert not OutgoingMail.objects.exists()


def test_an_auto_reply_to_a_reply_does_not_bring_the_ticket_back(asked) -> None:
    assert take(answer(asked, Auto_Submitted="auto-replied")).reason == Reason.AUTOMATIC
    asked.refresh_from_db()
    assert (asked.state, asked.comments.count()) == (Ticket.State.PENDING, 1)


def test_our_own_mail_that_comes_back_makes_nothing(asked) -> None:
    assert take(mail("x", Message_ID=reply_id(asked))).reason == Reason.LOOP
    assert Ticket.objects.count() == 1


def test_a_mail_that_wants_no_answer_gets_none(mailbox) -> None:
    assert take(mail("x", X_Auto_Response_Suppress="All")).ticket is not None
    assert not OutgoingMail.objects.exists()


def test_a_blocked_sender_s_mail_is_kept(mailbox, service) -> None:
    blocked = take(mail("one")).ticket.requester
    Block.objects.create(service=service, customer=blocked)
    assert take(mail("two", Message_ID="<2@x>")).reason == Reason.BLOCKED


def test_a_thousand_mails_of_one_sender_make_no_storm(mailbox, monkeypatch) -> None:
    monkeypatch.setattr(limits, "MAIL_BY_SENDER", limits.Limit("mail sender", 3, timedelta(hours=1)))
    rows = [take(mail("x", Message_ID=f"<{at}@x>")) for at in range(10)]
    assert [row.reason for row in rows] == [Reason.FILED] * 3 + [Reason.TOO_MANY] * 7
    assert all(row.text == "x" for row in rows[3:])
    assert take(mail("x", Message_ID="<o@x>", From="other@example.com")).reason == Reason.FILED


def test_confirmations_to_one_address_are_few(mailbox) -> None:
    for at in range(limits.CONFIRMATION_BY_SENDER.attempts + 3):
        take(mail("x", Message_ID=f"<{at}@x>"))
    assert OutgoingMail.objects.count() == limits.CONFIRMATION_BY_SENDER.attempts


def test_past_the_service_s_limit_a_mail_must_come_again_and_nothing_is_stored(mailbox, monkeypatch) -> None:
    monkeypatch.setattr(limits, "MAIL_BY_SERVICE", limits.Limit("mail service", 1, timedelta(hours=1)))
    take(mail("one"))
    with pytest.raises(TooMany):
        take(mail("two", Message_ID="<2@x>"))
    assert ReceivedMail.objects.count() == 1


def test_a_bounce_marks_the_reply_and_tells_the_assignee(asked, agent) -> None:
    original = part(f"Message-ID: {reply_id(asked)}\nSubject: x\n\nx", "message/rfc822")
    row = take(multipart(part("Sorry"), DSN, original, kind="report", From="MAILER-DAEMON@mx.example.com"))
    assert (row.reason, row.ticket) == (Reason.BOUNCE, asked)
    assert OutgoingMail.objects.get(message_id=reply_id(asked)).state == OutgoingMail.State.BOUNCED
    assert AuditEntry.objects.filter(action="ticket.mail_returned", subject=asked.audit_subject).count() == 1
    told = OutgoingMail.objects.get(kind="mail_returned")
    assert told.to == [agent.user.email]
    assert "Which one?" not in told.text


def test_a_bounce_of_another_service_s_mail_marks_nothing(asked, outsider) -> None:
    ServiceMailbox.objects.create(service=outsider.service, address="other@shop.example")
    original = part(f"Message-ID: {reply_id(asked)}\n\nx", "message/rfc822")
    row = take(multipart(DSN, original, kind="report", To="other@shop.example"))
    assert (row.reason, row.ticket) == (Reason.BOUNCE, None)
    assert OutgoingMail.objects.get().state == OutgoingMail.State.SENT


def test_a_long_text_is_all_there(mailbox) -> None:
    row = take(mail("\n".join(f"line {at}" for at in range(2_000))))
    assert len(row.ticket.body) <= 8_000
    assert f"{row.ticket.body}\n{row.folded}".endswith("line 1999")


def test_the_names_of_files_are_kept_and_what_could_not_be_read(mailbox) -> None:
    row = take(CORPUS["winmail.dat"][0])
    assert (row.files, row.notes) == (["winmail.dat"], ["winmail"])


def test_a_sender_without_a_usable_name_is_called_by_the_address(mailbox) -> None:
    assert take(mail("x", From='"\u200b" <jun@example.com>')).ticket.requester.name == "jun"
    assert Customer.objects.count() == 1


def test_the_envelope_s_recipients_count_before_the_headers(mailbox) -> None:
    assert take(mail("x", To="list@example.com"), recipients=["Help@Shop.Example"]).ticket
    with pytest.raises(NobodysMail):
        receive(mail("y"), size=1, now=timezone.now(), recipients=["nobody@shop.example"])


def test_a_tag_of_the_address_is_the_mailbox(mailbox) -> None:
    assert take(mail("x", To="help+news@shop.example")).ticket


def test_a_stopped_service_gets_no_mail(mailbox, service) -> None:
    service.is_stopped = True
    service.save(update_fields=["is_stopped"])
    with pytest.raises(NobodysMail):
        take(mail("x"))


def test_an_assignee_who_left_is_not_told_of_a_bounce(asked, agent) -> None:
    other = make_agent(asked.service, "Gone", is_active=False)
    Ticket.objects.filter(pk=asked.pk).update(assignee=other)
    original = part(f"Message-ID: {reply_id(asked)}\n\nx", "message/rfc822")
    take(multipart(DSN, original, kind="report"))
    assert not OutgoingMail.objects.filter(kind="mail_returned").exists()
