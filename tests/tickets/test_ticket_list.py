import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from contiple.base import paging
from contiple.base.paging import PAGE_SIZE
from tests.make import make_agent, make_customer, make_ticket
from tickets.access import tickets_for
from tickets.listing import listing
from tickets.listing.listing import Filters, narrow, page_of
from tickets.models import Ticket
from tickets.tags import add_tag

URL = "/desk/demo/tickets/"


def found(agent, **filters) -> set[str]:
    return set(narrow(tickets_for(agent), agent, Filters(**filters)).tickets.values_list("subject", flat=True))


def shown(answer) -> list[int]:
    return [
        int(number) for number in re.findall(r'row-link" href="/desk/demo/tickets/(\d+)/"', answer.content.decode())
    ]


def make_many(service, count: int, **fields) -> list[Ticket]:
    """Tickets of which several share a moment, the newest last."""
    first, now = service.last_ticket_number, timezone.now()
    return Ticket.objects.bulk_create(
        Ticket(
            service=service,
            number=first + index + 1,
            subject=f"Ticket {index}",
            channel="agent",
            updated_at=now + timedelta(seconds=index // 3),
            **fields,
        )
        for index in range(count)
    )


# Filters


def test_filters_by_state_assignee_and_tag_add_up(service, agent, colleague):
    make_ticket(service, "mine", state="pending", assignee=agent)
    make_ticket(service, "theirs", state="pending", assignee=colleague)
    make_ticket(service, "nobody's")
    add_tag(agent, Ticket.objects.get(subject="theirs"), "billing")
    tag = Ticket.objects.get(subject="theirs").tags.get().pk
    assert found(agent) == {"mine", "theirs", "nobody's"}
    assert found(agent, state="pending") == {"mine", "theirs"}
    assert found(agent, assignee="me") == {"mine"}
    assert found(agent, assignee="nobody") == {"nobody's"}
    assert found(agent, assignee=str(colleague.pk)) == {"theirs"}
    assert found(agent, tag=tag) == {"theirs"}
    assert found(agent, state="pending", assignee="me", tag=tag) == set()


def test_text_is_found_in_subject_and_description_also_by_the_beginning_of_a_word(service, agent):
    make_ticket(service, "환불이 늦어요")
    make_ticket(service, "배송", body="제품 환불은 언제")
    make_ticket(service, "Refunded twice", body="Order A-20391, jun@example.com")
    assert found(agent, text="환불") == {"환불이 늦어요", "배송"}
    assert found(agent, text="refund") == {"Refunded twice"}
    assert found(agent, text="REFUNDED order") == {"Refunded twice"}
    assert found(agent, text="jun@example.com") == {"Refunded twice"}
    assert found(agent, text="A-203") == {"Refunded twice"}
    assert found(agent, text="환불 refund") == set()


def test_a_number_is_found_with_and_without_its_sign(service, agent):
    for index in range(12):
        make_ticket(service, f"Ticket number {index + 1}")
    make_ticket(service, "Order 12345")
    assert found(agent, text="#12") == {"Ticket number 12"}
    assert found(agent, text="12") == {"Ticket number 12", "Order 12345"}


@pytest.mark.parametrize(
    "text",
    [
        "'",
        "\\",
        "a & ",
        "!(a|",
        "a:*b",
        "<->",
        "%_",
        "''''",
        "--",
        "#",
        "#99999999999999999999",
        "9" * 200,
        "٣",
        "x " * 100,
        "\\'",
    ],
)
def test_no_text_breaks_the_search(service, agent, sign_in, text):
    make_ticket(service)
    assert found(agent, text=text) == set()
    assert sign_in(agent).get(URL, {"q": text}).status_code == 200


# Pages


def test_pages_follow_each_other_without_gap_or_repetition_and_lead_back(service, agent):
    make_many(service, PAGE_SIZE * 2 + 7)
    pages, before = [], None
    while True:
        page = page_of(narrow(tickets_for(agent), agent, Filters()), before=before)
        pages.append([ticket.number for ticket in page.rows])
        before = page.older
        if before is None:
            break
    assert [len(numbers) for numbers in pages] == [50, 50, 7]
    assert [number for numbers in pages for number in numbers] == list(
        Ticket.objects.order_by("-updated_at", "-pk").values_list("number", flat=True)
    )
    back = page_of(narrow(tickets_for(agent), agent, Filters()), after=page.newer)
    assert [ticket.number for ticket in back.rows] == pages[1]
    first = page_of(narrow(tickets_for(agent), agent, Filters()), after=back.newer)
    assert [ticket.number for ticket in first.rows] == pages[0]
    assert first.newer is None


def test_counting_stops_where_a_person_reads_many(service, agent, monkeypatch):
    monkeypatch.setattr(paging, "COUNTED_MAX", 3)
    make_many(service, 3)
    assert listing.count_all(tickets_for(agent)) == "3"
    Ticket.objects.create(service=service, number=4, subject="One more", channel="agent")
    assert listing.count_all(tickets_for(agent)) == "3+"


# The view


def test_newest_update_first(service, agent, sign_in):
    old, new = make_ticket(service), make_ticket(service)
    Ticket.objects.filter(pk=old.pk).update(updated_at=timezone.now() + timedelta(minutes=1))
    assert shown(sign_in(agent).get(URL)) == [old.number, new.number]


def test_a_row_says_what_there_is_to_know(service, agent, sign_in):
    customer = make_customer(service, "Hana")
    ticket = make_ticket(service, "Lost <b>parcel</b>", state="pending", assignee=agent, requester=customer)
    add_tag(agent, ticket, "delivery")
    page = sign_in(agent).get(URL).content.decode()
    for words in ("#1", "Lost &lt;b&gt;parcel&lt;/b&gt;", "Hana", "Pending", "Mina", "delivery"):
        assert words in page


def test_the_filter_bar_works_as_a_plain_form(service, agent, colleague, sign_in):
    make_ticket(service, "One", state="processing", assignee=agent)
    make_ticket(service, "Two", state="processing", assignee=colleague)
    answer = sign_in(agent).get(URL, {"q": "", "state": "processing", "assignee": "me", "tag": ""})
    assert shown(answer) == [1]
    assert '<option value="me" selected>' in answer.content.decode()


def test_a_number_that_is_stored_nowhere_is_not_looked_for(service, agent, sign_in):
    make_ticket(service, "paid by card")
    with CaptureQueriesContext(connection) as queries:
        answer = sign_in(agent).get(f"{URL}?q=card+4111+1111+1111+1111")
    assert shown(answer) == [1]
    assert f'value="card {"*" * 19}"' in answer.content.decode()
    assert not any("4111" in query["sql"] for query in queries)


def test_for_htmx_it_answers_with_the_results_alone(service, agent, sign_in):
    make_ticket(service)
    headers = {"HX-Request": "true", "HX-Target": "ticket-results"}
    part = sign_in(agent).get(URL, headers=headers).content.decode()
    assert 'id="ticket-results"' in part
    assert 'id="ticket-views" ' in part
    assert "<html" not in part


def test_a_boosted_visit_gets_the_whole_page(service, agent, sign_in):
    page = sign_in(agent).get(URL, headers={"HX-Request": "true", "HX-Boosted": "true", "HX-Target": "content"})
    assert "<html" in page.content.decode()


def test_quick_views_say_which_one_is_shown_and_how_many_there_are(service, agent, sign_in):
    make_ticket(service)
    page = sign_in(agent).get(URL, {"assignee": "nobody"}).content.decode()
    assert re.search(r'\?assignee=nobody" aria-current="page">\s*Unassigned <span[^>]*>1</span>', page)


def test_no_tickets_and_no_match_are_different_things(service, agent, sign_in):
    client = sign_in(agent)
    assert "No tickets yet" in client.get(URL).content.decode()
    make_ticket(service)
    page = client.get(URL, {"q": "nothing like it"}).content.decode()
    assert "No tickets match" in page
    assert 'value="nothing like it"' in page


def test_the_next_page_keeps_the_filter(service, agent, sign_in):
    make_many(service, 60, state="pending", assignee=agent)
    client = sign_in(agent)
    page = client.get(URL, {"state": "pending"})
    link = re.search(r'href="([^"]*)" rel="next"', page.content.decode())[1].replace("&amp;", "&")
    assert "state=pending" in link
    older = client.get(link)
    assert len(shown(page)) == 50
    assert len(shown(older)) == 10
    assert not set(shown(page)) & set(shown(older))


@pytest.mark.parametrize(
    "query",
    [
        "state=x",
        "assignee=x",
        "assignee=999999",
        "tag=x",
        "tag=99999999999999999999",
        "before=x",
        "q=%00",
        "q=%ed%a0%80",
    ],
)
def test_a_filter_that_makes_no_sense_is_none(service, agent, sign_in, query):
    make_ticket(service)
    assert sign_in(agent).get(f"{URL}?{query}").status_code == 200


def test_queries_do_not_grow_with_the_rows(service, agent, colleague, sign_in):
    client = sign_in(agent)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(URL).status_code == 200
        return len(captured)

    first = make_ticket(service, state="pending", assignee=colleague, requester=make_customer(service))
    add_tag(agent, first, "one")
    queries()  # the first page notes where the session is open
    few = queries()
    for index in range(10):
        person = make_agent(service)
        ticket = make_ticket(service, state="pending", assignee=person, requester=make_customer(service, f"C{index}"))
        add_tag(agent, ticket, f"tag {index}")
    assert queries() == few


def test_the_outsider_and_strangers_see_no_list(service, outsider, sign_in, client):
    make_ticket(service, "Private matter")
    assert sign_in(outsider).get(URL).status_code == 404
    assert "Private matter" not in sign_in(outsider).get("/desk/other/tickets/").content.decode()
    assert client.get(URL).status_code == 302


def test_another_services_agent_and_tag_filter_nothing_out_of_it(service, agent, outsider, sign_in):
    theirs = make_ticket(outsider.service, "Private matter", state="pending", assignee=outsider)
    add_tag(outsider, theirs, "secret-tag")
    for query in ({"assignee": outsider.pk}, {"tag": theirs.tags.get().pk}, {"q": "Private"}):
        page = sign_in(agent).get(URL, query).content.decode()
        assert "Private matter" not in page
        assert "secret-tag" not in page
        assert "Oscar" not in page


def test_only_reading_is_allowed(agent, sign_in):
    assert sign_in(agent).post(URL).status_code == 405
