"""Takes a chat from its start to its end. Each function is one transaction, and publishes after it.

Lock order: Chat, then Agent. A function that makes room, or makes a chat wait, calls the router after its commit.
"""

from datetime import datetime
from typing import NamedTuple

from django.db import IntegrityError, transaction
from django.db.models import Count, QuerySet, Subquery
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from agents import audit, status
from agents.models import Agent, Service
from chat.abuse import blocks
from chat.abuse.crowds import is_known
from chat.alerts import DeskNotice
from chat.conversation import desk_notices, drafts, live, messages
from chat.lifecycle.break_reasons import stored_reason
from chat.mails import MailWait
from chat.models import Chat
from chat.rings import Ring
from chat.routing import opening, presence, queue_limits
from chat.routing.assignment import assign_waiting_chats
from chat.states import State, move_chat
from chat.topics import Topic
from contiple.base import clock
from contiple.base.errors import Closed, Conflict
from helpcenter.access import chat_gate_open, help_center_of, title_of
from helpcenter.customers import TOKEN_LASTS, keep_token, revoke_token
from helpcenter.models import Customer, PrivacyPolicy
from helpcenter.texts import text_for

# When an agent opens a chat, the offer of an inquiry ends, and no silence is counted until the agent writes.
_BEGUN_ANEW = {"inquiry_offer": "", "unanswered_since": None, "reminded_at": None}


class OutOfHours(Closed):
    """The service is closed by its operating hours: the customer is told until when, and offered the inquiry form."""

    code = "out_of_hours"
    status = 409


class Absent(Closed):
    """No agent is Online: the customer is offered the inquiry form."""

    code = "absent"
    status = 409


class Coming(NamedTuple):
    """How a customer came: from which page, by which network (its hash), and with what."""

    page: str = ""
    network: str = ""
    topic: Topic | None = None


def start_chat(customer: Customer, *, policy: PrivacyPolicy, language: str, coming: Coming = Coming()) -> Chat:  # noqa: B008
    """Returns a new waiting chat of this customer, or the open one if there is one (a second click, a second tab).

    It rings when its customer connects (``sockets.customer_socket``).
    Consent to ``policy`` is stored with it. All gates are read here. Raises ``Closed``, or one that says more:
    ``OutOfHours``, ``Absent``, ``queue_limits.QueueFull``, ``blocks.Blocked``.
    """
    chat = Chat(service=customer.service, customer=customer, policy=policy, language=language)
    chat.page, chat.network, chat.topic = _page(coming.page), coming.network, coming.topic
    chat.consented_at = timezone.now()
    while True:
        _require_gates(chat)
        if _inserted(chat):
            return chat
        found = Chat.objects.exclude(state=State.CLOSED).filter(customer=customer).first()
        if found is not None:  # otherwise it has ended in between, and this start is a new one
            return found


def answer_chat(agent: Agent, chat_id: int) -> Chat:
    """Opens the chat that rings at the agent; if the agent has it open already, it is returned as it is.

    Raises ``Conflict`` if it has gone to another agent in the meantime.
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
    """Makes the chat that rings at the agent the agent's. Needs its row lock; the caller has written the record."""
    first = chat.answered_at is None
    opened = {"answered_at": timezone.now(), "chats_at_once": _open_chats_of(agent) + 1} if first else {}
    move_chat(chat, State.ACTIVE, **opened, **_BEGUN_ANEW)
    end_ring(chat, Ring.Outcome.OPENED)
    desk_notices.withdraw(agent, chat)
    messages.append_event(chat, "joined", name=str(agent))
    if first and chat.customer_waits_since is None:
        _greet(chat)
    publish(chat)


class Held(NamedTuple):
    """How a chat was with its agent when it was looked at; ``None`` fits everything."""

    agent_id: int | None = None
    state: str | None = None
    ringing_since: datetime | None = None

    def fits(self, chat: Chat) -> bool:
        now = (chat.agent_id, chat.state, chat.ringing_since)
        return all(seen in {None, is_now} for seen, is_now in zip(self, now, strict=True))


def pass_on(chat_id: int, *, outcome: str, seen: Held = Held()) -> bool:  # noqa: B008 - immutable
    """Takes the chat from its agent, back to its place in the queue, and asks the next agent. False if it moved on.

    ``outcome`` is the ``Ring.Outcome`` of a ring that this ends. Nothing happens unless the chat is still as it was
    ``seen``: an agent who opens a chat just when its ring ends keeps it, and a new ring isn't taken for the one before.
    """
    with transaction.atomic():
        chat = lock_chat(chat_id)
        if chat.state not in {State.RINGING, State.ACTIVE} or not seen.fits(chat):
            return False
        was_active, previous = chat.state == State.ACTIVE, chat.agent
        end_ring(chat, outcome)
        publish(chat)
        move_chat(chat, State.WAITING, agent=None, ringing_since=None)
        audit.record(chat.service_id, "chat.passed_on", chat.subject, actor="", reason=outcome, was=str(previous))
        _tell_of_passing_on(previous, chat, outcome, was_active=was_active)
        if was_active:
            messages.append_event(chat, "passed_on")
        publish(chat)
        transaction.on_commit(lambda: assign_waiting_chats(chat.service_id), robust=True)
    return True


def _tell_of_passing_on(agent: Agent | None, chat: Chat, outcome: str, *, was_active: bool) -> None:
    if agent and outcome == Ring.Outcome.MISSED:
        desk_notices.tell([agent], chat.pk, DeskNotice.Kind.MISSED)
    elif agent and was_active and outcome == Ring.Outcome.GONE:
        desk_notices.tell([agent], chat.pk, DeskNotice.Kind.GONE)


def close_chat(chat_id: int, *, by: str, agent: Agent | None = None, admin: Agent | None = None) -> bool:
    """Ends the chat. ``by`` is a ``Chat.ClosedBy``. False if it has ended already.

    With ``agent``, raises ``Conflict`` unless it is that agent's. An ``admin`` may end everybody's.
    """
    by_customer = by == Chat.ClosedBy.CUSTOMER
    with transaction.atomic():
        chat = lock_chat(chat_id)
        if not chat.is_open:
            return False
        if agent is not None and chat.agent_id != agent.pk:
            raise Conflict(_("This chat is no longer yours."))
        event, name = _end_event(chat, by, agent or admin)
        end_ring(chat, Ring.Outcome.CLOSED)
        move_chat(chat, State.CLOSED, closed_at=timezone.now(), closed_by=by)
        keep_token(chat.customer_id, timezone.now() + TOKEN_LASTS)
        actor = "customer" if by_customer else ""
        audit.record(chat.service_id, "chat.closed", chat.subject, agent=agent or admin, actor=actor, by=by)
        messages.append_event(chat, event, name=name)
        drafts.forget_all(chat)
        if chat.ended_unanswered:
            MailWait.objects.update_or_create(chat=chat, defaults={"due_at": timezone.now()})
        publish(chat)
        if admin and chat.agent and chat.agent_id != admin.pk:
            desk_notices.tell([chat.agent], chat.pk, DeskNotice.Kind.ENDED, by=admin)
        if chat.agent_id:  # the end of a waiting chat makes no room
            transaction.on_commit(lambda: assign_waiting_chats(chat.service_id), robust=True)
    return True


def forget_device(customer: Customer) -> None:
    """Ends the customer's open chat, and the token by which a device opens what was said.

    Every page that shows the chat by it, or by a link of a mail, is closed.
    """
    chats = list(Chat.objects.filter(customer=customer).order_by("pk"))
    for chat in chats:
        close_chat(chat.pk, by=Chat.ClosedBy.CUSTOMER)
    revoke_token(customer.pk)
    live.publish_all([(live.chat_topic(chat.pk), live.Touched()) for chat in chats])


def _end_event(chat: Chat, by: str, agent: Agent | None) -> tuple[str, str]:
    """Returns the entry that ends the conversation, and its name. Who is blocked is not told by whom."""
    if by == Chat.ClosedBy.BLOCKED:
        return "closed_agent", title_of(chat.service, chat.language)
    if by == Chat.ClosedBy.ADMIN:
        return "closed_agent", str(agent or title_of(chat.service, chat.language))
    if by == Chat.ClosedBy.CUSTOMER and chat.state != State.ACTIVE:
        return "left_queue", ""
    return f"closed_{by}", str(agent or "")


def change_status(agent: Agent, chosen: str, *, pass_on_open: bool = False, reason: str | None = None) -> None:
    """Sets the agent's chat status. Online: chats may come. Break and Offline: none come, ringing ones are passed on.

    Opened chats stay, unless the agent goes Offline with ``pass_on_open``. ``reason`` is that of a break: a key of
    ``status.BREAK_REASONS`` or the agent's words; empty removes it, ``None`` leaves that of a break that goes on.
    Raises ``Invalid`` for words that are too long.
    """
    status.set_chat_status(agent, chosen, reason=reason and stored_reason(agent.service, reason))
    live.publish(live.agent_topic(agent.pk), live.Touched())
    if chosen == Agent.ChatStatus.ONLINE:
        assign_waiting_chats(agent.service_id)
        return
    pass_on_each(Chat.objects.filter(agent=agent, state=State.RINGING), Ring.Outcome.GONE)
    if pass_on_open and chosen == Agent.ChatStatus.OFFLINE:
        pass_on_each(Chat.objects.filter(agent=agent, state=State.ACTIVE), Ring.Outcome.RETURNED)


def pass_on_each(chats: QuerySet[Chat], outcome: str) -> None:
    """Passes each chat on that is still as this reads it; ``outcome`` as for ``pass_on``."""
    for chat_id, agent_id, state, since in chats.values_list("pk", "agent", "state", "ringing_since"):
        pass_on(chat_id, outcome=outcome, seen=Held(agent_id, state, since))


def lock_chat(chat_id: int, service: Service | None = None) -> Chat:
    """Returns the chat with its row locked; of this service, if one is given."""
    chats = Chat.objects.select_for_update(no_key=True, of=("self",)).select_related(
        "agent__user", "service", "customer"
    )
    return chats.get(pk=chat_id, **({"service": service} if service else {}))


def end_ring(chat: Chat, outcome: str) -> None:
    """Ends the chat's ring, if it has one."""
    chat.rings.filter(ended_at=None).update(ended_at=clock.database_now(), outcome=outcome)


def publish(chat: Chat) -> None:
    """Tells everybody who shows the chat, after the commit, that it has changed."""
    live.publish_on_commit(live.chat_topic(chat.pk), live.Touched())
    live.publish_on_commit(live.service_topic(chat.service_id), live.Touched())
    if chat.agent_id:
        live.publish_on_commit(live.agent_topic(chat.agent_id), live.Touched())


def _open_chats_of(agent: Agent) -> Combinable:
    """How many chats the agent has open, for an update."""
    chats = Chat.objects.filter(agent=agent, state=State.ACTIVE).order_by().values("agent")
    return Coalesce(Subquery(chats.annotate(number=Count("pk")).values("number")), 0)


def _page(address: str) -> str:
    return address.replace("\0", "")[:500]


def _require_gates(chat: Chat) -> None:
    if not chat_gate_open(chat.service):
        raise Closed(_("Chat is not available now."))
    if opening.closed_until(chat.service_id):
        raise OutOfHours(_("Chat is closed right now."))
    if not presence.somebody_online(chat.service, chat.topic_id):
        raise Absent(text_for(help_center_of(chat.service), chat.language).absent_message)


def _inserted(chat: Chat) -> bool:
    """Inserts the new chat. False if the customer has an open one already; raises ``QueueFull``."""
    try:
        with transaction.atomic():
            limit = queue_limits.lock_queue(chat.service)
            chat.created_at = chat.waiting_since = chat.turn_at = clock.database_now()
            chat.is_known = is_known(chat.customer_id)
            blocks.require_not_blocked(chat.service_id, network=chat.network, customer_id=chat.customer_id)
            chat.save(force_insert=True)
            audit.record(chat.service, "chat.started", chat.subject, actor="customer", policy=chat.policy.version)
            keep_token(chat.customer_id, None, contact_at=chat.created_at)
            publish(chat)
            if limit:
                queue_limits.require_place(chat, limit)
    except IntegrityError as error:
        if "chat_open_once" not in str(error):
            raise
        return False
    return True


def _greet(chat: Chat) -> None:
    """Appends the help center's greeting, in the customer's language, when a chat connects.

    A customer who has written already is not greeted: “How can we help you?” would be no answer.
    """
    texts = text_for(help_center_of(chat.service), chat.language)
    if texts.greeting:
        messages.append_notice(chat, texts.greeting, name=texts.title)
