"""A report's table as a file for a spreadsheet program. Times are whole seconds there, so that a program can count."""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from agents import audit
from agents.models import Agent
from chat.evaluation import Score
from chat.reports.definitions import TIME, Column, columns
from chat.reports.marks import Figures
from chat.reports.report import Report
from contiple.base import spreadsheet


def write_file(report: Report) -> str:
    """Returns the file: a line for each row of the table, and one for all."""
    table = list(columns(report.grouping))
    head = [str(report.grouping.label), *map(_head, table), *(f"{_('Evaluation')}: {it.label}" for it in Score)]
    lines = [(row.name, row.figures) for row in report.rows] + [(_("All"), report.total)]
    body = [[name, *_cells(table, figures)] for name, figures in lines]
    return spreadsheet.BYTE_ORDER_MARK + "".join(map(spreadsheet.line, [head, *body]))


def record_export(admin: Agent, report: Report) -> None:
    """Writes into the trail which report was exported."""
    period = {"since": report.period.first.isoformat(), "until": report.period.last.isoformat()}
    subject = f"service:{admin.service_id}"
    audit.record(admin.service_id, "report.exported", subject, agent=admin, by=report.grouping.value, **period)


def _head(column: Column) -> str:
    return f"{column.label} ({_('seconds')})" if column.part.unit is TIME else column.label


def _cells(table: list[Column], figures: Figures) -> Iterator[str]:
    for column in table:
        value = column.part.read(figures)
        yield "" if value is None else f"{value:.{column.part.unit.decimals}f}"
    for score in Score:
        yield str(figures.evaluation.numbers.get(score, 0))
