"""Plots of a report, as shapes of SVG. Places across are per cent of the width, so that text keeps its size on a phone.

A plot is a picture to a screen reader, with a title; the table below the plots says the same in text.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from math import ceil, floor, log10

from django.utils.dates import WEEKDAYS_ABBR
from django.utils.translation import gettext as _

from chat.reports.definitions import CHATS, TIME, Unit
from chat.reports.groupings import HOURS, Grouping
from chat.reports.marks import Figures, added
from chat.reports.report import Report, Row

HEIGHT, TOP = 160, 14  # of columns and lines, in pixels; above them stands the highest label
FOOT = 22  # labels below
LABELS_MAX = 5  # below columns: more would run into each other on a phone
BARS_MAX = 20
COLUMNS_MAX = 100
BAR_ROW = 40
CELL = 24
LEVELS = 5
STEPS = 4  # of the axis


@dataclass(frozen=True)
class Rect:
    x: str
    y: str
    width: str
    height: str
    kind: str


@dataclass(frozen=True)
class Line:
    x1: str
    y1: str
    x2: str
    y2: str
    kind: str


@dataclass(frozen=True)
class Text:
    x: str
    y: str
    text: str
    kind: str


@dataclass(frozen=True)
class Key:
    """A line of the legend."""

    kind: str
    text: str


@dataclass
class Plot:
    """``axis`` has the labels at the left, beside the shapes; without any the shapes have the whole width.

    ``grid`` has the heights of lines across, below everything else.
    """

    title: str
    height: int
    legend: list[Key] = field(default_factory=list)
    grid: list[str] = field(default_factory=list)
    rects: list[Rect] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    texts: list[Text] = field(default_factory=list)
    axis: list[Text] = field(default_factory=list)


@dataclass(frozen=True)
class Series:
    kind: str
    name: str
    read: Callable[[Figures], float | None]


def plots_of(report: Report) -> list[Plot]:
    """Returns the plots that fit the grouping; none if there is no chat."""
    if not report.total.received:
        return []
    rows, chats, waits = report.rows, _chats(), _waits()
    if report.grouping == Grouping.WEEK:
        return [_week(rows)]
    if report.grouping in {Grouping.DAY, Grouping.HOUR}:
        rows = rows if len(rows) <= COLUMNS_MAX else _weeks(rows)
        return [_columns(_("Chats"), rows, chats), _curves(_("Waiting time"), rows, waits)]
    return [_bars(_("Chats"), rows, chats, CHATS), _bars(_("Waiting time (median)"), rows, waits[:1], TIME)]


def _weeks(days: Sequence[Row]) -> list[Row]:
    """Adds up each seven days: more columns than a screen can show say nothing."""
    return [
        replace(week[0], figures=Figures(added(day.figures.marks for day in week)))
        for week in (days[number : number + 7] for number in range(0, len(days), 7))
    ]


def _chats() -> list[Series]:
    return [
        Series("processed", _("Processed"), lambda figures: figures.processed),
        Series("unprocessed", _("Unprocessed"), lambda figures: figures.unprocessed),
    ]


def _waits() -> list[Series]:
    return [
        Series("median", _("Median"), lambda figures: figures.waiting.median_s),
        Series("most", _("90%"), lambda figures: figures.waiting.most_s),
    ]


def _columns(title: str, rows: Sequence[Row], series: Sequence[Series]) -> Plot:
    """Stacked columns, a row each."""
    highest = max(sum(each.read(row.figures) or 0 for each in series) for row in rows)
    plot, scale = _with_axis(title, rows, series, highest, CHATS)
    width = 100 / len(rows)
    for number, row in enumerate(rows):
        below = 0.0
        for each in series:
            value = each.read(row.figures) or 0
            if value:
                top, bottom = scale(below + value), scale(below)
                plot.rects.append(_rect((number + 0.15) * width, top, width * 0.7, bottom - top, each.kind))
            below += value
    return plot


def _curves(title: str, rows: Sequence[Row], series: Sequence[Series]) -> Plot:
    """A line for each series, broken where there is no value, with a point at each value."""
    highest = max((each.read(row.figures) or 0 for each in series for row in rows), default=0)
    plot, scale = _with_axis(title, rows, series, highest, TIME)
    for each in series:
        places = [(_middle(number, rows), each.read(row.figures)) for number, row in enumerate(rows)]
        for (x1, first), (x2, second) in pairwise(places):
            if first is not None and second is not None:
                plot.lines.append(Line(x1, _px(scale(first)), x2, _px(scale(second)), each.kind))
        for x, value in places:
            if value is not None:
                plot.lines.append(Line(x, _px(scale(value)), x, _px(scale(value)), f"{each.kind} point"))
    return plot


def _bars(title: str, rows: Sequence[Row], series: Sequence[Series], unit: Unit) -> Plot:
    """A bar below each name: of the first ``BARS_MAX`` rows."""
    shown = rows[:BARS_MAX]
    sums = [sum(each.read(row.figures) or 0 for each in series) for row in shown]
    plot = Plot(title, BAR_ROW * len(shown), _legend(series))
    for number, (row, total) in enumerate(zip(shown, sums, strict=True)):
        top, x = number * BAR_ROW, 0.0
        has_value = any(each.read(row.figures) is not None for each in series)
        plot.texts.append(Text("0%", _px(top + 14), row.short, "name"))
        plot.texts.append(Text("100%", _px(top + 14), unit.shown(total) if has_value else "–", "value"))
        for each in series:
            width = (each.read(row.figures) or 0) / (max(sums) or 1) * 100
            if width:
                plot.rects.append(_rect(x, top + 20, width, 12, each.kind))
            x += width
    return plot


def _week(rows: Sequence[Row]) -> Plot:
    """A cell for each hour of the week, the darker the more chats began in it."""
    most = max(row.figures.received for row in rows)
    plot = Plot(_("Chats by weekday and hour"), CELL * 7 + FOOT)
    plot.legend = [Key(f"level-{level}", text) for level, text in _levels(most)]
    width = 100 / HOURS
    for row in rows:
        day, hour = divmod(int(row.key), HOURS)
        level = ceil(row.figures.received / most * LEVELS)
        plot.rects.append(_rect(hour * width, day * CELL + 1, width * 0.94, CELL - 2, f"level-{level}"))
    plot.axis = [Text("100%", _px(day * CELL + 16), str(name), "weekday") for day, name in WEEKDAYS_ABBR.items()]
    plot.texts = [
        Text(_across((hour + 0.5) * width), _px(CELL * 7 + 16), str(hour), "label") for hour in range(0, HOURS, 4)
    ]
    return plot


def _levels(most: int) -> Iterator[tuple[int, str]]:
    """Says how many chats each level stands for; with few chats some levels stand for none."""
    for level in range(1, LEVELS + 1):
        low, high = floor(most * (level - 1) / LEVELS) + 1, floor(most * level / LEVELS)
        if low <= high:
            yield level, str(low) if low == high else f"{low}–{high}"


def _with_axis(
    title: str, rows: Sequence[Row], series: Sequence[Series], highest: float, unit: Unit
) -> tuple[Plot, Callable[[float], float]]:
    """Returns a plot with its axis, lines across and labels below, and where a value is on it."""
    step = _time_step(highest) if unit is TIME else _step(highest)
    top = step * max(1, ceil(highest / step))

    def scale(value: float) -> float:
        return TOP + (HEIGHT - TOP) * (1 - value / top)

    plot = Plot(title, HEIGHT + FOOT, _legend(series))
    for number in range(round(top / step) + 1):
        y = scale(number * step)
        plot.grid.append(_px(y))
        plot.axis.append(Text("100%", _px(y + 4), unit.shown(number * step), "tick"))
    every = ceil(len(rows) / LABELS_MAX)
    for number in range(0, len(rows), every):
        plot.texts.append(Text(_middle(number, rows), _px(HEIGHT + 17), rows[number].short, "label"))
    return plot, scale


def _step(highest: float) -> float:
    """Returns a round step: 1, 2 or 5 times a power of ten, and at least one."""
    least = max(highest / STEPS, 1)
    power = 10 ** floor(log10(least))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= least)


def _time_step(highest_s: float) -> float:
    """Returns a step that is round to people: of seconds, minutes, hours or days."""
    least = highest_s / STEPS
    round_ones = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400)
    return next((step for step in round_ones if step >= least), 86400 * ceil(least / 86400))


def _legend(series: Sequence[Series]) -> list[Key]:
    return [Key(each.kind, each.name) for each in series] if len(series) > 1 else []


def _middle(number: int, rows: Sequence[Row]) -> str:
    return _across((number + 0.5) * 100 / len(rows))


def _rect(x: float, y: float, width: float, height: float, kind: str) -> Rect:
    return Rect(_across(x), _px(y), _across(width), _px(height), kind)


def _across(per_cent: float) -> str:
    return f"{per_cent:.2f}%"


def _px(pixels: float) -> str:
    return f"{pixels:.1f}"
