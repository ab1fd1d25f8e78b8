"""Rows that people put in order by hand, by a field ``position``."""

from django.db.models import QuerySet


def move(rows: QuerySet, pk: int, step: int) -> bool:
    """Renumbers the rows, with this one moved by ``step``; at either end it stays. Returns whether it has moved.

    The caller holds the lock of the row above them.
    """
    order = list(rows.values_list("pk", flat=True))
    if pk not in order:  # deleted, or moved elsewhere, while this waited for the lock
        return False
    at = order.index(pk)
    target = min(max(at + step, 0), len(order) - 1)
    order.insert(target, order.pop(at))
    for position, row in enumerate(order):
        rows.filter(pk=row).exclude(position=position).update(position=position)
    return target != at
