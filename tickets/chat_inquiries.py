"""An inquiry instead of a chat: it takes over what the customer wrote, and the chat gives up its place in the queue.

The form names the chat by a signed pass, which the server gave to the customer of the chat alone, and which can do
nothing but this. Without one an inquiry is an inquiry.
"""

from typing import Any

from django.core import signing
from django.db import transaction

from agents import audit
from agents.models import Service
from chat.conversation import messages
from chat.conversation.message_masks import masked_originals
from chat.lifecycle import transitions
from chat.models import Chat, Message
from tickets.concealing import conceal_copies, conceal_copies_in
from tickets.inquiries import leave_inquiry
from tickets.lifecycle import ticket_of
from tickets.models import TEXT_LENGTH_MAX, Ticket
from tickets.tags import put_on_chat_tag

PASS_LASTS_S = 24 * 60 * 60  # a page may stay open for a night
_SALT = "tickets.chat_inquiry"


def pass_of(chat: Chat) -> str:
    return signing.dumps(chat.pk, salt=_SALT)


def chat_of_pass(service: Service, text: str) -> Chat | None:
    """The chat of a pass; ``None`` for what is no pass (any more), or one of another service."""
    try:
        pk = signing.loads(text, salt=_SALT, max_age=PASS_LASTS_S)
    except signing.BadSignature:
        return None
    return Chat.objects.select_related("service").filter(service=service, pk=pk).first()


def waits(chat: Chat) -> bool:
    return chat.state in {Chat.State.WAITING, Chat.State.RINGING}


def words_of(chat: Chat, *, typed: str) -> str:
    """What the customer wrote in the chat, as it stands masked, and ``typed``: the newest of it, as much as fits."""
    bodies = Message.objects.filter(chat=chat, author=Message.Author.CUSTOMER).order_by("-seq")
    words = typed
    for body in bodies.values_list("body", flat=True).iterator():
        longer = f"{body}\n{words}" if words else body
        if len(longer) > TEXT_LENGTH_MAX:
            break
        words = longer
    return words


def leave_instead_of_chat(chat: Chat, **inquiry: Any) -> Ticket:
    """``leave_inquiry``, with the chat in the ticket's Quick Menu; a chat that still waits ends with it.

    Where an agent has opened the chat in the meantime, it goes on. Locks Service, then Chat.
    """
    with transaction.atomic():
        ticket = leave_inquiry(chat.service, **inquiry)
        row = Chat.objects.select_for_update(no_key=True).get(pk=chat.pk)
        if ticket_of(row) is None:
            _link(ticket, row)
        else:  # the form may be older than a mask
            conceal_copies_in(ticket, row)
        if waits(row):
            messages.append_event(row, "inquiry")
            transitions.close_chat(row.pk, by=Chat.ClosedBy.CUSTOMER)
    return ticket


def _link(ticket: Ticket, chat: Chat) -> None:
    """A chat has one ticket. What is masked in the chat, now or later, is masked in it."""
    ticket.chat = chat
    ticket.save(update_fields=["chat"])
    put_on_chat_tag(ticket)
    conceal_copies(chat, masked_originals(chat))
    audit.record(chat.service_id, "chat.ticket_created", chat.subject, actor="customer", number=ticket.number)
