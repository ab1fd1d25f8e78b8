"""Words of reports."""

from collections.abc import Iterable
from html import escape

from django import template
from django.utils.safestring import SafeString

from chat.reports.periods import Period
from contiple.templatetags.parts import day

register = template.Library()


@register.filter
def as_cells(texts: Iterable[str]) -> SafeString:
    """Cells of a table's row. A year has thousands of them, and a loop of the template takes ten times as long."""
    return SafeString("".join(f"<td>{escape(text)}</td>" for text in texts))


@register.filter
def days_shown(period: Period) -> str:
    """The period's first and last day; of one that is cut, also until when."""
    first, last = day(period.first), day(period.last)
    if period.cut_at:
        return f"{first} {period.cut_at.astimezone(period.zone):%H:%M}"
    return first if first == last else f"{first} – {last}"
