"""A month of the record is a month in Korea."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils.translation import override

from contiple.base.months import Month, months_from


def test_it_begins_and_ends_at_midnight_in_korea():
    month = Month(2026, 11)
    assert month.begin == datetime(2026, 10, 31, 15, tzinfo=UTC)
    assert month.end == datetime(2026, 11, 30, 15, tzinfo=UTC)


def test_a_moment_is_in_the_month_that_it_is_in_korea():
    begin = datetime(2026, 10, 31, 15, tzinfo=UTC)
    assert Month.of(begin) == Month(2026, 11)
    assert Month.of(begin - timedelta(microseconds=1)) == Month(2026, 10)


def test_months_follow_each_other_over_the_years():
    assert Month(2026, 12).next == Month(2027, 1)
    assert Month(2027, 1).previous == Month(2026, 12)
    assert all(month.next.previous == month for month in (Month(2026, number) for number in range(1, 13)))


def test_a_later_month_is_greater():
    assert Month(2026, 12) < Month(2027, 1)
    assert Month(2026, 9) < Month(2026, 10)


@pytest.mark.parametrize("month", [Month(2026, 1), Month(2026, 12), Month(2099, 9)])
def test_what_is_written_can_be_read(month):
    assert Month.parse(str(month)) == month


@pytest.mark.parametrize(
    "text", ["", "2026", "2026-13", "2026-00", "2026-1", "1999-12", "9999-12", "2026-11\n", "２０２６-11"]
)
def test_nonsense_is_no_month(text):
    assert Month.parse(text) is None


def test_it_has_a_name_in_every_language():
    with override("en"):
        assert Month(2026, 11).name == "November 2026"
    with override("ko"):
        assert Month(2026, 11).name == "2026년 11월"


def test_a_list_of_months_begins_with_the_latest():
    assert [str(month) for month in months_from(Month(2026, 11), Month(2027, 2))] == [
        "2027-02",
        "2027-01",
        "2026-12",
        "2026-11",
    ]
    assert months_from(Month(2027, 1), Month(2026, 12)) == []
