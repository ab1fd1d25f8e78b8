"""Search in one conversation, its days, and the part around a place: bounded, masked, of the agent's own service."""

from datetime import UTC, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from agents.models import Agent, Service
from chat.conversation import entries, searching
from chat.conversation.message_masks import mask_selection
from chat.masking.selections import Selection
from chat.models import Chat, Message
from tests.buffers import buffers
from tests.make import make_chat, make_message

pytestmark = pytest.mark.django_db

SEOUL = ZoneInfo("Asia/Seoul")
LONG = 5000


@pytest.fixture
def chat(service: Service, agent: Agent) -> Chat:
    return make_chat(service, agent=agent)


def ask(browser: Client, chat: Chat, name: str, **query):
    return browser.get(reverse(f"chat:{name}", args=["demo", chat.pk]), query)


def places(chat: Chat, text: str) -> list[int]:
    return searching.find_places(chat, text).places


def test_messages_notes_and_names_of_files_are_found_the_newest_first(chat: Chat):
    make_message(chat, "A Lamp, please")
    make_message(chat, "Which one?", author="agent")
    make_message(chat, "They want the LAMP of 100%", author="agent", internal=True)
    make_message(chat, "lamp.pdf", file={"id": 1})
    make_message(chat, "램프 주문했어요")
    assert places(chat, "lamp") == [4, 3, 1]
    assert places(chat, "램프") == [5]
    assert places(chat, "0%") == [3]  # a sign, and nothing more
    assert places(chat, "_") == []
    assert places(chat, "") == []


def test_what_the_page_shows_in_other_words_is_not_found(chat: Chat):
    make_message(chat, "lamp", author="system", event="closed_agent")
    make_message(chat, "A good lamp", event="evaluated_5")
    assert places(chat, "lamp") == [2]


def test_other_chats_are_not_searched(chat: Chat, service: Service):
    make_message(make_chat(service), "lamp")
    assert places(chat, "lamp") == []


def test_no_more_than_the_newest_are_told(chat: Chat, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(searching, "PLACES_MAX", 3)
    for _number in range(3):
        make_message(chat, "lamp")
    assert searching.find_places(chat, "lamp") == searching.Places([3, 2, 1], more=False)
    make_message(chat, "lamp")
    assert searching.find_places(chat, "lamp") == searching.Places([4, 3, 2], more=True)


def test_what_is_masked_is_not_found(chat: Chat, agent: Agent, sign_in):
    make_message(chat, "I live at Gangnam-daero 396")
    browser = sign_in(agent)
    assert ask(browser, chat, "search", q="Gangnam").json() == {"places": [1], "more": False}
    mask_selection(agent, chat.pk, [Selection(text_id=1, rev=1, start=10, end=27)])
    assert ask(browser, chat, "search", q="Gangnam").json() == {"places": [], "more": False}
    assert ask(browser, chat, "search", q="I live").json()["places"] == [1]
    assert "Gangnam" not in ask(browser, chat, "around", seq=1).content.decode()


@pytest.mark.parametrize("text", ["\0", "a" * 5000, "  ", "%", "\\", "'; --"])
def test_any_text_may_be_asked_for(chat: Chat, agent: Agent, sign_in, text: str):
    make_message(chat, "Hello")
    assert ask(sign_in(agent), chat, "search", q=text).json() == {"places": [], "more": False}


def test_days_are_those_of_the_reader(chat: Chat, agent: Agent, sign_in):
    begin = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)  # 23:30 in Seoul
    for hours in (0, 0.25, 1, 30):
        seq = make_message(chat).seq
        Message.objects.filter(chat=chat, seq=seq).update(created_at=begin + timedelta(hours=hours))
    assert searching.days_of(chat, SEOUL) == [
        searching.Day("2026-11-22", 4, 1),
        searching.Day("2026-11-21", 3, 1),
        searching.Day("2026-11-20", 1, 2),
    ]
    browser = sign_in(agent)
    in_utc = [("2026-11-21", 4), ("2026-11-20", 1)]
    answer = ask(browser, chat, "days", zone="UTC").json()
    assert [(day["date"], day["seq"]) for day in answer] == in_utc
    for unknown in ("", "Mars/Olympus", "../../etc/passwd"):
        assert ask(browser, chat, "days", zone=unknown).status_code == 200


def test_no_more_than_the_newest_days_are_told(chat: Chat, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(searching, "DAYS_MAX", 2)
    for number in range(3):
        seq = make_message(chat).seq
        Message.objects.filter(chat=chat, seq=seq).update(created_at=datetime(2026, 11, number + 1, tzinfo=UTC))
    assert [day.date for day in searching.days_of(chat, SEOUL)] == ["2026-11-03", "2026-11-02"]


def test_the_part_around_a_place_is_a_page(chat: Chat):
    for number in range(120):
        make_message(chat, f"line {number + 1}")
    seqs = [entry.seq for entry in entries.page_around(chat, 60)]
    assert seqs == list(range(35, 85))
    assert [entry.seq for entry in entries.page_around(chat, 1)] == list(range(1, 26))
    assert [entry.seq for entry in entries.page_around(chat, 120)] == list(range(95, 121))


@pytest.mark.parametrize("seq", ["", "0", "x", "-1", str(2**40)])
def test_a_place_that_makes_no_sense_is_refused(chat: Chat, agent: Agent, sign_in, seq: str):
    assert ask(sign_in(agent), chat, "around", seq=seq).status_code == 400


def test_what_is_asked_of_a_long_chat_costs_what_it_shows(
    chat: Chat, agent: Agent, service: Service, sign_in, django_assert_max_num_queries
):
    """A search reads the chat's messages, and of these alone; the part around a place reads its page."""
    short, browser = make_chat(service, agent=agent), sign_in(agent)
    fill(short, LONG // 10)
    fill(chat, LONG)
    for name, query in (("search", {"q": "line 499"}), ("days", {}), ("around", {"seq": 17})):
        with django_assert_max_num_queries(15):
            assert ask(browser, chat, name, **query).status_code == 200
    part = partial(entries.page_around, seq=17)
    assert buffers(lambda: part(chat)) <= 2 * buffers(lambda: part(short))
    assert buffers(lambda: places(chat, "line 499")) <= 15 * buffers(lambda: places(short, "line 499"))


def fill(chat: Chat, number: int) -> None:
    rows = [Message(chat=chat, seq=n, rev=n, author="customer", body=f"line {n}") for n in range(1, number + 1)]
    Message.objects.bulk_create(rows)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE chat_message")
