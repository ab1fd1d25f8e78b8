"""What an agent types on a ticket is kept on the server until it is sent or discarded, for this agent alone."""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from tests.chat.secrets import columns_with
from tests.make import make_ticket
from tickets import drafts
from tickets.answering.replies import Reply, send_reply
from tickets.drafts import Written, drafts_of, keep_draft
from tickets.lifecycle import add_comment
from tickets.models import Comment, CommentDraft, Ticket

pytestmark = pytest.mark.django_db

CARD = "4111 1111 1111 1111"
URL = "/desk/demo/tickets/1/draft/"
REPLY, INTERNAL = Comment.Kind.REPLY, Comment.Kind.INTERNAL


@pytest.fixture
def ticket(service, customer) -> Ticket:
    return make_ticket(service, requester=customer)


def form(kind: str = "reply", body: str = "Dear Jun, it", **fields) -> dict:
    return {"kind": kind, "body": body, "request_id": str(uuid.uuid4()), **fields}


def test_another_tab_of_the_agent_goes_on_where_this_one_was(client, agent, ticket) -> None:
    client.force_login(agent.user)
    reply = form(cc="theo@example.com", state="resolved")
    stamp = client.post(URL, reply).json()["stamp"]
    client.post(URL, form("internal", "He is angry"))
    assert client.get(URL).json() == {
        "reply": {"stamp": stamp, "body": "Dear Jun, it", "cc": "theo@example.com", "state": "resolved"},
        "internal": client.get(URL).json()["internal"],
    }
    context = client.get("/desk/demo/tickets/1/").context
    assert context["reply_form"].initial["body"] == "Dear Jun, it"
    assert context["reply_form"].initial["state"] == "resolved"
    assert context["comment_form"].initial["body"] == "He is angry"
    assert context["writes_reply"]


def test_the_box_with_the_only_draft_is_the_one_that_is_open(client, agent, ticket) -> None:
    client.force_login(agent.user)
    client.post(URL, form("internal", "He is angry"))
    assert not client.get("/desk/demo/tickets/1/").context["writes_reply"]


def test_later_words_take_the_place_of_earlier_ones(agent, ticket) -> None:
    first = keep_draft(agent, ticket, Written(REPLY, "Dear"))
    later = keep_draft(agent, ticket, Written(REPLY, "Dear Jun"))
    assert CommentDraft.objects.get().body == "Dear Jun"
    assert first.stamp != later.stamp


def test_it_is_masked_before_it_is_saved(agent, ticket) -> None:
    keep_draft(agent, ticket, Written(REPLY, f"Refund to {CARD}", cc=f"theo@example.com {CARD}"))
    assert CommentDraft.objects.get().body == f"Refund to {'*' * len(CARD)}"
    assert columns_with("4111") == []


def test_what_is_sent_or_emptied_is_gone_and_the_other_box_stays(agent, ticket) -> None:
    for kind in (REPLY, INTERNAL):
        keep_draft(agent, ticket, Written(kind, "Half a sent"))
    send_reply(agent, ticket, Reply("Half a sentence"))
    assert list(drafts_of(agent, ticket)) == [INTERNAL]
    add_comment(agent, ticket, "Half a sentence")
    assert not CommentDraft.objects.exists()
    keep_draft(agent, ticket, Written(REPLY, "Again"))
    assert keep_draft(agent, ticket, Written(REPLY, " \n")) is None
    assert not CommentDraft.objects.exists()


def test_a_draft_that_comes_later_than_its_form_was_sent_is_no_draft(agent, ticket) -> None:
    sent = uuid.uuid4()
    send_reply(agent, ticket, Reply("It leaves today", request_id=sent))
    assert keep_draft(agent, ticket, Written(REPLY, "It leaves to", request_id=sent)) is None
    assert not CommentDraft.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_draft_that_comes_while_its_form_is_sent_does_not_outlive_it(agent, ticket, at_once) -> None:
    form = uuid.uuid4()

    def send_or_keep(turn: int) -> None:
        row = Ticket.objects.get(pk=ticket.pk)
        if turn == 3:
            send_reply(agent, row, Reply("It leaves today", request_id=form))
        else:
            keep_draft(agent, row, Written(REPLY, "It leaves to", request_id=form))

    assert at_once(send_or_keep) == [None] * 8
    assert not CommentDraft.objects.exists()


def test_nobody_else_sees_or_changes_it(client, agent, colleague, outsider, ticket) -> None:
    keep_draft(agent, ticket, Written(REPLY, "Not yet said"))
    client.force_login(colleague.user)
    assert client.get(URL).json() == {}
    assert "Not yet said" not in client.get("/desk/demo/tickets/1/").content.decode()
    client.post(URL, form(body="My own"))
    send_reply(colleague, ticket, Reply("Done"))
    assert CommentDraft.objects.get().agent == agent
    client.force_login(outsider.user)
    assert client.get(URL).status_code == client.post(URL, form()).status_code == 404
    client.logout()
    assert client.post(URL, form()).status_code in (302, 403)
    assert CommentDraft.objects.get().body == "Not yet said"


@pytest.mark.parametrize(
    "wrong", [{"kind": "customer"}, {"kind": ""}, {"body": "a" * 8001}, {"body": "\x00"}, {"request_id": "1"}]
)
def test_what_could_not_be_sent_is_not_kept_either(client, agent, ticket, wrong) -> None:
    client.force_login(agent.user)
    assert client.post(URL, form() | wrong).status_code == 400
    assert not CommentDraft.objects.exists()


def test_it_goes_with_the_ticket_and_after_a_month(agent, ticket) -> None:
    old = keep_draft(agent, ticket, Written(REPLY, "Old"))
    CommentDraft.objects.update(updated_at=timezone.now() - drafts.KEPT - timedelta(minutes=1))
    new = keep_draft(agent, ticket, Written(INTERNAL, "New"))
    drafts.drop_old()
    assert list(CommentDraft.objects.all()) == [new] != [old]
    ticket.delete()
    assert not CommentDraft.objects.exists()
