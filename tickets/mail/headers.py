"""Reads the headers of a mail: decoded words, addresses, ids. A header of any length and form gives some result."""

import base64
import binascii
import quopri
import re
from email.message import Message
from email.utils import getaddresses
from typing import NamedTuple

from contiple.base.email_addresses import canonical
from tickets.mail.charsets import decode
from tickets.mail.clean import clean_line

HEADER_LENGTH_MAX = 20_000  # code points; some readers of the standard library take the square of the length
ADDRESSES_MAX = 100
IDS_MAX = 50  # of `References`, the newest
_WORD = re.compile(r"=\?([^?\s*]{1,40})(?:\*[^?\s]*)?\?([bBqQ])\?([^?]*)\?=")
_BETWEEN_WORDS = re.compile(r"(?<=\?=)[ \t\r\n]+(?==\?)")
_ID = re.compile(r"<[!-;=?-~]{1,250}>")
_SIGN = r"[^\s<>\"(),:;\\@\x00-\x1f\x7f-\x9f\ud800-\udfff]"
_EMAIL = re.compile(rf"{_SIGN}{{1,64}}@{_SIGN}{{1,180}}")


class Address(NamedTuple):
    """``email`` is in the canonical form, ``""`` if the header has none. ``name`` is on one line, as it was sent."""

    name: str = ""
    email: str = ""


def raw_values(message: Message, name: str) -> list[str]:
    """Returns all values of a header as they came, unfolded; bytes beyond ASCII are lone surrogates."""
    values = [str(value) for key, value in message.raw_items() if key.lower() == name.lower()]
    return [re.sub(r"[\r\n]+[ \t]*", " ", value[:HEADER_LENGTH_MAX]).strip() for value in values[:ADDRESSES_MAX]]


def raw_value(message: Message, name: str) -> str:
    """Returns the header's first value as it came, ``""`` if there is none."""
    return next(iter(raw_values(message, name)), "")


def header(message: Message, name: str) -> str:
    """Returns the header's first value, decoded, on one line."""
    return clean_line(decode_words(raw_value(message, name)))


def decode_words(text: str) -> str:
    """Returns ``text`` with its encoded words (RFC 2047) decoded.

    Words that follow each other in one charset are decoded together, since many programs cut them within a character.
    """
    pieces, at = [], 0
    text = _BETWEEN_WORDS.sub("", text)
    run: list[bytes] = []
    charset = ""
    for word in _WORD.finditer(text):
        if run and (word.start() != at or word[1].lower() != charset):
            pieces.append(_joined(run, charset))
            run = []
        pieces.append(plain(text[at : word.start()]))
        run.append(_bytes_of(word[2].lower(), word[3]))
        charset, at = word[1].lower(), word.end()
    pieces += [_joined(run, charset), plain(text[at:])]
    return "".join(pieces)


def addresses(message: Message, name: str) -> list[Address]:
    """Returns the addresses of all headers of this name."""
    found = []
    for value in raw_values(message, name):
        found += [Address(clean_line(decode_words(each)), canonical(email)) for each, email in _parsed(value)]
    return found[:ADDRESSES_MAX]


def ids(message: Message, name: str) -> tuple[str, ...]:
    """Returns the Message-IDs in the header, with their angle brackets, the newest last."""
    found = [each for value in raw_values(message, name) for each in _ID.findall(value)]
    return tuple(found[-IDS_MAX:])


def plain(text: str) -> str:
    """Returns a piece without encoded words: bytes beyond ASCII are read as UTF-8 or Korean."""
    return text if text.isascii() else decode(text.encode("utf-8", "surrogateescape"))[0]


def _parsed(value: str) -> list[tuple[str, str]]:
    """Returns names and addresses. Reads only what looks like addresses if the header is none that can be parsed."""
    value = value if value.isascii() else plain(value)
    try:
        pairs = [pair for pair in getaddresses([value[:2_000]]) if _EMAIL.fullmatch(pair[1])]
    except (RecursionError, ValueError, IndexError, TypeError):
        pairs = []
    return pairs or [("", email) for email in _EMAIL.findall(value)]


def _joined(run: list[bytes], charset: str) -> str:
    """Returns the words as one text; each by itself if a charset with escapes starts anew in every word."""
    text, is_whole = decode(b"".join(run), charset)
    return text if is_whole else "".join(decode(each, charset)[0] for each in run) if len(run) > 1 else text


def _bytes_of(encoding: str, text: str) -> bytes:
    raw = text.encode("ascii", "replace")
    if encoding == "q":
        return quopri.decodestring(raw, header=True)
    try:
        return base64.b64decode(raw.rstrip(b"=") + b"==")
    except binascii.Error:
        return base64.b64decode(raw.rstrip(b"=")[:-1] + b"==")
