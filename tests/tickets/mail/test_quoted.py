"""What is masked by hand in a comment is masked in the mails that quote it: those that came, and those that come."""

import pytest
from django.utils import timezone

from agents.models import AuditEntry, ServiceMailbox
from agents.outbox.models import OutgoingMail
from tests.tickets.mail.corpus import mail, multipart, part
from tests.tickets.masked import select_text
from tickets.answering.replies import Reply, send_reply
from tickets.mail.incoming import receive
from tickets.mail.models import ReceivedMail
from tickets.masking.comment_masks import mask_comments
from tickets.masking.quoted import conceal_quotes
from tickets.models import Comment, CommentMask, Ticket

SECRET = "Moonlit Gate 77"
WORDS = f"Your door code is {SECRET} until Friday."
QUOTE = f"Thanks!\n\nOn Friday Demo wrote:\n> {WORDS}"


@pytest.fixture
def asked(service, agent) -> Ticket:
    """A ticket made from a mail, with an agent's reply."""
    ServiceMailbox.objects.create(service=service, address="help@shop.example")
    ticket = take(mail("Which code?")).ticket
    send_reply(agent, ticket, Reply(WORDS))
    OutgoingMail.objects.update(state=OutgoingMail.State.SENT)
    return ticket


def take(raw: bytes) -> ReceivedMail:
    [row] = receive(raw, size=len(raw), now=timezone.now())
    return row


def answer(text: str, at: int = 1, **headers: str) -> bytes:
    return mail(text, Message_ID=f"<a{at}@example.com>", In_Reply_To="<m1@example.com>", **headers)


def mask(agent, ticket) -> None:
    comment = ticket.comments.get(body__contains=SECRET)
    mask_comments(agent, ticket, [select_text(comment, SECRET)])


def folded(row: ReceivedMail) -> str:
    row.refresh_from_db()
    return row.folded


def test_a_mail_that_came_before_is_masked_in_quote_subject_and_names_of_files(asked, agent) -> None:
    raw = multipart(
        part(QUOTE),
        part("x", f'application/pdf; name="{SECRET}.pdf"'),
        Message_ID="<a1@example.com>",
        In_Reply_To="<m1@example.com>",
        Subject=f"Re: {SECRET}",
    )
    row = take(raw)
    assert SECRET in folded(row)
    mask(agent, asked)
    row.refresh_from_db()
    for text in (row.folded, row.subject, *row.files):
        assert "Moonlit" not in text
        assert "*" * len(SECRET) in text
    assert row.folded == f"On Friday Demo wrote:\n> {WORDS.replace(SECRET, '*' * len(SECRET))}"


@pytest.mark.parametrize(
    "quote",
    [
        WORDS,
        WORDS.replace("is Moonlit", "is\n> Moonlit"),
        WORDS.replace("Moonlit Gate", "Moonlit\n> Gate"),
        WORDS.replace("code is", "code  is").replace("until", "\n>> until"),
        f"x\n> {WORDS}\n> {WORDS}",
    ],
    ids=["as it was", "wrapped before", "wrapped within", "other spaces", "twice"],
)
@pytest.mark.parametrize("first", ["mask", "mail"])
def test_whichever_comes_first_the_quote_is_masked(asked, agent, quote, first) -> None:
    if first == "mask":
        mask(agent, asked)
    row = take(answer(f"Thanks!\n\nOn Friday Demo wrote:\n> {quote}"))
    if first == "mail":
        mask(agent, asked)
    assert "Moonlit" not in folded(row)
    assert "77" not in folded(row)
    assert "until" in row.folded


def test_a_mail_to_the_ticket_that_follows_is_masked_too(asked, agent) -> None:
    mask(agent, asked)
    Ticket.objects.filter(pk=asked.pk).update(state=Ticket.State.COMPLETED)
    row = take(answer(QUOTE))
    assert row.ticket.follows == asked
    assert "Moonlit" not in folded(row)


def test_a_mask_reaches_mails_of_the_tickets_that_follow(asked, agent) -> None:
    Ticket.objects.filter(pk=asked.pk).update(state=Ticket.State.COMPLETED)
    row = take(answer(QUOTE))
    assert row.ticket.follows == asked
    mask(agent, Ticket.objects.get(pk=asked.pk))
    assert "Moonlit" not in folded(row)


def test_a_guess_tells_nothing_since_any_words_at_the_place_are_masked(asked, agent) -> None:
    """Otherwise an agent without the permission could mail guesses, and see which one turns to asterisks."""
    mask(agent, asked)
    right, wrong = (
        take(answer(f"x\n\nOn a wrote:\n> {WORDS}")),
        take(answer(f"x\n\nOn a wrote:\n> {WORDS.replace(SECRET, 'Sunbaked Gate 1')}", 2)),
    )
    assert folded(right) == folded(wrong)
    elsewhere = take(answer(f"x\n\nOn a wrote:\n> {SECRET}", 3))
    assert SECRET in folded(elsewhere)


def test_another_ticket_s_mails_are_not_touched(asked, agent) -> None:
    other = take(mail(QUOTE, Message_ID="<other@x>", From="eve@example.com"))
    mask(agent, asked)
    assert SECRET in folded(other)


def test_a_place_without_words_around_it_is_not_looked_for_elsewhere(asked, agent) -> None:
    comment = Comment.objects.create(ticket=asked, name="Mina", body="PIN 4711")
    mask_comments(agent, asked, [select_text(comment, "PIN 4711")])
    assert conceal_quotes(asked, "any text") == "any text"


def test_looking_takes_bounded_time(asked, agent) -> None:
    comment = Comment.objects.create(ticket=asked, name="Mina", body="a " * 3_000)
    CommentMask.objects.bulk_create(
        CommentMask(comment=comment, start=at, end=at + 8, kind="manual") for at in range(0, 5_000, 10)
    )
    began = timezone.now()
    conceal_quotes(asked, "a " * 100_000)
    assert (timezone.now() - began).total_seconds() < 20


def test_an_admin_deletes_an_unfiled_mail_for_good_and_it_is_on_record(
    service, admin, agent, outsider, sign_in
) -> None:
    ServiceMailbox.objects.create(service=service, address="help@shop.example")
    row, filed = take(mail("away", Auto_Submitted="auto-replied")), take(mail("x", Message_ID="<2@x>"))
    url = f"/desk/demo/mail/{row.pk}/delete/"
    assert sign_in(outsider).post(url).status_code == 404
    assert sign_in(outsider).post(f"/desk/{outsider.service.slug}/mail/{row.pk}/delete/").status_code == 404
    assert sign_in(agent).post(url).status_code == 404
    client = sign_in(admin)
    assert client.get(url).status_code == 405
    assert client.post(f"/desk/demo/mail/{filed.pk}/delete/").status_code == 404
    assert client.post(url, follow=True).status_code == 200
    assert list(ReceivedMail.objects.all()) == [filed]
    entry = AuditEntry.objects.get(action="mail.deleted")
    assert (entry.details, entry.agent) == ({"reason": "automatic"}, admin)
    assert client.post(url).status_code == 404
