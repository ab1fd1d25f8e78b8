"""Tags on tickets. Nobody adds a system tag, takes one off or writes a look-alike: the system alone puts them on."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from agents import audit
from agents.models import Agent
from chat.filing.tag_names import CHAT_TAG, clean_tag_name, tag_named
from chat.masking.concealing import conceal
from chat.models import Chat
from contiple.base.errors import Closed, Invalid
from tickets.changing import lock
from tickets.models import Tag, Ticket

TAGS_ON_TICKET_MAX = 20  # every row of the list shows them, and nobody can read more


def put_on_chat_tags(ticket: Ticket, chat: Chat) -> None:
    """Puts on the tag of tickets that were made from a chat, and the tags that the chat has."""
    system = tag_named(Tag, ticket.service, CHAT_TAG, is_system=True)
    if not system.is_system:
        system.name, system.is_system = CHAT_TAG, True
        system.save(update_fields=["name", "is_system"])
    ticket.tags.add(system, *(tag_named(Tag, ticket.service, tag.name) for tag in chat.tags.all()))


@transaction.atomic
def add_tag(agent: Agent, ticket: Ticket, name: str) -> Tag | None:
    """Puts a tag on and returns it; the service's tag of that name is made if there is none. ``None``: it was on.

    Raises ``Invalid`` for a name that can't be used and ``Closed`` for one that is or looks like a system tag's.
    """
    name = clean_tag_name(name)
    lock(ticket)
    name = conceal(agent.service, name)
    tag = tag_named(Tag, ticket.service, name)
    if ticket.tags.filter(pk=tag.pk).exists():
        return None
    if ticket.tags.count() >= TAGS_ON_TICKET_MAX:
        raise Invalid(_("A ticket has at most 20 tags."), code="too_many_tags")
    ticket.tags.add(tag)
    _touched(ticket, agent, "ticket.tag_added", tag)
    return tag


@transaction.atomic
def remove_tag(agent: Agent, ticket: Ticket, tag_id: int) -> Tag | None:
    """Takes a tag off and returns it; ``None`` if it was not on. Raises ``Closed`` for a system tag."""
    tag = ticket.tags.filter(pk=tag_id).first()
    if tag is None:
        return None
    if tag.is_system:
        raise Closed(_("This tag was added by the system and can't be removed."))
    lock(ticket)
    take_off(ticket, tag)
    _touched(ticket, agent, "ticket.tag_removed", tag)
    return tag


def rename_on(ticket: Ticket, tag: Tag, name: str) -> None:
    """Puts the tag ``name`` on the ticket in place of ``tag``, which stays as it is on other tickets.

    Needs the ticket's row lock.
    """
    take_off(ticket, tag)
    ticket.tags.add(tag_named(Tag, ticket.service, name))


def take_off(ticket: Ticket, tag: Tag) -> None:
    """Takes the tag off, and deletes it if no ticket has it: nobody would see it, though it may say what is masked.

    Needs the ticket's row lock. Locks the tag's row, so nobody puts it on another ticket meanwhile.
    """
    held = Tag.objects.select_for_update().filter(pk=tag.pk).first()
    ticket.tags.remove(tag)
    if held is not None and not held.tickets.exists():
        held.delete()


def _touched(ticket: Ticket, agent: Agent, action: str, tag: Tag) -> None:
    Ticket.objects.filter(pk=ticket.pk).update(updated_at=timezone.now())
    # Records the id: the name may have to be masked later.
    audit.record(ticket.service_id, action, ticket.audit_subject, agent=agent, tag=tag.pk, number=ticket.number)
