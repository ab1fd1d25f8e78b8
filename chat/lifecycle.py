"""What happens to a chat from its start to its end. Each function is one transaction, and tells everybody after it.

Lock order: Chat, then Agent. Whatever makes room or makes a chat wait calls the router after its commit.
"""

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from agents import audit, status
from agents.models import Agent, Service
from chat import live, messages, presence, waiting
from chat.assignment import assign_waiting_chats
from chat.models import Chat, Lease, Ring
from chat.states import State, move_chat
from contiple.errors import Closed, Conflict
from helpcenter.access import chat_gate_open, help_center_of
from helpcenter.models import Customer, PrivacyPolicy
from helpcenter.texts import text_for

# How long a chat rings at one agent before the next one is asked.
RING_TIMEOUT_S = 30
# An agent's opened chats are passed on after the lease and this much more: a laptop that wakes up again keeps them.
AGENT_GRACE_S = 60
# Nobody is Online who has not been there for this long; the next sign-in starts Offline.
OFFLINE_AFTER_S = 15 * 60
# A waiting customer who has left is not rung for; one in a running chat may come back for longer.
WAITING_CUSTOMER_GRACE_S = 3 * 60
ACTIVE_CUSTOMER_GRACE_S = 30 * 60
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
            limit = waiting.hold_queue(service)
            chat.created_at = chat.waiting_since = presence.database_now()
            chat.save(force_insert=True)
            audit.record(service, "chat.started", chat.subject, actor="customer", policy=policy.version)
            tell(chat)
            if limit:
                waiting.require_place(chat, limit)
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
    tell(chat)


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
        tell(chat)
        move_chat(chat, State.WAITING, agent=None, ringing_since=None)
        audit.record(chat.service_id, "chat.passed_on", chat.subject, actor="", reason=outcome, was=str(previous))
        if was_active:
            messages.append_event(chat, "passed_on")
        tell(chat)
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
        tell(chat)
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
    _pass_on_each(Chat.objects.filter(agent=agent, state=State.RINGING), Ring.Outcome.GONE)
    if pass_on_open and chosen == Agent.ChatStatus.OFFLINE:
        _pass_on_each(Chat.objects.filter(agent=agent, state=State.ACTIVE), Ring.Outcome.RETURNED)


def reconcile(now: datetime | None = None) -> None:
    """Brings every open chat in line with the gates and the clocks. Run it every second; twice at once is harmless.

    What changed a gate does not matter (a page, the operator, SQL): it is the state that is looked at.
    """
    now = now or presence.database_now()
    # What ends comes first: whatever is taken from an agent sends the router along the queue.
    _close_chats_without_contract()
    _close_chats_of_gone_customers()
    _take_from_agents_without_permission()
    _take_rings(now)
    _take_from_gone_agents()
    _set_gone_agents_offline()
    for service_id in Chat.objects.filter(state=State.WAITING).values_list("service", flat=True).distinct():
        assign_waiting_chats(service_id)


def _close_chats_without_contract() -> None:
    open_chats = Chat.objects.exclude(state=State.CLOSED)
    without = open_chats.exclude(service__contract__chat=True, service__is_stopped=False)
    for chat_id in without.values_list("pk", flat=True):
        close_chat(chat_id, by=Chat.ClosedBy.SERVICE)


def _take_from_agents_without_permission() -> None:
    is_permitted = presence.permitted_agents().filter(pk=OuterRef("agent"))
    leases = Lease.objects.filter(~Exists(is_permitted), agent__isnull=False)
    for agent_id in set(leases.values_list("agent", flat=True)):
        Lease.objects.filter(agent=agent_id).delete()
        live.publish(live.agent_topic(agent_id), live.Touched())
    held = Chat.objects.filter(~Exists(is_permitted), state__in=[State.RINGING, State.ACTIVE])
    _pass_on_each(held, Ring.Outcome.GONE)


def _take_rings(now: datetime) -> None:
    ringing = Chat.objects.filter(state=State.RINGING)
    _pass_on_each(ringing.filter(ringing_since__lt=now - timedelta(seconds=RING_TIMEOUT_S)), Ring.Outcome.MISSED)
    _pass_on_each(ringing.filter(_agent_is_gone_for(0)), Ring.Outcome.GONE)
    _pass_on_each(ringing.exclude(agent__chat_status=Agent.ChatStatus.ONLINE), Ring.Outcome.GONE)


def _take_from_gone_agents() -> None:
    active = Chat.objects.filter(_agent_is_gone_for(AGENT_GRACE_S), state=State.ACTIVE)
    _pass_on_each(active, Ring.Outcome.GONE)


def _agent_is_gone_for(seconds: int) -> Exists:
    return Exists(presence.agents_gone_for(seconds).filter(pk=OuterRef("agent")))


def _close_chats_of_gone_customers() -> None:
    """Those that wait first: the end of the others makes room, and nobody is to be rung for who has left."""
    graces = {
        State.WAITING: WAITING_CUSTOMER_GRACE_S,
        State.RINGING: WAITING_CUSTOMER_GRACE_S,
        State.ACTIVE: ACTIVE_CUSTOMER_GRACE_S,
    }
    for state, seconds in graces.items():
        for chat_id in presence.customers_gone_for(seconds).filter(state=state).values_list("pk", flat=True):
            close_chat(chat_id, by=Chat.ClosedBy.TIMEOUT)


def _set_gone_agents_offline() -> None:
    gone = presence.agents_gone_for(OFFLINE_AFTER_S).exclude(chat_status=Agent.ChatStatus.OFFLINE)
    gone.filter(chat_idle_since__lt=timezone.now() - timedelta(seconds=OFFLINE_AFTER_S)).update(
        chat_status=Agent.ChatStatus.OFFLINE
    )


def _pass_on_each(chats: QuerySet[Chat], outcome: str) -> None:
    for chat_id, agent_id, state, since in chats.values_list("pk", "agent", "state", "ringing_since"):
        pass_on(chat_id, outcome=outcome, agent_id=agent_id, state=state, ringing_since=since)


def lock_chat(chat_id: int, service: Service | None = None) -> Chat:
    chats = Chat.objects.select_for_update(no_key=True, of=("self",)).select_related(
        "agent__user", "service", "customer"
    )
    return chats.get(pk=chat_id, **({"service": service} if service else {}))


def end_ring(chat: Chat, outcome: str) -> None:
    chat.rings.filter(ended_at=None).update(ended_at=presence.database_now(), outcome=outcome)


def _greet(chat: Chat) -> None:
    """The greeting of Default Setting, in the customer's language, when a chat connects."""
    greeting = text_for(help_center_of(chat.service), chat.language).greeting
    if greeting:
        messages.append_notice(chat, greeting, name=chat.service.name)


def tell(chat: Chat) -> None:
    live.publish_on_commit(live.chat_topic(chat.pk), live.Touched())
    live.publish_on_commit(live.service_topic(chat.service_id), live.Touched())
    if chat.agent_id:
        live.publish_on_commit(live.agent_topic(chat.agent_id), live.Touched())
