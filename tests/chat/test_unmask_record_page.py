"""The page of the record: for the admins of its service alone, as a plain form and for htmx."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from freezegun import freeze_time

from agents.models import Agent
from contiple.base.months import Month
from contiple.base.paging import PAGE_SIZE
from tests.chat.looks import NOON, make_limit_reached, make_look
from tests.make import make_agent, make_chat, make_customer, make_ticket

pytestmark = pytest.mark.django_db

URL = "/desk/demo/masking/record/"
NOVEMBER = {"month": "2024-11"}


@pytest.fixture(autouse=True)
def at_noon():
    """Sign-ins and looks of a test are in the same month, whenever it runs."""
    with freeze_time(NOON):
        yield


@pytest.fixture
def chat(service, agent, customer):
    return make_chat(service, agent=agent, customer=customer)


def page(browser: Client, query: dict | None = None, **options) -> str:
    answer = browser.get(URL, query or {}, **options)
    assert answer.status_code == 200
    return answer.content.decode()


def rows(html: str) -> list[str]:
    """Of each row, what a person reads."""
    body = html.partition("<tbody>")[2].partition("</tbody>")[0]
    return [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in body.split("</tr>")[:-1]]


def test_a_row_says_all_that_the_review_asks_for(chat, agent, admin, sign_in):
    make_look(agent, chat, kind="rrn", address="192.0.2.7")
    html = page(sign_in(admin))
    (row,) = rows(html)
    for words in ("Mina", "192.0.2.7", "Shown", "Resident registration number", "Jun", f"Chat {chat.pk}"):
        assert words in row
    assert f'href="/desk/demo/chat/{chat.pk}/history/"' in html
    assert '<time datetime="2024-11-10T12:00:00+09:00"' in html


def test_a_look_in_a_ticket_leads_to_the_ticket(chat, agent, admin, sign_in, service):
    ticket = make_ticket(service)
    make_look(agent, chat, of="ticket", subject=ticket.audit_subject)
    assert f'href="/desk/demo/tickets/{ticket.number}/"' in page(sign_in(admin))


def test_names_are_never_markup(service, agent, admin, sign_in):
    chat = make_chat(service, customer=make_customer(service, "<b>Jun</b>"))
    make_look(agent, chat, details={"kind": "<i>card", "customer": chat.customer_id})
    html = page(sign_in(admin), {"customer": "<b>"})
    assert "&lt;b&gt;Jun" in html
    assert "<b>" not in html
    assert "<i>" not in html


def test_it_is_korean_for_who_reads_korean(chat, agent, admin, sign_in):
    make_look(agent, chat, "reveal_limited", kind="rrn")
    html = page(sign_in(admin), headers={"Accept-Language": "ko"})
    for words in ("마스킹 해제 기록", "2024년 11월", "거부: 한도 초과", "주민등록번호", "한국 시간(UTC+9)"):
        assert words in html


# Months


def test_it_opens_at_this_month_and_leads_to_the_one_before(chat, agent, admin, sign_in):
    make_look(agent, chat)
    make_look(agent, chat, "lifted", at=Month(2024, 10).begin)
    html = page(sign_in(admin))
    assert [("Shown" in row, "Mask removed" in row) for row in rows(html)] == [(True, False)]
    assert 'rel="next"' not in html
    assert re.search(r'href="[^"]*\?month=2024-10"\s+rel="prev"', html)
    before = page(sign_in(admin), {"month": "2024-10"})
    assert [("Shown" in row, "Mask removed" in row) for row in rows(before)] == [(False, True)]
    assert re.search(r'href="[^"]*\?month=2024-11"\s+rel="next"', before)


def test_it_is_this_month_as_soon_as_it_is_in_korea(chat, agent, admin, sign_in):
    midnight = datetime(2024, 11, 30, 15, tzinfo=UTC)
    make_look(agent, chat, at=midnight)
    with freeze_time(midnight - timedelta(seconds=1)):
        assert rows(page(sign_in(admin))) == []
    with freeze_time(midnight):
        assert len(rows(page(sign_in(admin)))) == 1


def test_months_with_entries_can_be_chosen_and_the_shown_one_is(service, chat, agent, admin, sign_in):
    service.created_at = datetime(2024, 1, 1, tzinfo=UTC)
    service.save(update_fields=["created_at"])
    make_look(agent, chat, at=Month(2024, 3).begin)
    html = page(sign_in(admin), {"month": "2024-02"})
    assert re.findall(r'<option value="(20\d\d-\d\d)"( selected)?>', html) == [
        ("2024-11", ""),
        ("2024-03", ""),
        ("2024-02", " selected"),
    ]


def test_there_are_no_months_to_come(chat, agent, admin, sign_in):
    make_look(agent, chat)
    html = page(sign_in(admin), {"month": "2025-05"})
    assert len(rows(html)) == 1
    assert "November 2024</h2>" in html
    assert '<option value="2025-05"' not in html


# Filters and pages


def test_the_filter_bar_works_as_a_plain_form(chat, agent, colleague, admin, sign_in):
    make_look(agent, chat, kind="card")
    make_look(colleague, chat, kind="rrn")
    query = {"customer": "ju", "month": "2024-11", "agent": colleague.pk, "outcome": "revealed", "kind": "rrn"}
    html = page(sign_in(admin), query)
    assert len(rows(html)) == 1
    assert "Theo" in rows(html)[0]
    assert f'<option value="{colleague.pk}" selected>' in html
    assert '<option value="rrn" selected>' in html
    assert 'value="ju"' in html
    assert "1 attempt to unmask" in html


def test_a_neighbouring_month_keeps_the_filter(chat, agent, admin, sign_in):
    make_look(agent, chat)
    html = page(sign_in(admin), {"kind": "card", "before": "1-1", **NOVEMBER})
    link = re.search(r'href="([^"]*)"\s+rel="prev" aria-label="Previous month"', html)[1]
    assert "kind=card" in link
    assert "month=2024-10" in link
    assert "before" not in link


def test_for_htmx_it_answers_with_the_results_alone(chat, agent, admin, sign_in):
    make_look(agent, chat)
    html = page(sign_in(admin), headers={"HX-Request": "true", "HX-Target": "record-results"})
    assert 'id="record-results"' in html
    assert "<html" not in html
    assert len(rows(html)) == 1


def test_a_boosted_visit_gets_the_whole_page(admin, sign_in):
    headers = {"HX-Request": "true", "HX-Boosted": "true", "HX-Target": "content"}
    assert "<html" in page(sign_in(admin), headers=headers)


def test_pages_follow_each_other_and_keep_the_filter(chat, agent, colleague, admin, sign_in):
    for index in range(PAGE_SIZE + 3):
        make_look(agent, chat, address=f"192.0.2.{index}", at=NOON - timedelta(minutes=index // 2))
        make_look(colleague, chat)
    browser = sign_in(admin)
    first = page(browser, {"agent": agent.pk, **NOVEMBER})
    link = re.search(r'href="([^"]*)" rel="next">', first)[1].replace("&amp;", "&")
    second = browser.get(link).content.decode()
    seen = [re.search(r"192\.0\.2\.\d+", row)[0] for row in rows(first) + rows(second)]
    assert len(rows(first)) == PAGE_SIZE
    assert sorted(seen) == sorted(f"192.0.2.{index}" for index in range(PAGE_SIZE + 3))
    assert f"Entries found: {PAGE_SIZE + 3}" in second


@pytest.mark.parametrize(
    "query",
    [
        "month=x",
        "month=2024-13",
        "agent=x",
        "agent=999999",
        "agent=" + "9" * 30,
        "outcome=x",
        "kind=x",
        "before=x",
        "after=1-" + "9" * 30,
        "customer=%00",
        "customer=%ed%a0%80",
    ],
)
def test_a_filter_that_makes_no_sense_is_none(chat, agent, admin, sign_in, query):
    make_look(agent, chat)
    answer = sign_in(admin).get(f"{URL}?{query}")
    assert answer.status_code == 200


def test_queries_do_not_grow_with_the_rows(service, agent, admin, sign_in):
    browser = sign_in(admin)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            page(browser)
        return len(captured)

    def fill(count: int) -> None:
        for index in range(count):
            person = make_agent(service, f"Agent {index}")
            chat = make_chat(service, customer=make_customer(service, f"C{index}"))
            make_look(person, chat)
            make_look(person, chat, of="ticket", subject=make_ticket(service).audit_subject)
            make_limit_reached(person, at=NOON)

    page(browser)  # the first page notes where the session is open
    fill(1)
    few = queries()
    fill(8)
    assert queries() == few


# Nothing there


def test_a_month_without_entries_says_so_and_leads_to_one_that_has_some(service, chat, agent, admin, sign_in):
    service.created_at = datetime(2024, 1, 1, tzinfo=UTC)
    service.save(update_fields=["created_at"])
    browser = sign_in(admin)
    html = page(browser)
    assert "No unmasking records" in html
    assert "Export" not in html
    assert 'class="button" href="/desk/demo/masking/record/?month=' not in html
    make_look(agent, chat, at=Month(2024, 7).begin)
    assert 'href="/desk/demo/masking/record/?month=2024-07">July 2024</a>' in page(browser)


def test_a_filter_that_fits_nothing_is_another_thing(chat, agent, admin, sign_in):
    make_look(agent, chat)
    html = page(sign_in(admin), {"customer": "nobody like that", **NOVEMBER})
    assert "No records match" in html
    assert 'value="nobody like that"' in html
    assert 'href="/desk/demo/masking/record/?month=2024-11">Show the whole month</a>' in html


# When the limit was reached


def test_a_reached_limit_stands_above_the_table(agent, admin, sign_in):
    make_limit_reached(agent, at=NOON - timedelta(days=2))
    html = page(sign_in(admin))
    assert "reached the hourly unmasking limit" in html
    assert f'href="/desk/demo/masking/record/?month=2024-11&amp;agent={agent.pk}">Mina</a>' in html
    assert "1 time, last on" in html


def test_without_one_there_is_no_notice(agent, admin, sign_in):
    make_limit_reached(agent, at=NOON - timedelta(days=8))
    assert "reached the hourly unmasking limit" not in page(sign_in(admin))


def count_in_nav(browser: Client, slug: str = "demo") -> str:
    html = browser.get(f"/desk/{slug}/tickets/").content.decode()
    link = html.partition(f'href="/desk/{slug}/masking/"')[2].partition("</a>")[0]
    found = re.search(r'class="count nav-end"[^>]*>(\d+)<', link)
    return found[1] if found else ""


def test_the_navigation_counts_the_limits_of_a_day_for_admins(agent, admin, outsider, sign_in):
    for hours in (1, 5, 25):
        make_limit_reached(agent, at=NOON - timedelta(hours=hours))
    make_limit_reached(outsider, at=NOON)
    assert count_in_nav(sign_in(admin)) == "2"
    assert count_in_nav(sign_in(outsider), "other") == "1"


def test_the_navigation_counts_nothing_where_there_is_nothing(admin, sign_in):
    assert count_in_nav(sign_in(admin)) == ""


def limit_queries(browser: Client) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert browser.get("/desk/demo/tickets/").status_code == 200
    return len([query for query in captured if "agents_auditentry" in query["sql"]])


def test_the_count_is_one_query_and_none_for_agents(agent, admin, sign_in):
    make_limit_reached(agent, at=NOON)
    assert limit_queries(sign_in(admin)) == 1
    assert limit_queries(sign_in(agent)) == 0


def test_a_part_of_a_page_does_not_count(admin, sign_in):
    headers = {"HX-Request": "true", "HX-Target": "ticket-results"}
    with CaptureQueriesContext(connection) as captured:
        assert sign_in(admin).get("/desk/demo/tickets/", headers=headers).status_code == 200
    assert not [query for query in captured if "agents_auditentry" in query["sql"]]


# From the wrong hands


def test_an_agent_finds_no_record(chat, agent, sign_in):
    assert sign_in(agent).get(URL).status_code == 404


def test_who_is_an_admin_no_longer_finds_none(admin, sign_in):
    browser = sign_in(admin)
    Agent.objects.filter(pk=admin.pk).update(role=Agent.Role.AGENT)
    assert browser.get(URL).status_code == 404


def test_nobody_is_sent_to_sign_in(service):
    answer = Client().get(URL)
    assert answer.status_code == 302
    assert "sign-in" in answer["Location"]


def test_the_outsider_finds_no_record_and_nothing_of_it_in_another(chat, agent, outsider, sign_in):
    make_look(agent, chat, address="192.0.2.7")
    make_limit_reached(agent, at=NOON)
    browser = sign_in(outsider)
    assert browser.get(URL).status_code == 404
    for query in ("", f"?agent={agent.pk}", "?customer=Jun", "?kind=card", "?before=9999999999999999-1"):
        html = browser.get(f"/desk/other/masking/record/{query}").content.decode()
        assert rows(html) == []
        assert "192.0.2.7" not in html
        assert "Mina" not in html


def test_only_reading_is_allowed(admin, sign_in):
    assert sign_in(admin).post(URL).status_code == 405


def test_it_can_be_read_also_where_masking_was_switched_off(service, chat, agent, admin, sign_in):
    make_look(agent, chat)
    service.contract.security_service = False
    service.contract.save(update_fields=["security_service"])
    assert len(rows(page(sign_in(admin)))) == 1


def test_it_is_kept_by_no_cache(admin, sign_in):
    assert "no-store" in sign_in(admin).get(URL)["Cache-Control"]
    assert timezone.now() == NOON
