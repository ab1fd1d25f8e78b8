"""Text as it is stored: one spelling, plain line ends, nothing that PostgreSQL or a browser can't hold. Pure."""

import unicodedata

MESSAGE_LENGTH_MAX = 4_000  # code points; detectors must finish on one in bounded time
_NOT_STORED = {"Cc", "Cs"}  # control characters (NUL among them) and lone surrogates


def tidy_text(text: str) -> str:
    """Line ends as ``\\n``, composed (NFC), trimmed."""
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def one_line(text: str, length: int) -> str:
    """``text`` on one line, cut with an ellipsis where it is longer than ``length`` code points."""
    line = " ".join(text.split())
    return line if len(line) <= length else line[: length - 1].rstrip() + "…"


def can_be_stored(text: str) -> bool:
    return not any(unicodedata.category(sign) in _NOT_STORED and sign not in "\n\t" for sign in text)
