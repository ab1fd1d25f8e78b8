"""Delivers the outbox: a thread of the worker that takes mails in turn and hands them to the mail server.

What is guaranteed: a mail whose act was committed is sent, or given up after a day where people see it. Right after
the server's 250 that is committed. A worker that is killed in between sends the mail once more when its lease is over,
with the same ``Message-ID`` and ``Date``, by which the receiver recognises it.

Nothing here holds up the worker's ticks, and no connection to the database is held while the mail server is waited for.
"""

import contextlib
import logging
import random
import threading
import time
from collections.abc import Callable, Iterator

from django.db import DatabaseError, InterfaceError, OperationalError, connections
from django.utils import translation

from agents.outbox import outcomes, server
from agents.outbox.kinds import kind_of
from agents.outbox.models import OutgoingMail
from agents.outbox.posting import fill
from agents.outbox.problems import Problem, with_codes
from agents.outbox.queue import LEASE_S, RENEW_S, Queue
from agents.outbox.server import Line, Result, Unreachable
from contiple.base import pools
from contiple.base.threads import beside

IDLE_S = 1.0
MAIL_MAX_S = 300  # then its lease is no longer renewed: the mail server answers, but does not come to an end
STOP_S = 4.0
DOWN_S, DOWN_MAX_S = 2.0, 60.0  # pauses while the mail server can't be reached
NOTE_RETRY_S = 0.5

log = logging.getLogger(__name__)


class Sender:
    """The deliveries of one worker. ``run`` is its thread; ``keep_leases`` is called from another one."""

    def __init__(self, stop: threading.Event) -> None:
        self.stop = stop
        self.queue = Queue()
        self.held: set[int] = set()  # leased by us, and not yet noted
        self.held_until = 0.0  # of the monotonic clock: surely ours until then
        self.renewed_at = self.began_at = 0.0
        self.failures = 0

    def run(self) -> None:
        """Delivers until ``stop`` is set. Errors are logged, and nothing ends the thread."""
        while not self.stop.wait(self.pause()):
            pass
        connections.close_all()

    def pause(self) -> float:
        """Does one round. Returns for how many seconds to wait before the next one."""
        try:
            return self.round()
        except DatabaseError as error:
            log.warning("mails wait for the database: %s", type(error).__name__)
        except Exception:
            log.exception("mails could not be delivered")
        finally:
            pools.let_go()
        return IDLE_S

    def round(self) -> float:
        if self.queue.is_full_look_due:
            outcomes.give_up_old(untried=False)
        began = time.monotonic()
        rows = self.queue.claim()
        if not rows:
            return IDLE_S
        self.held, self.held_until, self.renewed_at = {row.pk for row in rows}, began + LEASE_S, began
        try:
            self.deliver(rows)
        except Unreachable as error:
            self.failures += 1
            self.wait_for_server(rows, str(error))
        finally:
            held, self.held = self.held, set()
            self.queue.release(held)
        return self.until_next()

    def deliver(self, rows: list[OutgoingMail]) -> None:
        """Hands over one mail after the other, while they are ours. Raises ``Unreachable``."""
        pools.let_go()
        self.began_at = time.monotonic()
        with server.opened() as line:
            for row in rows:
                if self.stop.is_set() or not line.is_open:
                    return
                if self.is_ours(row):
                    self.began_at = time.monotonic()
                    self.hand_over(line, row)
                    self.held.discard(row.pk)

    def hand_over(self, line: Line, row: OutgoingMail) -> None:
        try:
            if not self.is_made(row):
                return
            pools.let_go()
            result = line.send(row)
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:
            log.exception("mail %s (%s) could not be put together", row.pk, row.kind)
            result = Result([], with_codes(Problem.BROKEN, type(error).__name__), is_final=True)
        self.failures = self.failures + 1 if result.error.startswith(Problem.CUT) else 0
        if server.has_mail_server() or result.error:
            self.surely(lambda: outcomes.note(row, result))
        else:
            self.surely(lambda: outcomes.note_unsent(row))

    def is_made(self, row: OutgoingMail) -> bool:
        """Has a mail of a kind that is not kept made now. Says whether there is one to send."""
        make = kind_of(row).make
        if make is None:
            return True
        with translation.override(row.language):
            mail = make(row)
        if mail is None:
            outcomes.drop(row)
            return False
        taken = {*row.to, *row.cc} - set(row.pending)  # by some of several, at an earlier try
        fill(row, mail)
        row.pending = [address for address in row.pending if address not in taken]
        return True

    def surely(self, note: Callable[[], None]) -> None:
        """Tries until it is on record: the mail server has the mail, and must not get it again."""
        while True:
            try:
                return note()
            except (OperationalError, InterfaceError) as error:
                log.warning("what became of a mail could not be noted yet: %s", type(error).__name__)
                pools.let_go()
                if self.stop.wait(NOTE_RETRY_S):
                    raise

    def is_ours(self, row: OutgoingMail) -> bool:
        return row.pk in self.held and time.monotonic() < self.held_until - RENEW_S

    def keep_leases(self) -> None:
        """Renews the leases of mails in hand, if it is time. A failure is logged; the leases may end then."""
        now = time.monotonic()
        if not self.held or now - self.renewed_at < RENEW_S or now - self.began_at > MAIL_MAX_S:
            return
        try:
            self.held = self.queue.renew(set(self.held))
        except DatabaseError as error:
            log.warning("leases of mails were not renewed: %s", type(error).__name__)
        else:
            self.renewed_at, self.held_until = now, now + LEASE_S

    def wait_for_server(self, rows: list[OutgoingMail], error: str) -> None:
        log.warning("mails wait for the mail server: %s", error)
        outcomes.note_unreachable(rows, error)
        outcomes.give_up_old(untried=True)

    def until_next(self) -> float:
        """After failures that no mail is to blame for all wait, for longer after each."""
        if not self.failures:
            return 0
        longest = min(DOWN_S * 2 ** min(self.failures - 1, 10), DOWN_MAX_S)
        return random.uniform(longest / 2, longest)  # noqa: S311


@contextlib.contextmanager
def delivering() -> Iterator[Sender]:
    """Runs a thread that delivers until the block is left. Then it waits for the mail under way, for ``STOP_S``."""
    ended = threading.Event()
    sender = Sender(ended)
    with beside(sender.run, ended, name="mail", wait_s=STOP_S):
        yield sender


def deliver_due() -> None:
    """Delivers in this thread whatever is due now, once."""
    sender = Sender(threading.Event())
    while not sender.round():
        pass
