"""Fetches mails from a mailbox by IMAP (`IMAP_URL`), in a thread of the worker.

A mail is marked as read after it is filed and committed, so a line that is cut or a worker that is killed loses none:
it is fetched again, and coming twice is coming once. Whatever somebody reads in the mailbox meanwhile is fetched too:
what counts is a mail's number (UID), not whether it was read. Two workers at once do no harm.
"""

import contextlib
import logging
import threading
from collections import Counter
from collections.abc import Iterator

from django.conf import settings
from django.db import Error, connections
from django.utils import timezone

from contiple.base.threads import beside
from tickets.mail import nobodys
from tickets.mail.imap import Folder, name_of, opened
from tickets.mail.incoming import NobodysMail, receive
from tickets.mail.models import PolledFolder

POLL_S = 20.0
DOWN_S, DOWN_MAX_S = 5.0, 60.0  # pauses after a line broke, growing as long as no mail comes through
AGAIN_EVERY = 30  # rounds after which mails that could not be filed are tried again
BREAKS_MAX = 3  # times that the line may break with one mail before those after it come first
ASIDE_MAX = 1_000  # mails that are set aside; then new ones wait, too
STOP_S = 4.0

log = logging.getLogger(__name__)


@contextlib.contextmanager
def polling() -> Iterator[None]:
    """Runs a thread that fetches mails until the block is left. Does nothing without `IMAP_URL`."""
    if settings.IMAP_URL is None:
        yield
        return
    stop = threading.Event()
    with beside(Poller(stop).run, stop, name="mail-in", wait_s=STOP_S):
        yield


class Poller:
    def __init__(self, stop: threading.Event) -> None:
        self.stop = stop
        self.rounds = self.failures = 0
        self.begun: Counter[tuple[int, int]] = Counter()  # mails with which the line broke, by validity and number

    def run(self) -> None:
        """Fetches until ``stop`` is set. Errors are logged, and nothing ends the thread."""
        while not self.stop.is_set():
            self.stop.wait(self.pause())

    def pause(self) -> float:
        """Does one round. Returns for how many seconds to wait before the next one."""
        try:
            self.round()
            return POLL_S
        except Exception as error:  # noqa: BLE001 (an error's text may hold a mail)
            log.warning("mails can't be fetched: %s", type(error).__name__)
            connections.close_all()  # one of them may have been what broke
            _note_error(error)
        finally:
            connections.close_all()
        self.failures += 1
        return min(DOWN_S * 2 ** min(self.failures - 1, 10), DOWN_MAX_S)

    def round(self) -> None:
        """Files whatever has come since the last round, the oldest first. Raises what the server or the line does."""
        assert settings.IMAP_URL is not None
        with opened(settings.IMAP_URL) as folder:
            row = _state(folder)
            self.rounds += 1
            if self.rounds % AGAIN_EVERY == 1:
                self._try_again(folder, row)
            connections.close_all()
            highest = folder.highest() if row.last_uid is None else 0
            numbers = folder.unread() if row.last_uid is None else folder.numbers_after(row.last_uid)
            for number in sorted({*numbers} - {*row.failed}):
                if self.stop.is_set() or len(row.failed) >= ASIDE_MAX:
                    break
                if self.begun[folder.validity, number] < BREAKS_MAX:
                    self._file(folder, row, number)
                else:
                    _note(row, number, is_done=False)
            else:
                row.last_uid = max(row.last_uid or 0, highest)
        self.failures = 0
        _save(row, read_at=timezone.now(), last_error="")

    def _try_again(self, folder: Folder, row: PolledFolder) -> None:
        """Tries what failed, or was for nobody, the oldest first; at last those with which the line broke."""
        numbers = {*row.failed, *nobodys.addressed_by_now(folder.name)}
        for number in sorted(numbers, key=lambda each: (self.begun[folder.validity, each], each)):
            if self.stop.is_set():
                return
            self._file(folder, row, number)

    def _file(self, folder: Folder, row: PolledFolder, number: int) -> None:
        """Files one mail. One that can't be filed now is set aside, and keeps no other waiting."""
        self.begun[folder.validity, number] += 1
        connections.close_all()  # none is kept while the server is waited for
        mail = folder.fetch(number)
        _note(row, number, is_done=mail is None or _is_done(folder, number, *mail))
        del self.begun[folder.validity, number]
        self.failures = 0


def _state(folder: Folder) -> PolledFolder:
    """Returns what is known of the folder. If the server has numbered it anew, nothing is (RFC 3501, 2.3.1.1)."""
    row, _made = PolledFolder.objects.get_or_create(name=folder.name, defaults={"uid_validity": folder.validity})
    if row.uid_validity != folder.validity:
        row.uid_validity, row.last_uid, row.failed, row.stuck_since = folder.validity, None, [], None
        row.save()
        nobodys.numbered_anew(folder.name)
    return row


def _note(row: PolledFolder, number: int, *, is_done: bool) -> None:
    """Puts on record how far the folder is read."""
    row.failed = sorted({*row.failed} - {number} if is_done else {*row.failed, number})
    row.stuck_since = (row.stuck_since or timezone.now()) if row.failed else None
    if row.last_uid is not None:
        row.last_uid = max(row.last_uid, number)
    _save(row)


def _save(row: PolledFolder, **more: object) -> None:
    """Saves the state as a whole, unless another worker has seen meanwhile that the server has numbered anew."""
    state = {"failed": row.failed, "stuck_since": row.stuck_since, "last_uid": row.last_uid}
    PolledFolder.objects.filter(pk=row.pk, uid_validity=row.uid_validity).update(**state, **more)


def _note_error(error: Exception) -> None:
    """Lets the operator see why nothing comes: the error's type, since its text may hold the server's words."""
    assert settings.IMAP_URL is not None
    with contextlib.suppress(Error):
        seen = {"last_error": type(error).__name__}
        new = {**seen, "uid_validity": 0}  # none's: it was never opened
        PolledFolder.objects.update_or_create(name=name_of(settings.IMAP_URL), defaults=seen, create_defaults=new)


def _is_done(folder: Folder, number: int, raw: bytes, size: int) -> bool:
    """Files the mail; returns whether no other try is needed. One for no service stays unread, with a flag."""
    try:
        receive(raw, size=size, now=timezone.now())
    except NobodysMail as error:
        nobodys.note(error.mail, now=timezone.now(), folder=folder.name, uid=number)
        folder.flag(number)
        log.warning("a mail in the mailbox is for no service")
        return True
    except Exception as error:  # noqa: BLE001 (a service's limit, or whatever it is: the mail is tried again)
        log.error("a mail could not be filed: %s", type(error).__name__)
        return False
    folder.mark_read(number)
    nobodys.forget(folder.name, number)
    return True
