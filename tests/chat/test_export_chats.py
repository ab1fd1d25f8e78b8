"""Chat History as a file: what is in it, what never is, who gets it, and what stays on record of it."""

import csv
import zipfile
from datetime import UTC, datetime, timedelta
from io import BytesIO, StringIO
from xml.etree import ElementTree

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from agents.models import Agent, AuditEntry
from chat.conversation.history import Filters
from chat.conversation.message_masks import mask_selection
from chat.evaluation import Evaluation
from chat.export import exporting, rows
from chat.export.exporting import BY_AGENT
from chat.export.rows import content_for
from chat.export.writing import WRITERS
from chat.filing.tagging import add_tag
from chat.masking.selections import Selection
from chat.models import Chat
from chat.operating_hours import OperatingHours
from chat.topics import Topic
from tests.bench import world
from tests.chat.categories import make_category
from tests.make import make_agent, make_chat, make_customer, make_message

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.filterwarnings(
        "ignore:StreamingHttpResponse must consume asynchronous iterators"
    ),  # as a test reads it
]
sent = pytest.mark.django_db(transaction=True)  # its pieces are read by other threads
URL = "/desk/demo/chats/export/"
BEGAN = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
WISH = {"kind": "csv", "rows": "chats", "reason": "Monthly review"}


@pytest.fixture
def chat(service, agent) -> Chat:
    chat = make_chat(
        service,
        customer=make_customer(service, "Jun"),
        agent=agent,
        state=Chat.State.CLOSED,
        topic=Topic.objects.create(service=service, key="refunds", names={"en": "Refunds"}),
        category=make_category(service, "Order › Delivery › Late"),
        created_at=BEGAN,
        answered_at=BEGAN + timedelta(seconds=30),
        closed_at=BEGAN + timedelta(seconds=330),
    )
    make_message(chat, "How can we help you?", author="system", created_at=BEGAN + timedelta(seconds=30))
    make_message(chat, "Where is it?", created_at=BEGAN + timedelta(seconds=40))
    make_message(chat, "Who knows him?", author="agent", internal=True, created_at=BEGAN + timedelta(seconds=50))
    make_message(chat, "On its way.", author="agent", created_at=BEGAN + timedelta(seconds=75))
    Evaluation.objects.create(chat=chat, score=4, seq=2, given_at=BEGAN)
    for name in ("refund", "late"):
        add_tag(agent, chat.pk, name)
    return chat


def table(data: bytes) -> list[list[str]]:
    text = data.decode()
    assert text.startswith("\ufeff")
    return list(csv.reader(StringIO(text.removeprefix("\ufeff"), newline="")))


def sheet(data: bytes) -> list[list[str]]:
    """The cells of a workbook's only sheet, of which every text is a text and no cell a formula."""
    with zipfile.ZipFile(BytesIO(data)) as book:
        xml = book.read("xl/worksheets/sheet1.xml")
        assert not [name for name in book.namelist() if "link" in name.lower()]
    tag = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    found = ElementTree.fromstring(xml)
    assert not list(found.iter(f"{tag}f"))
    assert not list(found.iter(f"{tag}hyperlink"))
    lines = []
    for row in found.iter(f"{tag}row"):
        cells = {cell.get("r").rstrip("0123456789"): cell for cell in row}
        for cell in cells.values():
            assert cell.get("t") == "inlineStr" or cell.find(f"{tag}v").text.isdecimal()
        lines.append(["".join(cells[name].itertext()) if name in cells else "" for name in "ABCDEFGHIJKLMNOP"])
    return lines


def written(agent: Agent, kind: str = "csv", language: str = "en", filters: Filters = Filters(), **what) -> list:  # noqa: B008
    data = b"".join(WRITERS[kind](content_for(agent, filters, **what), language))
    return table(data) if kind == "csv" else sheet(data)


def export(browser: Client, query: str = "", **changes):
    return browser.post(f"{URL}{query}", WISH | changes)


# What is in it

HEAD = [
    *("Number", "Started", "Ended at", "Customer", "Agent", "Queue", "Category", "Language", "Result"),
    *("Waiting (seconds)", "First answer (seconds)", "Handling time (seconds)", "Evaluation", "How it ended"),
    *("Number of messages", "Tags"),
]


@pytest.mark.parametrize("kind", WRITERS)
def test_a_line_has_the_chat_in_the_services_zone(service, agent, chat, kind) -> None:
    assert written(agent, kind) == [
        HEAD,
        [
            *(str(chat.pk), "2026-03-02 12:00:00", "2026-03-02 12:05:30", "Jun", "Mina", "Refunds"),
            *("Order › Delivery › Late", "English", "Processed", "30", "75", "300", "4", "By the agent", "2"),
            "late, refund",
        ],
    ]
    OperatingHours.objects.create(service=service, zone="America/New_York")
    assert written(agent, kind)[1][1] == "2026-03-01 22:00:00"


@pytest.mark.parametrize("kind", WRITERS)
def test_a_chat_of_which_little_is_known_leaves_cells_empty(service, agent, kind) -> None:
    waiting = make_chat(service, customer=make_customer(service, "Hana"), created_at=BEGAN)
    assert written(agent, kind)[1] == [
        *(str(waiting.pk), "2026-03-02 12:00:00", "", "Hana", "", "", "", "English", "Unprocessed"),
        *("", "", "", "", "Not ended", "0", ""),
    ]


@pytest.mark.parametrize("kind", WRITERS)
def test_it_is_in_the_readers_language(agent, chat, kind) -> None:
    head, line = written(agent, kind, "ko")
    assert head[:2] == ["번호", "시작"]
    assert line[8] == "처리됨"


@pytest.mark.parametrize("kind", WRITERS)
def test_messages_are_one_a_line_and_notes_only_if_asked_for(agent, chat, kind) -> None:
    lines = [line[:5] for line in written(agent, kind, messages=True)]
    assert lines == [
        ["Chat", "Time", "Author", "Name", "Message"],
        [str(chat.pk), "2026-03-02 12:00:40", "Customer", "Jun", "Where is it?"],
        [str(chat.pk), "2026-03-02 12:01:15", "Agent", "Mina", "On its way."],
    ]
    lines = [line[2:5] for line in written(agent, kind, messages=True, notes=True)]
    assert ["Note (agents only)", "Mina", "Who knows him?"] in lines


def test_a_deleted_message_is_neither_a_line_nor_counted(agent, chat) -> None:
    make_message(chat, "", author="agent", agent=agent, event="deleted")
    assert written(agent)[1][-2] == "2"
    assert len(written(agent, messages=True)[1:]) == 2


@pytest.mark.parametrize("kind", WRITERS)
def test_what_is_masked_stays_masked(agent, chat, kind) -> None:
    message = make_message(chat, "I live at Gangnam-daero 396")
    mask_selection(agent, chat.pk, [Selection(text_id=message.seq, rev=message.rev, start=10, end=27)])
    assert [line[4] for line in written(agent, kind, messages=True)][-1] == f"I live at {'*' * 17}"


@pytest.mark.parametrize("kind", WRITERS)
@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "\r=", "＝", " =", '="'])
def test_nothing_in_it_is_a_formula(service, agent, kind, start) -> None:
    evil = f"{start}1+1)*cmd|' /C calc'!A0"
    chat = make_chat(service, customer=make_customer(service, evil))
    make_message(chat, evil)
    make_message(chat, "https://evil.example/?1 mailto:a@b.example 0123")
    name = written(agent, kind)[1][3]
    said = [line[4] for line in written(agent, kind, messages=True)[1:]]
    for text in (name, said[0]):
        assert text.lstrip(" ").startswith("'") if kind == "csv" else "cmd|" in text
    assert said[1] == "https://evil.example/?1 mailto:a@b.example 0123"


def test_it_has_what_the_filters_find_in_the_lists_order(service, agent, colleague, chat, monkeypatch) -> None:
    monkeypatch.setattr(rows, "CHATS_AT_ONCE", 3)
    monkeypatch.setattr(rows, "MESSAGES_AT_ONCE", 4)
    others = [
        make_chat(service, agent=colleague, state=Chat.State.CLOSED, created_at=BEGAN - timedelta(minutes=minute // 2))
        for minute in range(11)
    ]
    for other in others:
        for number in range(3):
            make_message(other, f"Number {number}")
    filters = Filters(agent=colleague.pk, language="en")
    expected = [other.pk for other in sorted(others, key=lambda other: (other.created_at, other.pk), reverse=True)]
    assert [int(line[0]) for line in written(agent, filters=filters)[1:]] == expected
    said = written(agent, filters=filters, messages=True)[1:]
    assert len(said) == 33
    assert sorted({(line[0], line[4]) for line in said}) == sorted((line[0], line[4]) for line in said)
    assert [line[4] for line in said if line[0] == said[0][0]] == ["Number 0", "Number 1", "Number 2"]


def test_nothing_of_another_service_is_in_it(service, agent, outsider) -> None:
    theirs = make_chat(outsider.service, customer=make_customer(outsider.service, "Private"))
    make_message(theirs, "Private")
    assert written(agent)[1:] == []
    assert written(agent, filters=Filters(agent=outsider.pk), messages=True)[1:] == []


# Who gets it, and how


@sent
@pytest.mark.parametrize(
    ("kind", "content_type"),
    [
        ("csv", "text/csv; charset=utf-8"),
        ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ],
)
def test_an_admin_gets_a_file_that_nobody_keeps(admin, chat, kind, content_type, sign_in) -> None:
    answer = export(sign_in(admin), kind=kind)
    data = b"".join(answer)
    assert answer["Content-Type"] == content_type
    day = timezone.now().astimezone(timezone.get_fixed_timezone(540)).date()
    assert answer["Content-Disposition"] == f'attachment; filename="chats-demo-{day}.{kind}"'
    assert "no-store" in answer["Cache-Control"]
    assert (table(data) if kind == "csv" else sheet(data))[1][3] == "Jun"


@sent
def test_the_filters_of_the_list_are_in_force(admin, service, chat, sign_in) -> None:
    make_chat(service, customer=make_customer(service, "Hana"))
    lines = table(b"".join(export(sign_in(admin), "?outcome=processed&since=2026-03-02")))
    assert [line[3] for line in lines[1:]] == ["Jun"]


def test_the_page_says_what_will_be_in_it(admin, chat, sign_in) -> None:
    html = sign_in(admin).get(f"{URL}?outcome=processed&category={chat.category_id}&q=jun").content.decode()
    assert "Chats found: 1" in html
    for words in ("Processed", "Order › Delivery › Late", "jun"):
        assert words in html
    link = f"{URL}?outcome=processed"
    assert link.replace("&", "&amp;") in sign_in(admin).get("/desk/demo/chats/?outcome=processed").content.decode()


@sent
def test_it_is_on_record_before_anything_is_sent(admin, chat, sign_in) -> None:
    answer = sign_in(admin).post(
        f"{URL}?agent={chat.agent_id}&q=Jun", WISH | {"rows": "messages", "notes": "on"}, REMOTE_ADDR="192.0.2.9"
    )
    entry = AuditEntry.objects.get(action="service.chats_exported")
    answer.close()
    assert (entry.agent, entry.address, entry.subject) == (admin, "192.0.2.9", f"service:{admin.service_id}")
    assert entry.details == {
        "reason": "Monthly review",
        "kind": "csv",
        "notes": True,
        "filters": {"agent": str(chat.agent_id), "text": "*"},
        "chats": 1,
        "messages": 3,
    }
    assert "Monthly review" in sign_in(admin).get(URL).content.decode()


@sent
def test_a_reason_is_required_and_masked(admin, agent, chat, sign_in) -> None:
    for reason in ("", "  ", "\u3164", "x" * 201):
        answer = export(sign_in(admin), reason=reason)
        assert answer.status_code == 200
        assert not answer.streaming
    export(sign_in(admin), reason="For 4111 1111 1111 1111").close()
    assert "4111" not in str(AuditEntry.objects.values_list("details", flat=True))


def test_too_much_and_nothing_are_refused(admin, service, agent, chat, sign_in, monkeypatch) -> None:
    browser = sign_in(admin)
    assert "No chats match." in export(browser, "?q=nobody").content.decode()
    make_chat(service)
    monkeypatch.setattr(exporting, "MESSAGES_MAX", 1)
    assert "more than 500,000 messages" in export(browser, rows="messages").content.decode()
    monkeypatch.setattr(exporting, "CHATS_MAX", 1)
    assert "Choose a shorter period" in export(browser).content.decode()
    assert not AuditEntry.objects.filter(action="service.chats_exported").exists()


@sent
def test_so_many_in_an_hour(admin, chat, sign_in) -> None:
    browser = sign_in(admin)
    for _ in range(BY_AGENT.attempts):
        export(browser).close()
    assert not export(browser).streaming


@sent
def test_an_agent_needs_the_permission(service, agent, chat, sign_in) -> None:
    browser = sign_in(agent)
    assert export(browser).status_code == browser.get(URL).status_code == 404
    assert "Export" not in browser.get("/desk/demo/chats/").content.decode()
    Agent.objects.filter(pk=agent.pk).update(export_permission=True)
    assert "Export" in browser.get("/desk/demo/chats/").content.decode()
    html = browser.get(URL).content.decode()
    assert "Latest exports" not in html
    answer = export(browser)
    assert answer.streaming
    answer.close()


def test_the_outsider_and_nobody_get_nothing(chat, outsider, sign_in) -> None:
    assert export(sign_in(outsider)).status_code == 404
    assert sign_in(outsider).get(URL).status_code == 404
    assert export(Client()).status_code == 302
    forged = Client(enforce_csrf_checks=True)
    forged.force_login(make_agent(chat.service, "Bo", role=Agent.Role.ADMIN).user)
    assert export(forged).status_code == 403
    assert not AuditEntry.objects.filter(action="service.chats_exported").exists()


def test_it_asks_again_who_it_is(admin, chat, sign_in) -> None:
    browser = sign_in(admin)
    type(admin.user).objects.filter(pk=admin.user_id).update(second_factor=True)
    session = browser.session
    session["confirmed_at"] = 0
    session.save()
    for answer in (browser.get(f"{URL}?outcome=processed"), export(browser)):
        assert answer.status_code == 302
        assert answer["Location"].startswith("/confirm/")
    assert not AuditEntry.objects.filter(action="service.chats_exported").exists()


# What it costs


def resident_peak() -> int:
    """The most memory of this process since ``forget_peak``, in kB."""
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))


def forget_peak() -> None:
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")


@pytest.mark.slow
def test_memory_does_not_grow_with_the_rows(service, agent) -> None:
    def grown(kind: str) -> int:
        forget_peak()
        before = resident_peak()
        for _piece in WRITERS[kind](content_for(agent, Filters()), "en"):
            pass
        return resident_peak() - before

    add_chats(service, agent, 1_000)
    for kind in WRITERS:
        grown(kind)  # imports, and what is made once
    add_chats(service, agent, 99_000)
    assert {kind: grown(kind) < 24_000 for kind in WRITERS} == dict.fromkeys(WRITERS, True)


def add_chats(service, agent, number: int) -> None:
    example = make_chat(service, agent=agent, state=Chat.State.CLOSED)
    names = [field.column for field in Chat._meta.fields if field.column not in {"id", "created_at"}]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO chat_chat (created_at, {', '.join(names)})"
            f" SELECT now() - n * interval '1 minute', {', '.join(names)} FROM chat_chat, generate_series(1, %s) n"
            " WHERE id = %s",
            [number - 1, example.pk],
        )
    world.analyze()


def test_an_export_of_messages_computes_no_figures_of_chats(service, agent) -> None:
    chat = make_chat(service, agent=agent, state="closed")
    make_message(chat, "Hello")
    with CaptureQueriesContext(connection) as captured:
        assert [line[4] for line in written(agent, messages=True)[1:]] == ["Hello"]
    assert not [each for each in captured if "first_answer_at" in each["sql"] or "COUNT(" in each["sql"]]
