"""What is masked by hand in a comment is masked wherever its ticket repeats it, and in what is mailed afterwards."""

import pytest

from agents.models import OutgoingMail
from tests.chat.secrets import columns_with
from tests.mails import delivered
from tests.make import make_ticket
from tests.tickets.masked import mask_text, original_of, select_text
from tests.tickets.outgoing import made
from tickets import drafts
from tickets.answering.conversation import add_customer_answer
from tickets.answering.replies import Reply, send_reply
from tickets.drafts import Written
from tickets.lifecycle import add_comment, edit_text
from tickets.masking.comment_masks import mask_comments
from tickets.models import Comment, CommentDraft, Ticket, TicketMail
from tickets.tags import add_tag

pytestmark = pytest.mark.django_db

SECRET = "Gangnam-daero 396"
STARS = "*" * len(SECRET)


@pytest.fixture
def ticket(service, customer) -> Ticket:
    """Begun by a mail of the customer's, whose subject is the thread's."""
    made = make_ticket(service, requester=customer, subject=f"Move to {SECRET}", body=f"I live at {SECRET} now.")
    made.mails.create(service=service, message_id="<their@mail>", direction=TicketMail.Direction.IN)
    return made


def received(ticket: Ticket, comment: Comment) -> None:
    ticket.received.create(
        service=ticket.service, message_id="<a@b>", comment=comment, folded=f"> {SECRET}", size=1, subject=SECRET
    )


def test_it_is_hidden_in_all_that_the_ticket_says(ticket, agent) -> None:
    comment = add_customer_answer(ticket, f"To {SECRET}, please").comment
    received(ticket, comment)
    add_comment(agent, ticket, f"He said {SECRET}")
    add_tag(agent, ticket, SECRET)
    drafts.keep_draft(agent, ticket, Written(Comment.Kind.REPLY, f"Dear Jun, {SECRET}"))
    mask_text(agent, comment, SECRET)
    ticket.refresh_from_db()
    repeated = Comment.objects.get(kind=Comment.Kind.INTERNAL)
    assert (repeated.body, original_of(repeated)) == (f"He said {STARS}", f"He said {SECRET}")
    assert (ticket.subject, ticket.body) == (f"Move to {STARS}", f"I live at {STARS} now.")
    assert CommentDraft.objects.get().body == f"Dear Jun, {STARS}"
    assert columns_with(SECRET) == []


def test_mails_that_wait_and_those_sent_later_have_asterisks_in_subject_and_quotes(ticket, agent) -> None:
    comment = send_reply(agent, ticket, Reply(f"We come to {SECRET}"))
    mask_text(agent, comment, SECRET)
    waiting = made(OutgoingMail.objects.get())
    assert waiting.subject == f"Re: Move to {STARS}"
    assert SECRET not in waiting.text + waiting.html
    send_reply(agent, ticket, Reply("Tomorrow"))
    later = made(OutgoingMail.objects.latest("pk"))
    assert SECRET not in later.subject + later.text + later.html


def test_the_page_of_mails_shows_asterisks_in_the_subject_of_one_that_has_left(client, admin, ticket, agent) -> None:
    comment = send_reply(agent, ticket, Reply(f"We come to {SECRET}"))
    delivered()
    assert OutgoingMail.objects.get().subject == f"Re: Move to {SECRET}"
    mask_text(agent, comment, SECRET)
    assert OutgoingMail.objects.get().subject == f"Re: Move to {STARS}"
    client.force_login(admin.user)
    page = client.get("/desk/demo/mails/").content.decode()
    assert STARS in page
    assert SECRET not in page
    assert columns_with(SECRET) == []


def test_a_subject_that_an_agent_stars_is_starred_in_the_mails_too(ticket, agent) -> None:
    send_reply(agent, ticket, Reply("We come"))
    delivered()
    ticket.refresh_from_db()
    edit_text(agent, ticket, subject=f"Move to {STARS}", body="")
    assert OutgoingMail.objects.get().subject == f"Re: Move to {STARS}"


def test_another_ticket_s_mails_are_left_alone(service, customer, ticket, agent) -> None:
    other = make_ticket(service, requester=customer, subject=SECRET)
    other.mails.create(service=service, message_id="<other@mail>", direction=TicketMail.Direction.IN)
    send_reply(agent, other, Reply("Yes"))
    delivered()
    mask_text(agent, add_comment(agent, ticket, SECRET), SECRET)
    assert OutgoingMail.objects.get().subject == f"Re: {SECRET}"


def test_a_mask_does_not_undo_an_edit_that_came_before_it(ticket, agent) -> None:
    comment, as_read = add_comment(agent, ticket, f"He said {SECRET}"), Ticket.objects.get(pk=ticket.pk)
    Ticket.objects.filter(pk=ticket.pk).update(subject=f"By Friday to {SECRET}")
    mask_comments(agent, as_read, [select_text(comment, SECRET)])
    ticket.refresh_from_db()
    assert ticket.subject == f"By Friday to {STARS}"


def test_texts_without_a_copy_are_not_written(ticket, agent) -> None:
    comment = add_comment(agent, ticket, "Ask Kim Minsu")
    before = Ticket.objects.values().get(pk=ticket.pk)
    mask_text(agent, comment, "Kim Minsu")
    assert Ticket.objects.values().get(pk=ticket.pk) == before
