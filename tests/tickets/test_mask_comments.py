"""Masking by hand in a ticket's comments: asterisks for everybody, the original as ciphertext alone."""

import json
from functools import partial
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agents.models import AuditEntry, Contract
from chat.conversation.message_masks import mask_selection
from chat.masking import vault
from chat.masking.selections import Selection
from chat.people import notes
from contiple.base.errors import Closed, Conflict, DomainError, Invalid
from tests.agents.race import at_once
from tests.chat.secrets import columns_with
from tests.make import make_agent, make_chat, make_customer, make_message, make_ticket
from tests.tickets.masked import body_of, original_of, select, select_text, spans_of
from tickets.lifecycle import add_comment
from tickets.masking.comment_masks import mask_comments
from tickets.models import Comment, CommentMask, Ticket

pytestmark = pytest.mark.django_db

SECRET = "Gangnam-daero 396"
TEXT = f"Lives at {SECRET}, 3rd floor."
URL = "/desk/demo/tickets/1/comments/mask/"


@pytest.fixture
def ticket(service, agent) -> Ticket:
    return make_ticket(service)


@pytest.fixture
def comment(ticket, agent) -> Comment:
    return make_comment(ticket, TEXT)


def make_comment(ticket, body: str) -> Comment:
    return Comment.objects.create(ticket=ticket, name="Mina", body=body)


def everything() -> tuple:
    """All that a refused mask must leave as it was."""
    return (
        list(Comment.objects.order_by("pk").values()),
        list(CommentMask.objects.order_by("pk").values("pk", "comment", "start", "end")),
        list(Ticket.objects.order_by("pk").values()),
        AuditEntry.objects.count(),
    )


def test_what_is_selected_becomes_asterisks_and_the_original_ciphertext(ticket, comment, agent) -> None:
    assert mask_comments(agent, ticket, [select_text(comment, SECRET)]) == 1

    assert body_of(comment) == TEXT.replace(SECRET, "*" * len(SECRET))
    mask = CommentMask.objects.get()
    start = TEXT.index(SECRET)
    assert (mask.kind, mask.start, mask.end, mask.masked_by) == ("manual", start, start + len(SECRET), agent)
    assert original_of(comment) == TEXT


def test_a_note_on_the_requester_keeps_no_copy(ticket, comment, agent, service) -> None:
    jun, kim = make_customer(service, "Jun"), make_customer(service, "Kim")
    Ticket.objects.filter(pk=ticket.pk).update(requester=jun)
    note, other = notes.add(agent, jun, TEXT), notes.add(agent, kim, TEXT)
    mask_comments(agent, Ticket.objects.get(pk=ticket.pk), [select_text(comment, SECRET)])
    note.refresh_from_db()
    other.refresh_from_db()
    assert note.body == TEXT.replace(SECRET, "*" * len(SECRET))
    assert other.body == TEXT


def test_no_column_of_the_database_holds_the_original_afterwards(ticket, comment, agent) -> None:
    assert columns_with(SECRET) == ["tickets_comment.body"], "the search finds what is there"
    mask_comments(agent, ticket, [select_text(comment, SECRET)])
    assert columns_with(SECRET) == []


def test_it_is_a_new_revision_and_does_not_move_the_ticket_in_the_lists(ticket, comment, agent) -> None:
    mask_comments(agent, ticket, [select_text(comment, SECRET)])
    assert Comment.objects.get().rev == comment.rev + 1
    assert Ticket.objects.get().updated_at == ticket.updated_at


def test_it_is_on_record_without_the_text(ticket, comment, agent) -> None:
    mask_comments(agent, ticket, [select_text(comment, SECRET)])
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.subject, entry.agent) == ("ticket.masked", f"ticket:{ticket.pk}", agent)
    assert entry.details == {"number": 1, "spans": 1}


@pytest.mark.parametrize("whole", ["👨‍👩‍👧‍👦", "🇰🇷", "👍🏽", "각", "e\u0301"])
def test_half_a_character_that_people_see_takes_all_of_it(ticket, agent, whole) -> None:
    comment = make_comment(ticket, f"가😀{whole}끝")
    mask_comments(agent, ticket, [select(comment, 3, 4)])  # 가 is one unit, 😀 two
    assert body_of(comment) == f"가😀{'*' * len(whole)}끝"
    assert original_of(comment) == f"가😀{whole}끝"


def test_an_overlap_gets_a_mask_of_its_own_for_what_was_still_readable(ticket, agent, colleague) -> None:
    comment = make_comment(ticket, "0123456789")
    mask_comments(agent, ticket, [select(comment, 3, 5)])
    comment.refresh_from_db()

    assert mask_comments(colleague, ticket, [select(comment, 1, 8)]) == 2

    assert body_of(comment) == "0*******89"
    assert spans_of(comment) == [(1, 3), (3, 5), (5, 8)]
    assert CommentMask.objects.get(start=3).masked_by == agent
    assert original_of(comment) == "0123456789"


def test_masking_twice_changes_nothing_more(ticket, comment, agent) -> None:
    selection = select_text(comment, SECRET)
    mask_comments(agent, ticket, [selection])
    comment.refresh_from_db()
    before = everything()
    assert mask_comments(agent, ticket, [select(comment, selection.start, selection.end)]) == 0
    assert everything() == before


def test_a_selection_over_several_comments_is_one_act(ticket, agent) -> None:
    first, second = make_comment(ticket, "my address is"), make_comment(ticket, "Seoul, Jung-gu")
    assert mask_comments(agent, ticket, [select(first, 3, 13), select(second, 0, 14)]) == 2
    assert [body_of(each) for each in (first, second)] == ["my **********", "*" * 14]
    assert AuditEntry.objects.get().details["spans"] == 2


@pytest.mark.parametrize("bad", ["stale", "outside", "absent", "of another ticket"])
def test_one_comment_that_can_t_be_masked_keeps_all_as_they_were(service, ticket, comment, agent, bad) -> None:
    second = make_comment(ticket, "Second")
    elsewhere = make_comment(make_ticket(service), "Elsewhere")
    refused = {
        "stale": select(second, 0, 3, rev=second.rev - 1),
        "outside": select(second, 0, 7),
        "absent": Selection(text_id=10**9, rev=1, start=0, end=1),
        "of another ticket": select(elsewhere, 0, 3),
    }[bad]
    before = everything()
    with pytest.raises(Conflict if bad == "stale" else Invalid):
        mask_comments(agent, ticket, [select_text(comment, SECRET), refused])
    assert everything() == before


@pytest.mark.parametrize("number", [0, -1, 2**31, 2**62, -(2**62), 2**64])
def test_a_comment_that_can_t_be_is_refused(ticket, comment, agent, number) -> None:
    with pytest.raises(Invalid):
        mask_comments(agent, ticket, [Selection(text_id=number, rev=1, start=0, end=1)])


def test_nothing_selected_or_a_comment_twice_is_refused(ticket, comment, agent) -> None:
    for selections in ([], [select(comment, 0, 1), select(comment, 2, 3)]):
        with pytest.raises(Invalid):
            mask_comments(agent, ticket, selections)
    assert body_of(comment) == TEXT


def test_without_security_service_nothing_is_masked(ticket, comment, agent) -> None:
    agent.service.contract.security_service = False
    before = everything()
    with pytest.raises(Closed):
        mask_comments(agent, ticket, [select_text(comment, SECRET)])
    assert everything() == before


def test_a_mask_whose_original_can_t_be_sealed_does_not_happen(ticket, comment, agent, monkeypatch) -> None:
    before = everything()

    def fail(*_args):
        raise RuntimeError

    monkeypatch.setattr(vault, "seal_all", fail)
    with pytest.raises(RuntimeError):
        mask_comments(agent, ticket, [select_text(comment, SECRET)])
    assert everything() == before


def test_an_offer_that_is_taken_as_a_whole_is_of_its_kind_and_offered_no_longer(ticket, agent) -> None:
    comment = add_comment(agent, ticket, "Company 220-81-62517 and 120-81-47521")
    mask_comments(agent, ticket, [select_text(comment, "220-81-62517")])
    comment.refresh_from_db()
    assert CommentMask.objects.get().kind == "brn"
    assert [comment.body[start:end] for _id, start, end, _kind in comment.offers] == ["120-81-47521"]
    mask_comments(agent, ticket, [select_text(comment, "120-81")])
    comment.refresh_from_db()
    assert comment.offers is None


# At once


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("other", [(0, 10), (5, 20), (12, 14), (10, 20)])
def test_two_agents_at_once_end_with_the_same_text_and_no_overlap(ticket, agent, colleague, other) -> None:
    text = "abcdefghijklmnopqrstuvwxyz"
    comment = make_comment(ticket, text)

    def mask(by, start, end) -> int:
        while True:
            try:
                return mask_comments(by, ticket, [select(Comment.objects.get(pk=comment.pk), start, end)])
            except Conflict:
                continue

    results = at_once(partial(mask, agent, 0, 15), partial(mask, colleague, *other))

    assert all(isinstance(result, int) for result in results), results
    hidden = set(range(15)) | set(range(*other))
    assert body_of(comment) == "".join("*" if place in hidden else sign for place, sign in enumerate(text))
    assert all(first[1] <= second[0] for first, second in pairwise(spans_of(comment)))
    assert original_of(comment) == text


@pytest.mark.django_db(transaction=True)
def test_of_many_with_the_same_selection_one_masks_and_the_others_are_told(ticket, comment, agent, colleague) -> None:
    selection = select_text(comment, SECRET)
    acts = [partial(mask_comments, by, ticket, [selection]) for by in (agent, colleague) * 3]
    assert sorted(type(result).__name__ for result in at_once(*acts)) == ["Conflict"] * 5 + ["int"]
    assert original_of(comment) == TEXT
    assert columns_with(SECRET) == []


@pytest.mark.django_db(transaction=True)
def test_masks_in_comments_and_in_the_chat_at_once_lock_nobody_out(service, agent, colleague) -> None:
    """Each takes Chat and ticket in the same order; both are in the text afterwards."""
    chat = make_chat(service, agent=agent)
    ticket = make_ticket(service, chat=chat)
    message = make_message(chat, "I am Kim Minsu")
    comment = make_comment(ticket, "Kim Minsu of Jeju")

    def in_comment() -> int:
        while True:
            try:
                return mask_comments(colleague, ticket, [select(Comment.objects.get(pk=comment.pk), 13, 17)])
            except Conflict:
                continue

    selection = Selection(text_id=message.seq, rev=message.rev, start=5, end=14)
    in_chat = partial(mask_selection, agent, chat.pk, [selection])
    writes = [partial(add_comment, by, ticket, "Kim Minsu") for by in (agent, colleague)]
    results = at_once(in_comment, in_chat, *writes)
    assert not [result for result in results if isinstance(result, Exception)]
    assert body_of(comment) == "********* of ****"


pieces = st.sampled_from(["👨‍👩‍👧‍👦", "🇰🇷", "각", "e\u0301", "a", " ", "\n", "*", "😀", "عر", "4111111111111111"])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30, deadline=None)
@given(
    text=st.lists(pieces, min_size=1, max_size=10).map("".join).filter(str.strip),
    cuts=st.lists(st.tuples(st.integers(0, 30), st.integers(1, 15)), min_size=1, max_size=5),
)
def test_however_often_and_wherever_masks_never_overlap_and_the_text_comes_back(ticket, agent, text, cuts) -> None:
    comment = make_comment(ticket, text)
    for start, length in cuts:
        comment.refresh_from_db()
        try:
            mask_comments(agent, ticket, [select(comment, start, start + length)])
        except DomainError:
            continue
        assert len(body_of(comment)) == len(text)
    assert all(first[1] <= second[0] for first, second in pairwise(spans_of(comment)))
    assert original_of(comment) == text


# The page asks


def post(client, *selections: Selection, url: str = URL):
    body = json.dumps([{"seq": it.text_id, "rev": it.rev, "start": it.start, "end": it.end} for it in selections])
    return client.post(url, body, content_type="application/json", headers={"X-Requested-With": "fetch"})


def test_the_page_masks_and_is_told_how_much(comment, agent, sign_in) -> None:
    answer = post(sign_in(agent), select_text(comment, SECRET))
    assert (answer.status_code, answer.json()) == (200, {"masked": 1})
    assert SECRET not in body_of(comment)


def test_who_may_not_chat_masks_in_tickets_all_the_same(service, comment, sign_in) -> None:
    person = make_agent(service, chat_permission=False)
    assert post(sign_in(person), select_text(comment, SECRET)).json() == {"masked": 1}


def test_a_stale_selection_is_a_conflict_in_words(comment, agent, colleague, sign_in) -> None:
    selection = select_text(comment, SECRET)
    mask_comments(colleague, comment.ticket, [select(comment, 0, 5)])
    answer = post(sign_in(agent), selection)
    assert answer.status_code == 409
    assert answer.content.decode() == "This text has changed in the meantime. Select it again."


def test_without_security_service_the_page_is_refused(comment, agent, sign_in) -> None:
    Contract.objects.update(security_service=False)
    assert post(sign_in(agent), select_text(comment, SECRET)).status_code == 403
    assert body_of(comment) == TEXT


def test_the_outsider_and_strangers_mask_nothing(comment, outsider, sign_in, client) -> None:
    before = everything()
    selection = select_text(comment, SECRET)
    assert post(sign_in(outsider), selection).status_code == 404
    assert post(sign_in(outsider), selection, url=URL.replace("demo", "other")).status_code == 404
    assert post(client, selection).status_code == 302
    assert everything() == before


def test_the_outsider_reaches_no_comment_through_a_ticket_of_their_own(comment, outsider, sign_in) -> None:
    make_ticket(outsider.service)
    answer = post(sign_in(outsider), select_text(comment, SECRET), url=URL.replace("demo", "other"))
    assert answer.status_code == 400
    assert body_of(comment) == TEXT


@pytest.mark.parametrize("body", [b"", b"[", b"[]", b"{}", b"[{}]", b'[{"seq":1,"rev":1,"start":0}]', b"\xff"])
def test_what_is_no_selection_is_refused(comment, agent, sign_in, body) -> None:
    assert sign_in(agent).post(URL, body, content_type="application/json").status_code == 400


def test_a_link_masks_nothing(comment, agent, sign_in) -> None:
    assert sign_in(agent).get(URL).status_code == 405
