"""Notes on customers, by agents for agents. They are masked before they are saved, and no original is kept.

They go with the customer's originals: when an admin destroys those, and when the customer was not in touch for as many
days as the contract keeps originals. Each act is on record, without the words.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import DurationField, ExpressionWrapper, F, Q, QuerySet, Value
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from agents import audit
from agents.changes import apply_changes, refuse_outdated
from agents.models import Agent
from chat.conversation import message_masks
from chat.masking import concealing, destroying
from chat.masking.copies import conceal_in
from chat.models import Chat
from contiple.base.clock import database_now
from contiple.base.errors import Conflict, Invalid
from contiple.base.texts import clean_text
from helpcenter.families import family_of, ids_of_family
from helpcenter.models import Customer, CustomerNote

NOTES_MAX = 50  # on a customer: more are read by nobody
LENGTH_MAX = CustomerNote._meta.get_field("body").max_length or 0
SHOWN = 3  # beside a conversation
AT_ONCE = 2_000  # a sweep's share; the next one goes on
CHANGED = ("body",)  # by an edit


class Notes(NamedTuple):
    shown: Sequence[CustomerNote]  # newest first
    has_more: bool


def all_of(customer: Customer) -> Notes:
    return Notes(list(_newest(customer)), has_more=False)


def latest(customer: Customer) -> Notes:
    """The newest ones. One query."""
    found = list(_newest(customer)[: SHOWN + 1])
    return Notes(found[:SHOWN], len(found) > SHOWN)


def may_change(agent: Agent, note: CustomerNote) -> bool:
    """The author may change a note, and an admin."""
    return agent.is_admin or note.agent_id == agent.pk


def add(agent: Agent, customer: Customer, body: str, *, request_id: UUID | None = None) -> CustomerNote:
    """Adds a note to a customer of the agent's service; the same form sent twice adds it once.

    Raises ``Invalid`` for the text, ``Conflict`` if there are ``NOTES_MAX``. Locks as ``_lock_family`` says.
    """
    body = _concealed(customer, body)
    with transaction.atomic():
        _lock_family(customer)
        if request_id and (sent := customer.notes.filter(request_id=request_id).first()):
            return sent
        if _newest(customer).count() >= NOTES_MAX:
            raise Conflict(_("There are %(most)s notes already. Remove one first.") % {"most": NOTES_MAX})
        note = customer.notes.create(agent=agent, name=str(agent)[:80], body=body, request_id=request_id)
        _record(agent, note, "customer.note_added")
    return note


@transaction.atomic
def edit(agent: Agent, note: CustomerNote, body: str, *, seen: str = "") -> None:
    """Replaces what the note says, if it is still as the form showed it (``seen``).

    Raises ``Invalid``, ``Conflict`` if it was changed meanwhile, by a mask or an edit, and ``Http404`` if the agent may
    not, or the note is gone.
    """
    body = _concealed(note.customer, body)
    row = _own(agent, note).select_for_update().first()
    if row is None:
        raise Http404
    refuse_outdated(row, CHANGED, seen)
    if apply_changes(row, {"body": body}):
        CustomerNote.objects.filter(pk=row.pk).update(edited_at=timezone.now())
        _record(agent, note, "customer.note_edited")


@transaction.atomic
def remove(agent: Agent, note: CustomerNote) -> None:
    """Raises ``Http404`` if the agent may not, or the note is gone."""
    deleted, _rows = _own(agent, note).delete()
    if not deleted:
        raise Http404
    _record(agent, note, "customer.note_removed")


def register() -> None:
    """Lets notes go with a customer's originals, and hides in them what is masked by hand in the customer's chat."""
    destroying.with_row.append(_destroy)
    message_masks.copies.append(_conceal_copies)


def conceal_copies(customer_id: int, originals: Sequence[str]) -> None:
    """Puts asterisks over copies of ``originals``, which somebody masks by hand at this moment, in the notes."""
    if not originals:
        return
    notes = CustomerNote.objects.select_for_update().filter(customer__in=ids_of_family(customer_id))
    for note in notes.order_by("pk"):
        body = conceal_in(note.body, originals)
        if body != note.body:
            CustomerNote.objects.filter(pk=note.pk).update(body=body)


def drop_expired(now: datetime | None = None) -> int:
    """Deletes notes that the contracts keep no longer, ``AT_ONCE`` at most; returns of how many customers.

    However many services there are, it takes the same few statements. Any number may do it at once.
    """
    old = _expired(now or database_now())
    with transaction.atomic():
        # Those that another worker is deleting are its own.
        locked = old.select_for_update(skip_locked=True, of=("self",)).order_by("pk")
        found = list(locked.values_list("pk", "customer__service", "customer")[:AT_ONCE])
        CustomerNote.objects.filter(pk__in=[pk for pk, _service, _customer in found]).delete()
        whose = sorted({(service_id, f"customer:{customer}") for _pk, service_id, customer in found})
        audit.record_everywhere("customer.notes_destroyed", {each: {"reason": destroying.RETENTION} for each in whose})
    return len(whose)


def _lock_family(customer: Customer) -> None:
    """Lets one note at a time be added to customers who are one person: locks the row, then the kept one's.

    In this order, as ``note_contact`` and merges do: nobody merges or separates the row meanwhile.
    """
    rows = Customer.objects.select_for_update(no_key=True, of=("self",))
    kept = rows.values_list("merged_into", flat=True).get(pk=customer.pk)
    if kept:
        rows.values_list("pk").get(pk=kept)


def _newest(customer: Customer) -> QuerySet[CustomerNote]:
    """Those of customers who are merged with this one are on it, too."""
    return CustomerNote.objects.filter(customer__in=family_of(customer)).order_by("-pk")


def _own(agent: Agent, note: CustomerNote) -> QuerySet[CustomerNote]:
    found = CustomerNote.objects.filter(pk=note.pk)
    return found if agent.is_admin else found.filter(agent=agent)


def _concealed(customer: Customer, body: str) -> str:
    body = clean_text(body)
    if not body:
        raise Invalid(_("Write something first."), code="body")
    if len(body) > LENGTH_MAX:
        raise Invalid(_("The note is too long."), code="body")
    return concealing.conceal(customer.service, body)


def _record(agent: Agent, note: CustomerNote, action: str) -> None:
    audit.record(agent.service_id, action, f"customer:{note.customer_id}", agent=agent, note=note.pk)


def _destroy(admin: Agent, customer: Customer) -> None:
    deleted, _rows = customer.notes.all().delete()
    if deleted:
        subject = f"customer:{customer.pk}"
        audit.record(admin.service_id, "customer.notes_destroyed", subject, agent=admin, notes=deleted)


def _conceal_copies(chat: Chat, originals: Sequence[str]) -> None:
    conceal_copies(chat.customer_id, originals)


def _expired(now: datetime) -> QuerySet[CustomerNote]:
    """Those older than their contract keeps, of customers who (as the kept one too) were not in touch for as long."""
    days = F("customer__service__contract__originals_kept_days")
    kept_for = ExpressionWrapper(days * Value(timedelta(days=1)), output_field=DurationField())
    before = Value(now) - kept_for  # NULL, which nothing is before, if the contract keeps them for ever
    kept_too = Q(customer__merged_into=None) | Q(customer__merged_into__last_contact_at__lt=before)
    return CustomerNote.objects.filter(kept_too, customer__last_contact_at__lt=before, created_at__lt=before)
