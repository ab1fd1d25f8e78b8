"""Reads mails in a process of its own, so that a mail of 30 MB, or one that breaks the reader, delays nobody else.

The process is started with the first mail, and anew after one that broke it. It ends when this one ends, however.
"""

import contextlib
import logging
import os
import struct
import subprocess
import sys
import threading

import msgspec

from contiple.base.env import BASE_DIR
from tickets.mail.parsing import Mail, unread_mail
from tickets.mail.reader import ANSWERED, ASKED

READER = "tickets.mail.reader"
# What Python itself needs. The reader handles what strangers wrote, and gets no secrets.
_PASSED_ON = ("PATH", "PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH", "LANG", "LC_ALL")

log = logging.getLogger(__name__)
_lock = threading.Lock()  # a reader reads one mail at a time
_reader: subprocess.Popen[bytes] | None = None


class _Broken(Exception):
    """The reader ended, or ran out of memory or time, with this mail."""


def read(raw: bytes, *, size: int) -> Mail:
    """Returns the mail; of one that breaks the reader what its headers say, or nothing, with ``Note.UNREADABLE``.

    ``size`` is the mail's length if ``raw`` is only the beginning of it.
    """
    with _lock:
        for only_head in (False, False, True):  # a reader may end for reasons of its own: a stop, a lack of memory
            with contextlib.suppress(_Broken):
                return _asked(raw, size, only_head=only_head)
    return unread_mail(raw, size=size)


def _asked(raw: bytes, size: int, *, only_head: bool) -> Mail:
    reader = _running()
    asked, answered = reader.stdin, reader.stdout
    assert asked
    assert answered
    try:
        asked.write(ASKED.pack(only_head, size, len(raw)) + raw)
        asked.flush()
        (length,) = ANSWERED.unpack(answered.read(ANSWERED.size))
        return msgspec.msgpack.decode(answered.read(length), type=Mail)
    except (OSError, struct.error, msgspec.MsgspecError):
        _end(reader)
        log.error("a mail of %s bytes broke the reader, which ended with %s", size, reader.returncode)
        raise _Broken from None


def _running() -> subprocess.Popen[bytes]:
    global _reader
    if _reader is None or _reader.poll() is not None:
        command = [sys.executable, "-m", READER]
        environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        # Not even an error is passed on: its text may hold words of the mail.
        _reader = subprocess.Popen(command, cwd=BASE_DIR, env=environment, stderr=subprocess.DEVNULL, **pipes)
    return _reader


def _end(reader: subprocess.Popen[bytes]) -> None:
    reader.kill()
    reader.wait()
    for pipe in (reader.stdin, reader.stdout):
        with contextlib.suppress(OSError):
            pipe.close()  # type: ignore[union-attr]
