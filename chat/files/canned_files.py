"""Files of canned responses: uploaded once, judged and drawn anew as every file, and copied into each chat.

The row is committed before the bytes are stored, and goes after them, as in ``sending``.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import BinaryIO

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from agents.models import Agent
from chat.canned_response import CannedFile, CannedResponse
from chat.conversation.messages import Sent
from chat.files import names, sending, storing
from chat.files.kinds import Type
from chat.files.limits import require_limits
from chat.files.sending import Content, Upload
from chat.masking.concealing import conceal
from contiple.base import pools
from contiple.base.errors import DomainError, Invalid, TooMany

KEPT = timedelta(hours=24)  # without a response: a form may stay open for a day
UNSAVED_MAX = 20  # of one agent
AT_ONCE = 500


def keep(uploader: Agent, name: str, body: BinaryIO) -> CannedFile:
    """Stores the file whose bytes ``body`` has, for a response that is saved later. Its name is masked.

    Raises ``NotAccepted``, ``Closed``, ``Busy``, ``TooMany``. Call it outside a transaction.
    """
    limits, name = require_limits(uploader.service_id), names.clean_name(name)
    if CannedFile.objects.filter(uploader=uploader, response=None).count() >= UNSAVED_MAX:
        raise TooMany(_("Save the canned response before you add more files."))
    row = CannedFile.objects.create(uploader=uploader, key=secrets.token_hex(16))
    try:
        with sending.received(body, name, limits) as (content, named):
            pools.let_go()
            for part, data in content.parts.items():
                storing.store(row.key, data, part=part)
            _note_kept(row, content, conceal(uploader.service, named))
    except Exception:
        _drop(row)
        raise
    return row


def attach(response: CannedResponse, file_id: int | None, by: Agent) -> None:
    """Makes the file the response's, in place of the one that it had, whose bytes go. Without an id it has none.

    Only a file that is the response's already, or one that ``by`` has uploaded. Raises ``Invalid``.
    """
    before = CannedFile.objects.filter(response=response).exclude(pk=file_id or 0)
    gone = list(before)
    before.update(response=None, created_at=timezone.now() - KEPT)
    if file_id is not None:
        own = Q(response=response) | Q(response=None, uploader=by)
        if not CannedFile.objects.filter(own, pk=file_id).exclude(kind="").update(response=response):
            raise Invalid(_("This file is gone. Add it again."), code="file")
    transaction.on_commit(lambda: _drop_each(gone), robust=True)


def send_copy(upload: Upload, file: CannedFile) -> Sent:
    """Sends a copy of the file in a chat, as ``sending.send`` does with what is uploaded. Raises the same."""
    limits = require_limits(upload.chat.service_id)
    limits.require_size(file.size)
    limits.require_kind(Type(file.kind, file.content_type, ()))
    return sending.send_content(upload, limits, _stored(file))


def clear_away(now: datetime | None = None) -> None:
    """Drops the files that no response has taken for ``KEPT``."""
    old = CannedFile.objects.filter(response=None, created_at__lte=(now or timezone.now()) - KEPT)
    for row in old.order_by("pk")[:AT_ONCE]:
        # Nobody's from now on: no form takes it while its bytes go.
        if CannedFile.objects.filter(pk=row.pk, response=None).update(uploader=None):
            _drop(row)


def _note_kept(row: CannedFile, content: Content, name: str) -> None:
    row.name, row.kind, row.content_type = name, content.type.kind, content.type.content_type
    row.size, row.width, row.height = content.size, content.width, content.height
    row.has_thumbnail = content.thumbnail is not None
    row.save()


@contextmanager
def _stored(file: CannedFile) -> Iterator[tuple[Content, str]]:
    try:
        with storing.opened(file) as main:
            small = storing.opened(file, part=storing.THUMBNAIL) if file.has_thumbnail else None
            found = Type(file.kind, file.content_type, ())
            yield Content(found, main, file.size, small, file.width, file.height), file.name
    except FileNotFoundError:
        raise Invalid(_("This file is gone. Add it again."), code="file") from None


def _drop_each(rows: list[CannedFile]) -> None:
    """What fails here is the worker's."""
    try:
        for row in rows:
            _drop(row)
    except DomainError:
        return


def _drop(row: CannedFile) -> None:
    pools.let_go()
    storing.delete(row.key)
    CannedFile.objects.filter(pk=row.pk).delete()
