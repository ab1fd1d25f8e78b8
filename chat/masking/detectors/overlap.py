"""Unites spans that overlap."""

from collections.abc import Iterable, Mapping

from chat.masking.spans import Span


def united(spans: Iterable[Span], ranks: Mapping[str, int]) -> list[Span]:
    """Returns ``spans`` in order; those that overlap become one, of the kind that ranks first.

    Nothing that one of them covers is left out.
    """
    joined: list[Span] = []
    for span in sorted(spans, key=lambda span: (span.start, -span.end)):
        if joined and span.start < joined[-1].end:
            last = joined[-1]
            kind = min(last.kind, span.kind, key=ranks.__getitem__)
            joined[-1] = Span(kind, last.start, max(last.end, span.end))
        else:
            joined.append(span)
    return joined
