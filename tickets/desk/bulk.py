"""Changes many tickets at once: each as far as it is still as the list showed it, or not at all."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from agents.models import Agent
from contiple.base.errors import Conflict, DomainError, Invalid
from contiple.base.paging import PAGE_SIZE, Position
from tickets import lifecycle, tags
from tickets.models import Ticket
from tickets.models_settings import Group
from tickets.triage import sorting

TICKETS_MAX = PAGE_SIZE  # one page of the list
_CHANGED = _("Someone else changed it in the meantime.")
_GONE = _("There is no such ticket.")


class Selected(NamedTuple):
    """A ticket by its number, and when it was last changed as the list showed it: microseconds since 1970."""

    number: int
    seen: int


@dataclass(frozen=True)
class Changes:
    """What is to be done with each ticket; what is left out stays. ``assignees`` and ``groups`` have one, or ``None``.

    That is how “to nobody” differs from “as it is”.
    """

    state: str = ""
    assignees: tuple[Agent | None, ...] = ()
    groups: tuple[Group | None, ...] = ()
    priority: str = ""
    new_tag: str = ""
    old_tag: int | None = None


@dataclass
class Account:
    """The numbers of tickets that are now as wished, and of the others, by the reason."""

    changed: list[int] = field(default_factory=list)
    refused: dict[str, list[int]] = field(default_factory=dict)

    @property
    def left(self) -> list[int]:
        return sorted(number for numbers in self.refused.values() for number in numbers)


def change_tickets(agent: Agent, selected: Sequence[Selected], changes: Changes) -> Account:
    """Makes all of ``changes`` on each ticket, in a transaction of its own, or none and says why.

    Raises ``Invalid`` for more than ``TICKETS_MAX``.
    """
    if len(selected) > TICKETS_MAX:
        text = _("At most %(most)s tickets can be changed at once.")
        raise Invalid(text % {"most": TICKETS_MAX}, code="too_many_tickets")
    account = Account()
    for each in sorted(selected):
        try:
            _change(agent, each, changes)
            account.changed.append(each.number)
        except DomainError as error:
            account.refused.setdefault(str(error), []).append(each.number)
    return account


@transaction.atomic
def _change(agent: Agent, selected: Selected, changes: Changes) -> None:
    ticket = _as_seen(agent, selected)
    # The assignee first: without one, a ticket takes no state.
    for assignee in changes.assignees:
        lifecycle.set_assignee(agent, ticket, assignee)
    for group in changes.groups:
        sorting.set_group(agent, ticket, group)
    if changes.state:
        lifecycle.set_state(agent, ticket, changes.state)
    if changes.priority:
        sorting.set_priority(agent, ticket, changes.priority)
    if changes.new_tag:
        tags.add_tag(agent, ticket, changes.new_tag)
    if changes.old_tag:
        tags.remove_tag(agent, ticket, changes.old_tag)


def _as_seen(agent: Agent, selected: Selected) -> Ticket:
    """Returns the ticket, locked. Raises ``Conflict`` if it has changed since it was shown."""
    rows = Ticket.objects.filter(service=agent.service, number=selected.number).defer("search")
    ticket = rows.select_for_update(no_key=True).first()
    if ticket is None:
        raise Invalid(_GONE, code="gone")
    if seen_now(ticket) != selected.seen:
        raise Conflict(_CHANGED)
    return ticket


def seen_now(ticket: Ticket) -> int:
    return int(str(Position(ticket.updated_at, 0)).partition("-")[0])
