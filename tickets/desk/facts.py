"""What agents change on a ticket's page one at a time: state, assignee, group, priority, and tags.

A page says what it showed, so nobody overwrites a newer change unread.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.forms import Form
from django.utils.translation import gettext_lazy as _

from agents.models import Agent
from contiple.base.errors import Conflict, Invalid
from tickets import lifecycle
from tickets.desk.forms import AssigneeForm, GroupForm, PriorityForm, StateForm
from tickets.models import Tag, Ticket
from tickets.triage import sorting

STATE, ASSIGNEE, GROUP, PRIORITY, TAG = "state", "assignee", "group", "priority", "tag"
_FORMS: dict[str, Callable[[Mapping[str, str], Ticket, Agent], Form]] = {
    STATE: lambda sent, ticket, agent: StateForm(sent, ticket=ticket, agent=agent),
    ASSIGNEE: lambda sent, ticket, _agent: AssigneeForm(sent, ticket=ticket),
    GROUP: lambda sent, ticket, _agent: GroupForm(sent, ticket=ticket),
    PRIORITY: lambda sent, ticket, _agent: PriorityForm(sent, ticket=ticket),
}
_ACTS: dict[str, Callable[[Agent, Ticket, Any], None]] = {
    STATE: lifecycle.set_state,
    ASSIGNEE: lifecycle.set_assignee,
    GROUP: sorting.set_group,
    PRIORITY: sorting.set_priority,
}


@dataclass(frozen=True)
class Saved:
    """A change that is in the database. ``was`` brings it back as it was; ``None``: that is not offered."""

    fact: str
    now: str = ""
    was: str | None = None
    added: Tag | None = None  # the tag that was put on; one that was taken off is in ``was``


def change(agent: Agent, ticket: Ticket, fact: str, sent: Mapping[str, str]) -> Saved:
    """Changes one fact as the form says.

    Raises ``Conflict`` if it is no longer what the page showed (``was``), ``Invalid`` for a value that is not offered,
    and what the act raises.
    """
    form = _FORMS[fact](sent, ticket, agent)
    if not form.is_valid():  # sent by hand, or gone meanwhile
        raise Invalid(" ".join(map(str, form.errors[fact])), code=fact)
    before, had, state = value_of(ticket, fact), ticket.assignee_id, ticket.state
    wished = form.cleaned_data[fact]
    if sent.get("was", before) != before and _key(wished) != before:
        raise Conflict(_("Not saved: someone else changed this in the meantime."))
    _ACTS[fact](agent, ticket, wished)
    now = value_of(ticket, fact)
    # Without an assignee a ticket has no other state than Unassigned: giving it back would not bring back both.
    is_whole = ticket.assignee_id == had or (fact == ASSIGNEE and (wished or state == Ticket.State.PROCESSING))
    can_undo = is_whole and now != before and "undo" not in sent
    return Saved(fact, now, before if can_undo else None)


def value_of(ticket: Ticket, fact: str) -> str:
    """Returns the fact as the forms send it."""
    return _key(getattr(ticket, fact))


def _key(value: Any) -> str:
    return str(getattr(value, "pk", value) or "")
