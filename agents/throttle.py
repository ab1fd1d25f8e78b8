"""Limits attempts at passwords, mails to a person's address, chat starts, inquiries and looks under masks.

The limits of accounts stand here, those of customers in ``chat.abuse.limits``.

Attempts are counted in the database, so all processes count together. A row doesn't say who tried or from where: its
key is a hash under ``SECRET_KEY``. An attempt is counted before it is made, so of many at once no more than the limit
get through.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils.crypto import salted_hmac

from agents.models import Attempt
from contiple.base.errors import TooMany
from contiple.base.waiting import too_often


@dataclass(frozen=True)
class Limit:
    name: str
    attempts: int
    window: timedelta


SIGN_IN_BY_EMAIL = Limit("sign-in e-mail", 10, timedelta(minutes=15))
SIGN_IN_BY_ADDRESS = Limit("sign-in address", 50, timedelta(minutes=15))  # an office may share one address
SIGN_IN_BY_DEVICE = Limit("sign-in device", 10, timedelta(minutes=15))  # one on which the person signed in before
PASSKEY_BY_ADDRESS = Limit("passkey address", 50, timedelta(minutes=15))
RESET_BY_EMAIL = Limit("reset e-mail", 5, timedelta(hours=1))  # keeps anybody's mailbox from being filled
RESET_BY_DEVICE = Limit("reset device", 5, timedelta(hours=1))
RESET_BY_ADDRESS = Limit("reset address", 20, timedelta(hours=1))
INVITATION_BY_EMAIL = Limit("invitation e-mail", 5, timedelta(days=1))  # by any service
INVITATION_BY_SERVICE = Limit("invitation service", 50, timedelta(days=1))
KEPT = timedelta(days=1)  # the longest window
SWEPT_AT_ONCE = 50  # more than one attempt adds, so that old rows never pile up


def count_attempt(limit: Limit, who: str, *, now: datetime) -> Attempt:
    """Counts one attempt. Raises ``TooMany`` beyond the limit; a refused attempt isn't counted, so waiting helps.

    Looks before and after: a flood that is refused writes nothing, and of many at once no more than the limit get
    through.
    """
    _require_room(limit, who, now)
    _sweep(now)
    attempt = Attempt.objects.create(key=_key(limit, who), at=now)
    try:
        _require_room(limit, who, now, beside=attempt)
    except TooMany:
        attempt.delete()
        raise
    return attempt


def count_attempts(limits: dict[Limit, str], *, now: datetime) -> list[Attempt]:
    """Counts an attempt under each limit, or under none if one of them refuses."""
    counted: list[Attempt] = []
    try:
        for limit, who in limits.items():
            counted.append(count_attempt(limit, who, now=now))
    except TooMany:
        forget(counted)
        raise
    return counted


def allow(limit: Limit, who: str, *, now: datetime) -> bool:
    """Counts one attempt and returns ``True``, or returns ``False`` beyond the limit."""
    try:
        count_attempt(limit, who, now=now)
    except TooMany:
        return False
    return True


def recent_attempts(limit: Limit, who: str, *, now: datetime) -> int:
    """Returns how many attempts are counted in the limit's window now."""
    return _recent(limit, who, now).count()


def forget(attempts: list[Attempt]) -> None:
    Attempt.objects.filter(pk__in=[attempt.pk for attempt in attempts]).delete()


def forget_all(limit: Limit, who: str) -> None:
    Attempt.objects.filter(key=_key(limit, who)).delete()


def _require_room(limit: Limit, who: str, now: datetime, *, beside: Attempt | None = None) -> None:
    """Raises ``TooMany`` if the window is full, with the time until its oldest attempt that counts has left it."""
    others = _recent(limit, who, now).exclude(pk=beside.pk if beside else 0).order_by("-at")
    if limit.attempts:
        oldest = others.values_list("at", flat=True)[limit.attempts - 1 : limit.attempts].first()
        if oldest is None:
            return
    else:
        oldest = now
    wait_s = (oldest + limit.window - now).total_seconds()
    raise TooMany(too_often(wait_s), retry_after_s=wait_s)


def _sweep(now: datetime) -> None:
    """Deletes some old rows by the index on their time. What somebody else deletes already is not waited for."""
    old = Attempt.objects.filter(at__lt=now - KEPT).order_by("at")
    with transaction.atomic():
        gone = old.select_for_update(skip_locked=True).values_list("pk", flat=True)[:SWEPT_AT_ONCE]
        Attempt.objects.filter(pk__in=list(gone)).delete()


def _recent(limit: Limit, who: str, now: datetime) -> QuerySet[Attempt]:
    return Attempt.objects.filter(key=_key(limit, who), at__gt=now - limit.window)


def _key(limit: Limit, who: str) -> str:
    return salted_hmac(f"agents.throttle {limit.name}", who, algorithm="sha256").hexdigest()
