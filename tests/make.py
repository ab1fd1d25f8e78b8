"""Rows for tests, by plain functions. Whatever a test doesn't name has a value that works."""

import itertools
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import Http404
from django.utils import timezone

from agents.models import Agent, Contract, Service, User
from chat.conversation import messages
from chat.models import Chat, Lease, Message
from chat.routing.chat_settings import chat_settings_of
from helpcenter.models import Customer, HelpCenter, HelpCenterText, PrivacyPolicy
from tickets.models import Ticket

PASSWORD = "correct horse battery"
A_WHILE = timedelta(minutes=50)
_count = itertools.count(1)


def make_service(
    slug: str = "demo", *, name: str = "", chat: bool = True, chat_enabled: bool = True, **contract
) -> Service:
    """A service with every gate open but the last: nobody is Online."""
    service = Service.objects.create(slug=slug, name=name or slug.title())
    Contract.objects.create(service=service, chat=chat, **contract)
    make_help_center(service, chat_enabled=chat_enabled)
    chat_settings_of(service)
    return service


def make_help_center(service: Service, *, chat_enabled: bool = True) -> HelpCenter:
    center = HelpCenter.objects.create(service=service, chat_enabled=chat_enabled, getting_started=False)
    for language, title in (("en", f"{service.name} help"), ("ko", f"{service.name} 고객센터")):
        HelpCenterText.objects.create(help_center=center, language=language, title=title)
        PrivacyPolicy.objects.create(help_center=center, version=1, language=language, text=f"Policy 1 {language}")
    return center


def make_user(name: str = "", *, email: str = "", password: str = PASSWORD, **fields) -> User:
    name = name or f"Person {next(_count)}"
    return User.objects.create_user(
        email or f"{name.lower().replace(' ', '.')}.{next(_count)}@example.com", password, name=name, **fields
    )


def make_agent(service: Service, name: str = "", *, user: User | None = None, online: bool = False, **fields) -> Agent:
    fields.setdefault("chat_permission", True)
    fields.setdefault("unmask_permission", fields["chat_permission"])
    status = Agent.ChatStatus.ONLINE if online else Agent.ChatStatus.OFFLINE
    return Agent.objects.create(service=service, user=user or make_user(name), chat_status=status, **fields)


def make_customer(service: Service, name: str = "Jun", *, email: str = "jun@example.com", **fields) -> Customer:
    return Customer.objects.create(service=service, name=name, email=email, **fields)


def make_chat(
    service: Service, *, customer: Customer | None = None, agent: Agent | None = None, state: str = "", **fields
) -> Chat:
    """A chat in a state: ``active`` where there is an agent and ``waiting`` where there is none, unless it is named.

    Its customer is there unless ``connected`` is ``False``: so it may ring.
    """
    now = timezone.now()
    state = state or (Chat.State.ACTIVE if agent else Chat.State.WAITING)
    if state == Chat.State.ACTIVE:
        fields.setdefault("answered_at", now)
    if state == Chat.State.CLOSED:
        fields.setdefault("closed_at", now)
        fields.setdefault("closed_by", Chat.ClosedBy.AGENT)
    if "waiting_since" in fields:
        fields.setdefault("turn_at", fields["waiting_since"])
    is_connected = fields.pop("connected", state != Chat.State.CLOSED)
    chat = Chat.objects.create(
        service=service,
        customer=customer or make_customer(service, f"Customer {next(_count)}"),
        agent=agent,
        state=state,
        policy=PrivacyPolicy.objects.filter(help_center__service=service, language="en").latest("version"),
        consented_at=now,
        **fields,
    )
    if is_connected:
        Lease.objects.create(chat=chat, expires_at=now + A_WHILE)
    return chat


def make_message(chat: Chat, body: str = "Hello", *, author: str = "customer", **fields) -> Message:
    """A message as it stands after an append, without anybody being told. A worker may append at the same time."""
    with transaction.atomic():
        return _append(chat, body, author, fields)


def _append(chat: Chat, body: str, author: str, fields: dict[str, Any]) -> Message:
    chat.last_rev = Chat.objects.select_for_update().values_list("last_rev", flat=True).get(pk=chat.pk) + 1
    chat.last_line = body[:120]
    chat.save(update_fields=["last_rev", "last_line"])
    fields.setdefault("name", str(chat.agent or "Agent") if author == "agent" else chat.customer.name)
    return Message.objects.create(chat=chat, seq=chat.last_rev, rev=chat.last_rev, author=author, body=body, **fields)


def make_ticket(service: Service, subject: str = "Where is my order?", **fields) -> Ticket:
    service.last_ticket_number += 1
    service.save(update_fields=["last_ticket_number"])
    fields.setdefault("channel", Ticket.Channel.HELP_CENTER)
    return Ticket.objects.create(service=service, number=service.last_ticket_number, subject=subject, **fields)


def send_as_agent(chat: Chat, agent: Agent, *, body: str, client_id: UUID) -> Message:
    """Appends a message of the agent who has the chat open, as ``messages.send_as_customer`` does for the customer."""
    who = {"agent_id": agent.pk, "agent_name": str(agent)}
    sending = messages.prepare(chat.pk, service_id=chat.service_id, body=body, client_id=client_id, **who)
    [outcome] = messages.append_together([sending], wait=True)
    if not isinstance(outcome, messages.Sent):
        raise outcome or Http404
    return Message.objects.get(chat=chat, seq=outcome.seq)
