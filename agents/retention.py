"""Deletes what accounts and the trail keep no longer. How long is a setting of the installation.

In Korea, records of who saw personal data are kept for two years (개인정보의 안전성 확보조치 기준 제8조), and those of
permissions for three (제5조), so ``settings`` refuses less. What has no setting is kept for good.
"""

from collections.abc import Collection, Iterator
from datetime import timedelta

from django.conf import settings
from django.contrib.sessions.models import Session
from django.utils import timezone

from agents import throttle
from agents.models import Attempt, AuditEntry
from agents.models_accounts import AccountEntry, OpenSession
from contiple.base.batches import BATCH, SECONDS, delete_in_batches


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
    """Deletes old entries of the trail. ``record``: the actions of the record of looks, which has its own time.

    Action by action, as an index has them: entries that are kept longer, or for good, are not read each time.
    """
    for action in _actions():
        kept = settings.UNMASK_RECORD_KEPT if action in record else settings.TRAIL_KEPT
        if kept is not None:
            old = AuditEntry.objects.filter(action=action, created_at__lt=timezone.now() - kept)
            delete_in_batches(old.order_by("created_at"), seconds=SECONDS / 10)  # there are some twenty actions


def _actions() -> Iterator[str]:
    """The actions in the trail: one look into the index for each."""
    actions = AuditEntry.objects.order_by("action").values_list("action", flat=True)
    action = actions.first()
    while action is not None:
        yield action
        action = actions.filter(action__gt=action).first()
