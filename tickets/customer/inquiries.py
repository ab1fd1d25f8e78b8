"""Contact Us: a customer's inquiry becomes an Unassigned ticket.

The form is open to everybody and proves nothing about its sender, so it shows nothing that is known. Nothing is stored
without consent, and the number of inquiries from one address is limited.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from agents import throttle
from agents.models import Service
from chat.abuse import blocks, limits
from chat.abuse.networks import hash_of
from chat.follow_ups import Wish
from chat.masking.concealing import conceal
from chat.models import Chat
from contiple.base.email_addresses import canonical
from contiple.base.errors import Conflict
from helpcenter.customers import customer_for_inquiry, with_email
from helpcenter.members import sessions
from helpcenter.members.sessions import Begun
from helpcenter.models import Customer, PrivacyPolicy
from tickets.answering.mails import post_confirmation
from tickets.customer.chat_inquiries import replace_chat, words_of
from tickets.lifecycle import Draft, create_ticket, first_words, requested_ticket, ticket_of
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
    begun: Begun | None = None  # the sender's session, if it is a member, who gives no name


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


def leave_from_chat(chat: Chat, wish: Wish) -> Ticket:
    """The ticket that takes the place of ``chat``, with the customer's words in it, masked as they are stored.

    The chat's consent is the inquiry's. Clicked twice, it is one. Raises as ``FollowUps.leave_inquiry`` says. Locks
    Service, then Chat.
    """
    blocks.require_not_blocked(chat.service_id, customer_id=chat.customer_id)
    with transaction.atomic():
        lock_counter(chat.service)
        ticket = ticket_of(chat) or _confirmed(_create_from_chat(chat, wish), now=wish.now)
        replace_chat(chat, ticket)
    return ticket


def _create_from_chat(chat: Chat, wish: Wish) -> Ticket:
    body = words_of(chat, typed=wish.typed)
    if not body:
        raise Conflict(_("Write a message first."), code="nothing_written")
    _count(chat.service, address=wish.address, now=wish.now)
    draft = Draft(
        channel=Ticket.Channel.HELP_CENTER,
        subject=first_words(chat) or wish.typed,
        body=body,
        requester=with_email(chat.customer, wish.email),
        policy=chat.policy,
        consented_at=chat.consented_at,
    )
    return create_ticket(chat.service, draft)


def _create_confirmed(service: Service, inquiry: Inquiry) -> Ticket:
    return _confirmed(_create(service, inquiry), now=inquiry.now)


def _confirmed(ticket: Ticket, *, now: datetime) -> Ticket:
    """Mails the number as well, but never many to one address: anybody may type any address."""
    requester = ticket.requester
    if requester is not None and requester.email:
        whose = f"{ticket.service_id} {canonical(requester.email)}"
        if throttle.allow(limits.CONFIRMATION_BY_EMAIL, whose, now=now):
            post_confirmation(ticket)
    return ticket


def _count(service: Service, *, address: str, now: datetime) -> None:
    """Raises ``Blocked``, and ``TooMany`` past the limit of the address."""
    network = hash_of(service.pk, address)
    blocks.require_not_blocked(service.pk, network=network)
    counted = {limits.INQUIRY_BY_NETWORK: network, limits.INQUIRY_BY_SERVICE: str(service.pk)}
    throttle.count_attempts(counted, now=now)


def _create(service: Service, inquiry: Inquiry) -> Ticket:
    _count(service, address=inquiry.address, now=inquiry.now)
    draft = Draft(
        channel=Ticket.Channel.HELP_CENTER,
        subject=inquiry.subject,
        body=inquiry.body,
        requester=_requester(service, inquiry),
        policy=inquiry.policy,
        consented_at=inquiry.now,
        request_id=inquiry.request_id,
    )
    return create_ticket(service, draft)


def _requester(service: Service, inquiry: Inquiry) -> Customer:
    if inquiry.begun is None:
        name = conceal(service, inquiry.name)
        return customer_for_inquiry(service, name=name, email=inquiry.email, language=inquiry.language)
    customer = sessions.consented(*inquiry.begun, language=inquiry.language)
    blocks.require_not_blocked(service.pk, customer_id=customer.pk)
    return with_email(customer, inquiry.email)
