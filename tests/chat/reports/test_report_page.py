"""Reports → Chat: for admins alone; what a figure leads to is as many chats as it says."""

import csv
import re
from datetime import timedelta
from html import unescape
from io import StringIO
from urllib.parse import quote

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from agents.models import Agent, AuditEntry, Service
from chat.categories import Category
from chat.models import Chat
from tests.chat.reports.worlds import make_world
from tests.make import make_chat, make_message

pytestmark = pytest.mark.django_db

URL = "/desk/demo/reports/chat/"
GROUPINGS = ("day", "hour", "week", "agent", "topic", "category", "language")


@pytest.fixture
def world(service: Service, agent: Agent, colleague: Agent) -> list[Chat]:
    """Chats with everything; of the categories one is below the other."""
    top = Category.objects.create(service=service, names={"en": "Orders"})
    Category.objects.create(service=service, names={"en": "Delivery"}, parent=top, level=2)
    since = timezone.now() - timedelta(days=12)
    return make_world(service, [agent, colleague], [], seed=3, since=since, days=12, number=70)


def links(html: str) -> list[tuple[str, str]]:
    """The links into Chat History, each with its text."""
    return [(unescape(url), text) for url, text in re.findall(r'<a href="([^"]*/chats/[^"]*)">([^<]*)</a>', html)]


def count_listed(browser: Client, url: str) -> int:
    """How many chats the pages of Chat History have, from the first to the last."""
    number, page = 0, None
    while page is None or page.older:
        page = browser.get(f"{url}&before={quote(str(page.older))}" if page else url).context["page"]
        number += len(page.rows)
    return number


def test_an_agent_and_an_outsider_find_nothing(service, agent, outsider, sign_in) -> None:
    assert sign_in(agent).get(URL).status_code == 404
    assert sign_in(outsider).get(URL).status_code == 404
    assert Client().get(URL).status_code == 302
    assert "/reports/chat/" not in sign_in(agent).get("/desk/demo/chats/").content.decode()


def test_the_bar_shows_the_period_of_the_page(world, admin, sign_in) -> None:
    browser = sign_in(admin)
    for query, shown in ({}, "7"), ({"days": "x"}, "7"), ({"days": "1"}, "1"), ({"days": "own"}, "own"):
        html = browser.get(URL, query).content.decode()
        assert re.findall(r'<option value="(\w+)" selected', html) == [shown, "day"]


def test_a_new_service_is_told_when_figures_come(admin, sign_in) -> None:
    html = sign_in(admin).get(URL).content.decode()
    assert "No chats in this period" in html
    assert "<table" not in html


@pytest.mark.parametrize("query", ["days=x&by=y", "days=own&since=9999-12-31&until=0001-01-01", "days=own", "days=90"])
def test_nonsense_shows_a_report(admin, sign_in, query: str) -> None:
    assert sign_in(admin).get(f"{URL}?{query}").status_code == 200


def test_every_grouping_is_shown_in_both_languages(world, admin, sign_in) -> None:
    browser = sign_in(admin)
    for language in ("en", "ko"):
        for grouping in GROUPINGS:
            html = browser.get(
                URL, {"by": grouping, "days": 30}, headers={"Accept-Language": language}
            ).content.decode()
            assert 'role="img"' in html
            assert "</tfoot>" in html


def test_figures_lead_to_as_many_chats(world, admin, sign_in) -> None:
    browser = sign_in(admin)
    page = browser.get(URL, {"by": "agent", "days": 30})
    report = page.context["report"]
    found = dict(links(page.content.decode()))
    numbers = [report.total.received, report.total.processed, report.total.unprocessed]
    tiles = [(url, int(text)) for url, text in found.items() if text.isdecimal()]
    assert [number for _url, number in tiles] == numbers
    for url, number in tiles:
        assert count_listed(browser, url) == number
    rows = {row.name: row.figures.received for row in report.rows}
    named = [(url, text) for url, text in found.items() if text in rows]
    assert {text for _url, text in named} == {"Mina", "Theo"}
    for url, text in named:
        assert count_listed(browser, url) == rows[text]


@pytest.mark.parametrize(
    ("grouping", "names"),
    [("category", {"Orders › Delivery", "No category"}), ("language", {"English", "한국어"})],
)
def test_rows_lead_to_as_many_chats(world, admin, sign_in, grouping: str, names: set[str]) -> None:
    """A category with others below it leads nowhere: Chat History shows those too."""
    browser = sign_in(admin)
    rows = browser.get(URL, {"by": grouping, "days": 30}).context["rows"]
    assert {name for name, url, _cells in rows if url} == names
    assert [count_listed(browser, url) for _name, url, _cells in rows if url] == [
        int(cells[0]) for _name, url, cells in rows if url
    ]


def test_days_lead_to_as_many_chats(world, admin, sign_in) -> None:
    browser = sign_in(admin)
    page = browser.get(URL, {"by": "day", "days": 7})
    rows = page.context["rows"]
    assert len(rows) == 7
    for _name, url, cells in rows:
        assert count_listed(browser, url) == int(cells[0])


def test_only_the_first_answer_counts(service, agent, admin, sign_in) -> None:
    chat = make_chat(service, agent=agent)
    make_message(chat, "Welcome", author="system")
    make_message(chat, "Hm.", author="agent", agent=agent, internal=True)
    report = sign_in(admin).get(URL, {"days": 1}).context["report"]
    assert (report.total.received, report.total.processed) == (1, 0)


def test_definitions_are_reached_by_the_keyboard(world, admin, sign_in) -> None:
    html = sign_in(admin).get(URL).content.decode()
    assert html.count("<summary>") == html.count("What counts: ") == 10


def test_the_table_is_exported_and_on_record(world, agent, admin, outsider, sign_in) -> None:
    agent.user.name = "=1+1"
    agent.user.save()
    browser, url = sign_in(admin), f"{URL}export/?days=30&by=agent"
    report = browser.get(f"{URL}?days=30&by=agent").context["report"]
    sent = browser.post(url)
    assert sent["Content-Disposition"].endswith('.csv"')
    lines = list(csv.reader(StringIO(sent.content.decode("utf-8-sig"))))
    assert lines[0][:3] == ["By agent", "Received", "Processed"]
    assert "Waiting time: Median (seconds)" in lines[0]
    assert {line[0]: line[1] for line in lines[1:-1]} == {
        ("'" + row.name if row.name == "=1+1" else row.name): str(row.figures.received) for row in report.rows
    }
    assert lines[-1][:2] == ["All", str(report.total.received)]
    entry = AuditEntry.objects.get(action="report.exported")
    assert (entry.agent, entry.details["by"]) == (admin, "agent")
    assert sign_in(agent).post(url).status_code == sign_in(outsider).post(url).status_code == 404
    assert browser.get(url).status_code == 405
    assert AuditEntry.objects.filter(action="report.exported").count() == 1


def test_the_demo_s_report_and_its_chat_history_agree(sign_in) -> None:
    call_command("demo", verbosity=0)
    browser = sign_in(Agent.objects.get(user__email="ada@demo.example"))
    report = browser.get(URL).context["report"]
    assert report.total.processed == count_listed(browser, report.chats_url(report.query, "processed")) > 0
    assert report.total.first_answer.number == report.total.processed
