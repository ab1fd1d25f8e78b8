"""Messages as they are read: the masked text with its spans, by place (``seq``) or by change (``rev``).

The equation that live delivery, repair and reconnect rest on: a page + the changes since its rev = the page now.
"""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

import msgspec
from msgspec import Struct

from chat.masking import spans
from chat.models import Chat, Mask, MaskedSpan, Message
from contiple.base import prepared

PAGE_SIZE = 50
CHANGES_AT_ONCE = 200


class Span(Struct, array_like=True, frozen=True):
    """A masked span of an entry's body, in code points; or one that is offered to be masked, which has no ``id``."""

    id: int
    start: int
    end: int
    kind: str


class Entry(Struct, array_like=True, frozen=True):
    """One message as everybody may see it: there is no original in it."""

    chat: int
    seq: int
    rev: int
    author: str
    name: str
    body: str
    event: str
    created_at: datetime
    client_id: UUID | None
    masks: tuple[Span, ...]
    internal: bool = False  # a note: for agents alone
    offers: tuple[Span, ...] = ()


def entry_of(message: Message, masks: Iterable[Mask]) -> Entry:
    return Entry(
        chat=message.chat_id,
        seq=message.seq,
        rev=message.rev,
        author=message.author,
        name=message.name,
        body=message.body,
        event=message.event,
        created_at=message.created_at,
        client_id=message.client_id,
        masks=spans_of(masks),
        internal=message.internal,
        offers=_offers(message.offers),
    )


def offered_spans(offered: Iterable[spans.Span]) -> tuple[Span, ...]:
    return tuple(Span(0, span.start, span.end, span.kind) for span in offered)


def spans_of(masks: Iterable[MaskedSpan]) -> tuple[Span, ...]:
    masked = (Span(mask.pk, mask.start, mask.end, mask.kind) for mask in masks)
    return tuple(sorted(masked, key=lambda span: span.start))


def changes_since(chat_id: int, rev: int) -> list[Entry]:
    """What was written or changed after ``rev``, in order of rev, at most ``CHANGES_AT_ONCE``: ask on from the last."""
    return _read("message.rev > %s ORDER BY message.rev LIMIT %s", [chat_id, rev, CHANGES_AT_ONCE])


def latest_page(chat: Chat, *, notes: bool = True) -> list[Entry]:
    return page_before(chat, 2**31 - 1, notes=notes)


def page_before(chat: Chat, seq: int, *, notes: bool = True) -> list[Entry]:
    """The ``PAGE_SIZE`` entries before the place ``seq``, oldest first. Customers get them without ``notes``."""
    which = "message.seq < %s AND (%s OR NOT message.internal) ORDER BY message.seq DESC LIMIT %s"
    return _read(which, [chat.pk, seq, notes, PAGE_SIZE])[::-1]


def _read(which: str, parameters: list) -> list[Entry]:
    """In one query and without models: a thousand who come back at once read nothing more often than this."""
    rows = prepared.fetch(f"{_READ} AND {which}", parameters)
    return [Entry(*[*row[:9], _spans(row[9]), row[10], _spans(row[11])]) for row in rows]


def _offers(stored: list | None) -> tuple[Span, ...]:
    return msgspec.convert(stored, tuple[Span, ...]) if stored else ()


def _spans(masks: str | None) -> tuple[Span, ...]:
    return _decode_spans(masks) if masks else ()


_decode_spans = msgspec.json.Decoder(tuple[Span, ...]).decode
_READ = """
SELECT message.chat_id, message.seq, message.rev, message.author, message.name, message.body, message.event,
    message.created_at, message.client_id, (
        SELECT json_agg(json_build_array(mask.id, mask.start, mask."end", mask.kind) ORDER BY mask.start)::text
        FROM chat_mask AS mask WHERE mask.message_id = message.id
    ), message.internal, message.offers::text
FROM chat_message AS message WHERE message.chat_id = %s
"""
