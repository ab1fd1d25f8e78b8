"""Stores, opens and deletes the bytes of files. A stored object's name is the row's random key: it says nothing."""

import logging
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

from django.core.files.base import ContentFile, File
from django.core.files.storage import Storage, storages

from chat.canned_response import CannedFile
from chat.file import ChatFile
from contiple.base.errors import TOO_MUCH, Busy

log = logging.getLogger(__name__)
THUMBNAIL = "-small"


def store(key: str, content: BinaryIO, *, part: str = "") -> None:
    """Raises ``Busy`` if the storage can't be written now. Call it without a connection to the database."""
    with _failures_are_busy():
        _storage().save(_name(key, part), File(content))


def opened(file: ChatFile | CannedFile, *, part: str = "") -> Any:
    """Returns the stored bytes, as an open file. Raises ``FileNotFoundError``, or ``Busy`` if it can't be read now."""
    with _failures_are_busy():
        return _storage().open(_name(file.key, part))


def delete(key: str) -> None:
    """Deletes what is stored under ``key``; nothing may be there. Raises ``Busy`` if that can't be done now."""
    with _failures_are_busy():
        for part in ("", THUMBNAIL):
            _storage().delete(_name(key, part))


def probe() -> None:
    """Stores something, reads it and deletes it. Raises what fails, or ``OSError`` if something else is read."""
    name = _name(f"probe-{secrets.token_hex(16)}", "")
    _storage().save(name, ContentFile(b"probe"))
    try:
        with _storage().open(name) as stored:
            if stored.read() != b"probe":
                raise OSError("something else was read")
    finally:
        _storage().delete(name)


def _storage() -> Storage:
    return storages["files"]


def _name(key: str, part: str) -> str:
    """A folder has a 256th of all files: some file systems are slow with many in one."""
    return f"{key[:2]}/{key}{part}"


@contextmanager
def _failures_are_busy() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise
    except _failures() as error:
        log.warning("The storage of files fails: %s", type(error).__name__)
        raise Busy(TOO_MUCH) from None


def _failures() -> tuple[type[Exception], ...]:
    if "botocore" not in sys.modules:
        return (OSError,)
    from boto3.exceptions import Boto3Error
    from botocore.exceptions import BotoCoreError, ClientError

    return (OSError, Boto3Error, BotoCoreError, ClientError)
