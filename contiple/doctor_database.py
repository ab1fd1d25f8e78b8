"""What the doctor asks the database."""

from collections.abc import Iterator
from datetime import UTC, datetime

from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from agents.outbox import upkeep as mails
from chat import beats
from chat.masking import master_keys, vault
from contiple import start_checks
from contiple.base.clock import database_now
from contiple.base.env import EnvError
from contiple.doctor import BROKEN, LOOK, OK, Finding
from tickets.mail import upkeep as mails_in

VERSION_MIN = 150000
OF_A_WEB_PROCESS, OF_A_WORKER, SPARE = 20, 5, 10
SKEW_LOOK_S, SKEW_BROKEN_S = 2, 30
WORKER_GONE_S = 60
MAIL_LATE_S = 900


def is_reachable() -> Finding:
    try:
        start_checks.check_database(migrated=False)
    except EnvError as error:
        return Finding(BROKEN, str(error), "Start the server, or correct DATABASE_URL and its password.")
    return Finding(OK, "The database answers.")


def version() -> Iterator[Finding]:
    found = _show("server_version_num")
    what = f"PostgreSQL is of version {_show('server_version')}."
    if int(found) < VERSION_MIN:
        yield Finding(BROKEN, what, "Use PostgreSQL 15 or later.")
    else:
        yield Finding(OK, what)


def migrations() -> Iterator[Finding]:
    executor = MigrationExecutor(connection)
    wanted = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if wanted:
        yield Finding(BROKEN, f"{len(wanted)} migrations of this release are missing.", "Run `manage.py migrate`.")
    else:
        yield Finding(OK, "Every migration is applied.")


def time_outs() -> Iterator[Finding]:
    names = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
    without = [name for name in names if _show(name) == "0"]
    if without:
        cure = "Let the pooler in between pool by session: our time-outs are set once for each connection."
        yield Finding(BROKEN, f"These time-outs do not hold: {', '.join(without)}.", cure)
    else:
        yield Finding(OK, "Statements, locks and idle transactions have time-outs.")


def connections(webs: int, workers: int) -> Iterator[Finding]:
    needed, most = OF_A_WEB_PROCESS * webs + OF_A_WORKER * workers + SPARE, int(_show("max_connections"))
    what = f"max_connections is {most}. Web processes ({webs}) and workers ({workers}) may need {needed}."
    if most < needed:
        yield Finding(BROKEN, what, f"Set it to {needed} or more, and restart PostgreSQL.")
    else:
        yield Finding(OK, what)


def masking_keys() -> Iterator[Finding]:
    with connection.cursor() as cursor:
        missing = master_keys.missing(cursor)
    older = len(vault.count_by_master().keys() - {None}) > 1
    if missing:
        what, _dot, cure = master_keys.complaint(missing).partition(". ")
        yield Finding(BROKEN, f"{what}.", cure)
    elif older:
        cure = "Run `manage.py rotate_masking_keys`, then take the older keys out."
        yield Finding(LOOK, "Some originals are still under an older masking key.", cure)
    else:
        yield Finding(OK, "MASKING_KEYS open what is masked.")


def clock() -> Iterator[Finding]:
    skew = abs((datetime.now(UTC) - database_now()).total_seconds())
    what = f"This machine's clock and the database's differ by {skew:.1f} s."
    cure = "Let both keep time by NTP: ends of sessions and links depend on it."
    if skew < SKEW_LOOK_S:
        yield Finding(OK, what)
    else:
        yield Finding(BROKEN if skew > SKEW_BROKEN_S else LOOK, what, cure)


def worker() -> Iterator[Finding]:
    last = beats.seen().at
    cure = "Start `manage.py worker` (without Redis: `manage.py serve`), or read its log: it names what fails."
    if last is None:
        yield Finding(BROKEN, "No worker has done its work for a day.", cure)
        return
    seconds = (database_now() - last).total_seconds()
    what = f"A worker did all that was due {seconds:.0f} s ago."
    yield Finding(BROKEN, what, cure) if seconds > WORKER_GONE_S else Finding(OK, what)


def outgoing_mails() -> Iterator[Finding]:
    found, now = mails.figures(), database_now()
    late = (now - found.oldest).total_seconds() if found.oldest else 0
    cure = "Operator pages, E-mails, says why, and starts them again."
    if late > MAIL_LATE_S:
        what = f"{found.waiting} e-mails wait, the first for {late / 60:.0f} minutes."
        yield Finding(BROKEN, what, "Look at the mail server and at the worker's log.")
    elif found.dead:
        yield Finding(LOOK, f"{found.dead} e-mails were given up lately.", cure)
    else:
        yield Finding(OK, f"{found.waiting} e-mails wait, and none was given up lately.")


def incoming_mails() -> Iterator[Finding]:
    found, now = mails_in.figures(), database_now()
    silent = (now - found.read_at).total_seconds() if found.read_at else MAIL_LATE_S + 1
    if settings.IMAP_URL is not None and silent > MAIL_LATE_S:
        last = f"{silent / 60:.0f} minutes ago" if found.read_at else "never"
        said = f"The mailbox was last read {last}. {found.last_error}".strip()
        yield Finding(BROKEN, said, "Start the worker, or read its log: it names what fails.")
    if found.waiting:
        since = found.stuck_since.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC") if found.stuck_since else "now"
        cure = "The worker's log says why. They are tried again every ten minutes, and stay in the mailbox."
        yield Finding(LOOK, f"{found.waiting} e-mails in the mailbox are not filed, since {since}.", cure)
    if found.nobodys or found.unreadable:
        what = f"{found.nobodys} e-mails came for no service, and {found.unreadable} could not be read."
        yield Finding(LOOK, what, "Operator pages, Received e-mails: allot the address, or have them read again.")
    if not (found.waiting or found.nobodys or found.unreadable):
        yield Finding(OK, f"{found.filed + found.refused} e-mails came in within a day, and none is stuck.")


def _show(name: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting(%s)", [name])
        return cursor.fetchone()[0]
