"""Reads a mail, bytes as they came from anywhere, and returns what the product needs of it. Pure.

It never fails, and takes bounded time and memory, whatever the bytes are. What could not be read is in ``notes``. The
texts can be stored as they are, but nothing is masked yet.
"""

import hashlib
import re
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from email.parser import BytesHeaderParser

from tickets.mail import headers
from tickets.mail.automatic import is_automatic, wants_no_answer
from tickets.mail.bounces import Bounce, bounce_in
from tickets.mail.headers import Address
from tickets.mail.parts import Found, Note, text_in
from tickets.mail.quotes import Words, split_words

MAIL_LENGTH_MAX = 30 * 1024 * 1024  # bytes; mail providers take up to 25 MB
BEGINNING = 1024 * 1024  # bytes that are read of a mail that is longer
# Multiparts and mails within the mail. The parser of the standard library goes as deep as they do, for every line.
CONTAINERS_MAX = 40
BOUNDARIES_MAX = 5_000  # lines that may begin a part
HEADERS_LENGTH_MAX = 256 * 1024
_CONTAINER = re.compile(rb"^content-type:\s*\"?(?:multipart|message)/", re.IGNORECASE | re.MULTILINE)
_BOUNDARY = re.compile(rb"^--", re.MULTILINE)
# The parser takes the square of these headers' length.
_LONG_HEADER = re.compile(rb"^content-[\w-]{1,40}:(?:[^\n]|\n[ \t]){8000,}", re.IGNORECASE | re.MULTILINE)
_FORWARDS = re.compile(r"\s*(?:fwd?|전달|fw)\s*:", re.IGNORECASE)
_FROM_LINE = re.compile(rb"^>?From [^\n]*\n")  # what a pipe from an mbox puts before a mail
_RECIPIENTS = ("Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "To", "Cc")


@dataclass(frozen=True)
class Mail:
    """A mail that was read. Ids are in angle brackets; addresses are in the canonical form.

    ``is_sender_sure`` is false if the mail names several senders. Even one proves nothing: anybody can write it.
    ``message_id`` is made of the mail's own content if it has none, so that the same mail has the same one. ``digest``
    is of what its sender wrote into the headers.
    """

    sender: Address
    is_sender_sure: bool
    recipients: tuple[str, ...]
    subject: str
    words: Words
    message_id: str
    digest: str
    answers: tuple[str, ...]  # ids of In-Reply-To, then of References, the newest first
    is_automatic: bool
    wants_no_answer: bool
    bounce: Bounce | None
    files: tuple[str, ...]
    notes: frozenset[Note]
    size: int

    @property
    def language(self) -> str:
        return "ko" if re.search("[가-힣]", self.subject + self.words.new) else "en"


def parse_mail(raw: bytes, *, size: int | None = None) -> Mail:
    """Returns the mail. ``size`` is its length if ``raw`` is only the beginning of it."""
    size = len(raw) if size is None else size
    raw = _without_from_line(raw)
    message, found = _parsed(raw, Found({Note.TOO_LARGE} if size > MAIL_LENGTH_MAX else set()))
    return _mail(message, found, raw, size)


def parse_head(raw: bytes, *, size: int) -> Mail:
    """Returns what the headers say of a mail whose parts are not looked at."""
    raw = _without_from_line(raw)
    message = _only_head(_LONG_HEADER.sub(b"X-Too-Long: 1", _split(raw)[0][:HEADERS_LENGTH_MAX]))
    return _mail(message, Found({Note.UNREADABLE}), raw, size)


def unread_mail(raw: bytes, *, size: int) -> Mail:
    """Returns a mail of which nothing is known but an id, made of its bytes."""
    return _mail(Message(), Found({Note.UNREADABLE}), raw, size)


def _mail(message: Message, found: Found, raw: bytes, size: int) -> Mail:
    subject = headers.header(message, "Subject")
    words = _words(message, found, subject)
    sender, is_sure = _sender(message)
    return Mail(
        sender=sender,
        is_sender_sure=is_sure,
        recipients=_recipients(message),
        subject=subject,
        words=words,
        message_id=_message_id(message, raw),
        digest=_digest(message),
        answers=_answers(message),
        is_automatic=is_automatic(message),
        wants_no_answer=wants_no_answer(message),
        bounce=bounce_in(message),
        files=tuple(found.files),
        notes=frozenset(found.notes | ({Note.EMPTY} if not words.new else set())),
        size=size,
    )


def _parsed(raw: bytes, found: Found) -> tuple[Message, Found]:
    """Parses within bounds: past them only the headers are read."""
    raw = raw[:BEGINNING] if Note.TOO_LARGE in found.notes else raw
    head, end, body = _split(_LONG_HEADER.sub(b"X-Too-Long: 1", raw))
    head = head[:HEADERS_LENGTH_MAX]
    if _more_than(CONTAINERS_MAX, _CONTAINER, body) or _more_than(BOUNDARIES_MAX, _BOUNDARY, body):
        found.notes.add(Note.TOO_NESTED)
        return _only_head(head), found
    return message_from_bytes(head + end + body), found


def _only_head(head: bytes) -> Message:
    message = BytesHeaderParser().parsebytes(head)
    message.set_type("text/plain")
    return message


def _without_from_line(raw: bytes) -> bytes:
    return _FROM_LINE.sub(b"", raw.lstrip(b"\r\n"))


def _split(raw: bytes) -> tuple[bytes, bytes, bytes]:
    """Returns the headers, the empty line and the body."""
    found = re.search(rb"\r?\n\r?\n", raw)
    return (raw[: found.start()], found[0], raw[found.end() :]) if found else (raw, b"", b"")


def _more_than(count: int, pattern: re.Pattern[bytes], raw: bytes) -> bool:
    return any(at >= count for at, _match in enumerate(pattern.finditer(raw)))


def _words(message: Message, found: Found, subject: str) -> Words:
    """Returns the sender's words; a mail that is sent on without a word speaks for its sender."""
    text = text_in(message, found)
    words = split_words(text, is_forwarded=_FORWARDS.match(subject) is not None)
    enclosed = "\n\n".join(each for each in found.enclosed if each)
    if not words.new:
        return Words(enclosed)
    return words._replace(quoted="\n\n".join(filter(None, [words.quoted, enclosed])))


def _sender(message: Message) -> tuple[Address, bool]:
    found = headers.addresses(message, "From")
    sender = next(iter(found or headers.addresses(message, "Sender") or headers.addresses(message, "Reply-To")), None)
    return sender or Address(), len({each.email for each in found}) == 1


def _recipients(message: Message) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.email for name in _RECIPIENTS for each in headers.addresses(message, name)))


def _answers(message: Message) -> tuple[str, ...]:
    newest_first = (*headers.ids(message, "In-Reply-To"), *reversed(headers.ids(message, "References")))
    return tuple(dict.fromkeys(newest_first))


def _message_id(message: Message, raw: bytes) -> str:
    """Returns the mail's id, or one made of what a sender writes: stations on the way add headers of their own."""
    if found := headers.ids(message, "Message-ID"):
        return found[0]
    body = _split(raw)[2].replace(b"\r\n", b"\n")
    return f"<{_digest(message, body)}@without-id.invalid>"


def _digest(message: Message, body: bytes = b"") -> str:
    written = [headers.raw_value(message, name) for name in ("From", "To", "Date", "Subject")]
    return hashlib.sha256("\n".join(written).encode("utf-8", "surrogateescape") + body).hexdigest()
