"""Fetches mails from a mailbox by IMAP (`IMAP_URL`), in a thread of the worker.

A mail is marked as read after it is filed and committed, so a line that is cut or a worker that is killed loses none:
it is fetched again, and coming twice is coming once. Whatever somebody reads in the mailbox meanwhile is fetched too:
what counts is a mail's number (UID), not whether it was read. Two workers at once do no harm.
"""

import contextlib
import imaplib
import logging
import threading
from collections.abc import Iterator
from enum import Enum, auto

from django.conf import settings
from django.db import DatabaseError, connections
from django.utils import timezone

from contiple.base.errors import TooMany
from tickets.mail import nobodys
from tickets.mail.imap import Folder, name_of, opened
from tickets.mail.incoming import NobodysMail, receive
from tickets.mail.models import PolledFolder

POLL_S = 20.0
DOWN_S, DOWN_MAX_S = 5.0, 120.0  # pauses while the server can't be reached
AGAIN_EVERY = 30  # rounds after which mails that could not be filed are tried again
ASIDE_MAX = 1_000  # mails that are set aside; then new ones wait, too
STOP_S = 4.0

log = logging.getLogger(__name__)


class Outcome(Enum):
    DONE = auto()
    FAILED = auto()  # to be tried again
    LATER = auto()  # past a service's limit


@contextlib.contextmanager
def polling() -> Iterator[None]:
    """Runs a thread that fetches mails until the block is left. Does nothing without `IMAP_URL`."""
    if settings.IMAP_URL is None:
        yield
        return
    stop = threading.Event()
    thread = threading.Thread(target=Poller(stop).run, name="mail-in", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(STOP_S)


class Poller:
    def __init__(self, stop: threading.Event) -> None:
        self.stop = stop
        self.rounds = self.failures = 0

    def run(self) -> None:
        """Fetches until ``stop`` is set. Errors are logged, and nothing ends the thread."""
        while not self.stop.is_set():
            self.stop.wait(self.pause())

    def pause(self) -> float:
        """Does one round. Returns for how many seconds to wait before the next one."""
        try:
            self.round()
            return POLL_S
        except (OSError, imaplib.IMAP4.error) as error:
            log.warning("the mailbox can't be read: %s", type(error).__name__)
            _note_error(error)
        except Exception as error:  # noqa: BLE001 (an error's text may hold a mail)
            log.error("mails could not be fetched: %s", type(error).__name__)
        finally:
            connections.close_all()
        self.failures += 1
        return min(DOWN_S * 2 ** min(self.failures - 1, 10), DOWN_MAX_S)

    def round(self) -> None:
        """Files whatever has come since the last round, the oldest first. Raises what the server or the line does."""
        assert settings.IMAP_URL is not None
        with opened(settings.IMAP_URL) as folder:
            row = _state(folder)
            if self.rounds % AGAIN_EVERY == 0:
                self._try_again(folder, row)
            self.rounds += 1
            highest = folder.highest() if row.last_uid is None else 0
            numbers = folder.unread() if row.last_uid is None else folder.numbers_after(row.last_uid)
            for number in sorted({*numbers} - {*row.failed}):
                if self.stop.is_set() or len(row.failed) >= ASIDE_MAX:
                    break
                self._file(folder, row, number)
            else:
                row.last_uid = max(row.last_uid or 0, highest)
        self.failures, row.read_at, row.last_error = 0, timezone.now(), ""
        row.save(update_fields=["last_uid", "read_at", "last_error"])

    def _try_again(self, folder: Folder, row: PolledFolder) -> None:
        """Tries what failed, or was for nobody, the oldest first. At a service's limit all others wait, too."""
        for number in sorted({*row.failed, *nobodys.addressed_by_now(folder.name)}):
            if self.stop.is_set() or self._file(folder, row, number) is Outcome.LATER:
                return

    def _file(self, folder: Folder, row: PolledFolder, number: int) -> Outcome:
        """Files one mail. One that can't be filed now is set aside, and keeps no other waiting."""
        mail = folder.fetch(number)
        try:
            outcome = Outcome.DONE if mail is None else _outcome(folder, number, *mail)
        finally:
            connections.close_all()
        row.failed = sorted({*row.failed} - {number} if outcome is Outcome.DONE else {*row.failed, number})
        row.stuck_since = (row.stuck_since or timezone.now()) if row.failed else None
        if row.last_uid is not None:
            row.last_uid = max(row.last_uid, number)
        row.save(update_fields=["failed", "stuck_since", "last_uid"])
        return outcome


def _state(folder: Folder) -> PolledFolder:
    """Returns what is known of the folder. If the server has numbered it anew, nothing is (RFC 3501, 2.3.1.1)."""
    row, _made = PolledFolder.objects.get_or_create(name=folder.name, defaults={"uid_validity": folder.validity})
    if row.uid_validity != folder.validity:
        row.uid_validity, row.last_uid, row.failed, row.stuck_since = folder.validity, None, [], None
        row.save()
        nobodys.numbered_anew(folder.name)
    connections.close_all()
    return row


def _note_error(error: Exception) -> None:
    """Lets the operator see why nothing comes: the error's type, since its text may hold the server's words."""
    assert settings.IMAP_URL is not None
    with contextlib.suppress(DatabaseError):
        PolledFolder.objects.filter(name=name_of(settings.IMAP_URL)).update(last_error=type(error).__name__)


def _outcome(folder: Folder, number: int, raw: bytes, size: int) -> Outcome:
    """Files the mail. One that is for no service is done with, but stays unread in the mailbox, with a flag."""
    try:
        receive(raw, size=size, now=timezone.now())
    except NobodysMail as error:
        nobodys.note(error.mail, now=timezone.now(), folder=folder.name, uid=number)
        folder.flag(number)
        log.warning("a mail in the mailbox is for no service")
        return Outcome.DONE
    except TooMany:
        return Outcome.LATER
    except Exception as error:  # noqa: BLE001 (whatever it is, the mail stays unread and is tried again)
        log.error("a mail could not be filed: %s", type(error).__name__)
        return Outcome.FAILED
    folder.mark_read(number)
    nobodys.forget(folder.name, number)
    return Outcome.DONE
