"""Sends mail outside of requests: nobody waits for a mail server, and a request's time tells nothing about accounts.

One thread does one job after the other. What waits is bounded, and lost if the process is killed: jobs are for mails
that can be asked for again.
"""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from django.conf import settings
from django.db import connections
from django.utils import translation

from contiple.base import log_ids

WAITING_MAX = 200

log = logging.getLogger(__name__)
_thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="mail")
_room = threading.BoundedSemaphore(WAITING_MAX)


def has_mail_server() -> bool:
    """Returns whether mail leaves this installation: without a mail server, links are passed on by hand."""
    return not settings.EMAIL_BACKEND.endswith((".console.EmailBackend", ".dummy.EmailBackend"))


def mail_later(job: Callable[..., None], *args: object) -> bool:
    """Calls ``job(*args)`` soon, in the reader's language of now. Returns ``False`` if too many jobs wait already."""
    if not _room.acquire(blocking=False):
        log.error("Too many mails wait for the mail server; one was dropped.")
        return False
    _thread.submit(log_ids.carried(_run), translation.get_language(), job, args)
    return True


def wait_for_mails() -> None:
    """Returns when every job that was given so far is done."""
    _thread.submit(bool).result()


def _run(language: str | None, job: Callable[..., None], args: tuple) -> None:
    try:
        with translation.override(language):
            job(*args)
    except Exception:
        log.exception("A mail could not be made.")
    finally:
        connections.close_all()
        _room.release()
