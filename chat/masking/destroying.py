"""Originals destroyed for good, by deleting the data keys they are sealed under. The asterisks stay.

By an admin for one chat or one customer, and by the clock: so many days after the end of a chat (for a ticket's
comments, after the last mask in them) as Contract Details says. What is left of an original can't be opened by anybody,
with any key.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from agents import audit
from agents.access import require_admin
from agents.models import Agent, Contract
from chat.masking import vault
from chat.models import Chat, DataKey
from contiple.base.clock import database_now
from helpcenter.models import Customer

RETENTION = "retention"  # why, in the trail; else it was an admin


def destroy_of_chat(admin: Agent, chat: Chat) -> None:
    """Destroys what is masked in the chat and in the comments of its ticket."""
    # An app above this one has the tickets; their keys name them.
    tickets = Chat.objects.filter(pk=chat.pk).values("ticket__pk")
    _destroy_of(admin, Q(chat=chat.pk) | Q(ticket__in=tickets), chat.subject, chat.customer_id)


def destroy_of_ticket(admin: Agent, ticket_id: int, customer_id: int | None) -> None:
    """Destroys what is masked in the comments of a ticket of the admin's service, which the caller has looked up."""
    _destroy_of(admin, Q(ticket=ticket_id), f"ticket:{ticket_id}", customer_id)


def destroy_of_customer(admin: Agent, customer: Customer) -> None:
    """Destroys what is masked in all chats and tickets of the person. Names and e-mail addresses stay."""
    keys = Q(chat__customer__in=same_person(customer)) | Q(customer__in=same_person(customer))
    _destroy_of(admin, keys, f"customer:{customer.pk}", customer.pk)


def destroy_expired(now: datetime | None = None) -> int:
    """Destroys what the contracts keep no longer; returns how many keys that were. Any number may do it at once."""
    now = now or database_now()
    contracts = Contract.objects.exclude(originals_kept_days=None)
    return sum(_destroy_expired_of(contract, now) for contract in contracts)


def same_person(customer: Customer) -> QuerySet[Customer]:
    """This customer, and whoever has the same e-mail address in the service: each browser makes a customer anew."""
    this = Q(pk=customer.pk)
    same = this | Q(email__iexact=customer.email) if customer.email else this
    return Customer.objects.filter(same, service=customer.service_id)


def chats_of(customer: Customer) -> int:
    """How many chats ``destroy_of_customer`` is about."""
    return Chat.objects.filter(customer__in=same_person(customer)).count()


@transaction.atomic
def _destroy_of(admin: Agent, keys: Q, subject: str, customer_id: int | None) -> None:
    """Raises ``Closed`` for who is not an admin any more. It is on record also where there was nothing to destroy.

    What is being masked at this moment is sealed under a key that is gone, or has one of its own that stays.
    """
    require_admin(admin)
    gone = vault.destroy(keys)
    action = f"{subject.partition(':')[0]}.originals_destroyed"
    audit.record(admin.service, action, subject, agent=admin, keys=len(gone), customer=customer_id)


@transaction.atomic
def _destroy_expired_of(contract: Contract, now: datetime) -> int:
    since = now - timedelta(days=contract.originals_kept_days or 0)
    of_chats = Q(ticket=None, chat__service=contract.service_id, chat__closed_at__lt=since)
    gone = vault.destroy(of_chats | Q(ticket__isnull=False, service=contract.service_id, used_at__lt=since))
    facts = {_subject(key): {"reason": RETENTION, "customer": _customer(key)} for key in gone}
    for place in ("chat", "ticket"):
        of_place = {subject: details for subject, details in facts.items() if subject.startswith(place)}
        audit.record_each(contract.service_id, f"{place}.originals_destroyed", of_place)
    return len(gone)


def _subject(key: DataKey) -> str:
    return f"chat:{key.chat_id}" if key.ticket is None else f"ticket:{key.ticket}"


def _customer(key: DataKey) -> int | None:
    return key.chat.customer_id if key.chat else key.customer_id
