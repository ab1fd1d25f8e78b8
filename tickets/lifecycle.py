"""Creates and changes tickets: text, assignee, state, comments.

A ticket without an assignee is Unassigned, and no other is; the database enforces this. Every act writes its AuditEntry
in its own transaction: states, numbers and names of fields, never a text. Every text is masked before it is saved; only
originals of what is masked in comments are kept.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from agents import audit
from agents.models import Agent, Service
from chat.masking import concealing
from chat.models import Chat, Message
from contiple.base.errors import Closed, Invalid
from contiple.base.texts import one_line
from helpcenter.customers import note_contact
from helpcenter.models import Customer, PrivacyPolicy
from tickets.access import assignable
from tickets.changing import lock, record, update
from tickets.comments import Words, write, written_before
from tickets.copies import masked_since
from tickets.drafts import forget_draft
from tickets.masking.ticket_copies import hide_in_subjects
from tickets.models import SUBJECT_LENGTH_MAX, Comment, Ticket
from tickets.models_settings import Group
from tickets.numbering import lock_counter, next_number
from tickets.tags import put_on_chat_tags
from tickets.triage.due import deadlines, note_solution, record_deadlines, with_due

State = Ticket.State


@dataclass(frozen=True)
class Draft:
    """A ticket before it is made. Its fields are named as the model's.

    ``policy`` is the privacy policy that the requester agreed to at ``consented_at``.
    """

    channel: str
    subject: str
    body: str = ""
    requester: Customer | None = None
    assignee: Agent | None = None
    chat: Chat | None = None
    follows: Ticket | None = None
    group: Group | None = None
    priority: str = Ticket.Priority.NORMAL
    policy: PrivacyPolicy | None = None
    consented_at: datetime | None = None
    request_id: UUID | None = None


@transaction.atomic
def create_ticket(service: Service, draft: Draft, *, by: Agent | None = None) -> Ticket:
    """Makes a ticket, Processing if the draft has an assignee. Locks the Service's row.

    ``by`` is the agent who makes it, ``None`` if the customer does.
    """
    now = timezone.now()
    texts = {"subject": _subject(service, draft.subject), "body": concealing.conceal(service, draft.body)}
    ticket = Ticket(
        **{**vars(draft), **texts},
        **deadlines(service, priority=draft.priority, channel=draft.channel, since=now),
        service=service,
        number=next_number(service),
        state=State.PROCESSING if draft.assignee else State.UNASSIGNED,
        created_by=by,
        created_at=now,
        updated_at=now,
    )
    ticket.due_at = with_due(ticket, {})["due_at"]
    ticket.save(force_insert=True)
    if ticket.requester_id:
        note_contact(ticket.requester_id, now)
    _record_created(ticket, by)
    record_deadlines(ticket)
    return ticket


def _record_created(ticket: Ticket, by: Agent | None) -> None:
    audit.record(
        ticket.service,
        "ticket.created",
        ticket.audit_subject,
        agent=by,
        actor="" if by else "customer",
        number=ticket.number,
        channel=str(ticket.channel),
        state=str(ticket.state),
        assignee=ticket.assignee_id,
    )


def create_from_chat(agent: Agent, chat: Chat, *, subject: str = "", body: str = "") -> Ticket:
    """The chat's ticket: made now, with the agent as its assignee, or the one that is there already.

    An empty ``subject`` becomes the suggested one. However many ask at once, the chat gets one ticket.
    """
    with transaction.atomic():
        lock_counter(chat.service)
        Chat.objects.select_for_update(no_key=True).get(pk=chat.pk)
        return ticket_of(chat) or _create_from_chat(agent, chat, subject or suggested_subject(chat), body)


def _create_from_chat(agent: Agent, chat: Chat, subject: str, body: str) -> Ticket:
    draft = Draft(Ticket.Channel.CHAT, subject, body, requester=chat.customer, assignee=agent, chat=chat)
    ticket = create_ticket(chat.service, draft, by=agent)
    put_on_chat_tags(ticket, chat)
    audit.record(chat.service_id, "chat.ticket_created", chat.subject, agent=agent, number=ticket.number)
    return ticket


def link_chat(ticket: Ticket, chat: Chat) -> None:
    """Makes ``ticket`` the one of its customer's ``chat``: what is masked there later is masked in the ticket."""
    ticket.chat = chat
    ticket.save(update_fields=["chat"])
    put_on_chat_tags(ticket, chat)
    audit.record(chat.service_id, "chat.ticket_created", chat.subject, actor="customer", number=ticket.number)


def create_by_hand(agent: Agent, draft: Draft, *, find_requester: Callable[[], Customer | None]) -> Ticket:
    """A ticket that an agent writes, after a call for instance; the same form sent twice makes one.

    ``find_requester`` finds or makes the customer; it is called only if a ticket is made. Needs ``draft.request_id``.
    """
    with transaction.atomic():
        lock_counter(agent.service)
        sent = requested_ticket(agent.service, draft.request_id)
        return sent or create_ticket(agent.service, replace(draft, requester=find_requester()), by=agent)


def ticket_of(chat: Chat) -> Ticket | None:
    """The ticket that was made from ``chat``, read now."""
    return Ticket.objects.defer("search").filter(chat=chat).first()


def requested_ticket(service: Service, request_id: UUID | None) -> Ticket | None:
    """The ticket that this form has already made."""
    return Ticket.objects.defer("search").filter(service=service, request_id=request_id).first()


def suggested_subject(chat: Chat) -> str:
    """The customer's first message, masked as it is stored; if there is none, the customer's name."""
    if first := first_words(chat):
        return one_line(first, SUBJECT_LENGTH_MAX)
    return one_line(gettext("Chat with %(name)s") % {"name": chat.customer.name}, SUBJECT_LENGTH_MAX)


def first_words(chat: Chat) -> str:
    """The customer's first message, masked as it is stored; empty if there is none. A file's name is no message."""
    first = (
        chat.messages.filter(author=Message.Author.CUSTOMER, file__isnull=True).exclude(body="").order_by("seq").first()
    )
    return first.body if first else ""


@transaction.atomic
def set_state(agent: Agent, ticket: Ticket, state: str) -> None:
    """Brings ``ticket`` to ``state``; Unassigned takes it from its assignee.

    Raises ``Closed`` if the ticket would reach or leave Completed and ``agent`` is no admin, ``Invalid`` if it has no
    assignee, and ``Conflict`` if it has changed since it was read.
    """
    if state == ticket.state:
        return
    if state == State.UNASSIGNED:
        set_assignee(agent, ticket, None)
        return
    _check_completed(agent, ticket, state)
    if ticket.assignee_id is None:
        raise Invalid(_("Choose an assignee first."), code="unassigned")
    old = ticket.state
    _change(ticket, state=state, has_answer=False)
    record(agent, ticket, "ticket.state", old=str(old), new=str(state))
    note_solution(ticket, old, agent=agent)


@transaction.atomic
def set_assignee(agent: Agent, ticket: Ticket, assignee: Agent | None) -> None:
    """Gives ``ticket`` to an active agent of its service, or to nobody.

    An Unassigned ticket becomes Processing; without an assignee it becomes Unassigned. Raises as ``set_state`` does.
    """
    if assignee == ticket.assignee:
        return
    if assignee is not None and not assignable(ticket.service).filter(pk=assignee.pk).exists():
        raise Invalid(_("Tickets can't be assigned to this agent."), code="assignee")
    old_state, old = ticket.state, ticket.assignee_id
    state = State.UNASSIGNED if assignee is None else State.PROCESSING if old is None else old_state
    _check_completed(agent, ticket, state)
    _change(ticket, state=state, assignee=assignee)
    record(agent, ticket, "ticket.assignee", old=old, new=ticket.assignee_id)
    if state != old_state:
        record(agent, ticket, "ticket.state", old=str(old_state), new=str(state))


@transaction.atomic
def edit_text(agent: Agent, ticket: Ticket, *, subject: str, body: str) -> None:
    """Replaces subject and description. Raises ``Conflict`` if either has changed since ``ticket`` was read."""
    new = {"subject": _subject(agent.service, subject), "body": concealing.conceal(agent.service, body)}
    changed = [name for name, text in new.items() if text != getattr(ticket, name)]
    if not changed:
        return
    as_read = Ticket.objects.filter(pk=ticket.pk, subject=ticket.subject, body=ticket.body)
    before = ticket.subject
    update(as_read, ticket, new)
    hide_in_subjects(ticket, masked_since(before, ticket.subject))
    record(agent, ticket, "ticket.edited", fields=changed)


@transaction.atomic
def add_comment(agent: Agent, ticket: Ticket, body: str, *, request_id: UUID | None = None) -> Comment:
    """Adds an internal comment; the same form sent twice adds one. Locks the ticket's row.

    Masks what the service masks before anything is saved.
    """
    lock(ticket)
    sent = written_before(ticket, request_id)
    if sent:
        return sent
    comment = write(ticket, Words(body, agent=agent, request_id=request_id))
    forget_draft(agent, ticket, Comment.Kind.INTERNAL)
    Ticket.objects.filter(pk=ticket.pk).update(updated_at=timezone.now())
    record(agent, ticket, "ticket.commented", comment=comment.pk)
    return comment


def _subject(service: Service, text: str) -> str:
    """``text`` on one line. Masked before it is cut, or half a number at the end would not be found."""
    return one_line(concealing.conceal(service, " ".join(text.split())), SUBJECT_LENGTH_MAX)


def _check_completed(agent: Agent, ticket: Ticket, state: str) -> None:
    if State.COMPLETED in (state, ticket.state) and state != ticket.state and not agent.is_admin:
        raise Closed(_("Only an admin can complete a ticket or reopen a completed one."))


def _change(ticket: Ticket, **values: Any) -> None:
    """Compares and sets: if two change state or assignee at once, the later one gets ``Conflict``."""
    as_read = Ticket.objects.filter(pk=ticket.pk, state=ticket.state, assignee=ticket.assignee_id)
    update(as_read, ticket, with_due(ticket, values))
