"""SECURITY.md has every requirement once, the tests that it names are there, and what it documents is so."""

import ast
import re
from functools import cache

from django.conf import settings
from django.contrib.auth.password_validation import get_default_password_validators

from agents import forms, invitations
from agents.models_accounts import AccountEntry
from agents.second_factor import step_up
from contiple.base import env

TEXT = (env.BASE_DIR / ".github/SECURITY.md").read_text(encoding="utf-8")
# OWASP ASVS 5.0.0: how many requirements of levels 1 and 2 each section of a chapter has. They are its first ones: in
# these chapters no requirement of level 3 stands before one of level 2.
REQUIREMENTS = {
    1: {1: 2, 2: 9, 3: 11, 4: 3, 5: 2},
    2: {1: 3, 2: 3, 3: 4, 4: 1},
    3: {2: 2, 3: 4, 4: 6, 5: 5, 7: 2},
    4: {1: 3, 2: 1, 3: 2, 4: 4},
    5: {1: 1, 2: 3, 3: 2, 4: 3},
    6: {1: 3, 2: 12, 3: 4, 4: 4, 5: 5, 6: 3, 8: 4},
    7: {1: 3, 2: 4, 3: 2, 4: 5, 5: 2, 6: 2},
    8: {1: 2, 2: 3, 3: 1, 4: 1},
    9: {1: 3, 2: 4},
    13: {1: 1, 2: 5, 3: 2, 4: 5},
    14: {1: 2, 2: 4, 3: 3},
    15: {1: 3, 2: 3, 3: 7},
    16: {1: 1, 2: 5, 3: 4, 4: 3, 5: 3},
}
WORDS_MAX = 13


def rows() -> list[list[str]]:
    return [line.strip("| ").split(" | ") for line in TEXT.splitlines() if re.match(r"\| \d+\.\d+\.\d+ \|", line)]


@cache
def names_in(file: str) -> set[str]:
    path = env.BASE_DIR / "tests" / file
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if path.exists() else ()
    return {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_every_requirement_is_there_once_in_order():
    all_of_them = [
        f"{chapter}.{section}.{number}"
        for chapter, sections in REQUIREMENTS.items()
        for section, last in sections.items()
        for number in range(1, last + 1)
    ]
    assert [row[0] for row in rows()] == all_of_them
    assert len(all_of_them) == 194


def test_each_row_has_few_words_and_a_result():
    assert {len(row) for row in rows()} == {4}
    assert {row[2] for row in rows()} == {"holds", "does not", "n/a"}
    assert [row[0] for row in rows() if len(row[1].split()) > WORDS_MAX or not row[3]] == []


def test_what_holds_names_a_test_that_is_there():
    named = {row[0]: re.findall(r"`([\w/]+\.py)::(test_\w+)`", row[3]) for row in rows() if row[2] == "holds"}
    assert [number for number, tests in named.items() if not tests] == []
    assert [
        f"{number}: {file}::{test}"
        for number, tests in named.items()
        for file, test in tests
        if test not in names_in(file)
    ] == []


def test_what_is_documented_is_so():
    """The sections that the table names have text, and the figures in them are those of the code."""
    figures = {
        "Sessions": [
            f"{settings.SESSION_IDLE.total_seconds() / 3600:g} hours",
            f"{settings.SESSION_COOKIE_AGE / 24 / 3600:g} days",
            f"{step_up.VALID_FOR.total_seconds() / 60:g} minutes",
        ],
        "Ways in": [
            f"{least_length()} characters or more",
            f"{forms.PASSWORD_LENGTH_MAX:,}",
            {3: "three days"}[settings.PASSWORD_RESET_TIMEOUT // 24 // 3600],
            {7: "a week"}[invitations.VALID_FOR.days],
        ],
        "What it talks to": [
            "DATABASE_URL",
            "REDIS_URL",
            "EMAIL_URL",
            "FILES_URL",
            "CLAMD_URL",
            "SENTRY_DSN",
            "OTEL_EXPORTER_OTLP_ENDPOINT",
        ],
        "Who may do what": ["customer", "agent", "admin", "operator", "unmask"],
        "What is kept": ["secrets", "originals", "conversations", "files", "trails"],
        "Libraries": ["7 days", "90 days"],
    }
    assert [f"{name}: {it}" for name, said in figures.items() for it in said if it not in section(name)] == []


def test_what_is_logged_is_documented_with_its_time():
    """Each action of the trail of accounts, and for each kind of row the variable and the days of its default."""
    said = section("What is logged")
    assert [action.label for action in AccountEntry.Action if str(action.label) not in said] == []
    days = {
        "ACCOUNT_ENTRIES_DAYS": settings.ACCOUNT_ENTRIES_KEPT.days,
        "ROUTING_LOG_DAYS": settings.ROUTING_LOG_KEPT.days,
        "SENT_MAIL_DAYS": settings.SENT_MAILS_KEPT.days,
        "RECEIVED_MAIL_DAYS": settings.RECEIVED_MAILS_KEPT.days,
    }
    assert {name for name in env.VARIABLES if name.endswith("_DAYS")} - {"SESSION_MAX_DAYS"} == {
        *days, "TRAIL_DAYS", "UNMASK_RECORD_DAYS",
    }  # fmt: skip
    assert [name for name, kept in days.items() if f"| `{name}`: {kept} days |" not in said] == []
    assert settings.TRAIL_KEPT is settings.UNMASK_RECORD_KEPT is None
    for name in ("TRAIL_DAYS", "UNMASK_RECORD_DAYS"):
        least = re.search(r"(\d+) at least", env.VARIABLES[name])
        assert f"`{name}`: for good, else {int(least[1]):,} days or more" in said


def section(name: str) -> str:
    return TEXT.partition(f"\n## {name}\n")[2].partition("\n## ")[0]


def least_length() -> int:
    return next(it.min_length for it in get_default_password_validators() if hasattr(it, "min_length"))
