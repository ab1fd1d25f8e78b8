"""Makes any text one that can be stored, and loses only what nobody can see. ``texts.clean_text`` refuses instead."""

import regex

from contiple.base.texts import tidy_text

_CONTROL = regex.compile("[\0-\x08\x0b-\x1f\x7f-\x9f]")
_TURNS_WORDS_ABOUT = regex.compile("[\u202a-\u202e\u2066-\u2069]")
_SURROGATE = regex.compile("[\ud800-\udfff]")
_MARKS = regex.compile(r"(\p{M}{30})\p{M}+")
# Fillers of Hangul and the blank of Braille are letters and symbols, too.
_SHOWN = regex.compile(r"(?![\p{Default_Ignorable_Code_Point}\u2800])[\p{L}\p{N}\p{P}\p{S}]")
_LINE_ENDS = regex.compile("\r\n?|[\u2028\u2029\u0085\x0c]")


def clean(text: str) -> str:
    """Returns the text as it is stored. Only a text that shows something is not empty."""
    text = _CONTROL.sub("", _LINE_ENDS.sub("\n", text))
    text = _TURNS_WORDS_ABOUT.sub("", _SURROGATE.sub("\ufffd", text))
    text = tidy_text(_MARKS.sub(r"\1", text))
    return _MARKS.sub(r"\1", text) if _SHOWN.search(text) else ""


def clean_line(text: str) -> str:
    return " ".join(clean(text).split())
