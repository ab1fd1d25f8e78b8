"""Deletes what accounts and the trail keep no longer. How long is a setting of the installation.

In Korea, records of who saw personal data are kept for two years (개인정보의 안전성 확보조치 기준 제8조), and those of
permissions for three (제5조), so ``settings`` refuses less. What has no setting is kept for good.
"""

from collections.abc import Collection
from datetime import timedelta

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.utils import timezone

from agents import throttle
from agents.models import Attempt, AuditEntry
from agents.models_accounts import AccountEntry, OpenSession
from contiple.base.batches import BATCH, delete_in_batches


def drop_ended_sessions() -> None:
    """Deletes sessions that ended, as Django's ``clearsessions`` does, and their rows in people's lists."""
    delete_in_batches(Session.objects.filter(expire_date__lt=timezone.now()))
    began = timezone.now() - timedelta(minutes=1)  # a session's own row comes a moment after the one in the list
    delete_in_batches(
        OpenSession.objects.filter(seen_at__lt=began).exclude(session_key__in=Session.objects.values("pk"))
    )


def drop_old_attempts() -> None:
    delete_in_batches(Attempt.objects.filter(at__lt=timezone.now() - throttle.KEPT))


def drop_old_account_entries() -> None:
    """Deletes the oldest entries of accounts. Their ids grow with their times, so no index is needed."""
    kept: timedelta = settings.ACCOUNT_ENTRIES_KEPT  # type: ignore[assignment]  # it has a default
    before = timezone.now() - kept
    oldest = AccountEntry.objects.order_by("pk").values("pk")[:BATCH]
    delete_in_batches(AccountEntry.objects.filter(pk__in=oldest, created_at__lt=before))


def drop_old_trail(record: Collection[str]) -> None:
    """Deletes old entries of the trail. ``record``: the actions of the record of looks, which has its own time."""
    old = _trail_before(settings.TRAIL_KEPT)
    delete_in_batches(old.exclude(action__in=record))
    delete_in_batches(_trail_before(settings.UNMASK_RECORD_KEPT).filter(action__in=record))


def _trail_before(kept: timedelta | None) -> QuerySet[AuditEntry]:
    if kept is None:
        return AuditEntry.objects.none()
    return AuditEntry.objects.filter(created_at__lt=timezone.now() - kept).order_by("created_at")
