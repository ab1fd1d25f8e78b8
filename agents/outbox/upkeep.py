"""What is done with mails that have come to an end: started again, counted, deleted."""

from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.db.models import Count, Min, Q, QuerySet
from django.db.models.functions import Coalesce, Now
from django.utils import timezone

from agents.outbox.kinds import kind_of
from agents.outbox.models import STOPPED, OutgoingMail
from agents.outbox.posting import GIVE_UP_AFTER
from contiple.base.batches import BATCH, delete_in_batches

State = OutgoingMail.State

SECRETS_KEPT = timedelta(days=7)  # of mails that never left: as long as an invitation is valid
LATELY = timedelta(days=1)


def can_start_again(row: OutgoingMail) -> bool:
    """Says whether the mail stopped on its way, and its content is still there."""
    has_content = row.may_be_kept or row.sealed is not None or kind_of(row).make is not None
    return row.state in STOPPED and has_content


def start_again(row: OutgoingMail) -> bool:
    """Puts a mail that stopped back into the outbox, for another day. Says whether it had stopped."""
    if not can_start_again(row):
        return False
    waiting = {"state": State.WAITING, "attempts": 0, "due_at": None, "give_up_at": timezone.now() + GIVE_UP_AFTER}
    pending = row.pending or list(dict.fromkeys([*row.to, *row.cc]))
    return bool(OutgoingMail.objects.filter(pk=row.pk, state=row.state).update(pending=pending, **waiting))


def withdraw(mails: QuerySet[OutgoingMail]) -> None:
    """Deletes those of the mails that have not left yet. One that a worker has in hand may leave all the same."""
    mails.filter(state=State.WAITING).delete()


class Figures(NamedTuple):
    """``oldest``: since when the first of the waiting mails could have left. ``dead``: given up in the last day."""

    waiting: int
    oldest: datetime | None
    dead: int


def figures() -> Figures:
    waiting = OutgoingMail.objects.filter(state=State.WAITING)
    is_due = Q(due_at=None) | Q(due_at__lte=Now())
    found = waiting.aggregate(count=Count("pk"), oldest=Min(Coalesce("due_at", "created_at"), filter=is_due))
    dead = OutgoingMail.objects.filter(state=State.DEAD, give_up_at__gt=Now() - LATELY)
    return Figures(found["count"], found["oldest"], dead.count())


def drop_old() -> None:
    """Deletes mails that have ended, after ``SENT_MAIL_DAYS``; and secrets that never left, before.

    Reads the oldest that have ended, and those that still wait among them: ids grow with times, so no index is needed.
    """
    unsent = OutgoingMail.objects.filter(state__in=STOPPED, created_at__lt=timezone.now() - SECRETS_KEPT)
    unsent.exclude(sealed=None).update(sealed=None)
    kept: timedelta = settings.SENT_MAILS_KEPT  # type: ignore[assignment]  # it has a default
    oldest = OutgoingMail.objects.exclude(state=State.WAITING).order_by("pk").values("pk")[:BATCH]
    delete_in_batches(OutgoingMail.objects.filter(pk__in=oldest, created_at__lt=timezone.now() - kept))
