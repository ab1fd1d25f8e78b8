"""Every look under a mask is in the record: in its month, for those who look for it, and in one service alone."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.translation import override

from agents.models import Agent, AuditEntry
from chat.conversation import message_masks
from chat.conversation.message_masks import mask_selection
from chat.masking import destroying
from chat.masking import record as unmask_record
from chat.masking.holders import Link
from chat.masking.models import DataKey, MaskingRules
from chat.masking.record import LOOKS, Filters, Outcome, actions_of, entries_of, read_page, rows_of, summary_of
from chat.masking.selections import Selection
from chat.models import Mask
from contiple.base import crypto
from contiple.base.errors import DomainError
from contiple.base.months import Month
from helpcenter.models import Customer
from tests.bench.world import analyze
from tests.buffers import buffers
from tests.chat.looks import NOON, make_limit_reached, make_look
from tests.make import make_agent, make_chat, make_customer, make_message, make_ticket

pytestmark = pytest.mark.django_db

NOVEMBER = Month(2024, 11)


@pytest.fixture
def chat(service, agent, customer):
    return make_chat(service, agent=agent, customer=customer)


def found(service, month=NOVEMBER, **filters) -> list[int]:
    return [entry.pk for entry in read_page(entries_of(service, month, Filters(**filters))).rows]


def shown(service, **filters) -> list[unmask_record.Row]:
    """This month's rows, the oldest first."""
    entries = read_page(entries_of(service, Month.of(timezone.now()), Filters(**filters))).rows
    return rows_of(service, entries)[::-1]


def label(row: unmask_record.Row) -> str:
    return row.link.label if row.link else ""


def mask(chat, agent, text="010-1234-5678") -> Mask:
    message = make_message(chat, text)
    mask_selection(agent, chat.pk, [Selection(text_id=message.seq, rev=message.rev, start=0, end=len(text))])
    return Mask.objects.get(message=message)


def attempt(operation, *args, **named) -> None:
    try:
        operation(*args, **named)
    except DomainError:
        return


# Every look is there


@pytest.mark.parametrize("operation", [message_masks.reveal, message_masks.lift])
def test_every_look_is_in_the_record_whatever_came_of_it(service, chat, agent, colleague, admin, operation):
    MaskingRules.objects.create(service=service, reveals_per_hour=2)
    masks = [mask(chat, agent) for _ in range(3)]
    attempt(operation, admin, masks[0].pk, address="192.0.2.1")  # without the permission
    attempt(operation, agent, masks[0].pk, address="192.0.2.2")
    attempt(operation, agent, masks[1].pk, address="192.0.2.2")  # with this one the limit is reached
    attempt(operation, agent, masks[2].pk, address="192.0.2.2")  # past it
    DataKey.objects.all().delete()
    attempt(operation, colleague, masks[2].pk, address="2001:db8::7")

    seen = Outcome.SHOWN if operation is message_masks.reveal else Outcome.LIFTED
    assert [(row.actor, row.address, row.outcome) for row in shown(service)] == [
        ("Ada", "192.0.2.1", Outcome.REFUSED),
        ("Mina", "192.0.2.2", seen),
        ("Mina", "", Outcome.LIMIT),
        ("Mina", "192.0.2.2", seen),
        ("Mina", "192.0.2.2", Outcome.LIMITED),
        ("Theo", "2001:db8::7", Outcome.GONE),
    ]
    assert {row.customer for row in shown(service) if row.outcome != Outcome.LIMIT} == {"Jun"}
    assert {row.kind for row in shown(service) if row.outcome != Outcome.LIMIT} == {"Masked by hand"}


@pytest.mark.parametrize("operation", [message_masks.reveal, message_masks.lift])
def test_a_look_at_what_can_t_be_opened_is_in_the_record(service, chat, agent, operation, settings):
    found = mask(chat, agent)
    settings.MASKING_KEYS = {"another": crypto.new_key()}
    attempt(operation, agent, found.pk, address="192.0.2.2")
    rows = shown(service)
    assert {(row.actor, row.customer, row.address) for row in rows} == {("Mina", "Jun", "192.0.2.2")}
    assert {row.outcome for row in rows} == {Outcome.LOCKED}


def test_the_trail_has_no_look_that_the_record_leaves_out(service, chat, agent, admin):
    """Whatever ``looks`` writes, now or later, is an action that the record knows."""
    masks = [mask(chat, agent) for _ in range(2)]
    AuditEntry.objects.all().delete()
    attempt(message_masks.reveal, agent, masks[0].pk, address=None)
    attempt(message_masks.reveal, admin, masks[0].pk, address=None)
    attempt(message_masks.lift, agent, masks[0].pk, address=None)
    DataKey.objects.all().delete()
    attempt(message_masks.reveal, agent, masks[1].pk, address=None)
    assert AuditEntry.objects.count() == len(shown(service)) == 4
    assert set(AuditEntry.objects.values_list("action", flat=True)) <= set(actions_of(LOOKS))


def test_where_masking_is_off_a_refused_look_is_in_the_record(service, chat, agent):
    found = mask(chat, agent)
    service.contract.security_service = False
    service.contract.save(update_fields=["security_service"])
    attempt(message_masks.reveal, agent, found.pk, address="192.0.2.2")
    assert [row.outcome for row in shown(service)] == [Outcome.REFUSED]


def test_the_record_never_has_what_was_seen(service, chat, agent):
    message_masks.reveal(agent, mask(chat, agent).pk, address="192.0.2.2")
    entry = AuditEntry.objects.get(action="chat.revealed")
    assert "1234" not in f"{entry.details} {shown(service)}"


def test_destroyed_originals_are_in_the_record_with_whose_they_were(service, chat, agent, admin):
    mask(chat, agent)
    destroying.destroy_of(admin, message_masks.holder_of(chat))
    destroying.destroy_of_customer(admin, chat.customer, message_masks.holder_of(chat))
    assert [(row.outcome, row.actor, row.customer, label(row), row.note) for row in shown(service)] == [
        (Outcome.DESTROYED, "Ada", "Jun", f"Chat {chat.pk}", ""),
        (Outcome.DESTROYED, "Ada", "Jun", "", "In all chats and tickets"),
    ]


def test_originals_that_the_clock_destroyed_are_the_systems_doing(service, chat, agent, customer):
    mask(chat, agent)
    other = make_customer(service, "Hana")
    ticket = make_ticket(service, requester=other)
    long_ago = timezone.now() - timedelta(days=40)
    DataKey.objects.create(
        kind="ticket",
        number=ticket.pk,
        service=service,
        customer=other,
        master="x",
        wrapped=b"x",
        used_at=long_ago,
    )
    chat.state, chat.closed_at = "closed", long_ago
    chat.save(update_fields=["state", "closed_at"])
    service.contract.originals_kept_days = 30
    service.contract.save(update_fields=["originals_kept_days"])
    assert destroying.destroy_expired() == 2
    assert {(row.actor, row.customer, label(row), row.note) for row in shown(service)} == {
        ("", "Jun", f"Chat {chat.pk}", "Retention period over"),
        ("", "Hana", "Ticket #1", "Retention period over"),
    }


def test_other_things_that_happened_are_not_in_it(service, chat, agent):
    mask(chat, agent)
    assert AuditEntry.objects.filter(action="chat.masked").exists()
    assert shown(service) == []


# One month


def test_a_month_has_what_happened_in_it_in_korea(service, chat, agent):
    begin, end = datetime(2024, 10, 31, 15, tzinfo=UTC), datetime(2024, 11, 30, 15, tzinfo=UTC)
    moment = timedelta(microseconds=1)
    before, first, last, after = (make_look(agent, chat, at=at).pk for at in (begin - moment, begin, end - moment, end))
    assert found(service) == [last, first]
    assert found(service, Month(2024, 10)) == [before]
    assert found(service, Month(2024, 12)) == [after]


def test_only_months_with_entries_are_offered_the_latest_first(service, chat, agent):
    service.created_at = datetime(2023, 6, 1, tzinfo=UTC)
    for month in (Month(2023, 7), Month(2024, 3), NOVEMBER):
        make_look(agent, chat, at=month.begin)
        make_look(agent, chat, at=month.end - timedelta(microseconds=1))
    AuditEntry.objects.create(
        service=service, action="chat.masked", subject=chat.subject, created_at=Month(2024, 5).begin
    )
    assert unmask_record.months_with_entries(service, NOON) == [NOVEMBER, Month(2024, 3), Month(2023, 7)]


def test_a_service_without_entries_has_no_months(service, outsider):
    chat = make_chat(outsider.service)
    make_look(outsider, chat, at=timezone.now())
    assert unmask_record.months_with_entries(service, timezone.now()) == []


# Filters


def test_filters_by_agent_outcome_and_kind_add_up(service, chat, agent, colleague):
    one = make_look(agent, chat, kind="card").pk
    two = make_look(agent, chat, "reveal_refused", kind="rrn").pk
    three = make_look(colleague, chat, kind="rrn", of="ticket", subject="ticket:1").pk
    assert found(service) == [three, two, one]
    assert found(service, agent=agent.pk) == [two, one]
    assert found(service, outcome="revealed") == [three, one]
    assert found(service, kind="rrn") == [three, two]
    assert found(service, agent=agent.pk, kind="rrn", outcome="reveal_refused") == [two]
    assert found(service, agent=colleague.pk, kind="card") == []


@pytest.mark.parametrize("outcome", list(Outcome))
def test_every_outcome_can_be_looked_for(service, chat, agent, outcome):
    for action in actions_of(Outcome):
        kind, _dot, act = action.partition(".")
        make_look(agent, chat, act, of=kind, details={"limit": 3, "month": "2024-10"}, subject=f"{kind}:1")
    rows = rows_of(service, read_page(entries_of(service, NOVEMBER, Filters(outcome=outcome))).rows)
    assert rows
    assert {row.outcome for row in rows} == {outcome}


def test_a_customer_is_found_by_a_part_of_name_or_address(service, agent):
    chats = [
        make_chat(service, customer=make_customer(service, name, email=email))
        for name, email in (("김서연", "seoyeon@mail.example"), ("Hana Sato", "hana@mail.example"))
    ]
    seoyeon, hana = (make_look(agent, chat).pk for chat in chats)
    assert found(service, customer="서연") == [seoyeon]
    assert found(service, customer=" hana ") == [hana]
    assert found(service, customer="SATO") == [hana]
    assert found(service, customer="mail.example") == [hana, seoyeon]
    assert found(service, customer="100%") == []
    assert found(service, customer="_") == []


def test_what_is_of_no_customer_is_found_by_no_name(service, agent, chat):
    make_limit_reached(agent, at=NOON)
    look = make_look(agent, chat).pk
    assert found(service, customer="u") == [look]


# Rows


def test_a_row_says_who_looked_at_whose_data_and_where(service, agent, chat):
    make_look(agent, chat, kind="rrn", address="192.0.2.7")
    (row,) = rows_of(service, read_page(entries_of(service, NOVEMBER)).rows)
    assert (row.actor, row.customer, row.kind, row.address) == (
        "Mina",
        "Jun",
        "Resident registration number",
        "192.0.2.7",
    )
    link = Link(f"Chat {chat.pk}", f"/desk/demo/chat/{chat.pk}/history/")
    assert (row.at, row.outcome.label, row.link) == (NOON, "Shown", link)


def test_a_row_names_its_ticket_by_the_number_that_people_know(service, agent, chat):
    make_ticket(service)
    ticket = make_ticket(service)
    make_look(agent, chat, of="ticket", subject=ticket.audit_subject)
    (row,) = rows_of(service, read_page(entries_of(service, NOVEMBER)).rows)
    assert row.link == Link("Ticket #2", "/desk/demo/tickets/2/")


def test_a_row_is_in_the_readers_language(service, agent, chat):
    make_look(agent, chat, "reveal_refused", kind="rrn")
    with override("ko"):
        (row,) = rows_of(service, read_page(entries_of(service, NOVEMBER)).rows)
        assert (row.kind, str(row.outcome.label), label(row)) == ("주민등록번호", "거부: 권한 없음", f"채팅 {chat.pk}")


def test_the_name_is_as_it_was_then(service, agent, chat):
    make_look(agent, chat)
    agent.user.name = "Mina Choi"
    agent.user.save(update_fields=["name"])
    assert rows_of(service, read_page(entries_of(service, NOVEMBER)).rows)[0].actor == "Mina"


def test_a_kind_of_an_older_release_is_left_empty(service, agent, chat):
    make_look(agent, chat, kind="fingerprint")
    assert rows_of(service, read_page(entries_of(service, NOVEMBER)).rows)[0].kind == ""


def test_reading_rows_takes_two_queries_however_many_there_are(service, agent):
    for index in range(6):
        chat = make_chat(service, customer=make_customer(service, f"C{index}"))
        ticket = make_ticket(service)
        make_look(agent, chat)
        make_look(agent, chat, of="ticket", subject=ticket.audit_subject)
    entries = read_page(entries_of(service, NOVEMBER)).rows
    with CaptureQueriesContext(connection) as captured:
        assert len(rows_of(service, entries)) == 12
    assert len(captured) == 2


# In figures


def test_the_summary_counts_looks_who_looked_and_what_was_refused(service, agent, colleague, admin, chat):
    for act in ("revealed", "lifted", "reveal_gone"):
        make_look(agent, chat, act)
    make_look(colleague, chat, "reveal_refused")
    make_look(colleague, chat, "reveal_limited", of="ticket", subject="ticket:1")
    make_limit_reached(admin, at=NOON)
    make_look(admin, chat, "originals_destroyed")
    assert summary_of(entries_of(service, NOVEMBER)) == (7, 5, 2, 2)
    assert summary_of(entries_of(service, NOVEMBER, Filters(agent=agent.pk))) == (3, 3, 1, 0)
    assert summary_of(entries_of(service, Month(2024, 10))) == (0, 0, 0, 0)


def test_reached_limits_of_the_last_days_are_told_by_agent(service, agent, colleague, outsider):
    for at in (NOON - timedelta(days=8), NOON - timedelta(days=3), NOON - timedelta(hours=30)):
        make_limit_reached(agent, at=at)
    make_limit_reached(colleague, at=NOON - timedelta(hours=1))
    make_limit_reached(outsider, at=NOON)
    reached = unmask_record.limits_reached_lately(service, NOON)
    assert reached == [
        (colleague.pk, "Theo", 1, NOON - timedelta(hours=1)),
        (agent.pk, "Mina", 2, NOON - timedelta(hours=30)),
    ]


def test_reached_limits_of_a_day_are_counted(service, agent, outsider):
    now = timezone.now()
    for at in (now, now - timedelta(hours=23), now - timedelta(hours=25)):
        make_limit_reached(agent, at=at)
    make_limit_reached(outsider, at=now)
    assert unmask_record.count_limits_reached_today(service) == 2


# Of one service


def test_nothing_of_another_service_is_in_the_record(service, agent, chat, outsider):
    theirs = make_chat(
        outsider.service, customer=make_customer(outsider.service, "Private", email="private@example.com")
    )
    make_look(outsider, theirs)
    make_limit_reached(outsider, at=NOON)
    assert found(service) == []
    assert found(service, agent=outsider.pk) == []
    assert found(service, customer="private") == []
    assert summary_of(entries_of(service, NOVEMBER)).entries == 0


def test_a_customer_or_ticket_of_another_service_has_no_name_here(service, agent, chat, outsider):
    """The trail of one service never names them; if it did, nothing would come of it."""
    theirs = make_customer(outsider.service, "Private", email="private@example.com")
    ticket = make_ticket(outsider.service)
    details = {"kind": "card", "customer": theirs.pk}
    make_look(agent, chat, of="ticket", subject=ticket.audit_subject, details=details)
    (row,) = rows_of(service, read_page(entries_of(service, NOVEMBER)).rows)
    assert (row.customer, row.link) == ("", None)
    assert found(service, customer="private") == []


def test_somebody_of_two_services_has_two_records(service, agent, chat, outsider):
    other = make_agent(outsider.service, user=agent.user)
    here = make_look(agent, chat).pk
    there = make_look(other, make_chat(outsider.service)).pk
    assert found(service) == [here]
    assert found(outsider.service) == [there]


def test_an_export_is_on_record_without_what_was_looked_for(service, admin):
    filters = Filters(kind="card", customer="Hana")
    unmask_record.record_export(admin, Month(2024, 10), filters, address="192.0.2.9")
    entry = AuditEntry.objects.get()
    assert entry.details == {"month": "2024-10", "filters": ["customer", "kind"]}
    (row,) = shown(service)
    assert (row.outcome, row.actor, row.address, row.note) == (Outcome.EXPORTED, "Ada", "192.0.2.9", "October 2024")


def test_who_is_gone_stays_in_the_record(service, agent, chat):
    make_look(agent, chat)
    Agent.objects.filter(pk=agent.pk).update(is_active=False)
    assert len(found(service, agent=agent.pk)) == 1


# Of many customers


def test_a_customer_s_name_costs_as_much_among_many(service, chat, agent) -> None:
    make_look(agent, chat, at=NOON)
    filters = {"customer": "jun"}
    among_few = buffers(lambda: found(service, **filters))
    Customer.objects.bulk_create(Customer(service=service, name=f"Juniper {n}") for n in range(20_000))
    analyze()
    among_many = buffers(lambda: found(service, **filters))

    assert len(found(service, **filters)) == 1
    assert among_many < 3 * among_few + 50, (among_few, among_many)
