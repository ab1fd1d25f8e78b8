"""What one act did is one line of the timeline; what others did, or what was done later, has lines of its own."""

from datetime import timedelta

import pytest
from django.db.models import F

from agents.models import AuditEntry
from tests.tickets.test_ticket_list import URL
from tickets.answering.conversation import add_customer_answer
from tickets.answering.replies import Reply, send_reply
from tickets.desk.acts import gathered
from tickets.desk.timeline import timeline_of
from tickets.lifecycle import Draft, add_comment, create_ticket, set_assignee, set_state
from tickets.models import Comment, Ticket, TicketTarget
from tickets.triage.merging import merge

pytestmark = pytest.mark.django_db


@pytest.fixture
def ticket(service, customer) -> Ticket:
    TicketTarget.objects.create(service=service, priority="normal", answer_minutes=60, solve_minutes=600)
    ticket = create_ticket(service, Draft("mail", "Lost", requester=customer))
    later()
    return ticket


def later(seconds: float = 1) -> None:
    """Everything so far was so much earlier."""
    for rows in (AuditEntry.objects, Comment.objects):
        rows.update(created_at=F("created_at") - timedelta(seconds=seconds))


def told(ticket: Ticket) -> list[list[str]]:
    lines = gathered(timeline_of(ticket))
    return [[line.comment.body if line.comment else line.what, *(each.what for each in line.also)] for line in lines]


def test_a_reply_is_one_line_with_what_it_did(agent, ticket) -> None:
    send_reply(agent, ticket, Reply("We look for it"))
    assert told(ticket)[1:] == [
        [
            "We look for it",
            "gave the first answer in time",
            "took the ticket",
            "changed the state from Unassigned to Processing",
            "changed the state from Processing to Pending",
        ]
    ]


def test_what_the_system_notes_of_an_act_stands_with_it_and_is_named_as_the_systems(ticket, agent, sign_in) -> None:
    assert [len(line) for line in told(ticket)] == [2]
    assert "<strong>The system</strong> set when it is due" in sign_in(agent).get(f"{URL}1/").content.decode()


def test_a_customers_answer_stands_with_the_state_that_it_brought(agent, ticket) -> None:
    send_reply(agent, ticket, Reply("Which one?"))
    later()
    add_customer_answer(ticket, "The blue one")
    assert told(ticket)[-1] == ["The blue one", "changed the state from Pending to Processing"]


def test_what_was_done_later_has_a_line_of_its_own(agent, ticket) -> None:
    set_assignee(agent, ticket, agent)
    later()
    set_state(agent, ticket, "pending")
    assert told(ticket)[1:] == [
        ["took the ticket", "changed the state from Unassigned to Processing"],
        ["changed the state from Processing to Pending"],
    ]


def test_what_another_agent_did_at_the_same_moment_has_a_line_of_its_own(agent, colleague, ticket) -> None:
    set_assignee(agent, ticket, agent)
    set_state(colleague, ticket, "pending")
    assert [len(line) for line in told(ticket)[1:]] == [2, 1]


def test_comments_are_lines_of_their_own_however_soon_they_follow(agent, ticket) -> None:
    add_comment(agent, ticket, "One")
    add_comment(agent, ticket, "Two")
    assert told(ticket)[1:] == [["One"], ["Two"]]


def test_nothing_stands_with_the_words_of_a_merged_ticket(service, customer, agent) -> None:
    old, kept = (create_ticket(service, Draft("mail", name, requester=customer)) for name in ("Old", "Kept"))
    merge(agent, old, kept)
    assert [line[0] for line in told(kept)][:2] == ["", "sent an e-mail"]


def test_a_line_that_grew_is_sent_to_pages_that_are_open(agent, ticket) -> None:
    set_assignee(agent, ticket, agent)
    first = gathered(timeline_of(ticket))[-1].rev
    set_state(agent, ticket, "pending")
    assert gathered(timeline_of(ticket))[-1].rev != first


def test_a_comments_rev_is_its_own_however_much_stands_with_it(agent, ticket) -> None:
    send_reply(agent, ticket, Reply("We look for it"))
    assert gathered(timeline_of(ticket))[-1].rev == 1
