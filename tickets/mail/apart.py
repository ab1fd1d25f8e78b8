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


class Broken(Exception):
    """The reader ended, or ran out of memory or time, with this mail."""


class Reader:
    """The process. It reads one mail at a time: others wait."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.process: subprocess.Popen[bytes] | None = None

    def ask(self, raw: bytes, size: int, *, only_head: bool) -> Mail:
        """Returns the mail, or what its headers say. Raises ``Broken``. Needs the lock."""
        process = self._running()
        asked, answered = process.stdin, process.stdout
        assert asked
        assert answered
        try:
            asked.write(ASKED.pack(only_head, size, len(raw)) + raw)
            asked.flush()
            (length,) = ANSWERED.unpack(answered.read(ANSWERED.size))
            return msgspec.msgpack.decode(answered.read(length), type=Mail)
        except (OSError, struct.error, msgspec.MsgspecError):
            self.end()
            log.error("a mail of %s bytes broke the reader, which ended with %s", size, process.returncode)
            raise Broken from None

    def end(self) -> None:
        """Ends the process; the next mail starts another one."""
        process, self.process = self.process, None
        if process is not None:
            process.kill()
            with contextlib.suppress(OSError), process:
                pass

    def _running(self) -> subprocess.Popen[bytes]:
        if self.process is None or self.process.poll() is not None:
            command = [sys.executable, "-m", READER]
            environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
            # Not even an error is passed on: its text may hold words of the mail.
            self.process = subprocess.Popen(
                command,
                cwd=BASE_DIR,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        return self.process


reader = Reader()


def read(raw: bytes, *, size: int) -> Mail:
    """Returns the mail; of one that breaks the reader what its headers say, or nothing, with ``Note.UNREADABLE``.

    ``size`` is the mail's length if ``raw`` is only the beginning of it.
    """
    with reader.lock:
        for only_head in (False, False, True):  # a reader may end for reasons of its own: a stop, a lack of memory
            with contextlib.suppress(Broken):
                return reader.ask(raw, size, only_head=only_head)
    return unread_mail(raw, size=size)
