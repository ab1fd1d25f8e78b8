"""The record of looks as a file for a spreadsheet program, in the reader's language and in Korean time."""

from collections.abc import Generator, Sequence

from django.db.models import QuerySet
from django.utils import translation
from django.utils.translation import gettext as _

from agents.models import AuditEntry, Service
from chat.masking.record import Row, read_page, rows_of
from contiple.base import spreadsheet
from contiple.base.months import KOREA

# Rows that are read together. Each time, the database goes through the rest of the month to find its newest ones.
AT_ONCE = 5_000


def write_file(service: Service, entries: QuerySet[AuditEntry], language: str) -> Generator[str, None, None]:
    """Yields the file in pieces, newest entries first. Nothing is held in the database between two of them.

    Each piece may be asked for in another thread.
    """
    yield _head(language)
    before = None
    while True:
        page = read_page(entries, before=before, size=AT_ONCE)
        yield _lines(service, page.rows, language)
        before = page.older
        if before is None:
            return


def _head(language: str) -> str:
    with translation.override(language):
        names = [
            _("Time (UTC+9)"),
            _("Agent"),
            _("What happened"),
            _("Kind"),
            _("Whose data"),
            _("Where"),
            _("IP address"),
            _("Note"),
        ]
        return spreadsheet.BYTE_ORDER_MARK + spreadsheet.line(names)


def _lines(service: Service, entries: Sequence[AuditEntry], language: str) -> str:
    with translation.override(language):
        return "".join(spreadsheet.line(_cells(row)) for row in rows_of(service, entries))


def _cells(row: Row) -> list[str]:
    return [
        f"{row.at.astimezone(KOREA):%Y-%m-%d %H:%M:%S}",
        row.actor or _("The system"),
        str(row.outcome.label),
        row.kind,
        row.customer,
        row.link.label if row.link else "",
        row.address,
        row.note,
    ]
