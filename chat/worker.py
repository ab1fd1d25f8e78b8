"""The worker does, once a second, everything that is due by the clock. Several workers at once share the work."""

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

from django.db import DatabaseError, close_old_connections, connection

from agents import retention
from agents.outbox import delivery
from agents.outbox import upkeep as mails
from chat import beats
from chat.abuse import networks
from chat.beats import Beats
from chat.conversation import desk_notices
from chat.files.clearing import clearing
from chat.lifecycle import silence, unread_mails, upkeep
from chat.masking import destroying, record
from chat.people import notes
from chat.reports.summing import summing
from chat.routing import decisions, opening, presence, queue_limits
from chat.routing.jobs import Memory
from helpcenter import suggestion_counts
from helpcenter.members import sessions

log = logging.getLogger(__name__)

TICK_S = 1.0
SWEEP_EVERY = 600  # ticks
SHARE_S = 0.5  # for one kind of work in a tick; after a failure of everything there may be minutes of it
LOCK_TIMEOUT_MS = 1000  # a row that somebody keeps locked delays the other services for no longer

# What apps above do beside the ticks, each in a thread of its own: from the worker's start to its end.
beside: list[Callable[[], AbstractContextManager[object]]] = []
# What apps above clear away because it is kept no longer.
sweeps: list[Callable[[], object]] = []


def run(stop: threading.Event, beat: Callable[[], object] = lambda: None) -> None:
    """Ticks until ``stop`` is set, and calls ``beat`` after each tick that succeeded.

    Beside it, mails are delivered, files cleared away, and the days of reports summed.

    A failing tick is logged and tried again: a restart of the database is survived.
    """
    count, memory, noted = 0, Memory(share_s=SHARE_S), Beats()
    with delivery.delivering() as sender, clearing(), summing(), contextlib.ExitStack() as others:
        for start in beside:
            others.enter_context(start())
        while not stop.wait(TICK_S):
            began = time.monotonic()
            if tick(count, memory):
                noted.note(time.monotonic() - began)
                beat()
            sender.keep_leases()
            count += 1


def tick(count: int = 0, memory: Memory | None = None) -> bool:
    """Says whether it could look at all services and do its sweeps. One service's failure is no failure of the tick."""
    memory = memory or Memory()
    close_old_connections()
    try:
        with _bounded_locks():
            upkeep.reconcile(memory=memory)
            opening.pass_edges(memory)
            # Afterwards: a chat that was taken from an agent has found the next one by now, or waits.
            queue_limits.offer_inquiries(memory)
            silence.break_silences(memory)
            unread_mails.mail_unread(memory)
            return count % SWEEP_EVERY != 0 or _sweep()
    except DatabaseError as error:
        log.warning("tick failed: %s", type(error).__name__)
    except Exception:
        log.exception("tick failed")
    finally:
        close_old_connections()
    return False


def _sweep() -> bool:
    """Clears away what is kept no longer. Says whether all of it succeeded: one that fails keeps no other waiting."""
    own: list[Callable[[], object]] = [
        presence.drop_expired_leases,
        decisions.drop_old_rounds,
        networks.forget_old,
        suggestion_counts.forget_old,
        destroying.destroy_expired,
        notes.drop_expired,
        beats.forget_old,
        desk_notices.forget_old,
        retention.drop_ended_sessions,
        retention.drop_old_attempts,
        retention.drop_old_account_entries,
        mails.drop_old,
        sessions.drop_expired,
        _drop_old_trail,
    ]
    outcomes = [_succeeds(sweep) for sweep in (*own, *sweeps)]
    return all(outcomes)


def _drop_old_trail() -> None:
    retention.drop_old_trail(record.actions_of(record.Outcome))


def _succeeds(sweep: Callable[[], object]) -> bool:
    try:
        sweep()
    except Exception as error:
        trace = None if isinstance(error, DatabaseError) else error  # a database's error may have a row in its text
        log.warning("%s failed: %s", getattr(sweep, "__name__", sweep), type(error).__name__, exc_info=trace)
        return False
    return True


@contextlib.contextmanager
def _bounded_locks() -> Iterator[None]:
    """Waits for no lock longer than ``LOCK_TIMEOUT_MS``. The connection goes back into the pool as it was."""
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = %s", [LOCK_TIMEOUT_MS])
    try:
        yield
    finally:
        with contextlib.suppress(DatabaseError), connection.cursor() as cursor:
            cursor.execute("RESET lock_timeout")
