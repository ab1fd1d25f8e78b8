"""One line for a burst: of warnings and errors that say the same, the first is written and the others are counted."""

import atexit
import logging
import threading
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

WINDOW_S = 60
KEYS_MAX = 500  # what differs in more ways than that is written as it comes


@dataclass
class _Burst:
    first: logging.LogRecord
    more: int = 0


@dataclass
class OneLineForABurst(logging.Filter):
    """Lets the first of alike records through, and says after ``window_s`` how many more there were.

    Alike are records of one logger with the same template, and the same kind of error from the same place. Information
    (``INFO`` and below) is never held back. What is counted is also said when the process ends.
    """

    window_s: float = WINDOW_S
    bursts: dict[Hashable, _Burst] = field(default_factory=dict)
    lock: Any = field(default_factory=threading.RLock)

    def __post_init__(self) -> None:
        super().__init__()
        atexit.register(self._say_last)

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno < logging.WARNING or hasattr(record, "more"):
            return True
        key = _key(record)
        with self.lock:
            if known := self.bursts.get(key):
                known.more += 1
                return False
            if not self.bursts:
                self._say_later()
            if len(self.bursts) < KEYS_MAX:
                self.bursts[key] = _Burst(record)
        return True

    def say(self) -> None:
        """Writes how many more there were of each, and begins anew."""
        with self.lock:
            ended, self.bursts = self.bursts, {}
        for burst in ended.values():
            if burst.more:
                logging.getLogger(burst.first.name).handle(self._summary(burst))

    def _say_last(self) -> None:
        logging.raiseExceptions = False  # the log may be closed already
        self.say()

    def _say_later(self) -> None:
        timer = threading.Timer(self.window_s, self.say)
        timer.daemon = True
        timer.start()

    def _summary(self, burst: _Burst) -> logging.LogRecord:
        first = burst.first
        more = {"name": first.name, "levelno": first.levelno, "levelname": first.levelname, "more": burst.more}
        more |= {"msg": first.msg, "args": first.args, "window": self.window_s}
        if hasattr(first, "request"):
            more["request"] = first.request  # whose address in the text becomes a pattern
        return logging.makeLogRecord(more)


def _key(record: logging.LogRecord) -> Hashable:
    error = record.exc_info[1] if record.exc_info else None
    return record.name, record.levelno, str(record.msg), type(error), _place(error)


def _place(error: BaseException | None) -> tuple[str, int] | None:
    """Returns the innermost file and line."""
    trace = error.__traceback__ if error else None
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return (trace.tb_frame.f_code.co_filename, trace.tb_lineno) if trace else None
