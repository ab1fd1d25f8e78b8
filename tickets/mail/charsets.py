"""Reads bytes of a mail as text. It never fails: mails name wrong charsets, unknown ones and none.

Names are read as WHATWG's Encoding Standard does: programs that write `euc-kr` mean CP949, and `iso-8859-1` is
Windows-1252.
"""

import codecs
import re

_MEANT = {
    "euc_kr": "cp949",
    "ks_c_5601_1987": "cp949",
    "ks_c_5601": "cp949",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "iso8859_1": "cp1252",
}
# Codecs of charsets. Python has others (`punycode`, `unicode_escape`), which are none and may take long.
_CHARSET = re.compile(r"(utf|cp|iso8859_|iso2022_|euc_|koi8_|big5|gb|hz|shift_jis|johab|mac_|ascii|ks_c)\w*")
# Charsets in which nearly any bytes are a text: only the others prove that they were meant.
_PROVES_NOTHING = re.compile(r"cp125\d|iso8859_\d+|ascii|koi8_\w+|mac_\w+|")
# Two or more Hangul syllables of KS X 1001, and nothing else than ASCII.
_KOREAN = re.compile(rb"(?:[\0-\x7f]*[\xb0-\xc8][\xa1-\xfe]){2,}[\0-\x7f]*")
_ESCAPES = {b"\x1b$)C": "iso2022_kr", b"\x1b$B": "iso2022_jp"}


def decode(raw: bytes, charset: str = "") -> tuple[str, bool]:
    """Returns the text, and whether every byte could be read. ``charset`` is what the mail says, true or not."""
    codec = codec_of(charset)
    for name in _candidates(raw, codec):
        try:
            return raw.decode(name), True
        except UnicodeError:
            continue
    return raw.decode(codec or "utf-8", "replace"), False


def codec_of(charset: str) -> str:
    """Returns the name of the Python codec that a mail's ``charset`` means, ``""`` for one that is unknown."""
    name = re.sub(r"\W+", "_", charset.strip().lower()[:40])
    try:
        name = codecs.lookup(name).name.replace("-", "_") if name.isascii() and "\0" not in name else ""
    except (LookupError, ValueError):
        return _MEANT.get(name, "")
    return _MEANT.get(name, name) if _CHARSET.fullmatch(name) else ""


def _candidates(raw: bytes, codec: str) -> list[str]:
    escaped = [name for escape, name in _ESCAPES.items() if escape in raw]
    if not _PROVES_NOTHING.fullmatch(codec):
        return [codec, *escaped, "utf-8", "cp949"]
    korean = ["cp949"] if not codec or _KOREAN.fullmatch(raw) else []
    return [*escaped, "utf-8", *korean, codec or "cp1252"]
