"""The process in which mails are read: started by ``apart``, it reads one after the other until its input ends.

It gets no secrets, has bounded memory, and ends itself if a mail takes too long, also when its parent is gone.
"""

import os
import resource
import signal
import struct
import sys
from typing import BinaryIO

import msgspec

from tickets.mail.parsing import Mail, parse_head, parse_mail

SECONDS = 20  # for one mail; the slowest one of 30 MB takes 2
MEMORY_BYTES = 1024 * 1024 * 1024  # a mail of 30 MB takes a third
ASKED = struct.Struct("!?QQ")  # only its head, size of the mail, bytes that follow
ANSWERED = struct.Struct("!Q")  # bytes that follow


def answers(asked: BinaryIO, answered: BinaryIO) -> None:
    while head := asked.read(ASKED.size):
        only_head, size, length = ASKED.unpack(head)
        raw = asked.read(length)
        signal.alarm(SECONDS)
        mail = msgspec.msgpack.encode(_read(raw, size, only_head))
        signal.alarm(0)
        answered.write(ANSWERED.pack(len(mail)) + mail)
        answered.flush()


def _read(raw: bytes, size: int, only_head: bool) -> Mail:
    return parse_head(raw, size=size) if only_head else parse_mail(raw, size=size)


def bound() -> None:
    """Bounds this process. Messages of chats come first; no core is written, since it would hold a mail."""
    os.nice(10)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for stop in (signal.SIGINT, signal.SIGTERM):  # they are for the parent, at whose end the input ends
        signal.signal(stop, signal.SIG_IGN)


if __name__ == "__main__":
    bound()
    answers(sys.stdin.buffer, sys.stdout.buffer)
