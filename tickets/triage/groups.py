"""Groups of agents that tickets are given to. Admins manage them."""

from collections.abc import Collection, Iterable
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from agents import audit
from agents.access import require_admin
from agents.models import Agent, AuditEntry, Service
from contiple.base.errors import Invalid
from tickets.models import DONE, Ticket
from tickets.models_settings import Group

GROUPS_MAX = 50  # in a service: each is a choice of every filter bar


def groups_of(service: Service) -> QuerySet[Group]:
    """Returns the service's groups, by name."""
    return Group.objects.filter(service=service, deleted_at=None).order_by("name")


def groups_with(agent: Agent) -> QuerySet[Group]:
    """Returns the groups that ``agent`` is in."""
    return groups_of(agent.service).filter(members=agent)


def choosable(service: Service, *, also: int | None = None) -> QuerySet[Group]:
    """Returns the groups that may be given a ticket: somebody is in them. ``also`` is the one that has it."""
    somebody = Agent.objects.filter(ticket_groups=OuterRef("pk"), is_active=True, user__is_active=True)
    return Group.objects.filter(
        Q(Exists(somebody), deleted_at=None) | Q(pk=also, service=service), service=service
    ).order_by("name")


@transaction.atomic
def save_group(by: Agent, group: Group | None, *, name: str, members: Iterable[Agent]) -> Group:
    """Makes a group, or changes one. Raises ``Invalid`` for a name that is taken, and past ``GROUPS_MAX``.

    Locks the Service's row, so that no two make the last one.
    """
    require_admin(by)
    Service.objects.select_for_update(no_key=True).values_list("pk").get(pk=by.service_id)
    if group is None and groups_of(by.service).count() >= GROUPS_MAX:
        raise Invalid(_("A service has at most 50 groups."), code="name")
    row = Group.objects.get(pk=group.pk) if group else Group(service=by.service)
    row.name = name
    _save(row)
    row.members.set(members)
    ids = sorted(row.members.values_list("pk", flat=True))
    _record(by, row, "group.changed" if group else "group.created", members=ids)
    return row


@transaction.atomic
def delete_group(by: Agent, group: Group) -> None:
    """Deletes a group. Open tickets lose it, each on record; those that are done keep it in their history."""
    require_admin(by)
    open_tickets = Ticket.objects.filter(group=group).exclude(state__in=DONE)
    rows = list(open_tickets.order_by("pk").select_for_update(no_key=True).values_list("pk", "number"))
    Ticket.objects.filter(pk__in=[pk for pk, _number in rows]).update(group=None)
    _record_each(by, group, rows)
    group.deleted_at = timezone.now()
    group.save(update_fields=["deleted_at"])
    group.members.clear()
    _record(by, group, "group.deleted", tickets=len(rows))


def _save(row: Group) -> None:
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:
        raise Invalid(_("There is a group of this name already."), code="name") from None


def _record(by: Agent, group: Group, action: str, **details: Any) -> None:
    audit.record(by.service_id, action, f"group:{group.pk}", agent=by, **details)


def _record_each(by: Agent, group: Group, rows: Collection[tuple[int, int]]) -> None:
    AuditEntry.objects.bulk_create(
        (
            AuditEntry(
                service_id=by.service_id,
                agent=by,
                actor=str(by)[: audit.ACTOR_LENGTH or None],
                action="ticket.group",
                subject=f"ticket:{pk}",
                details={"number": number, "old": group.pk, "new": None},
            )
            for pk, number in rows
        ),
        batch_size=500,
    )
