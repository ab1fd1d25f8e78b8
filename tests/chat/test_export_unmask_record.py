"""The record as a file: what the page shows, for a spreadsheet program, sent in pieces, and itself on record."""

import csv
import re
from datetime import timedelta
from io import StringIO

import pytest
from django.test import Client
from django.utils import translation
from freezegun import freeze_time

from agents.models import Agent, AuditEntry
from chat.masking import record_export
from chat.masking.record import Filters, entries_of, read_page
from chat.masking.record_export import write_file
from contiple.base.months import Month
from tests.chat.looks import NOON, make_look
from tests.make import make_chat, make_customer, make_user

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.filterwarnings(
        "ignore:StreamingHttpResponse must consume asynchronous iterators"
    ),  # as a test reads it
]

NOVEMBER = Month(2024, 11)
URL = "/desk/demo/masking/record/export/"
sent = pytest.mark.django_db(transaction=True)  # its pieces are read by other threads


@pytest.fixture
def chat(service, agent, customer):
    return make_chat(service, agent=agent, customer=customer)


def table(text: str) -> list[list[str]]:
    assert text.startswith("\ufeff")
    return list(csv.reader(StringIO(text.removeprefix("\ufeff"), newline="")))


def written(service, language: str = "en", **filters) -> list[list[str]]:
    return table("".join(write_file(service, entries_of(service, NOVEMBER, Filters(**filters)), language)))


def export(browser: Client, query: str = "?month=2024-11", **options) -> tuple[object, list[list[str]]]:
    answer = browser.post(f"{URL}{query}", **options)
    assert answer.status_code == 200, answer.status_code
    return answer, table(b"".join(answer).decode())


# What is in it


def test_a_line_says_what_a_row_says(service, agent, chat):
    make_look(agent, chat, kind="rrn", address="192.0.2.7")
    assert written(service) == [
        ["Time (UTC+9)", "Agent", "What happened", "Kind", "Whose data", "Where", "IP address", "Note"],
        [
            "2024-11-10 12:00:00",
            "Mina",
            "Shown",
            "Resident registration number",
            "Jun",
            f"Chat {chat.pk}",
            "192.0.2.7",
            "",
        ],
    ]


def test_it_is_in_the_readers_language_and_leaves_others_alone(service, agent, chat):
    make_look(agent, chat, "originals_destroyed", details={"reason": "retention", "customer": chat.customer_id})
    AuditEntry.objects.update(actor="", agent=None)
    with translation.override("en"):
        head, line = written(service, "ko")
        assert translation.get_language() == "en"
    assert head[:5] == ["시간(UTC+9)", "상담원", "처리 이력", "유형", "정보주체"]
    assert line[1:] == ["시스템", "원본 파기", "", "Jun", f"채팅 {chat.pk}", "", "보관 기간 만료"]


def test_it_has_every_entry_of_the_month_as_the_page_has_them(service, agent, chat, monkeypatch):
    monkeypatch.setattr(record_export, "AT_ONCE", 4)
    for index in range(11):
        make_look(agent, chat, address=f"192.0.2.{index}", at=NOON - timedelta(minutes=index // 3))
    make_look(agent, chat, at=Month(2024, 10).begin)
    listed = [entry.address for entry in read_page(entries_of(service, NOVEMBER)).rows]
    assert len(listed) == 11
    assert [line[6] for line in written(service)[1:]] == listed


def test_it_comes_in_pieces(service, agent, chat, monkeypatch):
    monkeypatch.setattr(record_export, "AT_ONCE", 4)
    for _ in range(9):
        make_look(agent, chat)
    pieces = list(write_file(service, entries_of(service, NOVEMBER), "en"))
    assert [piece.count("\r\n") for piece in pieces] == [1, 4, 4, 1]


def test_an_empty_month_has_a_head_alone(service):
    assert len(written(service)) == 1


def test_filters_are_in_force(service, agent, colleague, chat):
    make_look(agent, chat, kind="card")
    make_look(colleague, chat, kind="rrn")
    assert [line[1] for line in written(service, kind="rrn", agent=colleague.pk)[1:]] == ["Theo"]


def test_a_name_is_never_a_formula(service, chat):
    evil = Agent.objects.create(service=service, user=make_user('=HYPERLINK("https://evil.example")'))
    customer = make_customer(service, "@SUM(1+1)*cmd|' /C calc'!A0")
    make_look(evil, make_chat(service, customer=customer))
    (_head, line) = written(service)
    assert line[1] == """'=HYPERLINK("https://evil.example")"""
    assert line[4] == "'@SUM(1+1)*cmd|' /C calc'!A0"


def test_nothing_of_another_service_is_in_it(service, agent, chat, outsider):
    make_look(outsider, make_chat(outsider.service, customer=make_customer(outsider.service, "Private")))
    assert written(service)[1:] == []


# How it is sent


@sent
def test_an_admin_gets_the_month_with_the_filters_in_force(agent, colleague, chat, admin, sign_in):
    make_look(agent, chat, kind="card")
    make_look(agent, chat, kind="rrn")
    make_look(colleague, chat, kind="rrn")
    make_look(agent, chat, kind="rrn", at=Month(2024, 10).begin)
    _answer, lines = export(sign_in(admin), f"?month=2024-11&agent={agent.pk}&kind=rrn")
    assert [(line[0], line[1], line[3]) for line in lines[1:]] == [
        ("2024-11-10 12:00:00", "Mina", "Resident registration number")
    ]


@sent
def test_it_is_a_file_for_excel_that_nobody_keeps(agent, chat, admin, sign_in):
    make_look(agent, chat)
    answer, _lines = export(sign_in(admin))
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"] == 'attachment; filename="unmasking-demo-2024-11.csv"'
    assert "no-store" in answer["Cache-Control"]
    assert answer.streaming


@sent
def test_it_speaks_korean_to_who_reads_korean(agent, chat, admin, sign_in):
    make_look(agent, chat)
    _answer, lines = export(sign_in(admin), headers={"Accept-Language": "ko"})
    assert lines[1][2] == "열람"


@sent
def test_the_export_is_on_record_before_anything_is_sent(agent, chat, admin, sign_in):
    make_look(agent, chat)
    answer = sign_in(admin).post(f"{URL}?month=2024-11&customer=Jun", REMOTE_ADDR="192.0.2.9")
    entry = AuditEntry.objects.get(action="service.record_exported")
    answer.close()
    assert (entry.agent, entry.address, entry.subject) == (admin, "192.0.2.9", f"service:{admin.service_id}")
    assert entry.details == {"month": "2024-11", "filters": ["customer"]}


@sent
def test_the_page_offers_the_export_of_what_it_shows(agent, chat, admin, sign_in):
    make_look(agent, chat, kind="rrn")
    make_look(agent, chat, kind="card")
    with freeze_time(NOON):
        html = sign_in(admin).get("/desk/demo/masking/record/?kind=rrn&before=9999999999999999-1").content.decode()
    action = re.search(r'action="(/desk/demo/masking/record/export/[^"]*)"', html)[1].replace("&amp;", "&")
    assert action == f"{URL}?kind=rrn&month=2024-11"
    _answer, lines = export(sign_in(admin), action.removeprefix(URL))
    assert len(lines) == 2


# From the wrong hands


def test_an_agent_the_outsider_and_nobody_get_no_file(agent, chat, outsider, sign_in):
    make_look(agent, chat)
    assert sign_in(agent).post(URL).status_code == 404
    assert sign_in(outsider).post(URL).status_code == 404
    answer = Client().post(URL)
    assert answer.status_code == 302
    assert "sign-in" in answer["Location"]
    assert not AuditEntry.objects.filter(action="service.record_exported").exists()


@sent
def test_the_outsiders_own_file_has_nothing_of_the_service(agent, chat, outsider, sign_in):
    make_look(agent, chat)
    browser = sign_in(outsider)
    for query in ("", f"&agent={agent.pk}", "&customer=Jun"):
        answer = browser.post(f"/desk/other/masking/record/export/?month=2024-11{query}")
        text = b"".join(answer).decode()
        assert "Mina" not in text
        assert "Jun" not in text


def test_a_link_alone_exports_nothing(agent, chat, admin, sign_in):
    assert sign_in(admin).get(URL).status_code == 405
    assert not AuditEntry.objects.filter(action="service.record_exported").exists()


def test_a_forged_request_exports_nothing(admin):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(admin.user)
    assert browser.post(URL).status_code == 403
    assert not AuditEntry.objects.exists()
