"""Reads messages: the masked text with its spans, by place (``seq``) or by change (``rev``).

Live delivery, repair and reconnect rest on an equation: a page + the changes since its rev = the page now.

``Entry`` is the one place, besides the model, that names the columns of a message: the statements that read and write
messages are made of its fields, and their types are the model's.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from django.db import connection
from msgspec import Struct

from chat.masking import spans
from chat.masking.models import MaskedSpan
from chat.masking.offers import offers_of
from chat.models import Chat, Mask, Message
from contiple.base import prepared

PAGE_SIZE = 50
CHANGES_AT_ONCE = 200
FILE_SIGN = "📎"
LAST_LINE_LENGTH = Chat._meta.get_field("last_line").max_length


class ShownSpan(Struct, array_like=True, frozen=True):
    """A span of an entry's body, in code points: a mask, or, without an ``id``, an offer to mask."""

    id: int
    start: int
    end: int
    kind: str


class ShownFile(Struct, array_like=True, frozen=True):
    """The file that a message brings, as everybody may know it. Pictures have a width and a height in pixels."""

    id: int
    kind: str
    size: int  # bytes
    width: int = 0
    height: int = 0
    thumbnail: bool = False
    removed: bool = False


class Entry(Struct, array_like=True, frozen=True, kw_only=True):
    """One message as everybody may see it: there is no original in it.

    Processes of two releases send each other entries as arrays. So the order of fields stays, and a new field stands
    at the end and has a default.
    """

    chat: int
    seq: int
    rev: int
    author: str
    name: str = ""
    body: str = ""
    event: str = ""
    created_at: datetime
    client_id: UUID | None = None
    masks: tuple[ShownSpan, ...] = ()
    internal: bool = False  # a note: for agents alone
    offers: tuple[ShownSpan, ...] = ()
    file: ShownFile | None = None  # then the body is its name
    edited: bool = False
    quote: int | None = None  # the place of the message that it answers


_COLUMNS = [name for name in Entry.__struct_fields__ if name != "masks"]  # masks are rows of their own
_FIELDS: dict[str, Any] = {field.name: field for field in Message._meta.concrete_fields}


def entry_of(message: Message, masks: Iterable[Mask]) -> Entry:
    """Returns a row of the model as an entry."""
    columns = {name: getattr(message, _FIELDS[name].attname) for name in _COLUMNS}
    columns |= {"masks": spans_of(masks), "offers": offered_spans(offers_of(message.offers))}
    return Entry(**columns | {"file": shown_file(message)})


def shown_file(message: Message) -> ShownFile | None:
    return msgspec.convert(message.file, ShownFile) if message.file else None


def record_of(entry: Entry, *, agent_id: int | None) -> dict[str, Any]:
    """Returns what ``INSERT`` reads of a message, to be encoded as JSON."""
    record = msgspec.structs.asdict(entry)
    record["agent"] = agent_id
    record["offers"] = entry.offers or None
    return record


def offered_spans(offered: Iterable[spans.Span]) -> tuple[ShownSpan, ...]:
    return tuple(ShownSpan(0, span.start, span.end, span.kind) for span in offered)


def spans_of(masks: Iterable[MaskedSpan]) -> tuple[ShownSpan, ...]:
    masked = (ShownSpan(mask.pk, mask.start, mask.end, mask.kind) for mask in masks)
    return tuple(sorted(masked, key=lambda span: span.start))


def last_line(body: str, *, is_file: bool = False) -> str:
    """Returns a (masked) body as lists of chats show it. A sign that readers speak in any language marks a file."""
    return " ".join([*([FILE_SIGN] if is_file else []), *body.split()])[:LAST_LINE_LENGTH]


def changes_since(chat_id: int, rev: int) -> list[Entry]:
    """Returns what was written or changed after ``rev``, in order of rev.

    These are at most ``CHANGES_AT_ONCE``: if there are as many, ask again from the last one's rev.
    """
    return _read("message.rev > %s ORDER BY message.rev LIMIT %s", [chat_id, rev, CHANGES_AT_ONCE])


def unread_by_customer(chat_id: int, read: int) -> int:
    """Returns how many messages by others there are past place ``read`` that the chat's customer may see."""
    ((number,),) = prepared.fetch(_UNREAD, [chat_id, read])
    return number


def latest_page(chat: Chat, *, notes: bool = True) -> list[Entry]:
    return page_before(chat, 2**31 - 1, notes=notes)


def page_before(chat: Chat, seq: int, *, notes: bool = True, size: int = PAGE_SIZE) -> list[Entry]:
    """Returns the ``size`` entries before place ``seq``, oldest first. Customers get them without ``notes``."""
    which = "message.seq < %s AND (%s OR NOT message.internal) ORDER BY message.seq DESC LIMIT %s"
    return _read(which, [chat.pk, seq, notes, size])[::-1]


def page_around(chat: Chat, seq: int) -> list[Entry]:
    """Returns a page of entries, oldest first: one half before place ``seq``, the other from there on."""
    half = PAGE_SIZE // 2
    return page_before(chat, seq, size=half) + _read(
        "message.seq >= %s ORDER BY message.seq LIMIT %s", [chat.pk, seq, half]
    )


def _read(which: str, parameters: list) -> list[Entry]:
    """Reads in one query and without models: a thousand who come back at once read nothing more often than this."""
    return prepared.fetch(f"{_SELECT} AND {which}", parameters, make=_entry)


def _entry(row: Sequence[Any]) -> Entry:
    """Makes an entry of a row of ``_SELECT``. The row has the order of its fields; by keywords it would take longer."""
    values = list(row)
    values[_MASKS] = _spans(values[_MASKS])
    values[_OFFERS] = _spans(values[_OFFERS])
    values[_FILE] = _decode_file(values[_FILE]) if values[_FILE] else None
    return msgspec.convert(values, Entry)


def _spans(stored: str | None) -> tuple[ShownSpan, ...]:
    return _decode_spans(stored) if stored else ()


_MASKS, _OFFERS, _FILE = map(Entry.__struct_fields__.index, ("masks", "offers", "file"))


_decode_spans = msgspec.json.Decoder(tuple[ShownSpan, ...]).decode
_decode_file = msgspec.json.Decoder(ShownFile).decode

# Fields of an entry that are not read as the column is.
_READ_AS = {
    "masks": """(
        SELECT json_agg(json_build_array(mask.id, mask.start, mask."end", mask.kind) ORDER BY mask.start)::text
        FROM chat_mask AS mask WHERE mask.message_id = message.id
    )""",
    "offers": "message.offers::text",
    "file": "message.file::text",
}
_UNREAD = """
SELECT count(*) FROM chat_message
WHERE chat_id = %s AND seq > %s AND NOT internal AND author <> 'customer' AND event <> 'deleted'
"""
_SELECT = """
SELECT {columns}
FROM chat_message AS message WHERE message.chat_id = %s
""".format(
    columns=", ".join(_READ_AS.get(name) or f"message.{_FIELDS[name].column}" for name in Entry.__struct_fields__)
)

_WRITTEN = [*_COLUMNS, "agent"]  # the agent's account, which nobody is shown
# Inserts messages of one parameter, a list of ``record_of``. As JSON the rows cost the client next to nothing; as
# parameters they would cost the most. The time is the database's.
INSERT = """
    INSERT INTO chat_message ({columns})
    SELECT {values} FROM json_to_recordset(%s::json) AS record ({types})
    RETURNING id, chat_id, seq, created_at
""".format(  # noqa: S608 - made of names
    columns=", ".join(_FIELDS[name].column for name in _WRITTEN),
    values=", ".join("statement_timestamp()" if name == "created_at" else f"record.{name}" for name in _WRITTEN),
    types=", ".join(f"{name} {_FIELDS[name].db_type(connection)}" for name in _WRITTEN),
)
