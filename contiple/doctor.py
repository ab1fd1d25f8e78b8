"""Checks an installation and says what to do. Each check looks at the real thing, and changes nothing.

``broken``: something does not work, or data is at risk. ``look``: it works, but somebody should know. A check that
fails in an unexpected way is ``broken`` too, and keeps no other from being made.
"""

import contextlib
import imaplib
import logging
import os
import shutil
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from django.core import mail
from redis import Redis, RedisError

from chat.files import scanning, storing
from contiple.base import env
from contiple.logs import describe
from tickets.mail import imap

WAIT_S = 5
DISK_LOW, DISK_FULL = 2 * 1024**3, 256 * 1024**2
BACKUP_HOURS = 26  # one a day, and time to make it

log = logging.getLogger(__name__)


class State(StrEnum):
    OK = "ok"
    LOOK = "look"
    BROKEN = "broken"


class Finding(NamedTuple):
    """``cure``: what to do, unless the state is ``ok``."""

    state: State
    what: str
    cure: str = ""


OK, LOOK, BROKEN = State
Check = Callable[[], Iterator[Finding]]


def findings(checks: list[Check]) -> Iterator[Finding]:
    """Makes each check. One that can't be made is a finding itself."""
    for check in checks:
        try:
            yield from check()
        except Exception as error:
            log.debug("a check failed", exc_info=True)
            name = getattr(check, "__name__", "a check").replace("_", " ").strip()
            yield Finding(BROKEN, f"The check of {name} failed: {describe(error)}", "Cure what is broken above first.")


def mode() -> Iterator[Finding]:
    if settings.LOCAL:
        yield Finding(LOOK, "CONTIPLE_MODE is local: for one machine and its own browser.", "For a site: production.")
    else:
        yield Finding(OK, "CONTIPLE_MODE is production; SECRET_KEY and MASKING_KEYS are strong enough.")


def redis() -> Iterator[Finding]:
    if not settings.REDIS_URL:
        yield Finding(OK, "REDIS_URL is not set: one process serves everything, and there must be only one.")
        return
    try:
        with Redis.from_url(settings.REDIS_URL, socket_connect_timeout=WAIT_S, socket_timeout=WAIT_S) as asked:
            asked.ping()
    except (RedisError, ValueError) as error:
        yield Finding(BROKEN, f"Redis does not answer: {describe(error)}", "Start it, or correct REDIS_URL.")
    else:
        yield Finding(OK, "Redis answers.")


def mail_server() -> Iterator[Finding]:
    if not settings.EMAIL_URL:
        cure = "Set EMAIL_URL, or pass on links by hand: only the operator can set a forgotten password anew."
        yield Finding(LOOK, "No mail is sent.", cure)
        return
    connection = mail.get_connection(timeout=WAIT_S)
    try:
        connection.open()
    except OSError as error:  # all of smtplib's errors are
        code = getattr(error, "smtp_code", "")
        said = f"{type(error).__name__} {code}".strip()
        yield Finding(BROKEN, f"The mail server can't be used: {said}.", "Correct EMAIL_URL, or ask who runs it.")
    else:
        yield Finding(OK, "The mail server answers, and lets us in.")
    finally:
        with contextlib.suppress(OSError):
            connection.close()


def mailbox() -> Iterator[Finding]:
    if settings.IMAP_URL is None:
        yield Finding(OK, "IMAP_URL is not set: no mailbox is read.")
        return
    cure = "Correct IMAP_URL, or ask who runs the mailbox."
    try:
        with imap.opened(settings.IMAP_URL, timeout_s=WAIT_S):
            pass
    except imap.NotSafe:
        yield Finding(BROKEN, "The mailbox offers no encryption, so the password is not sent.", "Use imaps://.")
    except (OSError, imaplib.IMAP4.error) as error:
        yield Finding(BROKEN, f"The mailbox can't be read: {type(error).__name__}.", cure)
    else:
        yield Finding(OK, "The mailbox answers, and lets us in.")


def files() -> Iterator[Finding]:
    """Stores something where files of chats are, and deletes it again."""
    place = "a folder" if settings.FILES_URL.scheme == "file" else "a bucket"
    try:
        storing.probe()
    except Exception as error:  # noqa: BLE001 - libraries of storages raise what they like
        cure = "Make it writable for Contiple, or correct FILES_URL: until then no file can be sent or opened."
        yield Finding(BROKEN, f"Files of chats can't be stored in {place}: {describe(error)}", cure)
        return
    if settings.REDIS_URL and place == "a folder" and not settings.LOCAL:
        cure = "Right on one machine. Several need a folder that all of them see, or a bucket: set FILES_URL."
        yield Finding(LOOK, "Files of chats are in a folder.", cure)
    else:
        yield Finding(OK, f"Files of chats can be stored in {place}.")


def virus_scanner() -> Iterator[Finding]:
    if settings.CLAMD_URL is None:
        yield Finding(OK, "CLAMD_URL is not set: files are not scanned for viruses.")
        return
    cure = "Start clamd, or correct CLAMD_URL: until then every file is refused."
    try:
        answers = scanning.ping(settings.CLAMD_URL)
    except OSError as error:
        yield Finding(BROKEN, f"clamd can't be reached: {describe(error)}", cure)
        return
    yield Finding(OK, "clamd answers.") if answers else Finding(BROKEN, "Something else answers for clamd.", cure)


def public_address() -> Iterator[Finding]:
    """Opens the sign-in page as a browser on this machine would, through the proxy."""
    origin = settings.PUBLIC_ORIGIN
    if origin.startswith("http:") and not settings.LOCAL:
        yield Finding(LOOK, f"PUBLIC_ORIGIN is {origin}: passwords cross the network in the clear.", "Use https.")
    try:
        with urllib.request.urlopen(f"{origin}/sign-in/", timeout=WAIT_S) as answer:  # noqa: S310 - our own origin
            is_ours = "X-Request-ID" in answer.headers
    except urllib.error.HTTPError as error:
        cure = "It redirects to itself if the proxy does not set X-Forwarded-Proto." if error.code < 400 else ""
        cure = cure or "Look at the proxy's log; it must pass on Host, X-Forwarded-Proto and X-Forwarded-For."
        yield Finding(BROKEN, f"{origin}/sign-in/ answers {error.code}.", cure)
    except OSError as error:
        reason = getattr(error, "reason", error)
        said = describe(reason) if isinstance(reason, Exception) else str(reason)
        cure = "Open it in a browser: a machine may not reach itself by its public name. Otherwise start web and proxy."
        yield Finding(LOOK, f"{origin} can't be reached from here: {said}", cure)
    else:
        if is_ours:
            yield Finding(OK, f"{origin} leads to Contiple.")
        else:
            yield Finding(BROKEN, f"Something else answers at {origin}.", "Let the proxy pass requests on.")


def proxies() -> Iterator[Finding]:
    if settings.TRUST_PROXY and not settings.TRUSTED_PROXIES:
        cure = "Right if no CDN stands before it. Otherwise set TRUSTED_PROXIES, or all customers share one address."
        yield Finding(LOOK, "TRUST_PROXY believes exactly one proxy.", cure)
    else:
        yield Finding(OK, "It is settled which proxies tell the address of a client.")


def static_files() -> Iterator[Finding]:
    if settings.LOCAL:
        yield Finding(OK, "Static files are served from the code.")
        return
    manifest = Path(settings.STATIC_ROOT) / "staticfiles.json"
    newest = max(path.stat().st_mtime for path in (env.BASE_DIR / "static").rglob("*") if path.is_file())
    cure = "Run `manage.py collectstatic --noinput`, then restart the web processes."
    if not manifest.exists():
        yield Finding(BROKEN, f"There are no static files in {settings.STATIC_ROOT}.", cure)
    elif manifest.stat().st_mtime < newest:
        yield Finding(LOOK, "Static files are older than the code.", cure)
    else:
        yield Finding(OK, "Static files are collected.")


def translations() -> Iterator[Finding]:
    sources = list((env.BASE_DIR / "locale").rglob("*.po"))
    stale = [path for path in sources if _modified(path.with_suffix(".mo")) < _modified(path)]
    if stale:
        cure = "Run `python -m contiple.translations --compile`, then restart the web processes."
        yield Finding(BROKEN, "Korean texts are not compiled, or older than the code.", cure)
    else:
        yield Finding(OK, "Translations are compiled.")


def disk() -> Iterator[Finding]:
    folder = env.data_folder() if env.data_folder().exists() else env.BASE_DIR
    free = shutil.disk_usage(folder).free
    what = f"{free // 1024**2:,} MB are free where {folder} is."
    if free >= DISK_LOW:
        yield Finding(OK, what)
    else:
        yield Finding(BROKEN if free < DISK_FULL else LOOK, what, "Make room: PostgreSQL stops when its disk is full.")


def backups(folder: Path | None) -> Iterator[Finding]:
    if folder is None:
        cure = "Give their folder with --backups. If there are none: contiple/operations/backup.sh makes them."
        yield Finding(LOOK, "Backups were not looked at.", cure)
        return
    newest = max((_modified(path) for path in folder.glob("contiple-*.dump")), default=0)
    hours = (time.time() - newest) / 3600
    cure = "Read the log of the backup job, and run contiple/operations/backup.sh --once."
    if not newest:
        yield Finding(BROKEN, f"There is no backup in {folder}.", cure)
    elif hours > BACKUP_HOURS:
        yield Finding(BROKEN, f"The newest backup is {hours:.0f} hours old.", cure)
    else:
        yield Finding(OK, f"The newest backup is {hours:.0f} hours old.")


def _modified(path: Path) -> float:
    return os.stat(path).st_mtime if path.exists() else 0
