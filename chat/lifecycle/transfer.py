"""Hands a chat over because an agent or admin wants it: to a colleague, back to the queue, or to an admin.

A function that adds to an agent's load takes the router's turn first, then the rows, Chat before Agent: an agent is
never over the limit. A refusal is a ``Conflict`` that says why, and changes nothing.
"""

from collections.abc import Callable
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from agents import audit
from agents.access import require_admin
from agents.models import Agent
from chat.alerts import DeskNotice
from chat.conversation import desk_notices, messages
from chat.lifecycle.transitions import answer_chat, end_ring, lock_chat, open_ringing, publish
from chat.models import Chat
from chat.rings import Ring
from chat.routing import presence
from chat.routing.assignment import assign_waiting_chats, wait_for_turn
from chat.routing.decisions import note_taken
from chat.routing.standing import Availability, Standing, chats_in_words, in_words, standings_of
from chat.states import State, move_chat
from chat.topics import Topic
from contiple.base import clock
from contiple.base.errors import Closed, Conflict

Tell = Callable[[Agent, Chat], None]


def transfer_chat(agent: Agent, chat_id: int, to_id: int, note: str = "") -> Chat:
    """Rings a chat that ``agent`` has open at the other agent, who must be able to take one more.

    If it isn't opened in time, it goes back to its place in the queue. Only agents see ``note``. Raises ``Conflict``,
    and ``Invalid`` for the note.
    """
    with transaction.atomic():
        wait_for_turn(agent.service_id)
        chat = _lock_held(agent, chat_id)
        target = _lock_target(agent.service_id, to_id if to_id != agent.pk else 0)
        _append_note(chat, agent, note)
        messages.append_event(chat, "transferred", name=str(agent))
        publish(chat)
        _ring_at(chat, target, clock.database_now())
        audit.record(chat.service_id, "chat.transferred", chat.subject, agent=agent, to=str(target))
        publish(chat)
    return chat


def return_to_queue(agent: Agent, chat_id: int, note: str = "", *, topic: Topic | None = None) -> Chat:
    """Returns a chat that ``agent`` has open to its place in the queue; other agents are asked first.

    With ``topic``, it goes to that topic's queue, and is in it since it came.

    Raises as ``transfer_chat``.
    """
    with transaction.atomic():
        chat = _lock_held(agent, chat_id)
        _append_note(chat, agent, note)
        messages.append_event(chat, "returned", name=str(agent))
        publish(chat)
        now = clock.database_now()
        # Counts as a ring in vain: for a while the router asks everybody else.
        Ring.objects.create(chat=chat, agent=agent, started_at=now, ended_at=now, outcome=Ring.Outcome.RETURNED)
        topic = topic or chat.topic
        move_chat(chat, State.WAITING, agent=None, ringing_since=None, topic=topic)
        audit.record(
            chat.service_id, "chat.returned", chat.subject, agent=agent, **({"queue": topic.key} if topic else {})
        )
        publish(chat)
        transaction.on_commit(lambda: assign_waiting_chats(chat.service_id), robust=True)
    return chat


def take_over(admin: Agent, chat_id: int) -> Chat:
    """Makes the open chat this admin's, from any agent or the queue; if the admin has it open, it stays as it is.

    The admin must be connected, Online or not, and below the limit. Raises ``Conflict``, and ``Closed`` if
    ``admin`` is no admin any more.
    """
    with transaction.atomic():
        wait_for_turn(admin.service_id)
        require_admin(admin)
        chat = lock_chat(chat_id, admin.service)
        if not chat.is_open:
            raise Conflict(_("This chat has ended."), code="ended")
        if chat.agent_id == admin.pk and chat.state == State.ACTIVE:
            return chat
        _lock_agent(admin)
        _require_room(admin, is_counted=chat.agent_id == admin.pk)
        audit.record(chat.service_id, "chat.taken_over", chat.subject, agent=admin, was=str(chat.agent or ""))
        _take_away(chat, admin)
        _ring_at(chat, admin, clock.database_now())
        open_ringing(chat, admin)
    return chat


def take(agent: Agent, chat_id: int) -> Chat:
    """Makes a waiting chat this agent's, out of turn; one that rings for the agent is opened.

    The agent must be one whom the router could give it to: Online, connected, below the limit (as everywhere: nobody
    has more chats than that), and serving its topic. Whether the agent has just let it ring doesn't matter. Of several
    at once one gets it. Raises ``Conflict`` that says who has it, or what hinders, and ``Closed``.
    """
    with transaction.atomic():
        wait_for_turn(agent.service_id)
        chat = lock_chat(chat_id, agent.service)
        if chat.is_open and chat.agent_id == agent.pk:
            return answer_chat(agent, chat_id)
        _require_waiting(chat)
        _lock_agent(agent)
        _require_taker(_require_room(agent, is_counted=False), chat)
        audit.record(chat.service_id, "chat.taken", chat.subject, agent=agent)
        now = clock.database_now()
        note_taken(agent, chat, now, standings_of(chat.service_id, now))
        _ring_at(chat, agent, now)
        open_ringing(chat, agent)
    return chat


def hand_to(admin: Agent, chat_id: int, to_id: int, note: str = "", *, tell: Tell) -> Agent | None:
    """Rings an open chat, whoever has it, at the agent, who must be able to take one more; for an admin.

    Returns the agent who lost it by that, after ``tell(agent, chat)`` in the same transaction; ``None`` if nobody did.
    Raises as ``transfer_chat``, and ``Closed`` if ``admin`` is no admin any more.
    """
    with transaction.atomic():
        wait_for_turn(admin.service_id)
        require_admin(admin)
        chat = _lock_open(admin, chat_id)
        if chat.agent_id == to_id:
            raise Conflict(_("%(name)s has this chat now.") % {"name": chat.agent})
        target = _lock_target(admin.service_id, to_id)
        loser = _move_away(chat, admin, note, event="transferred", tell=tell)
        _ring_at(chat, target, clock.database_now())
        was = {"was": str(loser)} if loser else {}
        audit.record(chat.service_id, "chat.transferred", chat.subject, agent=admin, to=str(target), **was)
        publish(chat)
    return loser


def send_back(admin: Agent, chat_id: int, note: str = "", *, topic: Topic | None = None, tell: Tell) -> Agent | None:
    """Returns an open chat, whoever has it, to its place in the queue, or in that of ``topic``; for an admin.

    The agent who had it is asked last. Returns and raises as ``hand_to``. The caller calls the router.
    """
    with transaction.atomic():
        require_admin(admin)
        chat = _lock_open(admin, chat_id)
        topic = topic or chat.topic
        if chat.state == State.WAITING and topic == chat.topic:
            raise Conflict(_("This chat is in the queue already."))
        loser = _move_away(chat, admin, note, event="returned", tell=tell)
        if loser:
            now = clock.database_now()
            Ring.objects.create(chat=chat, agent=loser, started_at=now, ended_at=now, outcome=Ring.Outcome.RETURNED)
        Chat.objects.filter(pk=chat.pk).update(topic=topic)
        queue = {"queue": topic.key} if topic else {}
        audit.record(chat.service_id, "chat.returned", chat.subject, agent=admin, **queue)
        publish(chat)
    return loser


def _lock_held(agent: Agent, chat_id: int) -> Chat:
    chat = lock_chat(chat_id, agent.service)
    if chat.agent_id != agent.pk or chat.state != State.ACTIVE:
        raise Conflict(_("This chat is no longer yours."), code="not_yours")
    return chat


def _lock_target(service_id: int, to_id: int) -> Agent:
    """Returns the colleague, who stays able to take a chat until the end of the transaction."""
    target = Agent.objects.select_related("user").filter(service=service_id, pk=to_id).first()
    if target is None:
        raise Conflict(_("Choose a colleague."))
    _lock_agent(target)
    standing = _standing_of(target)
    if standing is None or not standing.is_free:
        why = in_words(standing) if standing else _("no longer in this service")
        raise Conflict(_("%(name)s can't take the chat: %(why)s.") % {"name": target, "why": why})
    return target


def _lock_agent(agent: Agent) -> None:
    Agent.objects.select_for_update(no_key=True).get(pk=agent.pk)


def _standing_of(agent: Agent) -> Standing | None:
    """Returns the agent's standing. Call it once the agent's row is locked."""
    standings = standings_of(agent.service_id, clock.database_now())
    return next((standing for standing in standings if standing.agent_id == agent.pk), None)


def _require_room(agent: Agent, *, is_counted: bool) -> Standing:
    """Refuses an agent who can't take the chat. ``is_counted``: it rings at the agent, and is in the load already."""
    standing = _standing_of(agent)
    if standing is None or standing.availability in {Availability.NO_PERMISSION, Availability.NO_CONTRACT}:
        raise Closed(_("You no longer have the chat permission."))
    if not presence.is_reachable(agent):
        raise Conflict(_("Your Chat Widget isn’t connected. Try again once it is."))
    if standing.load - is_counted >= standing.limit:
        text = _("You’re at your limit: %(chats)s. End or transfer a chat first.")
        raise Conflict(text % {"chats": chats_in_words(standing.load, standing.limit)})
    return standing


def _lock_open(admin: Agent, chat_id: int) -> Chat:
    chat = lock_chat(chat_id, admin.service)
    if not chat.is_open:
        raise Conflict(_("This chat has ended."), code="ended")
    return chat


def _move_away(chat: Chat, admin: Agent, note: str, *, event: str, tell: Tell) -> Agent | None:
    """Makes the chat wait. Returns the agent who had it, who has been told, while the chat still names that one."""
    loser, was_active = chat.agent, chat.state == State.ACTIVE
    _append_note(chat, admin, note)
    if was_active:
        messages.append_event(chat, event, name=str(admin))
    if loser:
        tell(loser, chat)
        end_ring(chat, Ring.Outcome.TAKEN)
        publish(chat)
        move_chat(chat, State.WAITING, agent=None, ringing_since=None)
    return loser


def _require_waiting(chat: Chat) -> None:
    if not chat.is_open:
        raise Conflict(_("This chat has ended."), code="ended")
    if chat.agent:
        raise Conflict(_("%(name)s has this chat now.") % {"name": chat.agent})


def _require_taker(standing: Standing, chat: Chat) -> None:
    if not standing.is_online:
        raise Conflict(_("Change your chat status to Online to take a chat."))
    if not standing.serves(chat.topic_id):
        raise Conflict(_("This chat is in a queue that you are not assigned to."))


def _append_note(chat: Chat, agent: Agent, note: str) -> None:
    if note.strip():
        messages.append_note(chat, agent, note)


def _take_away(chat: Chat, admin: Agent) -> None:
    """Takes the chat from its agent, if it has one, and tells the agent, while the chat still names that one."""
    if chat.state != State.WAITING:
        if chat.agent and chat.agent_id != admin.pk:
            desk_notices.tell([chat.agent], chat.pk, DeskNotice.Kind.TAKEN_OVER, by=admin)
        end_ring(chat, Ring.Outcome.TAKEN)
        publish(chat)
        move_chat(chat, State.WAITING, agent=None, ringing_since=None)


def _ring_at(chat: Chat, agent: Agent, now: datetime) -> None:
    move_chat(chat, State.RINGING, agent=agent, ringing_since=now)
    Ring.objects.create(chat=chat, agent=agent, started_at=now)
    Agent.objects.filter(pk=agent.pk).update(chat_idle_since=now)
