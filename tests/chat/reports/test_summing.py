"""Days are summed once, when nothing of them changes any more; whatever happens, each chat counts once."""

import threading
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import date, datetime, timedelta

import pytest
from django.db import connection, connections, transaction

from agents.models import Agent, Service
from chat.categories import Category
from chat.filing.choosing import file_chat
from chat.models import Chat, Evaluation, Message
from chat.operating_hours import OperatingHours, zone_of
from chat.report_sums import LOCK, ReportSpan, ReportSum, count_anew
from chat.reports import summing
from chat.reports.groupings import Grouping
from chat.reports.marks import Figures
from chat.reports.periods import Period
from chat.reports.report import report_of
from chat.reports.summing import sum_once
from tests.chat.reports.worlds import SEOUL, at
from tests.make import make_chat, make_message

pytestmark = pytest.mark.django_db

NOON = at("2026-03-10T03:00")  # in Korea
DAY = date(2026, 3, 10)
NOW = at("2026-05-01T00:00")


def sum_days(service: Service) -> None:
    summing.sum_days(service.pk, now=NOW)


def ended_chat(service: Service, began: datetime = NOON, **fields) -> Chat:
    fields.setdefault("closed_at", began + timedelta(minutes=9))
    return make_chat(service, state=Chat.State.CLOSED, created_at=began, **fields)


def figures(service: Service, day: date = DAY) -> Figures:
    return report_of(service, Period(day, day, zone_of(service.pk)), Grouping.AGENT, now=NOW).total


def summed_days(service: Service) -> list[date]:
    days = ReportSpan.objects.filter(service=service, length="day", received__gt=0)
    return sorted(days.values_list("first", flat=True))


def test_a_day_is_summed_once(service) -> None:
    ended_chat(service)
    sum_days(service)
    first = list(ReportSum.objects.order_by("pk").values())
    sum_days(service)
    assert list(ReportSum.objects.order_by("pk").values()) == first
    assert summed_days(service) == [DAY]
    assert figures(service).received == 1


def test_a_chat_that_is_open_keeps_its_day_from_being_summed(service, agent) -> None:
    chat = make_chat(service, agent=agent, created_at=NOON, answered_at=NOON)
    sum_days(service)
    assert summed_days(service) == []
    Chat.objects.filter(pk=chat.pk).update(state="closed", closed_at=NOON + timedelta(days=1), closed_by="customer")
    assert figures(service).handling.number == 1
    sum_days(service)
    assert summed_days(service) == [DAY]
    assert figures(service).handling.number == 1


def test_a_late_evaluation_is_counted_at_once_and_in_the_sums(service) -> None:
    """The chat ended yesterday, so its customer may still evaluate it: its day, though long ago, is not summed."""
    chat = ended_chat(service, closed_at=NOW - timedelta(days=1))
    sum_days(service)
    Evaluation.objects.create(chat=chat, score=4, seq=1, given_at=NOW)
    assert summed_days(service) == []
    assert figures(service).evaluation.numbers == {4: 1}
    Chat.objects.filter(pk=chat.pk).update(closed_at=NOON)
    sum_days(service)
    assert summed_days(service) == [DAY]
    assert figures(service).evaluation.numbers == {4: 1}


def test_a_chat_that_changes_after_all_is_counted_anew(service) -> None:
    chat = ended_chat(service)
    sum_days(service)
    Chat.objects.filter(pk=chat.pk).update(language="ko")
    count_anew(service.pk, chat.created_at)
    assert summed_days(service) == []
    sum_days(service)
    assert summed_days(service) == [DAY]
    assert ReportSum.objects.get(span__first=DAY, span__length="day", grouping="language").key == "ko"
    assert figures(service).received == 1


def test_a_chat_that_is_filed_late_is_counted_anew(service, admin) -> None:
    chat, category = ended_chat(service), Category.objects.create(service=service, names={"en": "Delivery"})
    sum_days(service)
    file_chat(admin, chat.pk, str(category.pk))
    for _counted_and_summed in range(2):
        report = report_of(service, Period(DAY, DAY, SEOUL), Grouping.CATEGORY, now=NOW)
        assert {row.key: row.figures.received for row in report.rows} == {str(category.pk): 1}
        sum_days(service)


@pytest.mark.django_db(transaction=True)
def test_a_chat_that_is_filed_while_its_day_is_summed_is_counted_anew(service, admin, monkeypatch) -> None:
    """The worker has counted the chat as it was, and nobody sees its sums yet."""
    chat, category = ended_chat(service), Category.objects.create(service=service, names={"en": "Delivery"})
    insert, filed = summing._insert_sums, []

    def file() -> None:
        try:
            file_chat(admin, chat.pk, str(category.pk))
        finally:
            connections.close_all()

    def insert_and_file(*given) -> None:
        insert(*given)
        filed.append(ThreadPoolExecutor(1).submit(file))
        wait(filed, timeout=1)

    monkeypatch.setattr(summing, "_insert_sums", insert_and_file)
    sum_days(service)
    filed[0].result(20)
    monkeypatch.undo()
    for _counted_and_summed in range(2):
        report = report_of(service, Period(DAY, DAY, SEOUL), Grouping.CATEGORY, now=NOW)
        assert {row.key: row.figures.received for row in report.rows} == {str(category.pk): 1}
        sum_days(service)


@pytest.mark.parametrize("days", [1, 31])
def test_sums_stay_when_chats_are_destroyed(service, days: int) -> None:
    """Those of days, and those of a month of days."""
    chats = [ended_chat(service, at("2026-03-01T03:00") + timedelta(days=number)) for number in range(days)]
    sum_days(service)
    for chat in chats:
        chat.delete()
    count_anew(service.pk, chats[0].created_at)
    sum_days(service)
    period = Period(date(2026, 3, 1), date(2026, 3, 31), SEOUL)
    assert report_of(service, period, Grouping.HOUR, now=NOON).total.received == days


def test_months_are_added_up_from_days(service) -> None:
    for number in range(33):
        ended_chat(service, at("2026-02-27T03:00") + timedelta(days=number))
    sum_days(service)
    months = ReportSpan.objects.filter(service=service, length="month")
    assert list(months.values_list("first", "received")) == [(date(2026, 2, 1), 2), (date(2026, 3, 1), 31)]
    period = Period(date(2026, 2, 28), date(2026, 4, 2), SEOUL)
    assert report_of(service, period, Grouping.HOUR, now=NOON).total.received == 32


def test_a_service_that_is_removed_takes_its_sums_along(service, outsider) -> None:
    ended_chat(service)
    ended_chat(outsider.service)
    sum_once()
    Message.objects.all().delete()
    Chat.objects.all().delete()
    Agent.objects.filter(service=service).delete()
    service.help_center.delete()
    service.delete()
    assert set(ReportSpan.objects.values_list("service", flat=True)) == {outsider.service_id}
    assert set(ReportSum.objects.values_list("span__service", flat=True)) == {outsider.service_id}


def test_another_zone_counts_all_days_anew(service) -> None:
    """At 15:30 UTC it is the next day in Korea."""
    ended_chat(service, at("2026-03-10T15:30"))
    sum_days(service)
    assert (figures(service).received, figures(service, date(2026, 3, 11)).received) == (0, 1)
    OperatingHours.objects.create(service=service, zone="Europe/London")
    sum_days(service)
    assert (figures(service).received, figures(service, date(2026, 3, 11)).received) == (1, 0)
    assert set(ReportSpan.objects.values_list("basis", flat=True)) == {"Europe/London 1"}


def test_in_another_zone_a_day_without_its_chats_stays_and_nothing_counts_twice(service) -> None:
    began = [at("2026-03-09T14:30"), at("2026-03-09T15:30"), at("2026-03-10T14:30"), at("2026-03-10T15:30")]
    chats = [ended_chat(service, each) for each in began]
    sum_days(service)
    chats[1].delete()  # of the Korean day, which is kept
    OperatingHours.objects.create(service=service, zone="Europe/London")
    for _twice in range(2):
        sum_days(service)
        counted = [figures(service, date(2026, 3, day)).received for day in (8, 9, 10, 11, 12)]
        assert counted == [0, 1, 3, 0, 0]


def test_first_answers_of_before_are_found_in_messages(service, agent) -> None:
    chat = ended_chat(service, agent=agent, answered_at=NOON)
    make_message(chat, "A note", author="agent", agent=agent, internal=True, created_at=NOON)
    make_message(chat, "Yes", author="agent", agent=agent, created_at=NOON + timedelta(minutes=2))
    sum_days(service)
    assert Chat.objects.get(pk=chat.pk).first_answered_at == NOON + timedelta(minutes=2)
    assert figures(service).processed == 1


def test_a_worker_that_is_killed_leaves_no_half_day(service, monkeypatch) -> None:
    ended_chat(service)
    monkeypatch.setattr(summing, "KEYS_SQL", {**summing.KEYS_SQL, "broken": "no_such_column"})
    sum_once()
    assert ReportSpan.objects.filter(received__gt=0).count() == ReportSum.objects.count() == 0
    monkeypatch.undo()
    sum_once()
    assert summed_days(service) == [DAY]


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_sum_each_day_once(service) -> None:
    for number in range(12):
        ended_chat(service, NOON + timedelta(days=number))
    start, errors = threading.Barrier(3), []

    def work() -> None:
        start.wait()
        try:
            sum_days(service)
        except Exception as error:
            errors.append(error)
        finally:
            connections.close_all()

    workers = [threading.Thread(target=work) for _number in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert errors == []
    sum_days(service)
    assert len(summed_days(service)) == 12
    period = Period(DAY, date(2026, 3, 31), SEOUL)
    assert report_of(service, period, Grouping.DAY, now=NOON).total.received == 12


@pytest.mark.django_db(transaction=True)
def test_a_day_waits_for_nobody(service) -> None:
    """While another worker is in the service, this one leaves it."""
    ended_chat(service)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK, service.pk])
        thread = threading.Thread(target=lambda: (sum_days(service), connections.close_all()))
        thread.start()
        thread.join(20)
        assert not thread.is_alive()
    assert summed_days(service) == []
