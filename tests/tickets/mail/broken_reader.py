"""A reader of mails as it would be with a fault in it: words in a mail say which."""

import os
import signal
import sys
import time

from tickets.mail import reader
from tickets.mail.parsing import Mail


def _garbage() -> None:
    """Answers what is no mail, and then nothing more."""
    signal.alarm(0)
    sys.stdout.buffer.write(reader.ANSWERED.pack(1) + b"\xc1")
    sys.stdout.buffer.flush()
    time.sleep(600)


def _error() -> None:
    raise ValueError("words of the mail")


BROKEN = {
    b"HANG": lambda: time.sleep(600),
    b"CRASH": os.abort,
    b"MEMORY": lambda: bytearray(1 << 40),
    b"GARBAGE": _garbage,
    b"ERROR": _error,
}
_parse = reader.parse_mail


def _read(raw: bytes, *, size: int) -> Mail:
    for word, fault in BROKEN.items():
        if word in raw:
            fault()
    return _parse(raw, size=size)


def _head(raw: bytes, *, size: int, parse=reader.parse_head) -> Mail:
    return os.abort() if b"HEADERS-TOO" in raw else parse(raw, size=size)


if __name__ == "__main__":
    reader.parse_mail, reader.parse_head, reader.SECONDS = _read, _head, 1
    reader.bound()
    reader.answers(sys.stdin.buffer, sys.stdout.buffer)
