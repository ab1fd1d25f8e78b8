"""Tells plain text from everything else, also from text that a browser or a shell would run."""

import codecs
import re
from typing import BinaryIO

PIECE_BYTES = 64 * 1024
_CONTROLS = re.compile("[\0-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]")
# What would be a page, a picture with a script, or a script to some program. Text before it may be a comment.
_RUNS = re.compile(
    r"\A\s*(#!|@echo\b|<\?php)|<(!doctype|\?xml|html|head|body|script|svg|iframe|object|embed|!--)\b|\A\s*<",
    re.IGNORECASE,
)
_LOOKED_AT = 4096  # characters, as browsers look at less


def is_text(file: BinaryIO) -> bool:
    """Returns whether the file is text in UTF-8 or CP949 that nothing would run."""
    return any(_is_text_in(file, encoding) for encoding in ("utf-8-sig", "cp949"))


def _is_text_in(file: BinaryIO, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    file.seek(0)
    beginning = ""
    try:
        while piece := file.read(PIECE_BYTES):
            text = decoder.decode(piece)
            if _CONTROLS.search(text):
                return False
            beginning = beginning or text[:_LOOKED_AT]
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return bool(beginning) and not _RUNS.search(beginning)
