"""An export as a file in pieces: CSV, or an Excel workbook. In neither does anything run as a formula.

However many rows there are, a part of them is in memory, and each part is on its way once it is read: a proxy that
waits a minute for the next bytes never waits so long.
"""

import re
import zipfile
from collections.abc import Callable, Generator, Iterator
from html import escape
from io import BytesIO, RawIOBase
from itertools import count
from typing import Any

from django.utils import translation

from chat.export.rows import Cell, Content
from contiple.base import spreadsheet

_SHEET = "xl/worksheets/sheet1.xml"
_NO_ROWS, _EXTENT = "<sheetData/>", re.compile("<dimension [^>]*/>")
_CELL_LENGTH_MAX = 32_767  # Excel's
# What XML has no sign for is written by its number, and what looks like such a number too.
_UNWRITABLE = re.compile(r"[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")


def write_csv(content: Content, language: str) -> Generator[bytes, None, None]:
    for number, rows in enumerate(_parts(content, language)):
        text = "".join(spreadsheet.line(["" if cell is None else cell for cell in row]) for row in rows)
        yield ((spreadsheet.BYTE_ORDER_MARK if number == 0 else "") + text).encode()


def write_excel(content: Content, language: str) -> Generator[bytes, None, None]:
    """Writes the sheet's rows itself, between those parts of a workbook without any that XlsxWriter has made.

    XlsxWriter keeps back all of a file until its last row is there.
    """
    written = _Written()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as book:
        parts = _empty_workbook()
        before, after = _EXTENT.sub("", parts.pop(_SHEET).decode()).split(_NO_ROWS)
        for name, part in parts.items():
            book.writestr(name, part)
        yield written.taken()
        with book.open(_SHEET, "w") as sheet:
            sheet.write(f"{before}<sheetData>".encode())
            numbers = count(1)
            for rows in _parts(content, language):
                sheet.write("".join(_row(next(numbers), row) for row in rows).encode())
                yield written.taken()
            sheet.write(f"</sheetData>{after}".encode())
    yield written.taken()


WRITERS: dict[str, Callable[[Content, str], Generator[bytes, None, None]]] = {"xlsx": write_excel, "csv": write_csv}
CONTENT_TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}


def _parts(content: Content, language: str) -> Iterator[list[list[Cell]]]:
    """The head and then the rows. The language is in force while a part is read, and for nobody else."""
    with translation.override(language):
        head: list[Cell] = [*content.head()]
    yield [head]
    parts = content.parts()
    while True:
        with translation.override(language):
            rows = next(parts, None)
        if rows is None:
            return
        yield rows


def _empty_workbook() -> dict[str, bytes]:
    from xlsxwriter import Workbook  # half a second and 10 MB, which no other page needs

    file = BytesIO()
    with Workbook(file, {"in_memory": True}) as book:
        book.add_worksheet()
    with zipfile.ZipFile(file) as made:
        return {name: made.read(name) for name in made.namelist()}


def _row(number: int, row: list[Cell]) -> str:
    cells = "".join(_cell(f"{_letter(column)}{number}", cell) for column, cell in enumerate(row))
    return f'<row r="{number}">{cells}</row>'


def _cell(place: str, cell: Cell) -> str:
    """Cells are what they are here: no text becomes a number, a link or a formula."""
    if isinstance(cell, int):
        return f'<c r="{place}"><v>{cell}</v></c>'
    if not cell:
        return ""
    text = escape(_UNWRITABLE.sub(lambda found: f"_x{ord(found[0]):04X}_", cell[:_CELL_LENGTH_MAX]), quote=False)
    return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'


def _letter(column: int) -> str:
    return chr(ord("A") + column)  # an export has no 26 columns


class _Written(RawIOBase):
    """Where a file is written whose beginning is on its way already."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, piece: Any) -> int:
        self._pieces.append(bytes(piece))
        return len(piece)

    def taken(self) -> bytes:
        """What was written since it was last taken."""
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)
