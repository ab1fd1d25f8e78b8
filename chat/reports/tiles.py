"""The figures of a report's whole period, each beside that of the period before."""

from dataclasses import dataclass

from chat.evaluation import Score
from chat.reports.definitions import MEASURES, Measure, difference
from chat.reports.marks import Mark
from chat.reports.report import Report


@dataclass(frozen=True)
class Tile:
    """A figure of the whole period. ``others`` are its further parts, ``scores`` the number of each score."""

    measure: Measure
    value: str
    unit: str
    others: list[tuple[str, str]]
    scores: list[tuple[Score, int]]
    direction: str
    change: str
    url: str


def tiles_of(report: Report) -> list[Tile]:
    return [_tile(measure, report) for measure in MEASURES]


def _tile(measure: Measure, report: Report) -> Tile:
    main, *others = measure.parts
    direction, change = difference(main, report.total, report.total_before)
    return Tile(
        measure=measure,
        value=main.shown(report.total),
        unit=str(main.label),
        others=[(str(part.label), part.shown(report.total)) for part in others],
        scores=_scores(report) if measure.mark == Mark.SCORE else [],
        direction=direction,
        change=change,
        url="" if measure.outcome is None else report.chats_url(report.query, measure.outcome),
    )


def _scores(report: Report) -> list[tuple[Score, int]]:
    """The number of each score, the best first; nothing if there are none."""
    numbers = report.total.evaluation.numbers
    return [(score, numbers.get(score, 0)) for score in reversed(Score)] if numbers else []
