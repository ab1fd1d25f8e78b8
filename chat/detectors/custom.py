"""A service's own words and patterns, under a time limit: none of them can stall the process."""

import logging
import time
from collections.abc import Sequence
from typing import Literal

import regex
from django.utils.translation import gettext as _

from chat.detectors.shadow import read
from chat.spans import Span
from contiple.errors import Invalid

logger = logging.getLogger(__name__)

SOURCE_LENGTH_MAX = 200
# For all patterns on one message together; what typical ones need is a hundredth of it.
TOTAL_SECONDS = 0.010
# For one pattern on one sample, which is as long as a message can be; then it would leave nothing to the others.
_SAMPLE_SECONDS = 0.005
_SAMPLE_LENGTH = 4_000
_SAMPLES = (
    "a",
    "1",
    " ",
    "a1",
    "ab ",
    "1-",
    "가",
    "안녕하세요 ",
    "주문번호 2026-1122 확인 부탁드려요. ",
    "a@a.",
    "Aa1!",
    "\n",
)


def compile_custom(kind_of: Literal["word", "pattern"], source: str) -> regex.Pattern[str]:
    """A word (found in any case, whatever stands around it) or a regular expression, ready for ``find_custom``.

    Raises ``Invalid`` for what can't be compiled, matches without a character, or is too slow on a sample.
    """
    source = read(source)[0].strip() if kind_of == "word" else source.strip()
    if not source:
        raise Invalid(_("Enter a word or a pattern."))
    if len(source) > SOURCE_LENGTH_MAX:
        raise Invalid(_("Use at most %(count)d characters.") % {"count": SOURCE_LENGTH_MAX})
    try:
        pattern = regex.compile(_spaced(source) if kind_of == "word" else source, regex.IGNORECASE)
    except (regex.error, OverflowError, RecursionError, MemoryError):
        raise Invalid(_("This pattern can't be read: it is not a regular expression.")) from None
    _try_out(pattern, source)
    return pattern


def find_custom(text: str, patterns: Sequence[regex.Pattern[str]]) -> list[Span]:
    """What ``patterns`` find in ``text``, in order, without overlaps. Takes at most ``TOTAL_SECONDS``.

    A pattern that does not finish in what is left of them is passed over, and the log says the how-manieth it was.
    """
    shadow, origin = read(text) if patterns else (text, ())
    deadline = time.monotonic() + TOTAL_SECONDS
    found = []
    for number, pattern in enumerate(patterns, start=1):
        left = deadline - time.monotonic()
        try:
            if left <= 0:
                raise TimeoutError
            bounds = [match.span() for match in pattern.finditer(shadow, timeout=left)]
        except TimeoutError:
            logger.warning("Custom pattern %d of %d ran out of time and was passed over.", number, len(patterns))
            continue
        found += [Span("custom", origin[start], origin[end - 1] + 1) for start, end in bounds if end > start]
    return _united(sorted(found, key=lambda span: (span.start, -span.end)))


def _spaced(word: str) -> str:
    return r"\s+".join(regex.escape(part) for part in word.split())


def _try_out(pattern: regex.Pattern[str], source: str) -> None:
    try:
        empty = pattern.search("", timeout=_SAMPLE_SECONDS)
        for piece in (*_SAMPLES, source):
            sample = (piece * _SAMPLE_LENGTH)[: _SAMPLE_LENGTH - 1] + "!"
            empty = empty or any(
                match.end() == match.start() for match in pattern.finditer(sample, timeout=_SAMPLE_SECONDS)
            )
    except TimeoutError:
        raise Invalid(_("This pattern is too slow. Make it simpler.")) from None
    if empty:
        raise Invalid(_("This pattern also matches an empty text. Make it say what has to be there."))


def _united(spans: list[Span]) -> list[Span]:
    united: list[Span] = []
    for span in spans:
        if united and span.start < united[-1].end:
            united[-1] = united[-1]._replace(end=max(united[-1].end, span.end))
        else:
            united.append(span)
    return united
