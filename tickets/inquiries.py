"""Contact Us: a customer's inquiry becomes an Unassigned ticket.

The form is open to everybody and proves nothing about its sender, so it shows nothing that is known. Nothing is stored
without consent, and the number of inquiries from one address is limited.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from agents import throttle
from agents.models import Service
from chat.abuse import blocks, limits
from chat.abuse.networks import hash_of
from chat.masking.concealing import conceal
from chat.models import Chat
from contiple.base.email_addresses import canonical
from helpcenter.customers import customer_for_inquiry
from helpcenter.models import PrivacyPolicy
from tickets.chat_inquiries import replace_chat
from tickets.lifecycle import Draft, create_ticket, requested_ticket
from tickets.mails import is_reachable, post_confirmation
from tickets.models import Ticket
from tickets.numbering import lock_counter


@dataclass(frozen=True)
class Inquiry:
    """A customer's form, and how it came. ``policy`` is the text that was agreed to at ``now``."""

    name: str
    email: str
    language: str
    subject: str
    body: str
    policy: PrivacyPolicy
    request_id: UUID  # the form's own: sent twice, it makes one ticket
    address: str  # the sender's IP address
    now: datetime


def leave_inquiry(service: Service, inquiry: Inquiry, *, chat: Chat | None = None) -> Ticket:
    """The inquiry's ticket, made now or by the same form before. It takes the place of ``chat`` if one is given.

    Raises ``TooMany`` past the limit of the address, and ``Invalid`` for a name or an e-mail that can't be used. Locks
    Service, then Chat.
    """
    if chat is not None:
        blocks.require_not_blocked(service.pk, customer_id=chat.customer_id)
    with transaction.atomic():
        lock_counter(service)
        ticket = requested_ticket(service, inquiry.request_id) or _create_confirmed(service, inquiry)
        if chat is not None:
            replace_chat(chat, ticket)
    return ticket


def _create_confirmed(service: Service, inquiry: Inquiry) -> Ticket:
    """Mails the number as well, but never many to one address: the form is open to everybody."""
    ticket = _create(service, inquiry)
    whose = f"{service.pk} {canonical(inquiry.email)}"
    if is_reachable(ticket) and throttle.allow(limits.CONFIRMATION_BY_EMAIL, whose, now=inquiry.now):
        post_confirmation(ticket)
    return ticket


def _create(service: Service, inquiry: Inquiry) -> Ticket:
    network = hash_of(service.pk, inquiry.address)
    blocks.require_not_blocked(service.pk, network=network)
    counted = {limits.INQUIRY_BY_NETWORK: network, limits.INQUIRY_BY_SERVICE: str(service.pk)}
    throttle.count_attempts(counted, now=inquiry.now)
    requester = customer_for_inquiry(
        service, name=conceal(service, inquiry.name), email=inquiry.email, language=inquiry.language
    )
    draft = Draft(
        channel=Ticket.Channel.HELP_CENTER,
        subject=inquiry.subject,
        body=inquiry.body,
        requester=requester,
        policy=inquiry.policy,
        consented_at=inquiry.now,
        request_id=inquiry.request_id,
    )
    return create_ticket(service, draft)
