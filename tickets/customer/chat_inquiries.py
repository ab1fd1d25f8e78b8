"""An inquiry instead of a chat: it takes over what the customer wrote, and the chat gives up its place in the queue.

The form names the chat by a signed pass. The server gives it to the customer of the chat alone, and it is good for
nothing else. Without a valid pass, an inquiry has nothing to do with a chat.
"""

from django.core import signing

from agents.models import Service
from chat.conversation import messages
from chat.lifecycle import transitions
from chat.models import Chat, Message
from tickets.lifecycle import link_chat, ticket_of
from tickets.masking.concealing import conceal_words_of_customer
from tickets.models import TEXT_LENGTH_MAX, Ticket

PASS_LASTS_S = 24 * 60 * 60  # a page may stay open for a night
LEFT_INQUIRY = "inquiry"  # the entry in the conversation
_SALT = "tickets.chat_inquiry"


def pass_of(chat: Chat) -> str:
    return signing.dumps(chat.pk, salt=_SALT)


def chat_of_pass(service: Service, text: str) -> Chat | None:
    """The chat of a pass; ``None`` if the pass is forged, expired or another service's."""
    try:
        pk = signing.loads(text, salt=_SALT, max_age=PASS_LASTS_S)
    except signing.BadSignature:
        return None
    return Chat.objects.select_related("service").filter(service=service, pk=pk).first()


def waits(chat: Chat) -> bool:
    return chat.state in {Chat.State.WAITING, Chat.State.RINGING}


def words_of(chat: Chat, *, typed: str) -> str:
    """The customer's messages, masked as they are stored, then ``typed``; the oldest are left out if it's too long."""
    bodies = Message.objects.filter(chat=chat, author=Message.Author.CUSTOMER).order_by("-seq")
    words = typed
    for body in bodies.values_list("body", flat=True).iterator():
        longer = f"{body}\n{words}" if words else body
        if len(longer) > TEXT_LENGTH_MAX:
            break
        words = longer
    return words


def replace_chat(chat: Chat, ticket: Ticket) -> None:
    """Shows ``chat`` in the Quick Menu of the inquiry's ``ticket``, and ends it if it still waits.

    A chat that an agent has opened in the meantime goes on. Locks the Chat.
    """
    row = Chat.objects.select_for_update(no_key=True).get(pk=chat.pk)
    if ticket_of(row) is None:
        link_chat(ticket, row)
    conceal_words_of_customer(ticket, row)
    if row.state != Chat.State.ACTIVE and not row.messages.filter(event=LEFT_INQUIRY).exists():
        messages.append_event(row, LEFT_INQUIRY)
        transitions.publish(row)
    if waits(row):
        transitions.close_chat(row.pk, by=Chat.ClosedBy.CUSTOMER)
