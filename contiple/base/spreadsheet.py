"""CSV that spreadsheet programs open correctly in every language, and in which nothing runs as a formula.

For Excel the file begins with a byte order mark, and lines end with CR LF (RFC 4180).
"""

import csv
from collections.abc import Iterable
from io import StringIO

BYTE_ORDER_MARK = "\ufeff"
# Signs that a program may take for the beginning of a formula (OWASP, CSV Injection), in full width as well.
_FORMULA = tuple("=+-@\t\r\n＝＋－＠")


def line(cells: Iterable[object]) -> str:
    """Returns one line of the file. A text that looks like a formula gets an apostrophe, as a person would type it."""
    written = StringIO(newline="")
    csv.writer(written, quoting=csv.QUOTE_ALL).writerow(_harmless(str(cell)) for cell in cells)
    return written.getvalue()


def _harmless(text: str) -> str:
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text
