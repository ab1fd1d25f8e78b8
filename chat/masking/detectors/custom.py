"""A service's own words and patterns, under a time limit: none of them can stall the process."""

import logging
import time
from collections.abc import Iterator, Sequence
from itertools import product
from math import prod
from typing import Literal

import regex
from django.utils.translation import gettext_lazy as _

from chat.masking.detectors.overlap import united
from chat.masking.detectors.shadow import read
from chat.masking.spans import Span
from contiple.base.errors import Invalid

logger = logging.getLogger(__name__)

CUSTOM = "custom"
SOURCE_LENGTH_MAX = 200
# Processor time for all patterns on one message together; typical ones need a hundredth of it.
TOTAL_SECONDS = 0.003
# For one pattern on one sample. A sample may match from end to end, as no message does; a stall takes for ever.
_SAMPLE_SECONDS = 2 * TOTAL_SECONDS
_SAMPLE_LENGTH = 4_000
_SAMPLES = (
    "a",
    "1",
    " ",
    "\n",
    "a1",
    "ab ",
    "1-",
    "가",
    "안녕하세요 ",
    "주문번호 2026-1122 확인해 주세요. ",
    "a@a.",
    "Aa1!",
)
_LETTERS_MAX = 12  # letters of the pattern, each repeated as a sample: a pattern stalls most often on its own letters
# A counted repetition is written out when a pattern is compiled: a{2000000000} would take all memory there is. A
# pattern that needs more than a message's length matches nothing in one.
_REPEATED_MAX = _SAMPLE_LENGTH
_COUNT = regex.compile(r"(\)?)\{(\d+)")
# With this flag, spaces and comments may stand between the digits of a count.
_VERBOSE = regex.compile(r"\(\?[a-zA-Z0-9]*x")
# The library's clock runs on while others have the processor. A search that it stops too early goes on with the rest of
# its time. On a busy machine that happens more than once, and a pattern that is passed over leaves something readable.
_ATTEMPTS = 20


def compile_custom(kind_of: Literal["word", "pattern"], source: str, *, sample: str = "") -> regex.Pattern[str]:
    """Compiles a word (found in any case, whatever stands around it) or a regular expression for ``find_custom``.

    Raises ``Invalid`` if it can't be compiled, matches an empty text, or is too slow on our samples or on ``sample``.
    Takes up to a second.
    """
    pattern = read_custom(kind_of, source)
    _try_out(pattern, source.strip(), sample)
    return pattern


def read_custom(kind_of: Literal["word", "pattern"], source: str) -> regex.Pattern[str]:
    """Compiles a word or expression that was tried out before, as ``compile_custom``."""
    source = read(source)[0].strip() if kind_of == "word" else source.strip()
    if not source:
        raise Invalid(_("Enter a word or a pattern."))
    if len(source) > SOURCE_LENGTH_MAX:
        raise Invalid(_("Use at most %(count)d characters.") % {"count": SOURCE_LENGTH_MAX})
    if kind_of == "pattern":
        _refuse_many_repetitions(source)
    try:
        return regex.compile(_spaced(source) if kind_of == "word" else source, regex.IGNORECASE)
    except (regex.error, ValueError, OverflowError, RecursionError, MemoryError):
        raise Invalid(_("This isn't a valid regular expression.")) from None


def find_custom(text: str, patterns: Sequence[regex.Pattern[str]]) -> list[Span]:
    """Returns the spans of ``patterns`` in ``text``, in order, without overlaps. Takes at most ``TOTAL_SECONDS``."""
    return united([Span(CUSTOM, start, end) for _index, start, end in find_each(text, patterns)], {CUSTOM: 0})


def find_each(text: str, patterns: Sequence[regex.Pattern[str]]) -> list[tuple[int, int, int]]:
    """Returns each pattern's index, start and end for what it finds. Takes at most ``TOTAL_SECONDS`` for all.

    Patterns read the text as it is, which is what their author had in mind, and its shadow, so that nothing gets around
    them. A pattern that runs out of that time is passed over, and the log says which it was, by its index.
    """
    if not patterns:
        return []
    readings = [(text, range(len(text))), read(text)]
    if readings[0][0] == readings[1][0]:
        del readings[1]
    found, left = [], TOTAL_SECONDS
    for (index, pattern), (reading, origin) in product(enumerate(patterns), readings):
        began = time.thread_time()
        bounds = _bounds(pattern, reading, left)
        left -= time.thread_time() - began
        if bounds is None:
            logger.warning("Custom pattern %d of %d ran out of time and was passed over.", index + 1, len(patterns))
        else:
            found += [(index, origin[start], origin[end - 1] + 1) for start, end in _joined(bounds)]
    return found


def _bounds(pattern: regex.Pattern[str], text: str, seconds: float) -> list[tuple[int, int]] | None:
    """Returns where ``pattern`` matches; ``None`` if that takes more than ``seconds`` of the processor."""
    end = time.thread_time() + seconds
    for _attempt in range(_ATTEMPTS):
        left = end - time.thread_time()
        if left <= 0:
            break
        try:
            return [match.span() for match in pattern.finditer(text, timeout=left)]
        except TimeoutError:
            continue
    return None


def _joined(bounds: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Joins matches that touch, and drops empty ones: a pattern that matches each character would give thousands."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(bounds):
        if joined and start <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(end, joined[-1][1])
        elif end > start:
            joined.append((start, end))
    return joined


def _spaced(word: str) -> str:
    return r"\s+".join(regex.escape(part) for part in regex.split(r"\s+", word))


def _refuse_many_repetitions(source: str) -> None:
    """Refuses before compiling. Counts too much rather than too little: as if each repeated group held everything."""
    if _VERBOSE.search(source):
        raise Invalid(_("Leave (?x) out of the pattern: spaces are part of it here."))
    counts = [(group, int(count)) for group, count in _COUNT.findall(source)]
    single = len(source) + sum(count for group, count in counts if not group)
    if single * prod(count or 1 for group, count in counts if group) > _REPEATED_MAX:
        raise Invalid(_("This pattern repeats too much. Make it simpler."))


def _try_out(pattern: regex.Pattern[str], source: str, sample: str) -> None:
    for text in (sample, *_samples(source)):
        bounds = _bounds(pattern, text, _SAMPLE_SECONDS)
        if bounds is None:
            raise Invalid(_("This pattern is too slow. Make it simpler."))
        if any(start == end for start, end in bounds):
            raise Invalid(_("This pattern also matches empty text. Make it require something."))


def _samples(source: str) -> Iterator[str]:
    """Yields short texts, and the same repeated to a message's length with an end that spoils the match."""
    letters = list(dict.fromkeys(regex.findall(r"\w", source)))[:_LETTERS_MAX]
    pieces = ("", *_SAMPLES, *letters, source)
    yield from pieces
    tail = "!" + "".join(letters)  # without a letter that has to be there, the library doesn't even begin
    yield from ((piece * _SAMPLE_LENGTH)[: _SAMPLE_LENGTH - len(tail)] + tail for piece in pieces)
