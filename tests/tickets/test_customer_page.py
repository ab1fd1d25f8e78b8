"""The customer's page of a ticket: by a link that ends and can be revoked, and never with what stays inside."""

import re
import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from agents.models import OutgoingMail
from chat.abuse import limits
from chat.abuse.blocks import block_for
from contiple.log_addresses import without_addresses
from helpcenter.models import HelpCenter
from tests.make import make_customer, make_service, make_ticket
from tests.tickets.masked import mask_text
from tests.tickets.outgoing import link_in, made
from tickets.answering.links import revoke_links, secret_of
from tickets.answering.mails import LINKS_MAX
from tickets.answering.replies import Reply, send_reply
from tickets.lifecycle import add_comment, edit_text
from tickets.models import Comment, Ticket

pytestmark = pytest.mark.django_db

State = Ticket.State


@pytest.fixture
def ticket(service, customer, agent) -> Ticket:
    return make_ticket(service, "Lost", body="It never came", requester=customer, assignee=agent, state=State.PENDING)


def page_of(ticket: Ticket, *, ago: timedelta = timedelta()) -> str:
    return f"/inquiry/{ticket.service.slug}/{secret_of(ticket, now=timezone.now() - ago)}/"


def answer(body: str = "Still nothing", **fields) -> dict:
    return {"body": body, "request_id": str(uuid.uuid4()), **fields}


def test_it_shows_what_was_written_and_answered_and_nothing_else(client, ticket, agent) -> None:
    add_comment(agent, ticket, "Difficult customer")
    send_reply(agent, ticket, Reply("We <b>look</b> for it"))
    page = client.get(page_of(ticket)).content.decode()
    assert "It never came" in page
    assert "Lost" in page
    assert "We &lt;b&gt;look&lt;/b&gt; for it" in page
    assert "Difficult customer" not in page


@pytest.mark.parametrize("channel", [Ticket.Channel.CHAT, Ticket.Channel.AGENT])
def test_what_an_agent_wrote_about_the_customer_is_not_shown(client, ticket, agent, channel) -> None:
    Ticket.objects.update(channel=channel)
    send_reply(agent, ticket, Reply("Here you are"))
    page = client.get(page_of(ticket)).content.decode()
    assert "Here you are" in page
    assert "It never came" not in page
    assert "Lost" not in page


def test_nobody_keeps_it_and_no_address_leaves(client, ticket) -> None:
    for path in (page_of(ticket), "/inquiry/demo/", "/inquiry/demo/forged/"):
        headers = client.get(path).headers
        assert "no-store" in headers["Cache-Control"]
        assert headers["Referrer-Policy"] == "strict-origin"
        assert "noindex" in headers["X-Robots-Tag"]


def test_every_link_that_does_not_hold_shows_the_same_page(client, ticket, agent) -> None:
    other = make_service("other")
    foreign = make_ticket(other, requester=make_customer(other))
    ended = page_of(ticket, ago=timedelta(days=30))
    swapped = page_of(foreign).replace("/inquiry/other/", "/inquiry/demo/")
    revoked = page_of(ticket)
    revoke_links(agent, ticket)
    forged = "/inquiry/demo/WzEsMCwxXQ.abcdef/"
    pages = []
    for path in (ended, swapped, revoked, forged, "/inquiry/demo/x/"):
        for tried in (client.get(path), client.get(f"{path}changes/"), client.post(f"{path}answer/", answer())):
            assert tried.status_code == 404
            pages.append(re.sub(r'value="[^"]*"|nonce="[^"]*"', "", tried.content.decode()))
        assert client.post(f"{path}solved/").status_code == 404
    assert len(set(pages)) == 1
    assert "E-mail new links" in pages[0]
    assert not Comment.objects.exists()


def test_revoking_ends_the_links_of_the_tickets_before_too(client, ticket, agent) -> None:
    """An answer by one of these would lead to the ticket whose links are revoked."""
    Ticket.objects.filter(pk=ticket.pk).update(state=State.COMPLETED)
    later = make_ticket(ticket.service, requester=ticket.requester, follows=ticket)
    before = page_of(ticket)
    assert client.get(before).status_code == 200
    revoke_links(agent, later)
    assert client.post(f"{before}answer/", answer()).status_code == 404
    assert not Comment.objects.exists()


def test_a_link_lasts_as_long_as_default_setting_says(client, ticket) -> None:
    HelpCenter.objects.update(inquiry_link_days=2)
    assert client.get(page_of(ticket, ago=timedelta(hours=47))).status_code == 200
    assert client.get(page_of(ticket, ago=timedelta(days=2))).status_code == 404


def test_a_stopped_service_has_no_pages(client, ticket, service) -> None:
    service.is_stopped = True
    service.save(update_fields=["is_stopped"])
    assert client.get(page_of(ticket)).status_code == 404
    assert client.get("/inquiry/demo/").status_code == 404


def test_logs_have_no_secret(ticket) -> None:
    path = page_of(ticket)
    for line in (f"GET {path}", f"GET {path}answer/", f"GET {path}no/such/page/"):
        assert secret_of(ticket, now=timezone.now())[:20] not in without_addresses(line)


# Answers


def test_an_answer_brings_the_ticket_back(client, ticket) -> None:
    path = page_of(ticket)
    sent = client.post(f"{path}answer/", answer())
    assert sent.url == f"{path}#sent"
    ticket.refresh_from_db()
    assert (ticket.state, ticket.has_answer) == (State.PROCESSING, True)
    assert "Still nothing" in client.get(path).content.decode()


def test_an_answer_to_a_completed_ticket_leads_to_the_new_one(client, ticket) -> None:
    Ticket.objects.update(state=State.COMPLETED)
    sent = client.post(f"{page_of(ticket)}answer/", answer())
    page = client.get(sent.url).content.decode()
    assert "Inquiry #2" in page
    assert "Still nothing" in page


def test_a_refused_answer_keeps_what_was_typed(client, ticket) -> None:
    path = f"{page_of(ticket)}answer/"
    assert client.post(path, answer("")).status_code == 400
    for _ in range(limits.ANSWER_BY_CUSTOMER.attempts):
        client.post(path, answer())
    refused = client.post(path, answer("One too many"))
    assert refused.status_code == 429
    assert "One too many" in refused.content.decode()
    assert Comment.objects.count() == limits.ANSWER_BY_CUSTOMER.attempts


def test_a_blocked_customer_is_refused_politely(client, ticket) -> None:
    block_for(ticket.service_id, customer=ticket.requester)
    refused = client.post(f"{page_of(ticket)}answer/", answer("Let me in"))
    assert refused.status_code == 403
    assert "Let me in" in refused.content.decode()
    assert not Comment.objects.exists()


def test_solved_resolves_the_ticket(client, ticket) -> None:
    path = page_of(ticket)
    assert client.get(f"{path}solved/").status_code == 405  # a program that looks into mails follows their links
    assert "data-may-solve" in client.get(path).content.decode()
    client.post(f"{path}solved/")
    ticket.refresh_from_db()
    assert ticket.state == State.RESOLVED
    assert "data-may-solve" not in client.get(path).content.decode()


def test_solved_takes_along_what_stands_in_the_box(client, ticket) -> None:
    path = page_of(ticket)
    sent = client.post(f"{path}solved/", answer("It came, thank you"))
    assert sent.url == f"{path}#sent"
    ticket.refresh_from_db()
    assert ticket.state == State.RESOLVED
    assert Comment.objects.get().body == "It came, thank you"


def test_solved_with_words_that_are_refused_keeps_them(client, ticket) -> None:
    refused = client.post(f"{page_of(ticket)}solved/", answer("Thanks", request_id="?"))
    assert refused.status_code == 400
    assert "Thanks" in refused.content.decode()
    ticket.refresh_from_db()
    assert ticket.state == State.PENDING


def seen_in(page: str) -> str:
    return re.search(r'data-seen="([^"]+)"', page)[1]


def shown_in(page: str) -> list[str]:
    return re.findall(r'<li class="[^"]*" id="([^"]+)"', page)


def test_a_page_asks_for_what_is_new(client, ticket, agent) -> None:
    path = page_of(ticket)
    seen = seen_in(client.get(path).content.decode())
    assert client.get(f"{path}changes/", {"seen": seen}).status_code == 204
    add_comment(agent, ticket, "Between us")
    assert client.get(f"{path}changes/", {"seen": seen}).status_code == 204
    send_reply(agent, ticket, Reply("Found it"))
    changes = client.get(f"{path}changes/", {"seen": seen}).content.decode()
    assert "Found it" in changes
    assert "Between us" not in changes


def test_what_is_new_costs_as_much_in_a_long_conversation(client, ticket, agent) -> None:
    """2,000 answers, of which the page has all but one."""
    said = [Comment(ticket=ticket, kind="customer", name="Jun", body=f"Answer {number}") for number in range(2000)]
    Comment.objects.bulk_create(said)
    path = page_of(ticket)
    page = client.get(path).content.decode()
    assert len(shown_in(page)) == 2001
    reply = send_reply(agent, ticket, Reply("Found it"))
    with CaptureQueriesContext(connection) as captured:
        changes = client.get(f"{path}changes/", {"seen": seen_in(page)}).content.decode()
    assert shown_in(changes) == [f"c-{reply.pk}"]
    assert "data-whole" not in changes
    rows = [query["sql"] for query in captured if '"tickets_comment"."body"' in query["sql"]]
    assert len(rows) == 1
    assert client.get(f"{path}changes/", {"seen": seen_in(changes)}).status_code == 204
    mask_text(agent, said[7], "Answer 7")
    masked = client.get(f"{path}changes/", {"seen": seen_in(changes)}).content.decode()
    assert f"c-{said[7].pk}" in shown_in(masked)


def test_a_mask_and_an_edit_reach_an_open_page(client, ticket, agent) -> None:
    first, second = send_reply(agent, ticket, Reply("Ask Kim Minsu")), send_reply(agent, ticket, Reply("Found it"))
    path = page_of(ticket)
    page = client.get(path).content.decode()
    mask_text(agent, first, "Kim Minsu")
    changes = client.get(f"{path}changes/", {"seen": seen_in(page)}).content.decode()
    assert shown_in(changes) == [f"c-{first.pk}"]
    assert "Ask *********" in changes
    ticket.refresh_from_db()
    edit_text(agent, ticket, subject="Lost", body="It came, broken")
    changed = client.get(f"{path}changes/", {"seen": seen_in(changes)}).content.decode()
    assert shown_in(changed) == ["first-1", f"c-{first.pk}", f"c-{second.pk}"]
    assert "broken" in changed


def test_a_ticket_that_is_merged_into_this_one_is_shown_on_an_open_page(client, ticket, agent, service) -> None:
    other = make_ticket(service, body="Also broken", requester=ticket.requester, state=State.PENDING, assignee=agent)
    path = page_of(ticket)
    seen = seen_in(client.get(path).content.decode())
    Ticket.objects.filter(pk=other.pk).update(merged_into=ticket)
    changes = client.get(f"{path}changes/", {"seen": seen}).content.decode()
    assert shown_in(changes) == ["first-1", "first-2"]
    assert "data-whole" in changes


NONSENSE = ["", "x", "1-2-3", "1.2", "-1.0.0.a.b", "²4.0.0.a.b", "9" * 40 + ".0.0.a.b", "1.99.99.a.b"]


@pytest.mark.parametrize("seen", NONSENSE)
def test_whatever_a_page_says_that_it_has_seen_it_gets_the_conversation(client, ticket, agent, seen) -> None:
    reply = send_reply(agent, ticket, Reply("Found it"))
    changes = client.get(f"{page_of(ticket)}changes/", {"seen": seen}).content.decode()
    assert shown_in(changes) == ["first-1", f"c-{reply.pk}"]
    assert "data-whole" in changes


def test_comments_that_come_from_another_ticket_are_shown_in_their_order(client, ticket, agent, service) -> None:
    other = make_ticket(service, requester=ticket.requester)
    earlier = send_reply(agent, other, Reply("Before"))
    later = send_reply(agent, ticket, Reply("After"))
    path = page_of(ticket)
    seen = seen_in(client.get(path).content.decode())
    other.comments.update(ticket=ticket)
    changes = client.get(f"{path}changes/", {"seen": seen}).content.decode()
    assert shown_in(changes) == ["first-1", f"c-{earlier.pk}", f"c-{later.pk}"]
    assert "data-whole" in changes


# New links


def test_new_links_go_to_the_address_on_record(client, ticket) -> None:
    client.post("/inquiry/demo/", {"email": "JUN@example.com"})
    row = OutgoingMail.objects.get()
    assert made(row).to == ["jun@example.com"]
    assert client.get(link_in(row)).status_code == 200


def test_whoever_asks_learns_nothing(client, ticket) -> None:
    """The page, and what is done for it, are the same for an address that nobody has."""
    pages, queries = [], []
    for address in ("jun@example.com", "nun@example.com"):
        with CaptureQueriesContext(connection) as captured:
            answer = client.post("/inquiry/demo/", {"email": address})
        queries.append(len(captured))
        pages.append(re.sub(r'value="[^"]*"|nonce="[^"]*"', "", answer.content.decode()).replace(address, ""))
    assert pages[0] == pages[1]
    assert queries[0] == queries[1]
    assert [made(row) is None for row in OutgoingMail.objects.order_by("pk")] == [False, True]


def test_a_mail_has_the_links_of_the_tickets_that_changed_last(client, ticket, service) -> None:
    for _ in range(LINKS_MAX):
        make_ticket(service, requester=ticket.requester)
    client.post("/inquiry/demo/", {"email": "jun@example.com"})
    numbers = re.findall(r"^#(\d+)$", made(OutgoingMail.objects.get()).text, re.M)
    assert numbers == [str(number) for number in range(LINKS_MAX + 1, 1, -1)]


def test_nobody_fills_a_mailbox_with_links(client, ticket) -> None:
    for turn in range(limits.LINKS_BY_EMAIL.attempts + 2):
        written = "jun@example.com" if turn % 2 else "JUN@example.COM"
        assert client.post("/inquiry/demo/", {"email": written}).status_code == 200
    assert OutgoingMail.objects.count() == limits.LINKS_BY_EMAIL.attempts


def test_a_network_that_tries_addresses_is_refused_without_a_word(client, ticket) -> None:
    for number in range(limits.LINKS_BY_NETWORK.attempts + 2):
        assert client.post("/inquiry/demo/", {"email": f"jun{number}@example.com"}).status_code == 200
    assert OutgoingMail.objects.count() == limits.LINKS_BY_NETWORK.attempts


def test_new_links_open_no_other_services_tickets(client, ticket) -> None:
    other = make_service("other")
    make_ticket(other, requester=make_customer(other, email="jun@example.com"))
    client.post("/inquiry/other/", {"email": "jun@example.com"})
    row = OutgoingMail.objects.get()
    assert row.service == other
    assert "/inquiry/demo/" not in made(row).text


def test_after_a_revocation_a_new_link_works(client, ticket, agent, sign_in) -> None:
    before = page_of(ticket)
    sign_in(agent).post("/desk/demo/tickets/1/links/revoke/")
    assert client.get(before).status_code == 404
    client.post("/inquiry/demo/", {"email": "jun@example.com"})
    assert client.get(link_in(OutgoingMail.objects.get())).status_code == 200
