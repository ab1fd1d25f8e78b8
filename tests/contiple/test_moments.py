"""A moment is written in one way wherever a page shows one."""

import re
from datetime import UTC, date, datetime
from pathlib import Path

from django.utils import translation

from contiple.base import env
from contiple.templatetags.parts import day, moment

AT = datetime(2026, 11, 8, 9, 5, tzinfo=UTC)


def test_a_moment_is_written_as_the_browser_writes_it(settings):
    settings.TIME_ZONE = "UTC"
    expected = {"en": ("Nov 8, 2026, 09:05", "Nov 8, 2026"), "ko": ("2026. 11. 8. 09:05", "2026. 11. 8.")}
    for language, (moment_text, day_text) in expected.items():
        with translation.override(language):
            assert f">{moment_text}<" in moment(AT)
            assert f">{day_text}<" in moment(AT, "date")
            assert day(date(2026, 11, 8)) == day_text
    assert 'datetime="2026-11-08T09:05:00+00:00" data-format="time">09:05<' in moment(AT, "time")


def test_no_page_writes_a_moment_in_a_format_of_its_own():
    """Values of fields and attributes are for programs; mails have no browser that could rewrite them."""
    assert [where for path in pages() for where in own_formats(path)] == []


def pages() -> list[Path]:
    return sorted((env.BASE_DIR / "templates").rglob("*.html"))


def own_formats(path: Path) -> list[str]:
    found = re.findall(r"\|(?:date|time):[\"']([^\"']*)[\"']", path.read_text(encoding="utf-8"))
    return [f"{path.name}: {pattern}" for pattern in found if pattern not in {"c", "Y-m-d", "H:i", "D"}]
