"""Tags on tickets. The system's own come by themselves: nobody takes one off, adds one or writes a look-alike."""

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
from chat.masking.spans import apply_mask
from contiple.base.errors import Closed, Invalid
from contiple.base.texts import can_be_stored
from tickets.comment_masks import lock_ticket
from tickets.copies import bounds_of_copies, lock_with_chat
from tickets.models import CHAT_TAG, Tag, Ticket

TAG_LENGTH_MAX = 40
TAGS_ON_TICKET_MAX = 20  # more can't be read in a list, and each row of it renders them

# Letters of other scripts that are drawn as those of “chat” (Unicode TR 39, confusables).
_DRAWN_ALIKE = str.maketrans("сϲᴄһհаɑαтτ", "ccchhaaatt")


def put_on_chat_tag(ticket: Ticket) -> None:
    """The tag of every ticket that was made from a chat."""
    ticket.tags.add(tag_named(ticket.service, CHAT_TAG, is_system=True))


@transaction.atomic
def add_tag(agent: Agent, ticket: Ticket, name: str) -> None:
    """Puts a tag on, made where the service has none of that name yet; one that is on stays as it is.

    Raises ``Invalid`` for a name that can't be used and ``Closed`` for one that is or looks like the system's.
    """
    name = clean_tag_name(name)
    copies = lock_with_chat(ticket)
    name = apply_mask(conceal(agent.service, name), bounds_of_copies(copies, name))
    tag = tag_named(ticket.service, name)
    if ticket.tags.filter(pk=tag.pk).exists():
        return
    if ticket.tags.count() >= TAGS_ON_TICKET_MAX:
        raise Invalid(_("A ticket has at most 20 tags."), code="too_many_tags")
    ticket.tags.add(tag)
    _touched(ticket, agent, "ticket.tag_added", tag)


@transaction.atomic
def remove_tag(agent: Agent, ticket: Ticket, tag_id: int) -> None:
    """Takes a tag off; one that is not on is off already. Raises ``Closed`` for a system tag."""
    tag = ticket.tags.filter(pk=tag_id).first()
    if tag is None:
        return
    if tag.is_system:
        raise Closed(_("This tag was added by the system and can't be removed."))
    lock_ticket(ticket)
    take_off(ticket, tag)
    _touched(ticket, agent, "ticket.tag_removed", tag)


def rename_on(ticket: Ticket, tag: Tag, name: str) -> None:
    """The ticket's tag becomes another one; on other tickets, where it says something else, it stays.

    Needs the ticket's row lock.
    """
    take_off(ticket, tag)
    ticket.tags.add(tag_named(ticket.service, name))


def take_off(ticket: Ticket, tag: Tag) -> None:
    """A tag that is on no ticket any more is forgotten: nobody sees it, and it may say what is masked one day.

    Needs the ticket's row lock; takes the tag's, so that nobody puts it on another ticket at the same moment.
    """
    held = Tag.objects.select_for_update().filter(pk=tag.pk).first()
    ticket.tags.remove(tag)
    if held is not None and not held.tickets.exists():
        held.delete()


def clean_tag_name(name: str) -> str:
    """One line, in one spelling. Raises ``Invalid``, and ``Closed`` for what reads like a system tag."""
    name = " ".join(unicodedata.normalize("NFC", name).split()).lstrip("# ")
    if not can_be_stored(name) or not any(unicodedata.category(sign)[0] in "LNPS" for sign in name):
        raise Invalid(_("Write a tag first."), code="tag")
    if len(name) > TAG_LENGTH_MAX:
        raise Invalid(_("A tag has at most 40 characters."), code="tag")
    if _skeleton(name) in _reserved():
        raise Closed(_("Only the system adds this tag."), code="tag")
    return name


def _reserved() -> set[str]:
    """The system's tag, and what it is called in each language of the interface."""
    names = {CHAT_TAG}
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            names.add(gettext(CHAT_TAG))
    return {_skeleton(name) for name in names}


def _skeleton(name: str) -> str:
    """What a person sees of ``name``: letters and digits alone, one case, one width, one script for what is alike."""
    letters = (sign for sign in unicodedata.normalize("NFKD", name) if unicodedata.category(sign)[0] in "LN")
    return unicodedata.normalize("NFKC", "".join(letters).casefold().translate(_DRAWN_ALIKE))


def tag_named(service: Service, name: str, *, is_system: bool = False) -> Tag:
    """The service's tag of that name, whatever its case; two who make it at once make one. Locks its row."""
    named = Tag.objects.alias(lower=Lower("name")).filter(service=service, lower=Lower(Value(name)))
    tag = None
    while tag is None:  # it may be taken off its last ticket, and be gone, just now
        Tag.objects.bulk_create([Tag(service=service, name=name, is_system=is_system)], ignore_conflicts=True)
        tag = named.select_for_update().first()
    if is_system and not tag.is_system:
        tag.name, tag.is_system = name, True
        tag.save(update_fields=["name", "is_system"])
    return tag


def _touched(ticket: Ticket, agent: Agent, action: str, tag: Tag) -> None:
    Ticket.objects.filter(pk=ticket.pk).update(updated_at=timezone.now())
    # By its id: a name may have to be masked one day.
    audit.record(ticket.service_id, action, ticket.audit_subject, agent=agent, tag=tag.pk, number=ticket.number)
