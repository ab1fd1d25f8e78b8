"""Files a customer's answer to a mail with a chat's unread messages: it goes to the chat's ticket.

If the chat has none yet, one is made, with the chat in its Quick Menu. It is the chat's customer's, whoever the mail
says that it is from: replies go to the address that had been written to. The mail itself is shown as from another
address if it names another. Nothing of it becomes a message of the chat, whose customer is proved by a token. An
agent who has the chat open is told there that an answer came, and where it is.
"""

from collections.abc import Sequence

from agents.models import Service
from chat.conversation import messages
from chat.lifecycle.transitions import lock_chat
from chat.mails import ChatMail
from tickets.answering.conversation import Answered
from tickets.lifecycle import Draft, create_ticket, link_chat, suggested_subject, ticket_of
from tickets.models import Ticket, TicketMail

ANSWERED = "answered_by_mail"  # the entry in the conversation, for agents alone


def chat_mail_of(service: Service, answers: Sequence[str]) -> ChatMail | None:
    """Returns the newest of the service's mails from chats that has one of these ids, which nobody can guess."""
    mails = ChatMail.objects.select_related("chat")
    return mails.filter(chat__service=service, message_id__in=answers).order_by("-pk").first()


def lock(mail: ChatMail) -> Ticket | None:
    """Locks the Chat, before a ticket is: whoever masks does the same. Returns its ticket, if there is one."""
    mail.chat = lock_chat(mail.chat_id)
    return ticket_of(mail.chat)


def make_ticket(mail: ChatMail, text: str) -> Answered:
    """Makes the chat's ticket of the answer. The thread begins with the mail that was answered.

    Needs the locks of the service's row and of the Chat.
    """
    chat = mail.chat
    draft = Draft(
        channel=Ticket.Channel.MAIL,
        subject=suggested_subject(chat),
        body=text,
        requester=chat.customer,
        policy=chat.policy,
        consented_at=chat.consented_at,
    )
    ticket = create_ticket(chat.service, draft)
    link_chat(ticket, chat)
    ticket.mails.create(service=chat.service, message_id=mail.message_id, direction=TicketMail.Direction.OUT)
    return Answered(ticket, None)


def tell_agents(mail: ChatMail, ticket: Ticket) -> None:
    """Says in the conversation that an answer came by mail, and its ticket's number. Needs the Chat's lock."""
    messages.append_event(mail.chat, ANSWERED, name=str(ticket), internal=True)
