"""What is done with mails that came in: counted, and deleted when they are kept no longer."""

from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.db.models import Count, Q
from django.db.models.functions import Now
from django.utils import timezone

from contiple.base.batches import delete_in_batches
from tickets.mail.imap import name_of
from tickets.mail.models import PolledFolder, ReceivedMail

LATELY = timedelta(days=1)


class Figures(NamedTuple):
    """``filed`` and ``refused`` came within a day. ``waiting`` are in the mailbox, the first since ``stuck_since``.

    ``nobodys`` and ``unreadable`` are all that somebody should look at. ``read_at`` is when the mailbox was last read.
    """

    filed: int
    refused: int
    nobodys: int
    unreadable: int
    waiting: int = 0
    stuck_since: datetime | None = None
    read_at: datetime | None = None
    last_error: str = ""


def figures() -> Figures:
    Reason = ReceivedMail.Reason  # noqa: N806
    lately = ReceivedMail.objects.filter(received_at__gt=Now() - LATELY)
    came = lately.aggregate(all=Count("pk"), filed=Count("pk", filter=Q(reason=Reason.FILED)))
    stopped = ReceivedMail.objects.filter(reason__in=("nobody", "unreadable"), ticket=None)  # as the index has it
    nobodys, unreadable = (Count("pk", filter=Q(reason=reason)) for reason in (Reason.NOBODY, Reason.UNREADABLE))
    found = stopped.aggregate(nobodys=nobodys, unreadable=unreadable)
    folder = _folder()
    counts = (came["filed"], came["all"] - came["filed"], found["nobodys"], found["unreadable"])
    if folder is None:
        return Figures(*counts)
    return Figures(*counts, len(folder.failed), folder.stuck_since, folder.read_at, folder.last_error)


def drop_old() -> None:
    """Deletes mails that became no ticket, after ``RECEIVED_MAIL_DAYS``. The others go with their ticket."""
    kept: timedelta = settings.RECEIVED_MAILS_KEPT  # type: ignore[assignment]  # it has a default
    delete_in_batches(ReceivedMail.objects.filter(ticket=None, received_at__lt=timezone.now() - kept))


def _folder() -> PolledFolder | None:
    return PolledFolder.objects.filter(name=name_of(settings.IMAP_URL)).first() if settings.IMAP_URL else None
