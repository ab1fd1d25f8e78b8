"""Writes and reads the trail. Nothing else does."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from agents.models import Agent, AuditEntry, Service

ACTOR_LENGTH = AuditEntry._meta.get_field("actor").max_length  # an e-mail that stands for a missing name may be longer


def record(
    service: Service | int,
    action: str,
    subject: str,
    *,
    agent: Agent | None = None,
    actor: str = "",
    address: str | None = None,
    **details: Any,
) -> AuditEntry:
    """Writes an entry. Call it in the transaction of the act itself, so that neither exists without the other.

    ``agent`` did it; without an agent, ``actor`` says "customer", or stays "" for the system. ``details`` go into the
    entry as they are.
    """
    return AuditEntry.objects.create(
        service_id=service if isinstance(service, int) else service.pk,
        agent=agent,
        actor=(str(agent) if agent else actor)[:ACTOR_LENGTH],
        action=action,
        subject=subject,
        address=address,
        details=details,
    )


def record_each(service_id: int, action: str, details: dict[str, dict[str, Any]]) -> None:
    """Writes an entry by the system for each of many subjects: ``{subject: details}``."""
    record_everywhere(action, {(service_id, subject): detail for subject, detail in details.items()})


def record_everywhere(action: str, details: dict[tuple[int, str], dict[str, Any]]) -> None:
    """As ``record_each``, for subjects of several services: ``{(service's id, subject): details}``. One statement."""
    AuditEntry.objects.bulk_create(
        AuditEntry(service_id=service_id, action=action, subject=subject, details=detail)
        for (service_id, subject), detail in details.items()
    )


def trail(service: Service, subject: str) -> QuerySet[AuditEntry]:
    """The entries about ``subject``, oldest first."""
    return AuditEntry.objects.filter(service=service, subject=subject).order_by("id")


def entries(service: Service, actions: Collection[str]) -> QuerySet[AuditEntry]:
    """The entries of these kinds, in no order."""
    return AuditEntry.objects.filter(service=service, action__in=actions)


def periods_with_entries(
    service: Service, actions: Collection[str], periods: Sequence[tuple[datetime, datetime]]
) -> list[int]:
    """Returns the indexes, ascending, of the ``periods`` (begin, end) that have entries of these kinds.

    Each period is one look into the index, however many entries it has.
    """
    begins, ends = [begin for begin, _end in periods], [end for _begin, end in periods]
    with connection.cursor() as cursor:
        cursor.execute(_PERIODS, [begins, ends, service.pk, list(actions)])
        return [number - 1 for (number,) in cursor.fetchall()]


_PERIODS = """
    SELECT number FROM unnest(%s::timestamptz[], %s::timestamptz[]) WITH ORDINALITY AS period(begins, ends, number)
    WHERE EXISTS (
        SELECT 1 FROM agents_auditentry
        WHERE service_id = %s AND action = ANY(%s) AND created_at >= begins AND created_at < ends
    ) ORDER BY number
"""
