"""The frames of the sockets: decoded, checked and documented here. JSON, one object a frame, told apart by ``type``.

``seq`` is a message's place in its chat; ``rev`` counts the chat's changes; ``client_id`` is the sender's id of a send.
Decoding raises ``msgspec.DecodeError``, ``UnicodeError`` or, if the text is nested too deep, ``RecursionError``.
``chat/README.md`` shows all frames in a table.
"""

from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

FRAME_BYTES_MAX = 64 * 1024

Number = Annotated[int, Meta(ge=0, le=2**53)]
Serial = Annotated[int, Meta(ge=0, le=2**31 - 1)]


# From a client


class Hello(Struct, tag="hello", forbid_unknown_fields=True):
    """A customer's first frame: the customer's token, and the last rev that the page has."""

    token: Annotated[str, Meta(max_length=100)]
    rev: Serial = 0


class Watch(Struct, tag="watch", forbid_unknown_fields=True):
    """The agent's page shows this chat and has its changes up to ``rev``: send what came after, and go on."""

    chat: Number
    rev: Serial = 0


class Unwatch(Struct, tag="unwatch", forbid_unknown_fields=True):
    """The agent's page shows this chat no more."""

    chat: Number


class Send(Struct, tag="send", forbid_unknown_fields=True):
    """A message. ``quote`` is the place of the message that it answers."""

    client_id: UUID
    body: str
    chat: Number = 0
    quote: Serial = 0


class Note(Send, tag="note", forbid_unknown_fields=True):
    """A note for agents. Being a frame of its own, it can't become a message by a lost or unknown field."""


class Typing(Struct, tag="typing", forbid_unknown_fields=True):
    chat: Number = 0


class Seen(Struct, tag="seen", forbid_unknown_fields=True):
    """The messages up to ``received`` have arrived, those up to ``read`` were in view."""

    received: Serial
    read: Serial
    chat: Number = 0


class Page(Struct, tag="page", forbid_unknown_fields=True):
    """The customer is on this page. Sent only if the server has asked for it (``Unread.follows``)."""

    page: Annotated[str, Meta(max_length=2_000)]


class Beat(Struct, tag="beat", forbid_unknown_fields=True):
    """The answer to the server's beat: everything up to ``sent`` bytes has arrived."""

    sent: Number


FromCustomer = Hello | Send | Typing | Seen | Page | Beat
FromAgent = Watch | Unwatch | Send | Note | Typing | Seen | Beat


# To a client


class Message(Struct, tag="message", omit_defaults=True):
    """A message, new or changed: put it at ``seq``, in place of what stands there.

    With the ``client_id`` of a send it is also its acknowledgement. ``unread`` comes with what is new and was written
    by a person, and with it ``line``: the message as lists of chats show it.
    """

    chat: int
    seq: int
    rev: int
    author: str
    html: str
    client_id: str | None = None
    unread: int | None = None
    line: str | None = None


class Ack(Struct, tag="ack"):
    """A send is committed. If the sender's socket shows the chat, the message itself says so instead."""

    chat: int
    client_id: UUID
    seq: int
    rev: int


class Receipts(Struct, tag="marks"):
    """How far each side has received and read. Pages of earlier releases know the tag as it is."""

    chat: int
    customer_received: int
    customer_read: int
    agent_received: int
    agent_read: int


class TypingNow(Struct, tag="typing"):
    chat: int
    author: str


class PageNow(Struct, tag="page"):
    """To an agent: the page that the customer is on, since when."""

    chat: int
    page: str
    at: str


class Status(Struct, tag="status"):
    """How the customer's chat stands: it replaces what is shown above the composer."""

    chat: int
    state: str
    html: str


class Unread(Struct, tag="unread"):
    """To a customer who connects: how many messages up to ``rev``, by others, were not read yet.

    ``follows``: the page is to tell by ``Page`` where the customer is.
    """

    chat: int
    rev: int
    unread: int
    follows: bool = False


class Place(Struct, tag="place"):
    """The waiting customer's place in the queue, if nothing else has changed, and how long the wait is likely to be."""

    place: int
    wait: str = ""


class Waiting(Struct, tag="waiting"):
    """How many customers of the service wait, if nothing else has changed on the agent's desk."""

    waiting: int
    html: str


class Desk(Struct, tag="desk"):
    """What the agent's Chat Widget shows. ``chats`` are the ids of the agent's open chats."""

    status: str
    ringing: int
    waiting: int
    unread: int
    chats: list[int]
    html: str


class LastLine(Struct, tag="line"):
    """A new last line of one of the agent's chats that is not on display."""

    chat: int
    seq: int
    author: str
    text: str
    unread: int


class ServerBeat(Struct, tag="beat"):
    """So many bytes were sent so far. The client's answer renews its lease."""

    sent: int


class Error(Struct, tag="error"):
    """A frame was refused and nothing was changed: a code, and a sentence in the reader's language.

    With ``retry_after_s`` the same frame may succeed after so many seconds.
    """

    code: str
    text: str
    client_id: UUID | None = None
    retry_after_s: int | None = None


ToClient = (
    Message
    | Ack
    | Receipts
    | TypingNow
    | PageNow
    | Status
    | Unread
    | Place
    | Waiting
    | Desk
    | LastLine
    | ServerBeat
    | Error
)

decode_from_customer = msgspec.json.Decoder(FromCustomer).decode
decode_from_agent = msgspec.json.Decoder(FromAgent).decode
encode = msgspec.json.Encoder().encode
