"""The record of looks in an admin's browser: filtered without leaving the page, and taken along as a file."""

import csv
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from agents.models import Agent
from contiple.base.months import Month
from tests.browser.rows import make_looks

URL = "/desk/demo/masking/record/"


@pytest.fixture
def record(service, admin: Agent, signed_in_page: Callable[..., Page]) -> Page:
    make_looks(service, admin)
    return signed_in_page(admin, URL)


def rows(page: Page) -> Locator:
    return page.locator("#record-results tbody tr")


def test_a_filter_changes_the_list_and_nothing_else(record: Page):
    expect(rows(record)).to_have_count(16)
    record.evaluate("window.mark = 1")
    record.get_by_label("What happened").select_option("Refused: not permitted")
    expect(rows(record)).to_have_count(2)
    record.get_by_label("Search customers").fill("nobody like that")
    expect(record.get_by_text("No records match")).to_be_visible()
    assert record.evaluate("window.mark") == 1
    assert "outcome=reveal_refused" in record.url
    record.get_by_role("link", name="Show the whole month").click()
    expect(rows(record)).to_have_count(16)
    expect(record.get_by_label("What happened")).to_have_value("")


def test_the_month_before_keeps_the_filter(record: Page):
    record.get_by_label("Kind").select_option("Resident registration number")
    expect(record).to_have_url(re.compile("kind=rrn"))
    record.get_by_role("link", name="Previous month").click()
    expect(record.get_by_text("No records match")).to_be_visible()
    expect(record.get_by_label("Kind")).to_have_value("rrn")
    record.get_by_role("link", name="Next month").click()
    expect(rows(record)).to_have_count(7)


def test_what_is_shown_is_exported(record: Page, tmp_path: Path):
    record.get_by_label("What happened").select_option("Shown")
    expect(rows(record)).to_have_count(2)
    with record.expect_download() as download:
        record.get_by_role("button", name="Export").click()
    assert download.value.suggested_filename == f"unmasking-demo-{Month.of(timezone.now())}.csv"
    download.value.save_as(tmp_path / "record.csv")
    content = (tmp_path / "record.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    with (tmp_path / "record.csv").open(encoding="utf-8-sig", newline="") as file:
        lines = list(csv.reader(file))
    assert {line[2] for line in lines[1:]} == {"Shown"}
    assert len(lines) == 3
    expect(rows(record)).to_have_count(2)  # the page is still there


def test_without_a_script_it_is_a_form_like_any_other(service, admin: Agent, signed_in_page: Callable[..., Page]):
    make_looks(service, admin)
    page = signed_in_page(admin, URL, java_script_enabled=False)
    page.get_by_label("What happened").select_option("Mask removed")
    page.get_by_role("button", name="Filter").click()
    expect(rows(page)).to_have_count(2)
    expect(page.get_by_label("What happened")).to_have_value("lifted")
