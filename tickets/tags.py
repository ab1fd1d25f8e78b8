"""Tags on tickets. Nobody adds a system tag, takes one off or writes a look-alike: the system alone puts them on."""

import unicodedata

from django.conf import settings
from django.db import transaction
from django.db.models import Value
from django.db.models.functions import Lower
from django.utils import timezone, translation
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from agents import audit
from agents.models import Agent, Service
from chat.masking.concealing import conceal
from contiple.base.errors import Closed, Invalid
from contiple.base.texts import can_be_stored, tidy_text
from tickets.changing import lock
from tickets.models import CHAT_TAG, Tag, Ticket

TAG_LENGTH_MAX = 40
TAGS_ON_TICKET_MAX = 20  # every row of the list shows them, and nobody can read more

# Letters of other scripts that look like those of “chat” (Unicode TR 39, confusables).
_DRAWN_ALIKE = str.maketrans("сϲᴄһհаɑαтτ", "ccchhaaatt")


def put_on_chat_tag(ticket: Ticket) -> None:
    """Puts on the tag of tickets that were made from a chat."""
    ticket.tags.add(tag_named(ticket.service, CHAT_TAG, is_system=True))


@transaction.atomic
def add_tag(agent: Agent, ticket: Ticket, name: str) -> Tag | None:
    """Puts a tag on and returns it; the service's tag of that name is made if there is none. ``None``: it was on.

    Raises ``Invalid`` for a name that can't be used and ``Closed`` for one that is or looks like a system tag's.
    """
    name = clean_tag_name(name)
    lock(ticket)
    name = conceal(agent.service, name)
    tag = tag_named(ticket.service, name)
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
    ticket.tags.add(tag_named(ticket.service, name))


def take_off(ticket: Ticket, tag: Tag) -> None:
    """Takes the tag off, and deletes it if no ticket has it: nobody would see it, though it may say what is masked.

    Needs the ticket's row lock. Locks the tag's row, so nobody puts it on another ticket meanwhile.
    """
    held = Tag.objects.select_for_update().filter(pk=tag.pk).first()
    ticket.tags.remove(tag)
    if held is not None and not held.tickets.exists():
        held.delete()


def clean_tag_name(name: str) -> str:
    """``name`` on one line, composed. Raises ``Invalid``, and ``Closed`` if it reads like a system tag."""
    name = " ".join(tidy_text(name).split()).lstrip("# ")
    if not can_be_stored(name) or not any(unicodedata.category(sign)[0] in "LNPS" for sign in name):
        raise Invalid(_("Write a tag first."), code="tag")
    if len(name) > TAG_LENGTH_MAX:
        raise Invalid(_("A tag has at most 40 characters."), code="tag")
    if _skeleton(name) in _reserved():
        raise Closed(_("Only the system adds this tag."), code="tag")
    return name


def _reserved() -> set[str]:
    """The skeletons of the system tag's name in every language of the interface."""
    names = {CHAT_TAG}
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            names.add(gettext(CHAT_TAG))
    return {_skeleton(name) for name in names}


def _skeleton(name: str) -> str:
    """``name`` reduced to what a person sees: letters and digits, one case, one width, look-alikes in one script."""
    letters = (sign for sign in unicodedata.normalize("NFKD", name) if unicodedata.category(sign)[0] in "LN")
    return unicodedata.normalize("NFKC", "".join(letters).casefold().translate(_DRAWN_ALIKE))


def tag_named(service: Service, name: str, *, is_system: bool = False) -> Tag:
    """The service's tag of that name in any case, made if there is none, once even if two make it. Locks its row."""
    named = Tag.objects.alias(lower=Lower("name")).filter(service=service, lower=Lower(Value(name)))
    tag = None
    while tag is None:  # it may be deleted meanwhile, if it is taken off its last ticket
        Tag.objects.bulk_create([Tag(service=service, name=name, is_system=is_system)], ignore_conflicts=True)
        tag = named.select_for_update().first()
    if is_system and not tag.is_system:
        tag.name, tag.is_system = name, True
        tag.save(update_fields=["name", "is_system"])
    return tag


def _touched(ticket: Ticket, agent: Agent, action: str, tag: Tag) -> None:
    Ticket.objects.filter(pk=ticket.pk).update(updated_at=timezone.now())
    # Records the id: the name may have to be masked later.
    audit.record(ticket.service_id, action, ticket.audit_subject, agent=agent, tag=tag.pk, number=ticket.number)
