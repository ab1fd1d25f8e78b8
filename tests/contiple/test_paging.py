"""A list is turned page by page, by position: what comes or moves meanwhile neither hides a row nor repeats one."""

from datetime import timedelta

import pytest
from django.utils import timezone

from agents.models import AuditEntry
from contiple.base import paging
from contiple.base.paging import Position, page_among, page_of


@pytest.fixture
def add(service):
    """Adds rows, three to a moment, later than all before."""
    start, made = timezone.now(), []

    def more(count: int) -> list[int]:
        rows = [
            AuditEntry(service=service, action="x", subject="x:1", created_at=start + timedelta(seconds=place // 3))
            for place in range(len(made), len(made) + count)
        ]
        made.extend(row.pk for row in AuditEntry.objects.bulk_create(rows))
        return made

    return more


def turn(**where):
    page = page_of(AuditEntry.objects.all(), by="created_at", size=4, **where)
    return [row.pk for row in page.rows], page


def test_pages_follow_each_other_without_gap_or_repetition(add):
    made = add(10)
    seen, before = [], None
    while True:
        rows, page = turn(before=before)
        seen += rows
        before = page.older
        if before is None:
            break
    assert seen == made[::-1]


def test_the_way_back_is_the_same_pages(add):
    add(10)
    first, page = turn()
    second, page = turn(before=page.older)
    third, page = turn(before=page.older)
    assert page.older is None
    assert len(third) == 2
    again, page = turn(after=page.newer)
    assert again == second
    again, page = turn(after=page.newer)
    assert again == first
    assert page.newer is None


def test_what_comes_meanwhile_moves_nothing(add):
    made = list(add(10))
    first, page = turn()
    add(3)
    second, _page = turn(before=page.older)
    assert first + second == made[::-1][:8]


def test_where_fewer_than_a_page_are_newer_the_first_page_holds_them(add):
    made = add(10)
    rows, page = turn(after=Position(AuditEntry.objects.get(pk=made[-2]).created_at, made[-2]))
    assert rows == made[::-1][:4]
    assert page.newer is None


def test_nothing_has_no_neighbours(db):
    rows, page = turn()
    assert (rows, page.newer, page.older) == ([], None, None)


def test_a_position_survives_a_url_and_nonsense_is_none():
    position = Position(timezone.now(), 7)
    assert Position.parse(str(position)) == position
    for text in ("", "x", "1", "-", "1-", "-1", "1-2-3", "9" * 41, "99999999999999999999-1", "١-٢"):
        assert Position.parse(text) is None
    assert Position.parse("1-" + "9" * 30).pk == 2**63 - 1


@pytest.fixture
def look(monkeypatch):
    """A page of those of ``rows`` that are in ``chosen``, three at most, looking at six."""
    monkeypatch.setattr(paging, "LOOKED_AT_MAX", 6)
    monkeypatch.setattr(paging, "PAGE_SIZE", 3)
    monkeypatch.setitem(page_of.__kwdefaults__, "size", 3)

    def looked(chosen, **where):
        among = AuditEntry.objects.all()
        page = page_among(among.filter(pk__in=chosen), among, by="created_at", **where)
        return [row.pk for row in page.rows], page

    return looked


@pytest.mark.parametrize("places", [[0, 19], [7], [], range(20), [0, 1, 2, 3, 4, 12, 13], [13, 14]])
def test_few_among_many_are_all_found_a_part_of_the_list_at_a_time(add, look, places):
    made = add(20)
    chosen = [made[place] for place in places]
    pages, before = [], None
    while True:
        rows, page = look(chosen, before=before)
        pages.append(rows)
        before = page.older
        if before is None:
            break
    assert [pk for rows in pages for pk in rows] == sorted(chosen, reverse=True)
    assert all(len(rows) <= 3 for rows in pages)

    back, page = look(chosen, after=Position(AuditEntry.objects.get(pk=made[0]).created_at, made[0]))
    found = list(back)
    while page.newer:
        rows, page = look(chosen, after=page.newer)
        found = rows + [pk for pk in found if pk not in rows]
    assert found == sorted(set(chosen) - {made[0]}, reverse=True)


def test_what_is_looked_at_is_said_only_where_more_is(add, look):
    made = add(6)
    assert look(made[:1])[1] == paging.Page([AuditEntry.objects.get(pk=made[0])])
    made = add(1)
    rows, page = look(made[:1])
    assert not rows
    assert page.looked_to == page.older
    assert look(made[:1], before=page.older)[0] == made[:1]
