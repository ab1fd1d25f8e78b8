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

from django.conf import settings
from django.db import connections
from django.utils import timezone

from contiple.base.errors import TooMany
from tickets.mail.imap import Folder, opened
from tickets.mail.incoming import NobodysMail, receive
from tickets.mail.models import PolledFolder

POLL_S = 20.0
DOWN_S, DOWN_MAX_S = 5.0, 120.0  # pauses while the server can't be reached
AGAIN_EVERY = 30  # rounds after which mails that could not be filed are tried again
STOP_S = 4.0

log = logging.getLogger(__name__)


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
        except (OSError, imaplib.IMAP4.error) as error:
            log.warning("the mailbox can't be read: %s", type(error).__name__)
        except Exception as error:  # noqa: BLE001 (an error's text may hold a mail)
            log.error("mails could not be fetched: %s", type(error).__name__)
        else:
            self.failures = 0
            return POLL_S
        finally:
            connections.close_all()
        self.failures += 1
        return min(DOWN_S * 2 ** min(self.failures - 1, 10), DOWN_MAX_S)

    def round(self) -> None:
        """Files whatever has come since the last round, the oldest first. Raises what the server or the line does."""
        assert settings.IMAP_URL is not None
        with opened(settings.IMAP_URL) as folder:
            row = _state(folder)
            highest = folder.highest() if row.last_uid is None else 0
            numbers = folder.unread() if row.last_uid is None else folder.numbers_after(row.last_uid)
            again = row.failed if self.rounds % AGAIN_EVERY == 0 else []
            self.rounds += 1
            for number in sorted({*again, *numbers}):
                if self.stop.is_set() or not self._file(folder, row, number):
                    return
            if row.last_uid is None:
                row.last_uid = highest
                row.save(update_fields=["last_uid"])

    def _file(self, folder: Folder, row: PolledFolder, number: int) -> bool:
        """Files one mail. Returns whether to go on: past a service's limit, the rest waits."""
        mail = folder.fetch(number)
        try:
            failed = mail is not None and not _filed(folder, number, *mail)
        except TooMany:
            return False
        finally:
            connections.close_all()
        row.failed = sorted({*row.failed, number} if failed else {*row.failed} - {number})
        if row.last_uid is not None:
            row.last_uid = max(row.last_uid, number)
        row.save(update_fields=["failed", "last_uid"])
        return True


def _state(folder: Folder) -> PolledFolder:
    """Returns what is known of the folder. If the server has numbered it anew, nothing is (RFC 3501, 2.3.1.1)."""
    row, _made = PolledFolder.objects.get_or_create(name=folder.name, defaults={"uid_validity": folder.validity})
    if row.uid_validity != folder.validity:
        row.uid_validity, row.last_uid, row.failed = folder.validity, None, []
        row.save()
    connections.close_all()
    return row


def _filed(folder: Folder, number: int, raw: bytes, size: int) -> bool:
    """Returns whether the mail is done with. One that is for no service stays in the mailbox, with a flag."""
    try:
        receive(raw, size=size, now=timezone.now())
    except NobodysMail:
        folder.flag(number)
        log.warning("a mail in the mailbox is for no service")
        return True
    except TooMany:
        raise
    except Exception as error:  # noqa: BLE001 (whatever it is, the mail stays unread and is tried again)
        log.error("a mail could not be filed: %s", type(error).__name__)
        return False
    folder.mark_read(number)
    return True
