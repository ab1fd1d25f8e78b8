"""Gathers in the timeline what one act did: a reply, the state that came with it, and whether it was in time."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from tickets.desk.timeline import Happening

# Entries of one act are written in one transaction. Nobody does two things within so short a time.
ONE_ACT = timedelta(milliseconds=500)


def gathered(timeline: Iterable[Happening]) -> list[Happening]:
    """Returns the lines, oldest first as they were; the ``also`` of each says what the same act did beside it."""
    lines: list[Happening] = []
    latest = None
    for line in timeline:
        if latest and _is_one_act(lines[-1], line) and line.at - latest <= ONE_ACT:
            lines[-1] = replace(lines[-1], also=(*lines[-1].also, line))
        else:
            lines.append(line)
        latest = line.at
    return lines


def _is_one_act(first: Happening, line: Happening) -> bool:
    """Whether ``line`` is a fact beside ``first``: of the same agent, or of nobody, as what the system notes is."""
    is_fact = line.comment is None and line.merged is None
    return is_fact and first.merged is None and line.by in (first.by, None)
