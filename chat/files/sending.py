"""Sends a file in a chat. Its row is committed first, then its bytes are stored, then its message is committed.

So whoever is killed in between leaves an ``arriving`` row, which nobody is shown and the worker clears away with its
bytes. Each try has a row and bytes of its own; the message's ``client_id`` lets one of them become the message.
"""

import secrets
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from tempfile import TemporaryFile
from typing import BinaryIO
from uuid import UUID

from django.db import transaction
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from agents.credentials import Credential
from chat.conversation import messages
from chat.conversation.entries import ShownFile
from chat.conversation.messages import Sent
from chat.file import ChatFile
from chat.files import kinds, names, pictures, scanning, storing, upkeep
from chat.files.limits import Limits, require_limits
from chat.models import Chat, Message
from contiple.base import heavy, pools
from contiple.base.errors import Conflict, Invalid

State = ChatFile.State
PIECE_BYTES = 64 * 1024
# Pictures are drawn one by one, as a large one takes 200 MB, and apart, so that nobody's sign-in waits for a picture.
_drawing = heavy.Threads("pictures", at_once=1, waiting_max=20, deadline_s=30)


@dataclass(frozen=True, kw_only=True)
class Upload:
    """A file that a person sends. Without a ``credential`` it is the customer's."""

    chat: Chat
    client_id: UUID
    name: str
    credential: Credential | None = None

    @property
    def author(self) -> str:
        return Message.Author.AGENT if self.credential else Message.Author.CUSTOMER


@dataclass
class Content:
    """What is to be stored, and what is known about it."""

    type: kinds.Type
    main: BinaryIO
    size: int
    thumbnail: BinaryIO | None = None
    width: int = 0
    height: int = 0
    parts: dict[str, BinaryIO] = field(init=False)

    def __post_init__(self) -> None:
        self.parts = {"": self.main} | ({storing.THUMBNAIL: self.thumbnail} if self.thumbnail else {})


def earlier(upload: Upload) -> Sent | None:
    """Returns the outcome if this very file is there already: a try whose answer was lost. Raises ``Invalid``."""
    message = Message.objects.filter(chat=upload.chat, client_id=upload.client_id).first()
    if message is None:
        return None
    if message.file is None or message.author != upload.author:
        raise Invalid(_("This id is taken by another message."))
    return Sent(message.seq, message.rev, is_repeat=True)


def send(upload: Upload, body: BinaryIO) -> Sent:
    """Sends the file whose bytes ``body`` has. Raises ``NotAccepted``, ``Conflict``, ``Closed``, ``Busy``, ``TooMany``.

    Call it outside a transaction. The connection to the database is given back while bytes are worked on.
    """
    limits, name = require_limits(upload.chat.service_id), names.clean_name(upload.name)
    return send_content(upload, limits, received(body, name, limits))


def send_content(upload: Upload, limits: Limits, opened: AbstractContextManager[tuple[Content, str]]) -> Sent:
    """As ``send``, with content that is known, and its name. It is opened once the row is committed."""
    row = _begin(upload, limits)
    try:
        with opened as (content, name):
            _store(row, content)
            sent = _finish(upload, row, content, name)
    except Exception:
        upkeep.discard(row)
        raise
    if sent.is_repeat:
        upkeep.discard(row)
    return sent


@contextmanager
def received(body: BinaryIO, name: str, limits: Limits) -> Iterator[tuple[Content, str]]:
    """Reads a body and judges it; of a picture there is one that is drawn anew. The name fits its type."""
    with TemporaryFile() as file:
        _spool(body, file, limits)
        content = _content_of(file, limits)
        yield content, names.named_as(name, content.type)


@transaction.atomic
def _begin(upload: Upload, limits: Limits) -> ChatFile:
    chat = Chat.objects.select_for_update(no_key=True).get(pk=upload.chat.pk)
    if not chat.is_open:
        raise Conflict(_("This chat has ended."), code="ended")
    started = timezone.now() - upkeep.ARRIVES_WITHIN
    counted = chat.files.exclude(state=State.ARRIVING, created_at__lt=started).exclude(client_id=upload.client_id)
    limits.require_room(counted.count())
    return ChatFile.objects.create(chat=chat, client_id=upload.client_id, key=secrets.token_hex(16))


def _spool(body: BinaryIO, file: BinaryIO, limits: Limits) -> None:
    """Copies in pieces; what is too large ends at once."""
    pools.let_go()
    while piece := body.read(PIECE_BYTES):
        file.write(piece)
        if file.tell() > limits.size_max:
            break
    limits.require_size(file.tell())


def _content_of(file: BinaryIO, limits: Limits) -> Content:
    size = file.tell()
    found = limits.require_kind(kinds.recognise(file))
    scanning.require_clean(file)
    if found.kind != ChatFile.Kind.PICTURE:
        file.seek(0)
        return Content(found, file, size)
    drawn = _drawing.compute(pictures.redraw, file, found)
    size = drawn.content.getbuffer().nbytes
    return Content(drawn.type, drawn.content, size, drawn.thumbnail, drawn.width, drawn.height)


def _store(row: ChatFile, content: Content) -> None:
    pools.let_go()
    for part, data in content.parts.items():
        storing.store(row.key, data, part=part)


def _finish(upload: Upload, row: ChatFile, content: Content, name: str) -> Sent:
    """Commits the message and the row's new state together. Rights are checked again, under the chat's lock."""
    shown = ShownFile(row.pk, content.type.kind, content.size, content.width, content.height, bool(content.thumbnail))
    sending = messages.prepare(
        upload.chat.pk,
        service_id=upload.chat.service_id,
        body=name,
        client_id=upload.client_id,
        file=shown,
        agent_id=upload.credential.agent_id if upload.credential else None,
        credential=upload.credential,
    )
    with transaction.atomic():
        [outcome] = messages.append_together([sending], wait=True)
        if not isinstance(outcome, Sent):
            raise outcome or Http404
        if not outcome.is_repeat:
            _note_ready(row, content)
    return outcome


def _note_ready(row: ChatFile, content: Content) -> None:
    arrived = ChatFile.objects.filter(pk=row.pk, chat=row.chat_id, state=State.ARRIVING).update(
        state=State.READY,
        kind=content.type.kind,
        content_type=content.type.content_type,
        size=content.size,
        width=content.width,
        height=content.height,
        has_thumbnail=content.thumbnail is not None,
    )
    if not arrived:  # the worker has given it up
        raise Conflict(_("This took too long. Try again."))
