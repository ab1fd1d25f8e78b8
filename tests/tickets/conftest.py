"""What the ticket tests share."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import close_old_connections, connection

from agents.models import AuditEntry
from tickets.models import Ticket


@pytest.fixture
def at_once() -> Callable[..., list[Any]]:
    """Runs an operation in many threads, all let go at the same moment: what each of them returned or raised."""

    def run(operation: Callable[[int], Any], times: int = 8) -> list[Any]:
        gate, results = threading.Barrier(times), [None] * times

        def one(index: int) -> None:
            close_old_connections()
            gate.wait(10)
            try:
                results[index] = operation(index)
            except Exception as error:
                results[index] = error
            finally:
                connection.close()

        threads = [threading.Thread(target=one, args=(index,)) for index in range(times)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        return results

    return run


@pytest.fixture
def actions() -> Callable[[Ticket], list[str]]:
    """What the trail says of a ticket."""
    return lambda ticket: list(
        AuditEntry.objects.filter(subject=ticket.audit_subject).order_by("id").values_list("action", flat=True)
    )
