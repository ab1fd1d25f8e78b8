"""Finds a service's mail address, and the services to which a mail was sent."""

from collections.abc import Iterable

from agents.models import Service
from agents.models_mailboxes import ServiceMailbox
from contiple.base.email_addresses import canonical


def address_of(service: Service) -> str:
    """Returns the service's mail address, ``""`` if it has none."""
    return ServiceMailbox.objects.filter(service=service).values_list("address", flat=True).first() or ""


def mailboxes_for(addresses: Iterable[str]) -> list[ServiceMailbox]:
    """Returns the mailboxes of running services with one of the addresses, one for each at most.

    An address with a tag (`help+5@…`) that is nobody's own leads to the one without.
    """
    wanted = [canonical(address) for address in addresses]
    forms = {form for address in wanted for form in (address, _without_tag(address))}
    rows = ServiceMailbox.objects.select_related("service__contract").filter(address__in=forms)
    known = {row.address: row for row in rows}
    found = {known.get(address) or known.get(_without_tag(address)) for address in wanted}
    return sorted((row for row in found if row and not row.service.is_stopped), key=lambda row: row.pk)


def is_mailbox(address: str) -> bool:
    """Returns whether some service gets its mail at the address."""
    return ServiceMailbox.objects.filter(address__in={address, _without_tag(canonical(address))}).exists()


def _without_tag(address: str) -> str:
    local, _at, domain = address.rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"
