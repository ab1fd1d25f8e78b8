"""Merges two tickets of one requester. The merged one stays where it is, and leads to the one that is kept.

Nothing moves: comments stay with their ticket, whose data key seals what is masked in them, and the ticket stays its
chat's. Whatever reads or answers follows ``merged_into``, which never leads to a ticket that is merged itself.
"""

from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from agents.models import Agent
from contiple.base.errors import Closed, Conflict, Invalid
from tickets.access import assignable
from tickets.changing import record
from tickets.models import Ticket
from tickets.numbering import lock_counter
from tickets.requesters import is_known, is_same
from tickets.triage.due import with_due

State = Ticket.State
CHOICES_MAX = 20  # the tickets of a requester that changed last
_WITH_WORK_LEFT = {State.UNASSIGNED, State.PROCESSING, State.TRANSFERRED}
_AT_REST = {State.PENDING, State.RESOLVED}


def kept_of(ticket: Ticket) -> Ticket:
    """Returns the ticket that ``ticket`` was merged into, or itself."""
    return ticket.merged_into or ticket


def family_of(ticket: Ticket) -> QuerySet[Ticket]:
    """Returns the kept ticket and all that were merged into it, in the order in which they are locked."""
    kept = ticket.merged_into_id or ticket.pk
    return Ticket.objects.filter(Q(pk=kept) | Q(merged_into=kept)).defer("search").order_by("pk")


def merged_into(ticket: Ticket) -> QuerySet[Ticket]:
    """Returns the tickets that were merged into ``ticket``."""
    return Ticket.objects.filter(merged_into=ticket).defer("search").select_related("requester").order_by("number")


def followers_of(ticket: Ticket) -> list[int]:
    """Returns the numbers of the tickets that follow this one, or one that was merged into it."""
    rows = Ticket.objects.filter(follows__in=family_of(ticket).order_by().values("pk"), merged_into=None)
    return list(rows.exclude(pk=ticket.pk).order_by("number").values_list("number", flat=True))


def chats_of(ticket: Ticket) -> list[int]:
    """Returns the ids of the ticket's chat and of those of tickets that were merged into it, oldest first."""
    tickets = Ticket.objects.filter(Q(pk=ticket.pk) | Q(merged_into=ticket), chat__isnull=False)
    return list(tickets.order_by("chat").values_list("chat", flat=True))


def mergeable(ticket: Ticket) -> QuerySet[Ticket]:
    """Returns the requester's other tickets that ``ticket`` may be merged into; none if nobody knows whose it is."""
    if ticket.requester is None or not is_known(ticket.requester) or ticket.merged_into_id:
        return Ticket.objects.none()
    others = Ticket.objects.filter(service=ticket.service_id, requester=ticket.requester, merged_into=None)
    return others.exclude(pk=ticket.pk).exclude(state=State.COMPLETED).defer("search").order_by("-updated_at", "-pk")


@transaction.atomic
def merge(agent: Agent, ticket: Ticket, into: Ticket) -> None:
    """Merges ``ticket`` into ``into``, whose agents go on with both. The merged one becomes Completed.

    If work is left on the merged one, a Pending or Resolved ``into`` is Processing again. Without an assignee it takes
    that of the merged one, if tickets can still be assigned to that agent, and its group. Raises ``Invalid`` if they
    aren't surely one person's, ``Conflict`` if either was merged meanwhile, ``Closed`` if ``into`` is Completed. Locks
    Service, then both tickets.
    """
    lock_counter(agent.service)
    pair = Ticket.objects.filter(service=agent.service, pk__in=[ticket.pk, into.pk]).defer("search")
    rows = {row.pk: row for row in pair.select_for_update(no_key=True).order_by("pk")}
    merged, kept = rows[ticket.pk], rows[into.pk]
    _check(merged, kept)
    _close(agent, merged, kept)
    _go_on(agent, merged, kept)
    Ticket.objects.filter(merged_into=merged).update(merged_into=kept)


def _check(merged: Ticket, kept: Ticket) -> None:
    if merged == kept or not is_same(merged.requester, kept.requester):
        raise Invalid(_("Only tickets of the same requester can be merged."), code="into")
    if merged.merged_into_id or kept.merged_into_id:
        raise Conflict(_("One of the tickets was merged in the meantime. Check them again."))
    if kept.state == State.COMPLETED:
        raise Closed(_("A ticket can't be merged into a Completed one."))


def _close(agent: Agent, merged: Ticket, kept: Ticket) -> None:
    record(agent, merged, "ticket.merged", into=kept.number)
    if merged.assignee_id is None:
        record(agent, merged, "ticket.assignee", old=None, new=agent.pk)
    if merged.state != State.COMPLETED:
        record(agent, merged, "ticket.state", old=str(merged.state), new=str(State.COMPLETED))
    Ticket.objects.filter(pk=merged.pk).update(
        merged_into=kept,
        state=State.COMPLETED,
        assignee=merged.assignee_id or agent.pk,
        has_answer=False,
        due_at=None,
        updated_at=timezone.now(),
    )


def _go_on(agent: Agent, merged: Ticket, kept: Ticket) -> None:
    record(agent, kept, "ticket.merged_in", merged=merged.number)
    opens = kept.state in _AT_REST and (merged.has_answer or merged.state in _WITH_WORK_LEFT)
    values = _owners(merged, kept) | {"has_answer": kept.has_answer or merged.has_answer, "updated_at": timezone.now()}
    values["state"] = State.PROCESSING if opens or "assignee_id" in values else kept.state
    for name in ("assignee", "group"):
        if f"{name}_id" in values:
            record(agent, kept, f"ticket.{name}", old=None, new=values[f"{name}_id"])
    if values["state"] != kept.state:
        record(agent, kept, "ticket.state", old=str(kept.state), new=str(State.PROCESSING))
    Ticket.objects.filter(pk=kept.pk).update(**with_due(kept, values))


def _owners(merged: Ticket, kept: Ticket) -> dict[str, Any]:
    """Returns the merged ticket's assignee and group for a kept one that has no assignee; what it has, it keeps."""
    owners: dict[str, Any] = {}
    if kept.assignee_id:
        return owners
    if merged.assignee_id and assignable(kept.service).filter(pk=merged.assignee_id).exists():
        owners["assignee_id"] = merged.assignee_id
    if merged.group_id and kept.group_id is None:
        owners["group_id"] = merged.group_id
    return owners
