"""Looks under masks in comments, and wrong ones taken off: for those who may, on record, and for nobody else."""

import pytest
from django.http import Http404
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from agents import audit
from agents.models import Agent, AuditEntry
from chat.conversation import message_masks
from chat.conversation.message_masks import mask_selection
from chat.masking import looks
from chat.masking import record as unmask_record
from chat.masking.models import DataKey, MaskingRules
from chat.masking.selections import Selection
from chat.models import Mask
from contiple.base import crypto
from contiple.base.errors import Closed, Conflict, TooMany
from contiple.base.months import Month
from tests.agents.race import at_once
from tests.make import make_agent, make_chat, make_customer, make_message, make_ticket
from tests.tickets.masked import body_of, mask_text, original_of, spans_of
from tickets.lifecycle import add_comment
from tickets.masking.comment_masks import lift, reveal
from tickets.models import Comment, CommentMask

pytestmark = pytest.mark.django_db

SECRET = "Kim Minsu"
TEXT = f"Ask {SECRET} at home"
HIDDEN = TEXT.replace(SECRET, "*" * len(SECRET))
ACTS = ["reveal", "lift"]


@pytest.fixture
def mask(service, agent) -> CommentMask:
    ticket = make_ticket(service, requester=make_customer(service))
    comment = Comment.objects.create(ticket=ticket, name="Mina", body=TEXT)
    mask = mask_text(agent, comment, SECRET)
    AuditEntry.objects.all().delete()
    return mask


def url(act: str, mask: CommentMask | int, service: str = "demo") -> str:
    return reverse(f"tickets:{act}", args=[service, getattr(mask, "pk", mask)])


def actions() -> list[tuple[str, Agent | None]]:
    return [(entry.action, entry.agent) for entry in AuditEntry.objects.order_by("pk")]


# Reveal


def test_a_permitted_agent_sees_the_original_and_nothing_stored_changes(mask, colleague) -> None:
    before = list(Comment.objects.values())
    assert reveal(colleague, mask.pk, address="192.0.2.7") == SECRET
    assert list(Comment.objects.values()) == before


def test_it_is_on_record_who_looked_where_whose_and_from_where(mask, colleague) -> None:
    reveal(colleague, mask.pk, address="192.0.2.7")
    entry, ticket = AuditEntry.objects.get(), mask.comment.ticket
    assert (entry.action, entry.agent, entry.subject, entry.address) == (
        "ticket.revealed",
        colleague,
        f"ticket:{ticket.pk}",
        "192.0.2.7",
    )
    assert entry.details == {
        "kind": "manual",
        "comment": mask.comment_id,
        "number": ticket.number,
        "customer": ticket.requester_id,
    }


def test_a_ticket_that_nobody_asked_for_is_about_nobody(service, agent) -> None:
    comment = add_comment(agent, make_ticket(service), "4111 1111 1111 1111")
    reveal(agent, comment.masks.get().pk, address=None)
    assert AuditEntry.objects.get(action="ticket.revealed").details["customer"] is None


def test_looks_in_chats_and_tickets_count_together(service, mask, agent) -> None:
    MaskingRules.objects.create(service=service, reveals_per_hour=2)
    chat = make_chat(service, agent=agent)
    make_message(chat, "secret")
    mask_selection(agent, chat.pk, [Selection(text_id=1, rev=1, start=0, end=6)])
    message_masks.reveal(agent, Mask.objects.get().pk, address=None)
    reveal(agent, mask.pk, address=None)
    with pytest.raises(TooMany):
        reveal(agent, mask.pk, address=None)
    assert actions()[-1] == ("ticket.reveal_limited", agent)


# Lift


def test_a_mask_that_is_taken_off_leaves_the_text_as_it_was(mask, colleague) -> None:
    rev = Comment.objects.get().rev
    lift(colleague, mask.pk, address="192.0.2.7")
    comment = Comment.objects.get()
    assert (comment.body, comment.rev) == (TEXT, rev + 1)
    assert not CommentMask.objects.exists()
    assert [(entry.action, entry.address) for entry in AuditEntry.objects.all()] == [("ticket.lifted", "192.0.2.7")]


def test_one_that_can_t_be_opened_now_stays_and_that_is_on_record(mask, agent, settings) -> None:
    settings.MASKING_KEYS = {"another": crypto.new_key()}
    with pytest.raises(looks.OriginalLocked):
        lift(agent, mask.pk, address="192.0.2.7")
    assert actions() == [("ticket.reveal_locked", agent)]
    assert Comment.objects.get().body == HIDDEN


def test_every_look_is_in_the_record_of_the_service(service, mask, agent, admin) -> None:
    reveal(agent, mask.pk, address="192.0.2.7")
    with pytest.raises(Closed):
        lift(admin, mask.pk, address="192.0.2.1")
    lift(agent, mask.pk, address="192.0.2.7")
    entries = unmask_record.entries_of(service, Month.of(timezone.now())).order_by("pk")
    rows = unmask_record.rows_of(service, entries)
    assert [(row.outcome, row.actor, row.customer, row.link.label) for row in rows] == [
        ("revealed", "Mina", "Jun", "Ticket #1"),
        ("reveal_refused", "Ada", "Jun", "Ticket #1"),
        ("lifted", "Mina", "Jun", "Ticket #1"),
    ]


def test_the_other_masks_of_the_comment_stay(mask, agent) -> None:
    comment = mask.comment
    other = mask_text(agent, comment, "at home")
    lift(agent, mask.pk, address=None)
    assert body_of(comment) == f"Ask {SECRET} *******"
    assert spans_of(comment) == [(other.start, other.end)]
    assert original_of(comment) == TEXT


def test_what_is_masked_in_the_chat_is_not_brought_back_by_a_comment(service, agent) -> None:
    chat = make_chat(service, agent=agent)
    ticket = make_ticket(service, chat=chat)
    comment = Comment.objects.create(ticket=ticket, name="Mina", body="Ask Kim Minsu of Jeju")
    mask = mask_text(agent, comment, "Minsu of Jeju")  # in the chat another part of it is masked
    message = make_message(chat, "Kim Minsu")
    mask_selection(agent, chat.pk, [Selection(text_id=message.seq, rev=message.rev, start=0, end=9)])
    with pytest.raises(Conflict):
        lift(agent, mask.pk, address=None)
    assert body_of(comment) == "Ask Kim *************"
    assert spans_of(comment) == [(8, 21)]

    message_masks.lift(agent, Mask.objects.get().pk, address=None)
    lift(agent, mask.pk, address=None)
    assert body_of(comment) == "Ask Kim Minsu of Jeju"


@pytest.mark.django_db(transaction=True)
def test_two_who_take_it_off_at_once_do_it_once(mask, agent, colleague) -> None:
    results = at_once(*[lambda by=by: lift(by, mask.pk, address=None) for by in (agent, colleague)])
    assert sorted(type(result).__name__ for result in results) == ["Http404", "NoneType"]
    assert Comment.objects.get().body == TEXT
    assert [action for action, _agent in actions()] == ["ticket.lifted"]


@pytest.mark.django_db(transaction=True)
def test_taking_one_off_while_another_is_put_on_loses_neither(mask, agent, colleague) -> None:
    def put_on() -> None:
        while True:
            try:
                mask_text(colleague, Comment.objects.get(), "at home")
            except Conflict:
                continue
            return

    assert at_once(lambda: lift(agent, mask.pk, address=None), put_on) == [None, None]
    assert Comment.objects.get().body == f"Ask {SECRET} *******"


# Both


@pytest.mark.parametrize("act", [reveal, lift])
@pytest.mark.parametrize("why", ["permission", "security service"])
def test_without_the_permission_it_is_refused_and_that_is_on_record(mask, agent, act, why) -> None:
    if why == "permission":
        agent.unmask_permission = False
    else:
        agent.service.contract.security_service = False
    with pytest.raises(Closed):
        act(agent, mask.pk, address=None)
    assert actions() == [("ticket.reveal_refused", agent)]
    assert Comment.objects.get().body == HIDDEN


@pytest.mark.parametrize("act", ACTS)
def test_a_destroyed_original_is_gone_for_good(mask, agent, sign_in, act) -> None:
    DataKey.objects.all().delete()
    answer = sign_in(agent).post(url(act, mask), headers={"X-Requested-With": "fetch"})
    assert (answer.status_code, answer.content.decode()) == (410, "The original has been destroyed.")
    assert actions() == [("ticket.reveal_gone", agent)]
    assert Comment.objects.get().body == HIDDEN


@pytest.mark.parametrize("act", ACTS)
def test_one_that_was_destroyed_at_once_is_gone_as_well(service, agent, sign_in, act) -> None:
    comment = add_comment(agent, make_ticket(service), "password: hunter2secret")
    assert sign_in(agent).post(url(act, comment.masks.get())).status_code == 410


@pytest.mark.parametrize("act", ACTS)
def test_the_outsider_finds_no_mask_under_either_address(mask, outsider, sign_in, act) -> None:
    browser = sign_in(outsider)
    assert browser.post(url(act, mask)).status_code == 404
    assert browser.post(url(act, mask, "other")).status_code == 404
    with pytest.raises(Http404):
        {"reveal": reveal, "lift": lift}[act](outsider, mask.pk, address=None)
    assert not AuditEntry.objects.exists()
    assert Comment.objects.get().body == HIDDEN


@pytest.mark.parametrize("act", ACTS)
def test_strangers_forged_requests_and_links_do_nothing(mask, agent, sign_in, act) -> None:
    assert Client().post(url(act, mask)).status_code == 302
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(agent.user)
    assert browser.post(url(act, mask)).status_code == 403
    assert sign_in(agent).get(url(act, mask)).status_code == 405
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("act", ACTS)
def test_a_mask_that_is_not_there_is_not_found(agent, sign_in, act) -> None:
    browser = sign_in(agent)
    assert browser.post(url(act, 10**9)).status_code == 404
    assert browser.post(f"/desk/demo/tickets/masks/{'9' * 400}/{act}/").status_code == 404


def test_the_answer_is_plain_text_that_nothing_keeps(mask, service, sign_in) -> None:
    person = make_agent(service, chat_permission=False, unmask_permission=True)
    answer = sign_in(person).post(url("reveal", mask))
    assert (answer.status_code, answer.content.decode()) == (200, SECRET)
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert "no-store" in answer["Cache-Control"]


def test_a_lift_is_answered_without_the_text(mask, agent, sign_in) -> None:
    answer = sign_in(agent).post(url("lift", mask))
    assert (answer.status_code, answer.content) == (204, b"")
    assert Comment.objects.get().body == TEXT


@pytest.mark.parametrize("act", ACTS)
def test_where_the_entry_can_t_be_written_nothing_is_shown(mask, agent, sign_in, monkeypatch, act) -> None:
    def fail(*_args, **_named):
        raise RuntimeError

    monkeypatch.setattr(audit, "record", fail)
    browser = sign_in(agent)
    browser.raise_request_exception = False
    answer = browser.post(url(act, mask))
    assert answer.status_code == 500
    assert SECRET not in answer.content.decode()
    assert Comment.objects.get().body == HIDDEN
