"""Times a message's way in spans: receive → commit → deliver. Off, and without a library, until ``use`` is called.

A span has ids (service, chat, seq), times, and whether the step failed; never a text, a name or an address. All spans
of a message are one trace: a ``Trace`` goes with it to the thread that commits and to the processes that deliver.
"""

import contextlib
import time
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

import msgspec


class Trace(msgspec.Struct, frozen=True, array_like=True):
    """The step from which a message's next one begins; ``None`` instead if the message is not traced."""

    trace_id: bytes
    span_id: bytes
    ended_at: int  # nanoseconds of the wall clock: the next step may be in another process


_tracer: Any = None
_receiving: ContextVar[Any] = ContextVar("receiving", default=None)
_not_traced = contextlib.nullcontext()


def use(tracer: Any) -> None:
    """Makes spans with this tracer of OpenTelemetry from now on; with ``None`` no more."""
    global _tracer  # noqa: PLW0603 - one for the process
    _tracer = tracer


def receiving() -> contextlib.AbstractContextManager[None]:
    """Times the block as the step *receive*, from a message's frame to its acknowledgement."""
    return _receive() if _tracer is not None else _not_traced


@contextlib.contextmanager
def _receive() -> Iterator[None]:
    from opentelemetry.trace import StatusCode

    span = _tracer.start_span("receive")
    token = _receiving.set(span if span.is_recording() else None)
    try:
        yield
    except BaseException:
        span.set_status(StatusCode.ERROR)  # nothing of the error: its text may quote somebody
        raise
    finally:
        _receiving.reset(token)
        span.end()


def about(*, service: int, chat: int, seq: int | None = None) -> None:
    """Adds ids to the step *receive* that is under way."""
    if span := _receiving.get():
        span.set_attributes(_ids(service, chat, seq))


def trace() -> Trace | None:
    """Returns the trace of the message being received. The step *commit* begins now."""
    return _trace(span, time.time_ns()) if (span := _receiving.get()) else None


def committed(trace: Trace | None, *, service: int, chat: int, seq: int) -> Trace | None:
    """Ends the step *commit*. The step *deliver* begins now, for each who is delivered to."""
    return _step("commit", trace, _ids(service, chat, seq)) if trace else None


def delivered(trace: Trace | None, *, service: int, chat: int, seq: int) -> None:
    """Ends the step *deliver* for one of those who are delivered to."""
    if trace:
        _step("deliver", trace, _ids(service, chat, seq))


def _step(name: str, trace: Trace, ids: dict[str, int]) -> Trace | None:
    """Writes a step that began when the one before ended and ends now, and returns the trace from here on."""
    if _tracer is None:  # another process traces
        return trace
    from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, set_span_in_context

    now = time.time_ns()
    before = SpanContext(
        int.from_bytes(trace.trace_id), int.from_bytes(trace.span_id), is_remote=True, trace_flags=TraceFlags(1)
    )
    span = _tracer.start_span(
        name,
        set_span_in_context(NonRecordingSpan(before)),
        attributes=ids,
        start_time=min(trace.ended_at, now),  # clocks of two machines may differ: never negative
    )
    span.end(now)
    return _trace(span, now)


def _trace(span: Any, now: int) -> Trace:
    context = span.get_span_context()
    return Trace(context.trace_id.to_bytes(16), context.span_id.to_bytes(8), now)


def _ids(service: int, chat: int, seq: int | None) -> dict[str, int]:
    ids = {"contiple.service": service, "contiple.chat": chat, "contiple.seq": seq}
    return {name: it for name, it in ids.items() if it is not None}
