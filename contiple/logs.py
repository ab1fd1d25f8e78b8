"""Formats log records so that they never hold what somebody wrote in a chat, whatever failed.

An exception's text may hold a row (PostgreSQL's DETAIL), a parameter, or the value that could not be read. So only the
exception's type and place are written, and its text only for types whose text programs make. For an error of the
database, the SQLSTATE and the names of table, column and constraint are written. Exceptions and printed tracebacks that
libraries put into a record are treated the same. Only the first line of a message is written: libraries put
representations of their objects into the lines after it.
"""

import contextlib
import json
import logging
import sys
import threading
import time
import traceback
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any

import psycopg
from django.core.exceptions import ImproperlyConfigured
from django.db import Error as DjangoDatabaseError

from contiple.base import log_ids
from contiple.base.env import BASE_DIR, EnvError
from contiple.base.errors import DomainError
from contiple.log_addresses import without_addresses

TEXT_LENGTH_MAX = 500
FRAMES_MAX = 30
CHAIN_MAX = 5
# Their text names attributes, modules and settings, or is a sentence that the domain shows to everybody.
SAFE = (AttributeError, ImportError, NameError, NotImplementedError, RecursionError)
SAFE_WITH_SUBCLASSES = (DomainError, EnvError, ImproperlyConfigured)


class LineFormatter(logging.Formatter):
    """For people: one line, and the places of an error below it."""

    def format(self, record: logging.LogRecord) -> str:
        error = error_of(record)
        at = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(record.created))
        line = f"{at},{record.msecs:03.0f} {record.levelname} {record.name} {message_of(record)}"
        lines = [line + "".join(f" {name}={value}" for name, value in ids().items())]
        for cause in chain(error) if error else ():
            lines += [f"  {describe(cause)}", *(f"    {place}" for place in places(cause.__traceback__))]
        return "\n".join(lines)


class JsonFormatter(logging.Formatter):
    """For log collectors: one JSON object a line, with the same few fields, and the ids that are known."""

    def format(self, record: logging.LogRecord) -> str:
        at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        line: dict[str, Any] = {
            "time": f"{at}.{min(int(record.msecs), 999):03d}Z",
            "level": record.levelname,
            "logger": record.name,
            "message": message_of(record),
            "process": record.process,
            "thread": record.threadName,
            **ids(),
            **getattr(record, "fields", {}),
        }
        error = error_of(record)
        if error:
            line["errors"] = [{"error": describe(it), "at": list(places(it.__traceback__))} for it in chain(error)]
        return json.dumps(line, ensure_ascii=False)


def message_of(record: logging.LogRecord) -> str:
    """Returns the record's first line, with a safe description for each exception and patterns for our addresses."""
    if _is_printed_traceback(record.msg):
        return "An error was printed."
    text = str(_without_text(record.msg))
    if record.args:
        with contextlib.suppress(TypeError, ValueError, KeyError):  # the bare template then: logging must not fail
            text %= _arguments(record.args)
    # Before it is cut: half a secret may be enough, and the half of an address is none of ours.
    line = without_addresses(text, getattr(record, "request", None)).partition("\n")[0][:TEXT_LENGTH_MAX]
    more = getattr(record, "more", 0)
    return f"{line} … {more} more in {record.window:g} s" if more else line  # type: ignore[attr-defined]


def ids() -> Mapping[str, Any]:
    """Returns the ids of the request under way and of its service, chat and agent, as far as they are known."""
    return {name: it for name, it in log_ids.current().items() if it is not None}


def error_of(record: logging.LogRecord) -> BaseException | None:
    if record.exc_info and record.exc_info[1]:
        return record.exc_info[1]
    # A library that prints a traceback logs it while it still handles the error.
    return sys.exc_info()[1] if _is_printed_traceback(record.msg) else None


def describe(error: BaseException) -> str:
    """Returns the error's type, and its text as far as that is safe, in one line."""
    said = _said(error).partition("\n")[0].strip()[:TEXT_LENGTH_MAX]
    return f"{type(error).__name__}: {said}" if said else type(error).__name__


def places(trace: TracebackType | None) -> Iterator[str]:
    """Yields file, line and function of each frame, innermost last, as Python prints them."""
    for frame, line in list(traceback.walk_tb(trace))[-FRAMES_MAX:]:
        code = frame.f_code
        yield f"{code.co_filename.removeprefix(f'{BASE_DIR}/')}:{line} {code.co_qualname}"


def chain(error: BaseException) -> list[BaseException]:
    """Returns ``error`` and its causes, the first cause first."""
    found: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and current not in found and len(found) < CHAIN_MAX:
        found.append(current)
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return found[::-1]


def catch_what_nobody_catches() -> None:
    """Sends uncaught exceptions to the log, where Python would print them with their text."""

    def main(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
        else:
            _log_failure("The program failed.", error.with_traceback(trace))

    def thread(args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None and not isinstance(args.exc_value, SystemExit):
            _log_failure("A thread failed.", args.exc_value)

    def unraisable(args: Any) -> None:
        _log_failure("An error could not be raised.", args.exc_value)

    sys.excepthook, threading.excepthook, sys.unraisablehook = main, thread, unraisable


def _log_failure(message: str, error: BaseException | None) -> None:
    logger = logging.getLogger("contiple")
    if logger.hasHandlers():
        logger.critical(message, exc_info=error)
        return
    # The settings have not been read yet, so the log goes nowhere.
    info = (type(error), error, error.__traceback__) if error else None
    record = logger.makeRecord(logger.name, logging.CRITICAL, "", 0, message, (), info)
    sys.stderr.write(f"{LineFormatter().format(record)}\n")


def _said(error: BaseException) -> str:
    if isinstance(error, DjangoDatabaseError | psycopg.Error):
        return _said_by_database(error)
    if isinstance(error, OSError):
        return error.strerror or ""
    if type(error) in SAFE or isinstance(error, SAFE_WITH_SUBCLASSES):
        return str(error)
    if type(error).__module__ == "redis.exceptions" and isinstance(error, _redis_lost()):
        return str(error)
    return ""


def _said_by_database(error: BaseException) -> str:
    """Returns names, never values: even the primary message may quote the value that can't be read."""
    reported = error if isinstance(error, psycopg.Error) else error.__cause__
    if not isinstance(reported, psycopg.Error):
        return ""
    if reported.sqlstate is None:
        # No SQLSTATE: the connection was lost or never made, so there is no statement to quote.
        return str(reported) if isinstance(reported, psycopg.OperationalError) else ""
    diag = reported.diag
    parts = {"table": diag.table_name, "column": diag.column_name, "constraint": diag.constraint_name}
    return ", ".join([f"SQLSTATE {reported.sqlstate}", *(f"{name} {value}" for name, value in parts.items() if value)])


def _redis_lost() -> tuple[type[Exception], ...]:
    from redis import exceptions

    return (exceptions.ConnectionError, exceptions.TimeoutError)


def _arguments(args: Any) -> Any:
    if isinstance(args, dict):
        return {name: _without_text(value) for name, value in args.items()}
    return tuple(_without_text(value) for value in args)


def _without_text(value: Any) -> Any:
    return describe(value) if isinstance(value, BaseException) else value


def _is_printed_traceback(message: Any) -> bool:
    return isinstance(message, str) and "Traceback (most recent call last)" in message
