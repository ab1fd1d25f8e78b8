"""CSV that spreadsheet programs open as it is meant, in every language, and in which nothing is run.

For Excel: it begins with a byte order mark, and lines end with CR LF (RFC 4180).
"""

from collections.abc import Iterable

BYTE_ORDER_MARK = "\ufeff"
# What a program may take for the beginning of a formula (OWASP, CSV Injection), in full width as well.
_FORMULA = tuple("=+-@\t\r\n＝＋－＠")


def line(cells: Iterable[object]) -> str:
    """One line of the file. A text that looks like a formula gets an apostrophe in front, as a person would type it."""
    return ",".join(_quoted(str(cell)) for cell in cells) + "\r\n"


def _quoted(text: str) -> str:
    harmless = f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text
    return '"' + harmless.replace('"', '""') + '"'
