"""Messages as people write them in support chats, with what is personal in them marked.

In a text file: one message a line, ``\\n`` for a line break, ``[kind:value]`` around personal data, ``## `` before a
remark. ``\\|`` stands for nothing: it keeps those who scan repositories from taking an example for somebody's key.
"""

import re
from pathlib import Path
from typing import NamedTuple

from chat.masking.spans import Span

# By when they were written: all but the first before any detector had met them; the files say what was found then.
PARTS = ("tuned", "unseen", "fresh", "holdout", "holdout2", "holdout3")
_MARK = re.compile(r"\[([a-z_]+):([^\]]+)\]")


class Labelled(NamedTuple):
    text: str
    spans: list[Span]


def messages(part: str) -> list[Labelled]:
    """Those of one of ``PARTS``."""
    lines = (Path(__file__).parent / f"{part}.txt").read_text().splitlines()
    return [_parsed(line) for line in lines if line and not line.startswith("## ")]


def _parsed(line: str) -> Labelled:
    line = line.replace("\\|", "").replace("\\n", "\n")
    text, spans, position = "", [], 0
    for mark in _MARK.finditer(line):
        text += line[position : mark.start()]
        spans.append(Span(mark[1], len(text), len(text) + len(mark[2])))
        text += mark[2]
        position = mark.end()
    return Labelled(text + line[position:], spans)
