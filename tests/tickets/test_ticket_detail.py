import re
import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from agents.models import AuditEntry
from tests.make import make_agent, make_chat, make_customer, make_ticket
from tickets.desk.timeline import timeline_of
from tickets.lifecycle import add_comment, create_from_chat, edit_text, set_assignee, set_state
from tickets.models import Comment, Ticket
from tickets.tags import add_tag

URL = "/desk/demo/tickets/1/"
HTMX = {"HX-Request": "true", "HX-Target": "ticket-facts"}
# Every POST, with data that would change something.
POSTS = {
    "subject/": {"subject": "Changed", "body": ""},
    "state/": {"state": "pending"},
    "assignee/": {"assignee": ""},
    "comments/": {"body": "Hello", "request_id": str(uuid.uuid4())},
    "tags/": {"tag": "billing"},
    "tags/1/remove/": {},
}


@pytest.fixture
def ticket(service, agent):
    return make_ticket(service, "Where is my order?", state="processing", assignee=agent)


def comment_data(body: str) -> dict:
    return {"body": body, "request_id": str(uuid.uuid4())}


# The page


def test_it_shows_the_ticket_and_who_asks(service, agent, sign_in):
    customer = make_customer(service, "Hana", email="hana@example.com")
    make_ticket(service, "Lost", body="It <b>never</b>\ncame: https://example.com/a?b=1&c=2", requester=customer)
    page = sign_in(agent).get(URL).content.decode()
    for words in ("Lost", "It &lt;b&gt;never&lt;/b&gt;<br>came", "Hana", "mailto:hana@example.com", "Help Center"):
        assert words in page
    assert re.search(r'<a href="https://example.com/a\?b=1&amp;c=2" target="_blank" rel="noopener [^"]*">', page)


def test_it_links_nothing_that_runs(service, agent, sign_in):
    make_ticket(service, body='javascript:alert(1) "onclick=x" http://x" rel="nofollow" onload="y')
    page = sign_in(agent).get(URL).content.decode()
    assert 'href="javascript' not in page
    assert ' onload="y' not in page


def test_the_timeline_tells_in_words_what_happened(service, agent, colleague, admin, sign_in):
    ticket = create_from_chat(agent, make_chat(service, agent=agent))
    add_comment(agent, ticket, "First try\nfailed")
    set_assignee(agent, ticket, colleague)
    set_state(admin, ticket, "completed")
    add_tag(agent, ticket, "billing")
    edit_text(agent, ticket, subject="New", body=ticket.body)
    page = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", sign_in(agent).get(URL).content.decode()))
    told = [
        "Mina created the ticket from a chat",
        "First try failed",
        "assigned the ticket to Theo",
        "Ada changed the state from Processing to Completed",
        "Mina added the tag billing",
        "edited the subject",
    ]
    places = [page.find(words) for words in told]
    assert -1 not in places
    assert places == sorted(places)


def test_a_ticket_and_the_one_that_follows_it_name_each_other(service, agent, sign_in):
    old = make_ticket(service)
    make_ticket(service, follows=old)
    for number, other in ((1, 2), (2, 1)):
        page = sign_in(agent).get(f"/desk/demo/tickets/{number}/").content.decode()
        assert f'<a href="/desk/demo/tickets/{other}/">#{other}</a>' in page


def test_who_takes_a_ticket_or_gives_it_back_is_told_so(service, agent, colleague, sign_in):
    ticket = make_ticket(service)
    for by, to in ((agent, agent), (agent, None), (agent, colleague), (agent, None)):
        set_assignee(by, ticket, to)
    told = [line.what for line in timeline_of(ticket) if re.search("ticket|assignee", line.what)]
    assert told == [
        "took the ticket",
        "removed the assignee",
        "assigned the ticket to Theo",
        "removed Theo as assignee",
    ]


def test_a_customers_inquiry_is_told_as_the_customers(service, agent, sign_in):
    ticket = make_ticket(service)
    AuditEntry.objects.create(
        service=service, action="ticket.created", subject=ticket.audit_subject, actor="customer",
        details={"channel": "help_center", "number": 1},
    )  # fmt: skip
    assert "<strong>The customer</strong> left a 1:1 inquiry" in sign_in(agent).get(URL).content.decode()


def test_the_quick_menu_leads_to_the_chat_history(service, agent, sign_in):
    chat = make_chat(service, agent=agent)
    create_from_chat(agent, chat)
    page = sign_in(agent).get(f"{URL}?menu=history", headers={"HX-Request": "true", "HX-Target": "quick-menu"})
    html = page.content.decode()
    assert "<html" not in html
    assert f'hx-get="/desk/demo/chat/{chat.pk}/history/"' in html
    assert f'href="/desk/demo/chat/{chat.pk}/history/"' in html


def test_a_ticket_without_a_chat_says_so(ticket, agent, sign_in):
    assert "This ticket wasn’t created from a chat" in sign_in(agent).get(f"{URL}?menu=history").content.decode()


def test_every_agent_of_the_service_sees_it(service, ticket, sign_in):
    assert sign_in(make_agent(service, chat_permission=False)).get(URL).status_code == 200


def test_queries_do_not_grow_with_comments_and_trail(agent, ticket, sign_in):
    client = sign_in(agent)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(URL).status_code == 200
        return len(captured)

    add_comment(agent, ticket, "one")
    set_state(agent, ticket, "pending")
    add_tag(agent, ticket, "tag")
    queries()  # the first page notes where the session is open
    few = queries()
    for index in range(10):
        add_comment(agent, ticket, f"more {index}")
        add_tag(agent, ticket, f"tag {index}")
        set_state(agent, ticket, ["processing", "pending"][index % 2])
    assert queries() == few


# Who may


@pytest.mark.parametrize("path", POSTS)
def test_the_outsider_and_strangers_change_nothing(ticket, agent, outsider, sign_in, client, path):
    ticket.tags.create(pk=1, service=ticket.service, name="kept")
    before = AuditEntry.objects.count()
    assert sign_in(outsider).post(URL + path, POSTS[path]).status_code == 404
    assert sign_in(outsider).post((URL + path).replace("/demo/", "/other/"), POSTS[path]).status_code == 404
    assert client.post(URL + path, POSTS[path]).status_code == 302
    ticket.refresh_from_db()
    assert (ticket.subject, ticket.state, ticket.assignee) == ("Where is my order?", "processing", agent)
    assert ticket.tags.count() == 1
    assert not Comment.objects.exists()
    assert AuditEntry.objects.count() == before


@pytest.mark.parametrize("path", POSTS)
def test_reading_changes_nothing(ticket, agent, sign_in, path):
    assert sign_in(agent).get(URL + path).status_code == 405


def test_the_outsider_and_strangers_see_nothing(ticket, outsider, sign_in, client):
    assert sign_in(outsider).get(URL).status_code == 404
    assert sign_in(outsider).get("/desk/other/tickets/1/").status_code == 404
    assert client.get(URL).status_code == 302


@pytest.mark.parametrize("number", ["999", "99999999999999999999"])
def test_a_number_that_is_none_is_not_found(agent, sign_in, number):
    assert sign_in(agent).get(f"/desk/demo/tickets/{number}/").status_code == 404


# State and assignee


def test_a_mere_agent_is_neither_offered_completed_nor_let_through(ticket, agent, admin, sign_in):
    assert 'value="completed"' not in sign_in(agent).get(URL).content.decode()
    assert sign_in(agent).post(f"{URL}state/", {"state": "completed"}).status_code == 403
    ticket.refresh_from_db()
    assert ticket.state == "processing"
    assert 'value="completed"' in sign_in(admin).get(URL).content.decode()
    assert sign_in(admin).post(f"{URL}state/", {"state": "completed"}).status_code == 302
    assert sign_in(agent).post(f"{URL}state/", {"state": "pending"}).status_code == 403
    ticket.refresh_from_db()
    assert ticket.state == "completed"


@pytest.mark.parametrize("data", [{}, {"state": ""}, {"state": "nonsense"}])
def test_a_state_that_is_none_is_refused(ticket, agent, sign_in, data):
    assert sign_in(agent).post(f"{URL}state/", data).status_code == 400


def test_somebody_elses_agent_gets_no_ticket(ticket, agent, outsider, sign_in):
    assert sign_in(agent).post(f"{URL}assignee/", {"assignee": outsider.pk}).status_code == 400
    ticket.refresh_from_db()
    assert ticket.assignee == agent


def test_with_htmx_a_change_answers_with_the_parts_that_tell_of_it(ticket, agent, sign_in):
    part = sign_in(agent).post(f"{URL}state/", {"state": "pending"}, headers=HTMX).content.decode()
    assert "<html" not in part
    assert 'id="ticket-facts"' in part
    assert 'id="ticket-timeline" hx-swap-oob="true"' in part
    assert 'id="ticket-comment"' not in part
    assert "changed the state from Processing to Pending" in part


def test_an_assignee_who_left_is_still_shown(service, agent, colleague, sign_in):
    make_ticket(service, state="pending", assignee=colleague)
    colleague.is_active = False
    colleague.save(update_fields=["is_active"])
    page = sign_in(agent).get(URL).content.decode()
    assert f'<option value="{colleague.pk}" selected>Theo</option>' in page
    assert sign_in(agent).post(f"{URL}assignee/", {"assignee": colleague.pk}).status_code == 302


# Tags


def test_a_tag_is_added_and_taken_off(ticket, agent, sign_in):
    client = sign_in(agent)
    client.post(f"{URL}tags/", {"tag": "billing"})
    tag = ticket.tags.get()
    assert tag.name == "billing"
    client.post(f"{URL}tags/{tag.pk}/remove/")
    assert not ticket.tags.exists()


def test_the_systems_tag_is_neither_written_nor_taken_off(service, agent, sign_in):
    ticket = create_from_chat(agent, make_chat(service, agent=agent))
    client, tag = sign_in(agent), ticket.tags.get()
    assert f"tags/{tag.pk}/remove/" not in client.get(URL).content.decode()
    assert client.post(f"{URL}tags/{tag.pk}/remove/").status_code == 403
    refused = client.post(f"{URL}tags/", {"tag": "cHAT"})
    assert refused.status_code == 403
    assert 'value="cHAT"' in refused.content.decode()
    assert [tag.name for tag in ticket.tags.all()] == ["Chat"]


@pytest.mark.parametrize("name", ["", "x" * 41, "a\0b"])
def test_a_tag_that_is_none_is_refused(ticket, agent, sign_in, name):
    answer = sign_in(agent).post(f"{URL}tags/", {"tag": name})
    assert answer.status_code == 400
    assert "field-errors" in answer.content.decode()


# Comments


def test_a_comment_is_kept_with_its_line_breaks_and_masked(ticket, agent, sign_in, actions):
    sign_in(agent).post(f"{URL}comments/", comment_data("One\r\ntwo 4539 1488 0343 6467"))
    comment = ticket.comments.get()
    assert (comment.body, comment.name, comment.agent) == ("One\ntwo *******************", "Mina", agent)
    assert actions(ticket) == ["ticket.commented"]
    assert AuditEntry.objects.get().details == {"number": 1, "comment": comment.pk}


def test_a_comment_that_is_sent_twice_is_there_once(ticket, agent, sign_in):
    client, data = sign_in(agent), comment_data("Once")
    for _ in range(2):
        assert client.post(f"{URL}comments/", data).status_code == 302
    assert ticket.comments.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_comment_that_is_sent_twice_at_the_same_moment_is_there_once(service, agent, at_once):
    ticket, request_id = make_ticket(service), uuid.uuid4()
    made = at_once(lambda index: add_comment(agent, ticket, "Once", request_id=request_id).pk)
    assert len(set(made)) == ticket.comments.count() == 1


@pytest.mark.parametrize("body", ["", "  \n ", "x" * 8_001, "a\0b"])
def test_a_comment_that_is_none_is_refused_and_what_was_typed_is_kept(ticket, agent, sign_in, body):
    answer = sign_in(agent).post(f"{URL}comments/", comment_data(body))
    assert answer.status_code == 400
    assert "field-errors" in answer.content.decode()
    assert not Comment.objects.exists()


def test_line_ends_of_a_browser_count_once(ticket, agent, sign_in):
    assert sign_in(agent).post(f"{URL}comments/", comment_data("x\r\n" * 3_999 + "xx")).status_code == 302


def test_comments_say_that_customers_do_not_see_them(ticket, agent, sign_in):
    assert "Only agents see it, never the customer." in sign_in(agent).get(URL).content.decode()


# Subject and description


def test_the_text_is_edited(ticket, agent, sign_in):
    sign_in(agent).post(f"{URL}subject/", {"subject": " New  subject ", "body": "More\r\nwords"})
    ticket.refresh_from_db()
    assert (ticket.subject, ticket.body) == ("New subject", "More\nwords")


def test_words_that_somebody_else_changed_are_shown_before_they_are_replaced(ticket, agent, colleague, sign_in):
    client = sign_in(agent)
    seen = re.search(r'name="seen" value="(\w+)"', client.get(URL).content.decode())[1]
    edit_text(colleague, ticket, subject="Theirs", body="")
    refused = client.post(f"{URL}subject/", {"subject": "Mine", "body": "", "seen": seen})
    page = refused.content.decode()
    assert refused.status_code == 400
    assert "Theirs" in page
    assert 'value="Mine"' in page
    assert Ticket.objects.get().subject == "Theirs"
    seen = re.search(r'name="seen" value="(\w+)"', page)[1]
    assert client.post(f"{URL}subject/", {"subject": "Mine", "body": "", "seen": seen}).status_code == 302
    assert Ticket.objects.get().subject == "Mine"


def test_a_ticket_keeps_a_subject(ticket, agent, sign_in):
    refused = sign_in(agent).post(f"{URL}subject/", {"subject": "", "body": "Typed with care"})
    assert refused.status_code == 400
    assert "Typed with care" in refused.content.decode()
