"""Deletes many rows without keeping locks for long."""

import time
from typing import Any

from django.db.models import QuerySet

BATCH = 1000
SECONDS = 1.0  # of a sweep that others wait for: what is left is for the next one


def delete_in_batches(rows: QuerySet[Any], *, seconds: float = SECONDS) -> None:
    """Deletes the rows, ``BATCH`` in each transaction, until there is none left or ``seconds`` are over."""
    deadline = time.monotonic() + seconds
    while keys := list(rows.values_list("pk", flat=True)[:BATCH]):
        # The key is all that Django needs to delete what belongs to the rows first.
        rows.model._base_manager.filter(pk__in=keys).only("pk").delete()
        if time.monotonic() > deadline:
            return
