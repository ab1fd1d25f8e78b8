"""Beats of workers in the database: by them operators and `/metrics` see that a worker is alive, and how slow."""

import logging
import time
import uuid
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import DatabaseError, models
from django.db.models import Max, Q
from django.db.models.functions import Now

from contiple.base.clock import database_now

BEAT_EVERY_S = 10
LATELY = timedelta(minutes=1)
KEPT = timedelta(days=1)

log = logging.getLogger(__name__)


class WorkerBeat(models.Model):
    """One run of a worker: when it last did all that was due, and its slowest tick in the seconds before."""

    run = models.UUIDField(primary_key=True, default=uuid.uuid4)
    at = models.DateTimeField()
    tick_s = models.FloatField()

    class Meta:
        app_label = "chat"

    def __str__(self) -> str:
        return f"worker {self.run}"


class Beats:
    """The beats of one run."""

    def __init__(self) -> None:
        self.run = uuid.uuid4()
        self.slowest_s = 0.0
        self.noted_at = -float("inf")

    def note(self, tick_s: float) -> None:
        """Notes a tick that succeeded. Writes every ``BEAT_EVERY_S``; an error is logged and never ends the worker."""
        self.slowest_s = max(self.slowest_s, tick_s)
        if time.monotonic() - self.noted_at < BEAT_EVERY_S:
            return
        try:
            beat = {"at": Now(), "tick_s": self.slowest_s}
            WorkerBeat.objects.update_or_create(run=self.run, defaults=beat)
        except DatabaseError as error:
            log.warning("a beat was not noted: %s", type(error).__name__)
            return
        self.noted_at, self.slowest_s = time.monotonic(), 0.0


class Seen(NamedTuple):
    """``at``: when any worker last succeeded. ``tick_s``: the slowest tick lately."""

    at: datetime | None
    tick_s: float


def seen() -> Seen:
    lately = Q(at__gt=database_now() - LATELY)
    found = WorkerBeat.objects.aggregate(last=Max("at"), slowest=Max("tick_s", filter=lately))
    return Seen(found["last"], found["slowest"] or 0.0)


def forget_old() -> None:
    WorkerBeat.objects.filter(at__lt=Now() - KEPT).delete()
