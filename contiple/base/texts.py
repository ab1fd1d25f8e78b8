"""Text as it is stored: plain line ends, one spelling, nothing that PostgreSQL, UTF-8 or a browser can't hold. Pure."""

import re
import unicodedata

import regex
from django.utils.translation import gettext_lazy as _

from contiple.base.errors import Invalid

MESSAGE_LENGTH_MAX = 4_000  # code points; detectors must finish on one in bounded time
# Control characters except tab and line feed, and lone halves of surrogate pairs: PostgreSQL or UTF-8 can't take them.
_CANNOT_BE_STORED = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
# UAX #15 §13 (Stream-Safe Text): no language has more marks in a row; composing them takes the square of their number.
_TOO_MANY_MARKS = regex.compile(r"\p{M}{31}")
# Hangul fillers, empty Braille, joiners and direction marks can't be seen. `composer.js` has the same.
_CAN_BE_SEEN = regex.compile(r"[^\s\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}\u2800]")


def clean_text(text: str) -> str:
    """Returns the text as it is stored, like ``tidy_text``. Raises ``Invalid`` if it can't be stored.

    A text of nothing but invisible signs is empty; within a text they stay, since emoji are joined by them.
    """
    text = _with_plain_line_ends(text)
    if not can_be_stored(text):
        raise Invalid(_("The text has characters that can’t be stored."))
    return _seen(unicodedata.normalize("NFC", text).strip())


def tidy_text(text: str) -> str:
    r"""Returns the text with ``\n`` as line ends, composed (NFC) and trimmed.

    Composed, so that Hangul typed on any system has the same offsets and is found by the same search. A text with more
    marks in a row than can be stored stays uncomposed.
    """
    text = _with_plain_line_ends(text)
    return _seen((text if _has_too_many_marks(text) else unicodedata.normalize("NFC", text)).strip())


def can_be_stored(text: str) -> bool:
    r"""Returns whether the database and browsers can hold the text. Its line ends must be ``\n`` already."""
    return not (_CANNOT_BE_STORED.search(text) or _has_too_many_marks(text))


def one_line(text: str, length: int) -> str:
    """Returns ``text`` on one line, cut with an ellipsis if it is longer than ``length`` code points."""
    line = " ".join(text.split())
    return line if len(line) <= length else line[: length - 1].rstrip() + "…"


def _seen(text: str) -> str:
    """Returns the text; an empty one if there is nothing in it to see."""
    return text if _CAN_BE_SEEN.search(text) else ""


def _with_plain_line_ends(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _has_too_many_marks(text: str) -> bool:
    return not text.isascii() and _TOO_MANY_MARKS.search(text) is not None
