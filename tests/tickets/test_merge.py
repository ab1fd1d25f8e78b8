"""Two tickets of one requester become one: nothing is lost, nothing leads astray, and masks hold."""

import re
import uuid

import pytest
from django.urls import reverse
from django.utils import timezone

from agents.models import Agent, AuditEntry, OutgoingMail
from chat.conversation import message_masks
from chat.masking.selections import Selection
from contiple.base.errors import Closed, Conflict, Invalid
from tests.make import make_chat, make_customer, make_message, make_service, make_ticket
from tests.tickets.masked import mask_text
from tests.tickets.outgoing import link_in, made
from tests.tickets.test_ticket_list import URL, shown
from tickets.answering.conversation import add_customer_answer
from tickets.answering.links import revoke_links, secret_of, ticket_of_secret, tickets_of_email
from tickets.answering.replies import Reply, send_reply
from tickets.customer.follow_ups import TicketsOfChats
from tickets.lifecycle import add_comment, edit_text, set_assignee, set_state
from tickets.masking.comment_masks import lift, reveal
from tickets.models import Ticket
from tickets.tags import add_tag
from tickets.triage import sorting
from tickets.triage.groups import save_group
from tickets.triage.merging import followers_of, merge, mergeable

pytestmark = pytest.mark.django_db


@pytest.fixture
def old(service, customer, agent) -> Ticket:
    """The one that is merged."""
    return make_ticket(service, "Lost", body="It never came", requester=customer, state="processing", assignee=agent)


@pytest.fixture
def kept(service, customer, agent) -> Ticket:
    return make_ticket(service, "Parcel", body="Where is it", requester=customer, state="pending", assignee=agent)


def page(client, ticket: Ticket) -> str:
    return client.get(f"{URL}{ticket.number}/").content.decode()


def customers_page(ticket: Ticket) -> str:
    return f"/inquiry/demo/{secret_of(ticket, now=timezone.now())}/"


# What it does


def test_the_merged_one_is_completed_says_where_it_went_and_is_still_found(agent, old, kept, sign_in, actions) -> None:
    merge(agent, old, kept)
    old.refresh_from_db()
    assert (old.state, old.merged_into) == ("completed", kept)
    browser = sign_in(agent)
    html = page(browser, old)
    assert f'href="{URL}{kept.number}/"' in html
    assert "merged the ticket into #2" in html
    assert 'id="reply-body"' not in html
    assert 'id="ticket-state"' not in html
    listed = browser.get(URL, {"q": "Lost"})
    assert shown(listed) == [old.number]
    assert "Merged into #2" in listed.content.decode()
    assert actions(old) == ["ticket.merged", "ticket.state"]
    assert actions(kept) == ["ticket.merged_in", "ticket.state"]


def test_the_kept_one_shows_the_conversation_of_both(agent, old, kept, sign_in, client) -> None:
    add_comment(agent, old, "Difficult customer")
    send_reply(agent, old, Reply("We look for it"))
    merge(agent, old, kept)
    html = page(sign_in(agent), kept)
    for words in ("Lost", "It never came", "Difficult customer", "We look for it", "from #1", "merged #1 into this"):
        assert words in html
    public = client.get(customers_page(kept)).content.decode()
    assert "It never came" in public
    assert "We look for it" in public
    assert "Difficult customer" not in public
    assert "&lt;p&gt;" not in html


def test_what_is_completed_is_offered_to_no_merge_and_is_due_no_more(service, agent, customer, old, kept) -> None:
    Ticket.objects.filter(pk=old.pk).update(due_at=timezone.now())
    make_ticket(service, "Done", requester=customer, state="completed", assignee=agent)
    assert list(mergeable(old)) == [kept]
    merge(agent, old, kept)
    old.refresh_from_db()
    assert old.due_at is None


def test_work_that_is_left_brings_the_kept_one_back_to_processing(agent, admin, old, kept) -> None:
    Ticket.objects.filter(pk=old.pk).update(has_answer=True)
    merge(agent, old, kept)
    kept.refresh_from_db()
    old.refresh_from_db()
    assert (kept.state, kept.has_answer, old.has_answer) == ("processing", True, False)


@pytest.mark.parametrize("at_rest", ["pending", "resolved"])
@pytest.mark.parametrize("with_work", ["unassigned", "processing", "transferred"])
def test_each_state_with_work_left_brings_back_each_one_at_rest(agent, old, kept, at_rest, with_work) -> None:
    assignee = None if with_work == "unassigned" else agent
    Ticket.objects.filter(pk=old.pk).update(state=with_work, assignee=assignee)
    Ticket.objects.filter(pk=kept.pk).update(state=at_rest)
    merge(agent, old, kept)
    kept.refresh_from_db()
    assert kept.state == "processing"


def test_a_ticket_does_not_follow_itself_and_a_merged_one_follows_nothing(service, agent, customer, kept) -> None:
    done = make_ticket(service, requester=customer, state="completed", assignee=agent)
    Ticket.objects.filter(pk=kept.pk).update(follows=done)
    later = make_ticket(service, requester=customer, state="pending", assignee=agent, follows=done)
    assert followers_of(done) == [kept.number, later.number]
    merge(agent, later, kept)
    assert followers_of(done) == [kept.number]
    merge(agent, make_ticket(service, requester=customer, follows=kept), kept)
    merge(agent, done, kept)
    assert followers_of(kept) == []


def test_what_was_done_leaves_the_kept_one_as_it_is(service, agent, customer, kept) -> None:
    done = make_ticket(service, requester=customer, state="resolved", assignee=agent)
    merge(agent, done, kept)
    kept.refresh_from_db()
    assert kept.state == "pending"


def test_one_that_nobody_has_becomes_the_agents_who_merges_it(service, agent, customer, kept, actions) -> None:
    nobodys = make_ticket(service, requester=customer)
    merge(agent, nobodys, kept)
    nobodys.refresh_from_db()
    assert (nobodys.assignee, nobodys.state) == (agent, "completed")
    assert actions(nobodys) == ["ticket.merged", "ticket.assignee", "ticket.state"]


def test_a_kept_one_that_nobody_has_goes_to_the_merged_ones_assignee_and_group(
    service, agent, colleague, admin, customer, actions, sign_in
) -> None:
    group = save_group(admin, None, name="Billing", members=[agent])
    theirs = make_ticket(service, requester=customer, state="resolved", assignee=colleague, group=group)
    nobodys = make_ticket(service, requester=customer)
    merge(agent, theirs, nobodys)
    nobodys.refresh_from_db()
    assert (nobodys.assignee, nobodys.group, nobodys.state) == (colleague, group, "processing")
    assert actions(nobodys) == ["ticket.merged_in", "ticket.assignee", "ticket.group", "ticket.state"]
    html = page(sign_in(agent), nobodys)
    assert "assigned the ticket to Theo" in html
    assert "gave the ticket to the group Billing" in html


def test_a_kept_one_that_somebody_has_keeps_assignee_and_group(service, agent, colleague, admin, old, kept) -> None:
    group = save_group(admin, None, name="Billing", members=[agent])
    Ticket.objects.filter(pk=old.pk).update(assignee=colleague, group=group)
    merge(agent, old, kept)
    kept.refresh_from_db()
    assert (kept.assignee, kept.group) == (agent, None)


def test_a_kept_one_keeps_its_group_and_goes_to_nobody_who_has_left(service, agent, colleague, admin, customer) -> None:
    billing, returns = (save_group(admin, None, name=name, members=[agent]) for name in ("Billing", "Returns"))
    theirs = make_ticket(service, requester=customer, state="resolved", assignee=colleague, group=billing)
    nobodys = make_ticket(service, requester=customer, group=returns)
    Agent.objects.filter(pk=colleague.pk).update(is_active=False)
    merge(agent, theirs, nobodys)
    nobodys.refresh_from_db()
    assert (nobodys.assignee, nobodys.group, nobodys.state) == (None, returns, "unassigned")


# Where everything leads


def test_an_answer_to_the_merged_one_lands_in_the_kept_one(agent, old, kept) -> None:
    merge(agent, old, kept)
    answered = add_customer_answer(old, "Still nothing")
    assert answered.ticket == kept
    assert answered.comment.ticket == kept
    assert Ticket.objects.count() == 2


def test_the_customers_old_link_opens_the_kept_one_and_answers_and_solves_there(client, agent, old, kept) -> None:
    send_reply(agent, old, Reply("We look for it"))
    link = link_in(OutgoingMail.objects.get())
    merge(agent, old, kept)
    assert "Where is it" in client.get(link).content.decode()
    sent = client.post(f"{link}answer/", {"body": "By the old link", "request_id": str(uuid.uuid4())})
    assert sent.status_code == 302
    assert kept.comments.get().body == "By the old link"
    client.post(f"{link}solved/")
    kept.refresh_from_db()
    assert kept.state == "resolved"


def test_mails_of_both_threads_lead_to_the_kept_one_and_its_reply_reaches_the_customer(agent, old, kept) -> None:
    send_reply(agent, old, Reply("We look for it"))
    merge(agent, old, kept)
    send_reply(agent, kept, Reply("Found"))
    mail = made(OutgoingMail.objects.latest("pk"))
    assert "Found" in mail.text
    assert f"#{kept.number}" in mail.subject


def test_links_are_revoked_with_those_of_the_merged_one(client, agent, old, kept) -> None:
    before = customers_page(old)
    merge(agent, old, kept)
    revoke_links(agent, kept)
    assert client.get(before).status_code == 404


def test_new_links_are_for_the_kept_one_only(service, customer, agent, old, kept) -> None:
    merge(agent, old, kept)
    assert list(tickets_of_email(service, customer.email)) == [kept]


def test_what_was_merged_into_the_merged_one_leads_on(service, agent, customer, old, kept) -> None:
    first = make_ticket(service, "First", body="At first", requester=customer, state="pending", assignee=agent)
    secret = secret_of(first, now=timezone.now())
    merge(agent, first, old)
    merge(agent, Ticket.objects.get(pk=old.pk), kept)
    assert ticket_of_secret(service, secret, now=timezone.now()) == kept
    assert add_customer_answer(first, "Hello").ticket == kept


def test_answers_find_an_end_however_tickets_follow_and_merge(service, admin, agent, customer, old, kept) -> None:
    """``kept`` follows the Completed ``old``, and is then merged into it."""
    Ticket.objects.filter(pk=kept.pk).update(follows=old)
    merge(admin, kept, old)
    set_state(admin, Ticket.objects.get(pk=old.pk), "completed")
    new = add_customer_answer(kept, "Again").ticket
    assert new.follows == old
    assert add_customer_answer(old, "And again").ticket == new


def test_the_chats_link_leads_to_the_kept_one_which_shows_the_chat(service, agent, customer, kept, sign_in) -> None:
    chat = make_chat(service, customer=customer, agent=agent)
    old = make_ticket(service, requester=customer, chat=chat, state="processing", assignee=agent)
    merge(agent, old, kept)
    assert TicketsOfChats().made_from([chat])[chat.pk].label == f"#{kept.number}"
    html = sign_in(agent).get(f"{URL}{kept.number}/?menu=history").content.decode()
    assert reverse("chat:history", args=["demo", chat.pk]) in html


# Masks


def test_masks_in_comments_of_the_merged_one_are_opened_as_before(service, agent, old, kept, sign_in) -> None:
    comment = add_comment(agent, old, "The code is zebra")
    mask = mask_text(agent, comment, "zebra")
    merge(agent, old, kept)
    html = page(sign_in(agent), kept)
    assert "zebra" not in html
    assert f'data-mask="{mask.pk}"' in html
    assert reveal(agent, mask.pk, address=None) == "zebra"


def test_what_is_masked_in_either_chat_later_is_masked_in_both_tickets(service, agent, customer, kept) -> None:
    chat = make_chat(service, customer=customer, agent=agent)
    message = make_message(chat, "My word is zebra")
    old = make_ticket(service, "zebra", requester=customer, chat=chat, state="processing", assignee=agent)
    merge(agent, old, kept)
    add_customer_answer(kept, "As I said: zebra")
    message_masks.mask_selection(agent, chat.pk, [Selection(message.seq, message.rev, 11, 16)])
    old.refresh_from_db()
    assert old.subject == "*****"
    assert kept.comments.get().body == "As I said: *****"


def test_a_mask_is_not_lifted_from_what_the_merged_ones_chat_still_hides(service, agent, customer, kept) -> None:
    chat = make_chat(service, customer=customer, agent=agent)
    message = make_message(chat, "My word is zebra")
    old = make_ticket(service, requester=customer, chat=chat, state="processing", assignee=agent)
    merge(agent, old, kept)
    mask = mask_text(agent, add_comment(agent, kept, "It is zebra"), "zebra")
    message_masks.mask_selection(agent, chat.pk, [Selection(message.seq, message.rev, 11, 16)])
    with pytest.raises(Conflict):
        lift(agent, mask.pk, address=None)


def test_pages_hear_of_a_mask_in_a_merged_ones_comment(agent, old, kept, sign_in) -> None:
    comment = add_comment(agent, old, "The code is zebra")
    merge(agent, old, kept)
    browser = sign_in(agent)
    seen = re.search(r'data-seen="([^"]+)"', page(browser, kept))[1]
    address = reverse("tickets:changes", args=["demo", kept.number])
    assert browser.get(address, {"seen": seen}).status_code == 204
    mask_text(agent, comment, "zebra")
    assert browser.get(address, {"seen": seen}).status_code == 200


# What is refused


def test_a_merged_ticket_is_not_changed_any_more(agent, admin, old, kept) -> None:
    stale = Ticket.objects.get(pk=old.pk)
    merge(agent, old, kept)
    merged = Ticket.objects.get(pk=old.pk)
    for act in (
        lambda: set_state(admin, merged, "processing"),
        lambda: set_assignee(admin, merged, admin),
        lambda: edit_text(admin, merged, subject="New", body=""),
        lambda: sorting.set_priority(admin, merged, "urgent"),
        lambda: add_comment(admin, stale, "Late"),
        lambda: send_reply(admin, stale, Reply("Late")),
        lambda: add_tag(admin, stale, "late"),
    ):
        with pytest.raises(Closed):
            act()
    with pytest.raises(Conflict):
        set_state(agent, stale, "resolved")


def test_the_same_address_or_name_in_another_row_proves_nothing(service, agent, old) -> None:
    namesake = make_ticket(service, requester=make_customer(service, "Jun"), state="pending", assignee=agent)
    with pytest.raises(Invalid):
        merge(agent, old, namesake)
    assert list(mergeable(old)) == []


def test_a_bare_name_is_nobody_in_particular(service, agent) -> None:
    """Tickets by hand of two people called Jun have one requester's row."""
    jun = make_customer(service, "Jun", email="")
    first, second = (make_ticket(service, requester=jun, state="pending", assignee=agent) for _ in range(2))
    with pytest.raises(Invalid):
        merge(agent, first, second)
    assert list(mergeable(first)) == []


def test_tickets_without_a_requester_are_nobodys(service, agent) -> None:
    with pytest.raises(Invalid):
        merge(agent, make_ticket(service), make_ticket(service))


def test_neither_into_itself_nor_twice_nor_into_a_completed_one(service, agent, customer, old, kept) -> None:
    with pytest.raises(Invalid):
        merge(agent, old, old)
    done = make_ticket(service, requester=customer, state="completed", assignee=agent)
    with pytest.raises(Closed):
        merge(agent, old, done)
    merge(agent, old, kept)
    with pytest.raises(Conflict):
        merge(agent, old, kept)
    with pytest.raises(Conflict):
        merge(agent, kept, old)


@pytest.mark.django_db(transaction=True)
def test_of_two_that_are_merged_into_each_other_at_once_one_is_kept(at_once) -> None:
    from tests.make import make_agent

    service = make_service("demo")
    agent, customer = make_agent(service), make_customer(service)
    pair = [make_ticket(service, requester=customer, state="pending", assignee=agent) for _ in range(2)]
    results = at_once(lambda index: merge(agent, pair[index % 2], pair[1 - index % 2]))
    assert results.count(None) == 1
    assert all(isinstance(each, Conflict | type(None)) for each in results)
    assert Ticket.objects.filter(merged_into=None).count() == 1


# The page


def test_it_asks_first_and_then_leads_to_the_kept_one(agent, old, kept, sign_in) -> None:
    browser, address = sign_in(agent), reverse("tickets:merge", args=["demo", old.number])
    assert "Parcel" in browser.get(address).content.decode()
    asked = browser.get(address, {"into": kept.number}).content.decode()
    assert "can’t be undone" in asked
    assert Ticket.objects.filter(merged_into=None).count() == 2
    answer = browser.post(address, {"into": kept.number})
    assert answer.url == f"{URL}{kept.number}/"
    assert AuditEntry.objects.get(action="ticket.merged").details == {"number": 1, "into": 2}


@pytest.mark.parametrize("into", ["", "x", "999", "-1", "9" * 40])
def test_numbers_that_are_no_tickets(agent, old, kept, sign_in, into) -> None:
    address = reverse("tickets:merge", args=["demo", old.number])
    assert sign_in(agent).post(address, {"into": into}).status_code == 404


def test_the_outsider_merges_nothing_and_nothing_with_theirs(service, outsider, agent, customer, old, sign_in) -> None:
    theirs = make_ticket(outsider.service, requester=make_customer(outsider.service))
    mine = reverse("tickets:merge", args=["demo", old.number])
    for browser in (sign_in(outsider),):
        assert browser.get(mine).status_code == 404
        assert browser.post(mine, {"into": theirs.number}).status_code == 404
    Ticket.objects.filter(pk=theirs.pk).update(number=77)
    assert sign_in(agent).post(mine, {"into": 77}).status_code == 404
    assert Ticket.objects.filter(merged_into=None).count() == 2
