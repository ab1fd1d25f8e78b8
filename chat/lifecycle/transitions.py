"""What happens to a chat from its start to its end. Each function is one transaction, and tells everybody after it.

Lock order: Chat, then Agent. Whatever makes room or makes a chat wait calls the router after its commit.
"""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from agents import audit, status
from agents.models import Agent, Service
from chat.conversation import live, messages
from chat.models import Chat, Ring
from chat.routing import presence, queue_limits
from chat.routing.assignment import assign_waiting_chats
from chat.states import State, move_chat
from contiple.base import clock
from contiple.base.errors import Closed, Conflict
from helpcenter.access import chat_gate_open, help_center_of
from helpcenter.models import Customer, PrivacyPolicy
from helpcenter.texts import text_for

# Of a chat that an agent has just opened: nothing speaks for an inquiry, and no silence has begun with this agent.
_BEGUN_ANEW = {"inquiry_offer": "", "unanswered_since": None, "reminded_at": None}


class Absent(Closed):
    """Nobody is Online: the customer is offered the inquiry form."""

    code = "absent"
    status = 409


def start_chat(customer: Customer, *, policy: PrivacyPolicy, language: str, page: str = "") -> Chat:
    """A new waiting chat of this customer; where one is open already (a second click, a second tab), that one.

    Consent to ``policy`` is stored with it. All three gates are read here. Raises ``Closed``, or one that says more:
    ``Absent``, ``waiting.QueueFull``.
    """
    service = customer.service
    if not chat_gate_open(service):
        raise Closed(_("Chat is not available now."))
    if not presence.somebody_online(service):
        raise Absent(text_for(help_center_of(service), language).absent_message)
    chat = Chat(
        service=service,
        customer=customer,
        policy=policy,
        consented_at=timezone.now(),
        language=language,
        page=page.replace("\0", "")[:500],
    )
    try:
        with transaction.atomic():
            limit = queue_limits.lock_queue(service)
            chat.created_at = chat.waiting_since = clock.database_now()
            chat.save(force_insert=True)
            audit.record(service, "chat.started", chat.subject, actor="customer", policy=policy.version)
            publish(chat)
            if limit:
                queue_limits.require_place(chat, limit)
    except IntegrityError as error:
        if "chat_open_once" not in str(error):
            raise
        there = Chat.objects.exclude(state=State.CLOSED).filter(customer=customer).first()
        # None: it has ended since, and this is another start.
        return there or start_chat(customer, policy=policy, language=language, page=page)
    assign_waiting_chats(service.pk)
    return chat


def answer_chat(agent: Agent, chat_id: int) -> Chat:
    """The agent opens the chat that rings at this agent; one that the agent has open already is returned as it is.

    Raises ``Conflict`` where it went to somebody else in the meantime.
    """
    with transaction.atomic():
        chat = lock_chat(chat_id, agent.service)
        if chat.agent_id != agent.pk or chat.state not in {State.RINGING, State.ACTIVE}:
            raise Conflict(_("This chat has gone to another agent."))
        if chat.state == State.RINGING:
            audit.record(chat.service_id, "chat.opened", chat.subject, agent=agent)
            open_ringing(chat, agent)
    return chat


def open_ringing(chat: Chat, agent: Agent) -> None:
    """The chat that rings at the agent becomes the agent's. Needs its row lock; the caller has written the record."""
    first = chat.answered_at is None
    move_chat(chat, State.ACTIVE, answered_at=chat.answered_at or timezone.now(), **_BEGUN_ANEW)
    end_ring(chat, Ring.Outcome.OPENED)
    messages.append_event(chat, "joined", name=str(agent))
    if first:
        _greet(chat)
    publish(chat)


def pass_on(
    chat_id: int,
    *,
    outcome: str,
    agent_id: int | None = None,
    state: str | None = None,
    ringing_since: datetime | None = None,
) -> bool:
    """Takes the chat from its agent, back to its place in the queue, and asks the next one. False where it moved on.

    ``outcome`` is the ``Ring.Outcome`` of a ring that this ends. With ``agent_id``, ``state`` and ``ringing_since``,
    only if it is still that agent's, still so and by that ring: who opens a chat in the moment in which its ring ends
    keeps it, and what rings anew is not taken for the ring before.
    """
    with transaction.atomic():
        chat = lock_chat(chat_id)
        if chat.state not in {State.RINGING, State.ACTIVE}:
            return False
        found = (agent_id, chat.agent_id), (state, chat.state), (ringing_since, chat.ringing_since)
        if any(expected not in {None, now} for expected, now in found):
            return False
        was_active, previous = chat.state == State.ACTIVE, chat.agent
        end_ring(chat, outcome)
        publish(chat)
        move_chat(chat, State.WAITING, agent=None, ringing_since=None)
        audit.record(chat.service_id, "chat.passed_on", chat.subject, actor="", reason=outcome, was=str(previous))
        if was_active:
            messages.append_event(chat, "passed_on")
        publish(chat)
        transaction.on_commit(lambda: assign_waiting_chats(chat.service_id), robust=True)
    return True


def close_chat(chat_id: int, *, by: str, agent: Agent | None = None) -> bool:
    """Ends the chat. ``by`` is a ``Chat.ClosedBy``. False where it has ended already.

    With ``agent``, raises ``Conflict`` unless it is that agent's.
    """
    with transaction.atomic():
        chat = lock_chat(chat_id)
        if not chat.is_open:
            return False
        if agent is not None and chat.agent_id != agent.pk:
            raise Conflict(_("This chat is no longer yours."))
        event = "left_queue" if by == Chat.ClosedBy.CUSTOMER and chat.state != State.ACTIVE else f"closed_{by}"
        end_ring(chat, Ring.Outcome.CLOSED)
        move_chat(chat, State.CLOSED, closed_at=timezone.now(), closed_by=by)
        actor = "customer" if by == Chat.ClosedBy.CUSTOMER else ""
        audit.record(chat.service_id, "chat.closed", chat.subject, agent=agent, actor=actor, by=by)
        messages.append_event(chat, event, name=str(agent) if agent else "")
        publish(chat)
        if chat.agent_id:  # the end of one that waited makes no room
            transaction.on_commit(lambda: assign_waiting_chats(chat.service_id), robust=True)
    return True


def change_status(agent: Agent, chosen: str, *, pass_on_open: bool = False) -> None:
    """Online: chats may come. Break and Offline: none come, what rings goes to others at once, opened ones stay.

    With ``pass_on_open`` the opened ones of who goes Offline go to others too.
    """
    status.set_chat_status(agent, chosen)
    live.publish(live.agent_topic(agent.pk), live.Touched())
    if chosen == Agent.ChatStatus.ONLINE:
        assign_waiting_chats(agent.service_id)
        return
    pass_on_each(Chat.objects.filter(agent=agent, state=State.RINGING), Ring.Outcome.GONE)
    if pass_on_open and chosen == Agent.ChatStatus.OFFLINE:
        pass_on_each(Chat.objects.filter(agent=agent, state=State.ACTIVE), Ring.Outcome.RETURNED)


def pass_on_each(chats: QuerySet[Chat], outcome: str) -> None:
    for chat_id, agent_id, state, since in chats.values_list("pk", "agent", "state", "ringing_since"):
        pass_on(chat_id, outcome=outcome, agent_id=agent_id, state=state, ringing_since=since)


def lock_chat(chat_id: int, service: Service | None = None) -> Chat:
    chats = Chat.objects.select_for_update(no_key=True, of=("self",)).select_related(
        "agent__user", "service", "customer"
    )
    return chats.get(pk=chat_id, **({"service": service} if service else {}))


def end_ring(chat: Chat, outcome: str) -> None:
    chat.rings.filter(ended_at=None).update(ended_at=clock.database_now(), outcome=outcome)


def _greet(chat: Chat) -> None:
    """The greeting of Default Setting, in the customer's language, when a chat connects."""
    greeting = text_for(help_center_of(chat.service), chat.language).greeting
    if greeting:
        messages.append_notice(chat, greeting, name=chat.service.name)


def publish(chat: Chat) -> None:
    live.publish_on_commit(live.chat_topic(chat.pk), live.Touched())
    live.publish_on_commit(live.service_topic(chat.service_id), live.Touched())
    if chat.agent_id:
        live.publish_on_commit(live.agent_topic(chat.agent_id), live.Touched())
