"""An export as a file in pieces: CSV, or an Excel workbook. In neither does anything run as a formula.

However many rows there are, a part of them is in memory. A workbook is written to the disk first, since its directory
stands at its end; until it is complete its pieces are empty, which says that there will be more.
"""

import tempfile
from collections.abc import Callable, Generator, Iterator
from itertools import count
from pathlib import Path
from typing import Any

from django.utils import translation

from chat.export.rows import Cell, Content
from contiple.base import spreadsheet

PIECE_BYTES = 64 * 1024
# Cells are what we say that they are: no text becomes a number, a link or a formula.
_OPTIONS = {
    "constant_memory": True,
    "strings_to_numbers": False,
    "strings_to_formulas": False,
    "strings_to_urls": False,
}


def write_csv(content: Content, language: str) -> Generator[bytes, None, None]:
    for number, rows in enumerate(_parts(content, language)):
        text = "".join(spreadsheet.line(["" if cell is None else cell for cell in row]) for row in rows)
        yield ((spreadsheet.BYTE_ORDER_MARK if number == 0 else "") + text).encode()


def write_excel(content: Content, language: str) -> Generator[bytes, None, None]:
    from xlsxwriter import Workbook  # half a second and 10 MB, which no other page needs

    with tempfile.TemporaryDirectory(prefix="contiple-export-") as folder:
        path = Path(folder) / "chats.xlsx"
        book = Workbook(str(path), {**_OPTIONS, "tmpdir": folder})
        try:
            sheet, places = book.add_worksheet(), count()
            for rows in _parts(content, language):
                for row in rows:
                    _write_row(sheet, next(places), row)
                yield b""
        finally:
            book.close()
        with path.open("rb") as written:
            while piece := written.read(PIECE_BYTES):
                yield piece


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


def _write_row(sheet: Any, number: int, row: list[Cell]) -> None:
    for column, cell in enumerate(row):
        if isinstance(cell, int):
            sheet.write_number(number, column, cell)
        elif cell:
            sheet.write_string(number, column, cell)
