"""Chat History: every chat of the service is found again: who it was, with whom, when, whether it was answered."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from agents.models import Agent
from chat.categories import Category
from chat.evaluation import Evaluation
from chat.models import Chat
from chat.operating_hours import OperatingHours
from contiple.base import paging
from contiple.base.paging import PAGE_SIZE
from tests.chat.categories import make_category
from tests.make import make_chat, make_customer, make_message, make_ticket

pytestmark = pytest.mark.django_db

URL = "/desk/demo/chats/"


@pytest.fixture
def chats(service, agent, colleague) -> dict[str, Chat]:
    """By customer's name: one running with the agent, one answered by the colleague, one opened but not answered."""

    def chat(name: str, **fields) -> Chat:
        return make_chat(service, customer=make_customer(service, name, email=f"{name.lower()}@mail.example"), **fields)

    made = {
        "Hana": chat("Hana", agent=agent),
        "Yuna": chat("Yuna", agent=colleague, state=Chat.State.CLOSED, answered_at=datetime.now(UTC)),
        "Noah": chat("Noah", state=Chat.State.CLOSED, agent=agent, answered_at=datetime.now(UTC)),
    }
    make_message(made["Hana"], "Hello", author="agent", agent=agent)
    make_message(made["Yuna"], "Hello", author="agent", agent=colleague)
    make_message(made["Noah"], "How can we help you?", author="system")
    make_message(made["Noah"], "Is this somebody of yours?", author="agent", agent=agent, internal=True)
    return made


def shown(browser: Client, **query) -> list[str]:
    """The customers' names, in their order."""
    return [chat.customer.name for chat in browser.get(URL, query).context["page"].rows]


def test_the_newest_comes_first(chats, agent, sign_in) -> None:
    assert shown(sign_in(agent)) == ["Noah", "Yuna", "Hana"]


def test_each_opens_and_says_how_it_went(chats, agent, sign_in) -> None:
    make_message(chats["Noah"], "Is anybody there?")
    html = sign_in(agent).get(URL).content.decode()
    for chat in chats.values():
        assert reverse("chat:history", args=["demo", chat.pk]) in html
    assert html.count("Processed</span>") == 2
    assert html.count("Unprocessed</span>") == 1
    assert "In progress" in html
    assert "Is anybody there?" in html


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"q": "yun"}, ["Yuna"]),
        ({"q": "NOAH@mail"}, ["Noah"]),
        ({"q": "nobody"}, []),
        ({"outcome": "processed"}, ["Yuna", "Hana"]),
        ({"outcome": "unprocessed"}, ["Noah"]),
        ({"outcome": "x", "agent": "x", "since": "x", "before": "x"}, ["Noah", "Yuna", "Hana"]),
    ],
)
def test_filters(chats, agent, sign_in, query, names) -> None:
    assert shown(sign_in(agent), **query) == names


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"until": "9999-12-31"}, ["Noah", "Yuna", "Hana"]),
        ({"since": "0001-01-01"}, ["Noah", "Yuna", "Hana"]),
        ({"since": "9999-12-31"}, []),
        ({"until": "0001-01-01"}, []),
        ({"since": "0000-13-45", "until": "10000-01-01", "q": "\0", "agent": "9" * 30}, ["Noah", "Yuna", "Hana"]),
        ({"before": f"{'9' * 18}-{'9' * 20}"}, ["Noah", "Yuna", "Hana"]),
        ({"before": f"{'9' * 30}-1"}, ["Noah", "Yuna", "Hana"]),
        ({"after": f"0-{'9' * 20}"}, ["Noah", "Yuna", "Hana"]),
    ],
)
def test_filters_beyond_all_sense(chats, agent, sign_in, query, names) -> None:
    assert shown(sign_in(agent), **query) == names


def test_the_filter_by_agent(chats, agent, colleague, sign_in) -> None:
    assert shown(sign_in(agent), agent=colleague.pk) == ["Yuna"]


def test_the_filter_by_category_has_those_below_it(service, chats, agent, outsider, sign_in) -> None:
    late, payment = make_category(service, "Order › Delivery › Late"), make_category(service, "Order › Payment")
    theirs = make_category(outsider.service, "Theirs")
    Chat.objects.filter(pk=chats["Hana"].pk).update(category=late)
    Chat.objects.filter(pk=chats["Noah"].pk).update(category=payment)
    browser, order = sign_in(agent), late.parent.parent
    expected = {order: ["Noah", "Hana"], late.parent: ["Hana"], late: ["Hana"], payment: ["Noah"]}
    for category, names in expected.items():
        assert shown(browser, category=category.pk) == names
    assert shown(browser, category="none") == ["Yuna"]
    for nonsense in (theirs.pk, "x", "-1", "9" * 30, "0"):
        assert shown(browser, category=nonsense) == ["Noah", "Yuna", "Hana"]
    Category.objects.filter(service=service).update(removed_at=datetime(2026, 1, 1, tzinfo=UTC))
    assert shown(browser, category=order.pk) == ["Noah", "Hana"]
    assert "Order › Delivery › Late (removed)" in browser.get(URL).content.decode()


def test_filters_by_evaluation_end_and_language(chats, agent, sign_in) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    Evaluation.objects.create(chat=chats["Hana"], score=5, seq=1, given_at=now)
    Evaluation.objects.create(chat=chats["Yuna"], asked_at=now)  # asked, and not answered
    Chat.objects.filter(pk=chats["Yuna"].pk).update(closed_by=Chat.ClosedBy.IDLE, language="ko")
    browser = sign_in(agent)
    assert shown(browser, score=5) == ["Hana"]
    assert shown(browser, score=4) == []
    assert shown(browser, score="none") == ["Noah", "Yuna"]
    assert shown(browser, ended="open") == ["Hana"]
    assert shown(browser, ended="idle") == ["Yuna"]
    assert shown(browser, ended="agent") == ["Noah"]
    assert shown(browser, language="ko") == ["Yuna"]
    assert shown(browser, language="ko", ended="agent") == []
    assert shown(browser, score="6", ended="x", language="fr") == ["Noah", "Yuna", "Hana"]


def test_the_page_says_how_many_were_found_and_clears_the_filters(chats, agent, sign_in, monkeypatch) -> None:
    browser = sign_in(agent)
    html = browser.get(URL, {"outcome": "processed"}).content.decode()
    assert "Chats found: 2" in html
    assert re.search(rf'<a [^>]*href="{URL}">\s*Clear', html)
    assert "Clear" not in browser.get(URL).content.decode()
    assert "Chats found: 0" in browser.get(URL, {"q": "nobody"}).content.decode()
    monkeypatch.setattr(paging, "COUNTED_MAX", 2)
    assert "Chats found: 2+" in browser.get(URL).content.decode()


def test_days_are_those_of_the_services_zone(service, chats, agent, sign_in) -> None:
    OperatingHours.objects.create(service=service, zone="America/New_York")
    # The day of March 8, 2026 has 23 hours there.
    Chat.objects.filter(pk=chats["Hana"].pk).update(created_at=datetime(2026, 3, 8, 4, 59, tzinfo=UTC))
    Chat.objects.filter(pk=chats["Yuna"].pk).update(created_at=datetime(2026, 3, 9, 3, 59, tzinfo=UTC))
    Chat.objects.filter(pk=chats["Noah"].pk).update(created_at=datetime(2026, 3, 9, 4, 0, tzinfo=UTC))
    assert shown(sign_in(agent), since="2026-03-08", until="2026-03-08") == ["Yuna"]


def test_days_are_korean_without_a_zone(chats, agent, sign_in) -> None:
    """2026-03-02 begins in Korea at 15:00 UTC of the day before; in Chile its midnight is 3:00 UTC."""
    Chat.objects.filter(pk=chats["Hana"].pk).update(created_at=datetime(2026, 3, 1, 14, 59, tzinfo=UTC))
    Chat.objects.filter(pk=chats["Yuna"].pk).update(created_at=datetime(2026, 3, 1, 15, 0, tzinfo=UTC))
    Chat.objects.filter(pk=chats["Noah"].pk).update(created_at=datetime(2026, 3, 2, 15, 0, tzinfo=UTC))
    browser, day = sign_in(agent), {"since": "2026-03-02", "until": "2026-03-02"}
    assert shown(browser, **day) == ["Yuna"]
    OperatingHours.objects.create(service=agent.service, zone="America/Santiago")
    assert shown(browser, **day) == ["Noah"]


def test_what_was_said_is_not_looked_through(chats, agent, sign_in) -> None:
    make_message(chats["Noah"], "A word")
    assert shown(sign_in(agent), q="word") == []


def test_pages_go_to_the_end_and_back(service, agent, sign_in) -> None:
    began = datetime(2026, 1, 1, tzinfo=UTC)
    for number in range(PAGE_SIZE + 3):
        make_chat(service, state=Chat.State.CLOSED, created_at=began + timedelta(minutes=number))
    browser = sign_in(agent)
    first = browser.get(URL).context["page"]
    second = browser.get(URL, {"before": str(first.older)}).context["page"]
    assert (len(first.rows), len(second.rows), second.older) == (PAGE_SIZE, 3, None)
    again = browser.get(URL, {"after": str(second.newer)}).context["page"]
    assert again.rows == first.rows


def test_as_many_queries_for_many_chats(
    service, agent, sign_in, chats, django_assert_max_num_queries, monkeypatch
) -> None:
    make_ticket(service, chat=chats["Noah"])
    browser = sign_in(agent)
    browser.get(URL)
    with django_assert_max_num_queries(13):
        browser.get(URL)
    for _ in range(20):
        make_chat(service, state=Chat.State.CLOSED)
    with django_assert_max_num_queries(13):
        browser.get(URL)


def test_a_part_is_answered_to_the_filter_bar(chats, agent, sign_in) -> None:
    answer = sign_in(agent).get(URL, headers={"HX-Request": "true", "HX-Target": "chats-results"})
    assert answer.content.decode().lstrip().startswith("<section")


def test_an_empty_list_says_what_will_be_there(agent, sign_in) -> None:
    assert "No chats yet" in sign_in(agent).get(URL).content.decode()


def test_the_outsider_sees_none_of_it(chats, outsider, sign_in) -> None:
    browser = sign_in(outsider)
    assert browser.get(URL).status_code == 404
    assert not browser.get("/desk/other/chats/").context["page"].rows
    assert browser.get("/desk/other/chats/", {"agent": chats["Hana"].agent_id}).context["page"].rows == []
    assert Client().get(URL).status_code == 302


def test_a_chat_becomes_a_ticket_from_here(service, chats, agent, admin, sign_in) -> None:
    create = reverse("tickets:create_from_chat", args=["demo", chats["Noah"].pk])
    history = reverse("chat:history", args=["demo", chats["Noah"].pk])
    silent = Agent.objects.get(pk=agent.pk)
    assert create in sign_in(agent).get(history).content.decode()
    assert create in sign_in(admin).get(history).content.decode()
    Agent.objects.filter(pk=silent.pk).update(chat_permission=False)
    assert create not in sign_in(agent).get(history).content.decode()

    ticket = make_ticket(service, chat=chats["Noah"])
    page = sign_in(admin).get(history).content.decode()
    assert create not in page
    assert reverse("tickets:detail", args=["demo", ticket.number]) in page
