"""Destroys originals for good, by deleting the data keys they are sealed under. The asterisks stay.

An admin does it for one holder or one customer. The clock does it after as many days as Contract Details says; each
kind of holder says from when they count. Afterwards nobody can open an original, with any key.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Q, Value
from django.db.models.functions import Lower

from agents import audit
from agents.access import require_admin
from agents.models import Agent, Contract, Service
from chat.masking import holders, vault
from chat.masking.holders import Holder, Link
from chat.masking.models import DataKey
from contiple.base.clock import database_now
from helpcenter.families import family_of
from helpcenter.models import Customer

CLAIMED_MAX = 100  # what is destroyed leaves the list, so the next ones follow
RETENTION = "retention"  # the reason in the trail if no admin did it
# What packages above keep of a holder, or of one person, beside masked texts: it goes in the same transaction, before
# the keys, as it locks rows of holders.
with_holder: list[Callable[[Agent, Holder], object]] = []
with_customer: list[Callable[[Agent, Customer], object]] = []
# What is kept with the customer's row, whoever has written in its name.
with_row: list[Callable[[Agent, Customer], object]] = []
PERSON = "customer"  # the trail's subject for all that one person has said


class Claimed(NamedTuple):
    """A holder whose customer gave an address, with what an admin needs to tell whose it is."""

    holder: Holder
    customer: Customer
    at: datetime  # the first mask
    link: Link | None
    about: str  # masked


def destroy_of(admin: Agent, holder: Holder) -> None:
    """Destroys what is masked in a holder of the admin's service, which the caller has looked up.

    The originals of other holders that go with it are destroyed too (``HolderKind.going_with``).
    """
    with transaction.atomic():
        _each(with_holder, admin, holder)
        _destroy(admin, _keys_with(holder), holder.subject, holder.customer)


def destroy_of_customer(admin: Agent, customer: Customer, holder: Holder, *, chosen: Collection[str] = ()) -> None:
    """Destroys what is masked in ``holder`` and everywhere this customer is proved to have spoken, or a customer whom
    agents have merged with it.

    ``chosen`` are further ones by their subjects, as ``claimed_by`` offers them; others are passed over. Names and
    e-mail addresses stay. Each one that was chosen is on record by itself.
    """
    others = [other for other in claimed_by(customer, holder) if other.holder.subject in chosen]
    with transaction.atomic():
        for one in (holder, *(other.holder for other in others)):
            _each(with_holder, admin, one)
        family = list(family_of(customer))
        for row in family:
            _each(with_row, admin, row)
        for row in _persons(family):
            _each(with_customer, admin, row)
        _destroy(admin, _proved(customer, holder), f"{PERSON}:{customer.pk}", customer.pk)
        for other in others:
            _destroy(admin, _keys_with(other.holder), other.holder.subject, other.customer.pk)


def claimed_by(customer: Customer, holder: Holder) -> list[Claimed]:
    """Returns the newest ``CLAIMED_MAX`` of what bears the customer's e-mail address, without proof.

    Anybody can write any address into a form, so an admin has to choose.
    """
    family = list(family_of(customer))
    bears = Q(pk__in=[row.pk for row in family])
    for email in {row.email for row in family if row.email}:
        bears |= Q(lower=Lower(Value(email)))
    same = Customer.objects.alias(lower=Lower("email")).filter(bears, service=customer.service_id)
    keys = DataKey.objects.filter(customer__in=same, service=customer.service_id, generation=0)
    keys = keys.exclude(_proved(customer, holder)).select_related("customer").order_by("-created_at", "-pk")
    return _as_claimed(customer.service, list(keys[:CLAIMED_MAX]))


def destroy_expired(now: datetime | None = None) -> int:
    """Destroys what the contracts keep no longer; returns the number of keys. Any number may do it at once."""
    now = now or database_now()
    contracts = Contract.objects.exclude(originals_kept_days=None)
    return sum(_destroy_expired_of(contract, now) for contract in contracts)


def _proved(customer: Customer, holder: Holder) -> Q:
    """Selects the keys of what is surely this person's: by one token, or one member, or merged by agents. Else those of
    ``holder`` alone.

    Inquiries with the same name and address share a customer's row, which has no token.
    """
    persons = _persons(list(family_of(customer)))
    return _keys_with(holder) | Q(customer__in=persons) if persons else _keys_with(holder)


def _persons(family: Sequence[Customer]) -> Sequence[Customer]:
    """Those rows that stand for one person: by a token, as a member, or because agents have merged them."""
    return [row for row in family if len(family) > 1 or row.token_hash or row.member]


def _each(acts: Sequence[Callable[[Agent, Any], object]], admin: Agent, whose: Any) -> None:
    for act in acts:
        act(admin, whose)


def _keys_with(holder: Holder) -> Q:
    """Selects the keys of ``holder`` and of what goes with it."""
    keys = Q(kind=holder.kind, number=holder.number)
    for kind in holders.registered():
        keys |= Q(kind=kind.name, number__in=kind.going_with(holder))
    return keys


def _as_claimed(service: Service, keys: Sequence[DataKey]) -> list[Claimed]:
    found = [(key, vault.holder_of(key)) for key in keys]
    links: dict[tuple[str, int], Link] = {}
    abouts: dict[tuple[str, int], str] = {}
    for kind in holders.registered():
        numbers = [key.number for key in keys if key.kind == kind.name]
        links |= {(kind.name, number): link for number, link in kind.links(service, numbers).items()}
        abouts |= {(kind.name, number): about for number, about in kind.abouts(numbers).items()}
    return [
        Claimed(holder, key.customer, key.created_at, links.get(holder[1:]), abouts.get(holder[1:], ""))
        for key, holder in found
        if key.customer
    ]


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
