"""Walks through the parts of a mail (MIME): its texts as one text, the mails in it, the names of its files."""

import re
from dataclasses import dataclass, field
from email.message import Message
from enum import StrEnum

from tickets.mail.charsets import codec_of, decode
from tickets.mail.clean import clean, clean_line
from tickets.mail.flowed import unflow
from tickets.mail.headers import decode_words, header, plain, raw_value
from tickets.mail.html_text import text_of_html

TEXT_READ_MAX = 200_000  # code points of all texts together; a person writes a few thousand
HTML_READ_MAX = 2_000_000  # bytes of one part: programs write a hundred times as much as they say
FILES_NAMED_MAX = 50
NAME_LENGTH_MAX = 200


class Note(StrEnum):
    """Something that a reader of the ticket must know of its mail."""

    TOO_LARGE = "too_large"  # only the beginning was read
    TOO_NESTED = "too_nested"  # only the headers were read
    TEXT_CUT = "text_cut"
    CHARSET = "charset"  # some characters could not be read
    WINMAIL = "winmail"  # Outlook packed something into winmail.dat
    ENCRYPTED = "encrypted"
    EMPTY = "empty"
    UNREADABLE = "unreadable"  # its parts broke the reader: only the headers are known, if they are
    MORE_FILES = "more_files"  # than are named


@dataclass
class Found:
    """What the parts hold. ``enclosed`` are texts of mails that are attached."""

    notes: set[Note] = field(default_factory=set)
    files: list[str] = field(default_factory=list)
    enclosed: list[str] = field(default_factory=list)
    room: int = TEXT_READ_MAX

    def take(self, text: str) -> str:
        """Returns as much of ``text`` as is read."""
        if len(text) > self.room:
            self.notes.add(Note.TEXT_CUT)
        text = text[: self.room]
        self.room -= len(text)
        return text

    def name_file(self, name: str) -> None:
        if len(self.files) < FILES_NAMED_MAX:
            self.files.append(name)
        else:
            self.notes.add(Note.MORE_FILES)


def text_in(part: Message, found: Found) -> str:
    """Returns the text that a reader sees first, and collects everything else in ``found``."""
    kind = part.get_content_type()
    if kind == "multipart/alternative":
        return _best(part, found)
    if kind == "message/rfc822":
        return _enclosed(part, found)
    if part.is_multipart() and part.get_content_maintype() == "multipart":
        texts = [text_in(each, found) for each in part.get_payload() if isinstance(each, Message)]
        return "\n\n".join(text for text in texts if text)
    if kind in ("text/plain", "text/html") and not _is_file(part):
        return found.take(_text(part, kind, found))
    _note_file(part, kind, found)
    return ""


def payload_of(part: Message) -> bytes:
    """Returns the part's bytes as they were sent; what can't be decoded stays as it is."""
    if part.is_multipart():
        return b""
    try:
        payload = part.get_payload(decode=True)
    except (ValueError, LookupError, TypeError, AssertionError):
        payload = str(part.get_payload()).encode("utf-8", "surrogateescape")
    return payload if isinstance(payload, bytes) else b""


def _best(part: Message, found: Found) -> str:
    """Returns the first alternative that says something: plain text, if there is any, comes first (RFC 2046, 5.1.4)."""
    parts = [each for each in part.get_payload() if isinstance(each, Message)] if part.is_multipart() else []
    for each in sorted(parts, key=lambda each: each.get_content_type() != "text/plain"):
        if text := text_in(each, found):
            return text
    return ""


def _enclosed(part: Message, found: Found) -> str:
    """Keeps the text of a mail that is attached beside what the sender wrote."""
    payload = part.get_payload()
    inner = payload[0] if isinstance(payload, list) and payload else None
    if not isinstance(inner, Message):
        _note_file(part, "message/rfc822", found)
        return ""
    head = [f"{name}: {value}" for name in ("From", "Date", "Subject") if (value := header(inner, name))]
    text = text_in(inner, found)
    found.enclosed.append("\n".join([*head, "", text]).strip())
    return ""


def _text(part: Message, kind: str, found: Found) -> str:
    payload = payload_of(part)
    if len(payload) > HTML_READ_MAX:
        payload = payload[:HTML_READ_MAX]
        found.notes.add(Note.TEXT_CUT)
    text, is_whole = decode(payload, _charset(part, payload, kind))
    if not is_whole:
        found.notes.add(Note.CHARSET)
    if kind == "text/html":
        return clean(text_of_html(text))
    if _parameter(part, "format").lower() == "flowed":
        text = unflow(text, delsp=_parameter(part, "delsp").lower() == "yes")
    return clean(text)


def _charset(part: Message, payload: bytes, kind: str) -> str:
    """Returns what the part says of its charset, or what its HTML says if the part says nothing that is known."""
    said = _parameter(part, "charset")
    if kind != "text/html" or codec_of(said):
        return said
    found = re.search(rb"<meta[^>]{0,200}charset=[\"' ]{0,2}([\w-]{1,40})", payload[:4_000], re.IGNORECASE)
    return found[1].decode("ascii", "replace") if found else said


def _is_file(part: Message) -> bool:
    is_attached = raw_value(part, "Content-Disposition").lower().lstrip().startswith("attachment")
    return is_attached or bool(_file_name(part))


def _note_file(part: Message, kind: str, found: Found) -> None:
    name = _file_name(part)
    if kind in ("application/ms-tnef", "application/vnd.ms-tnef") or name.lower() == "winmail.dat":
        found.notes.add(Note.WINMAIL)
    if kind in ("application/pgp-encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime"):
        found.notes.add(Note.ENCRYPTED)
    if kind not in ("message/delivery-status", "text/rfc822-headers", "application/pgp-encrypted"):
        found.name_file(name or clean_line(kind)[:NAME_LENGTH_MAX])


def _file_name(part: Message) -> str:
    name = _parameter(part, "filename", header="content-disposition") or _parameter(part, "name")
    return clean_line(name)[-NAME_LENGTH_MAX:]


def _parameter(part: Message, name: str, header: str = "content-type") -> str:
    """Returns a parameter, decoded as RFC 2231 says and as programs do that write encoded words there."""
    try:
        holder = Message()
        holder[header] = plain(raw_value(part, header))
        value = holder.get_param(name, "", header=header)
    except (ValueError, LookupError, TypeError):
        return ""
    if isinstance(value, tuple):
        charset, _language, text = value
        return decode((text or "").encode("latin-1", "replace"), charset or "")[0]
    return decode_words(str(value))
