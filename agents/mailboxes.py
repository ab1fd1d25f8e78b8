"""Sets a service's mail address, and finds the services to which a mail was sent."""

from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from agents import audit
from agents.access import require_admin
from agents.models import Agent, Service, User
from agents.models_mailboxes import ServiceMailbox
from contiple.base.email_addresses import canonical
from contiple.base.errors import Invalid


def address_of(service: Service) -> str:
    """Returns the service's mail address, ``""`` if it has none."""
    return ServiceMailbox.objects.filter(service=service).values_list("address", flat=True).first() or ""


def mailboxes_for(addresses: Iterable[str]) -> list[ServiceMailbox]:
    """Returns the mailboxes of running services with one of the addresses, also if those have a tag (`help+5@…`)."""
    wanted = {form for address in addresses for form in (canonical(address), _without_tag(canonical(address)))}
    rows = ServiceMailbox.objects.select_related("service__contract").order_by("pk")
    return list(rows.filter(address__in=wanted, service__is_stopped=False))


def is_mailbox(address: str) -> bool:
    """Returns whether some service gets its mail at the address."""
    return ServiceMailbox.objects.filter(address__in={address, _without_tag(canonical(address))}).exists()


def set_address(by: Agent, address: str) -> bool:
    """Sets the address of the service's mailbox; an empty one closes it. Returns whether that changed anything.

    Raises ``Invalid`` for an address that is none, is another service's, or is one with which a person signs in: its
    mails would become tickets. Raises ``Closed`` if ``by`` is no admin any more.
    """
    address = canonical(address)
    _require_usable(address)
    with transaction.atomic():
        require_admin(by)
        if address == address_of(by.service):
            return False
        _save(by.service, address)
        audit.record(by.service, "mailbox.changed", f"service:{by.service_id}", agent=by, is_open=bool(address))
    return True


def _save(service: Service, address: str) -> None:
    if not address:
        ServiceMailbox.objects.filter(service=service).delete()
        return
    try:
        with transaction.atomic():
            ServiceMailbox.objects.update_or_create(
                service=service, defaults={"address": address, "last_mail_at": None}
            )
    except IntegrityError:
        raise Invalid(_("This e-mail address is already in use."), code="address") from None


def _require_usable(address: str) -> None:
    try:
        if address:
            validate_email(address)
    except ValidationError:
        raise Invalid(_("Please enter an e-mail address such as name@example.com."), code="address") from None
    if User.objects.filter(email=address).exists():
        raise Invalid(_("This e-mail address is already in use."), code="address")


def _without_tag(address: str) -> str:
    local, _at, domain = address.rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"
