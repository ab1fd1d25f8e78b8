"""Destroys originals for good, by deleting the data keys they are sealed under. The asterisks stay.

An admin does it for one holder or one customer. The clock does it after as many days as Contract Details says; each
kind of holder says from when they count. Afterwards nobody can open an original, with any key.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from agents import audit
from agents.access import require_admin
from agents.models import Agent, Contract
from chat.masking import holders, vault
from chat.masking.holders import Holder
from chat.masking.models import DataKey
from contiple.base.clock import database_now
from helpcenter.models import Customer

RETENTION = "retention"  # the reason in the trail if no admin did it
PERSON = "customer"  # the trail's subject for all that one person has said


def destroy_of(admin: Agent, holder: Holder) -> None:
    """Destroys what is masked in a holder of the admin's service, which the caller has looked up.

    The originals of other holders that go with it are destroyed too (``HolderKind.going_with``).
    """
    keys = Q(kind=holder.kind, number=holder.number)
    for kind in holders.registered():
        keys |= Q(kind=kind.name, number__in=kind.going_with(holder))
    _destroy(admin, keys, holder.subject, holder.customer)


def destroy_of_customer(admin: Agent, customer: Customer) -> None:
    """Destroys what is masked everywhere this person has spoken. Names and e-mail addresses stay."""
    _destroy(admin, Q(customer__in=same_person(customer)), f"{PERSON}:{customer.pk}", customer.pk)


def destroy_expired(now: datetime | None = None) -> int:
    """Destroys what the contracts keep no longer; returns the number of keys. Any number may do it at once."""
    now = now or database_now()
    contracts = Contract.objects.exclude(originals_kept_days=None)
    return sum(_destroy_expired_of(contract, now) for contract in contracts)


def same_person(customer: Customer) -> QuerySet[Customer]:
    """Returns this customer and all with the same e-mail address in the service: each browser makes a new customer."""
    this = Q(pk=customer.pk)
    same = this | Q(email__iexact=customer.email) if customer.email else this
    return Customer.objects.filter(same, service=customer.service_id)


@transaction.atomic
def _destroy(admin: Agent, keys: Q, subject: str, customer_id: int | None) -> None:
    """Raises ``Closed`` for somebody who is not an admin any more. It is on record even if nothing was to destroy.

    What is being masked at this moment is sealed under a key that is gone, or has one of its own that stays.
    """
    require_admin(admin)
    gone = vault.destroy(keys)
    action = f"{subject.partition(':')[0]}.originals_destroyed"
    audit.record(admin.service, action, subject, agent=admin, keys=len(gone), customer=customer_id)


@transaction.atomic
def _destroy_expired_of(contract: Contract, now: datetime) -> int:
    before = now - timedelta(days=contract.originals_kept_days or 0)
    keys = Q()
    for kind in holders.registered():
        keys |= Q(kind=kind.name, service=contract.service_id) & kind.due(contract.service_id, before)
    gone = vault.destroy(keys)
    for kind in holders.registered():
        _record_expired(contract.service_id, kind.name, [key for key in gone if key.kind == kind.name])
    return len(gone)


def _record_expired(service_id: int, kind: str, keys: list[DataKey]) -> None:
    facts = {f"{kind}:{key.number}": {"reason": RETENTION, "customer": key.customer_id} for key in keys}
    audit.record_each(service_id, f"{kind}.originals_destroyed", facts)
