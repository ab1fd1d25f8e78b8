"""Writes down how mails went, each in a transaction of its own in which whoever posted it is told."""

import logging
import random
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db import OperationalError, transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone

from agents.outbox.kinds import kind_of
from agents.outbox.models import OutgoingMail
from agents.outbox.problems import Problem, with_codes
from agents.outbox.server import Result
from contiple.base import log_ids
from contiple.base.batches import BATCH

State = OutgoingMail.State

PAUSE_S, PAUSE_MAX_S = 60, 3600
JITTER = 0.25  # of a pause, either way: what failed together does not come back together

log = logging.getLogger(__name__)


def note(row: OutgoingMail, result: Result) -> None:
    """Notes what the mail server said of a mail. Does nothing if that is on record already."""
    if result.left and not result.is_final:
        _try_again(row, result)
    else:
        taken = result.taken or row.sent_at is not None  # by one of several recipients, at an earlier try
        _end(row, State.SENT if taken else State.DEAD, result.error)
    if result.error:
        with log_ids.within(**({"service": row.service_id} if row.service_id else {})):
            log.warning("mail %s (%s): %s", row.pk, row.kind, result.error)


def note_unsent(row: OutgoingMail) -> None:
    """There is no mail server: the mail stays for the operator to see, until somebody starts it again."""
    _end(row, State.UNSENT)


def drop(row: OutgoingMail) -> None:
    """Deletes a mail that nobody is to get."""
    OutgoingMail.objects.filter(pk=row.pk, state=State.WAITING).delete()


def note_unreachable(rows: Iterable[OutgoingMail], error: str) -> None:
    """Gives the mails up for now: the server was not reached, so none of them is to blame."""
    waiting = OutgoingMail.objects.filter(pk__in=[row.pk for row in rows], state=State.WAITING)
    waiting.update(last_error=error, leased_until=None, leased_by=None)


def give_up_old(*, untried: bool) -> None:
    """Gives up mails that have been tried for a day, some at a time. ``untried``: also those that never came to it."""
    old = OutgoingMail.objects.filter(state=State.WAITING, give_up_at__lt=Now())
    old = old.filter(Q(leased_until=None) | Q(leased_until__lt=Now()))
    for row in (old if untried else old.filter(attempts__gt=0)).order_by("pk")[:BATCH]:
        _end(row, State.DEAD, row.last_error or with_codes(Problem.UNREACHABLE))


def note_bounce(message_id: str, codes: str = "") -> OutgoingMail | None:
    """Notes that a sent mail came back, and returns it; ``None`` if there is no such mail. ``codes``: RFC 3463."""
    row = OutgoingMail.objects.filter(message_id=message_id).first()
    if row is None or not _end(row, State.BOUNCED, with_codes(Problem.RETURNED, codes), before=State.SENT):
        return None
    return row


def _try_again(row: OutgoingMail, result: Result) -> None:
    pause = min(PAUSE_S * 2 ** min(row.attempts, 10), PAUSE_MAX_S) * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311
    OutgoingMail.objects.filter(pk=row.pk, state=State.WAITING).update(
        pending=result.left,
        sent_at=timezone.now() if result.taken else row.sent_at,
        last_error=result.error,
        attempts=F("attempts") + 1,
        due_at=Now() + timedelta(seconds=pause),
        leased_until=None,
        leased_by=None,
    )


@transaction.atomic
def _end(row: OutgoingMail, state: State, error: str = "", *, before: State = State.WAITING) -> bool:
    """Changes the state, once. What was sealed is gone with the sending."""
    changes: dict[str, Any] = {"state": state, "last_error": error, "leased_until": None, "leased_by": None}
    if state == State.SENT:
        changes |= {"sent_at": timezone.now(), "sealed": None, "pending": [], "subject": row.subject}
    tried = 0 if state == State.BOUNCED else 1
    changed = OutgoingMail.objects.filter(pk=row.pk, state=before).update(attempts=F("attempts") + tried, **changes)
    if changed:
        row.state, row.last_error = state, error
        _tell(row)
    return bool(changed)


def _tell(row: OutgoingMail) -> None:
    """A mistake there must not undo what is noted here: the mail would be sent again, and again."""
    try:
        with transaction.atomic():
            kind_of(row).ended(row)
    except OperationalError:
        raise
    except Exception:
        log.exception("the end of mail %s (%s) could not be told", row.pk, row.kind)
