"""Limits of the queue: how many chats may wait, and when a waiting customer is offered an inquiry instead.

An offer takes nothing away: the chat keeps its place, rings when an agent has room, and may still be served.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import timedelta
from functools import partial

from django.contrib.postgres.expressions import ArraySubquery
from django.db import transaction
from django.db.models import DurationField, Exists, ExpressionWrapper, F, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Greatest, Now
from django.utils.translation import gettext_lazy as _

from agents import audit
from agents.models import Agent, Service
from chat.abuse import crowds
from chat.access import waiting_chats
from chat.conversation import live
from chat.models import Chat, Message
from chat.rings import Ring
from chat.routing import jobs, presence
from chat.routing.assignment import assign_waiting_chats
from chat.routing.chat_settings import chat_settings_of
from chat.routing.jobs import Job, Memory
from chat.routing.standing import room_of, standings_of
from chat.service_settings import ChatSettings
from chat.topics import Assignment, serves_the_chat
from contiple.base import clock, prepared
from contiple.base.errors import Closed

Offer = Chat.InquiryOffer

# What may have been offered before each: who knows that every agent let it ring needs no word of the long wait.
_BEFORE = {
    Offer.WAITED: ("",),
    Offer.MISSED: ("", Offer.WAITED),
    Offer.ABSENT: ("", Offer.WAITED, Offer.MISSED),
}


class QueueFull(Closed):
    """The queue is at its limit: the customer is offered the inquiry form."""

    code = "queue_full"
    status = 409


def lock_queue(service: Service) -> int:
    """Returns how many customers may wait in the service, 0 for any number.

    If there is a limit, the ChatSettings row is locked until the transaction ends, and with it every other start:
    of two at once, the second counts the first.
    """
    chat_settings_of(service)
    limited = ChatSettings.objects.filter(service=service, queue_limit__gt=0).select_for_update(no_key=True)
    return limited.values_list("queue_limit", flat=True).first() or 0


def require_place(chat: Chat, limit: int) -> None:
    """Raises ``QueueFull`` if a new chat would have to wait behind ``limit`` others, or too many of its own network.

    Call it in the transaction that made the chat and locked the queue; the error must undo it. The router runs first.
    The room that agents have left after it is for those whose customers are about to connect.
    """
    assign_waiting_chats(chat.service_id)
    standings = standings_of(chat.service_id, clock.database_now())
    places = limit + room_of(each for each in standings if each.serves(chat.topic_id))
    waiting = waiting_chats(chat.service_id)
    count = waiting.count()
    own = waiting.filter(network=chat.network, is_known=False).count() if crowds.may_be_one_of(chat) else 0
    if count > places or own > crowds.share_of_places(places - (count - own)):
        raise QueueFull(_("Too many customers are waiting right now."))


def offer_inquiries(memory: Memory | None = None) -> None:
    """Offers an inquiry to customers for whom nobody is Online, whom every agent has let ring, or who have waited too
    long. Run it every second.

    Each is told once, however many workers run it at once. A customer who was told of the long wait is also told that
    every agent has let it ring, or that nobody is Online any more, which ends as soon as somebody is.
    """
    memory = memory or Memory()
    jobs.run([Job(service, partial(_take_back, chat)) for service, chat in _not_absent_any_more()], memory)
    offers = {_absent: Offer.ABSENT, _missed_by_everybody: Offer.MISSED, _waited_too_long: Offer.WAITED}
    for find, offer in offers.items():
        jobs.run([Job(chat.service_id, partial(_offer, chat, offer)) for chat in find()], memory)


def _absent() -> Iterable[Chat]:
    return _chats([chat_id for (chat_id,) in prepared.fetch_found(_waiting_for_nobody, "pk")])


def _waiting_for_nobody() -> QuerySet[Chat]:
    waiting = Chat.objects.filter(~Exists(_somebody()), state=Chat.State.WAITING)
    return waiting.exclude(inquiry_offer=Offer.ABSENT)


def _somebody() -> QuerySet[Agent]:
    return presence.reachable_anywhere().filter(serves_the_chat(), service=OuterRef("service"))


def _not_absent_any_more() -> Iterable[tuple[int, int]]:
    return prepared.fetch_found(_told_of_nobody, "service", "pk")


def _told_of_nobody() -> QuerySet[Chat]:
    told = Chat.objects.exclude(state=Chat.State.CLOSED).filter(inquiry_offer=Offer.ABSENT)
    return told.filter(Exists(_somebody()))


def _take_back(chat_id: int) -> None:
    if Chat.objects.filter(pk=chat_id, inquiry_offer=Offer.ABSENT).update(inquiry_offer=""):
        live.publish_on_commit(live.chat_topic(chat_id), live.Touched())


def _missed_by_everybody() -> Iterable[Chat]:
    """Waiting chats that have rung in vain, since they were last opened, at every agent who could be asked now."""
    missed: dict[int, set[int]] = defaultdict(set)
    for chat_id, agent_id in prepared.fetch_found(_missed_rings, "chat", "agent"):
        missed[chat_id].add(agent_id)
    chats = _chats(missed)
    if not chats:
        return []
    reachable = _reachable({chat.service_id for chat in chats})
    return [chat for chat in chats if _who_serves(chat, reachable[chat.service_id]) <= missed[chat.pk]]


def _chats(ids: Collection[int]) -> list[Chat]:
    return list(Chat.objects.filter(pk__in=ids)) if ids else []


def _missed_rings() -> QuerySet[Ring]:
    opened_since = Ring.objects.filter(
        chat=OuterRef("chat"), outcome=Ring.Outcome.OPENED, started_at__gt=OuterRef("started_at")
    )
    missed = Ring.objects.filter(~Exists(opened_since), outcome=Ring.Outcome.MISSED, chat__state=Chat.State.WAITING)
    return missed.exclude(chat__inquiry_offer__in=[Offer.MISSED, Offer.ABSENT])


def _who_serves(chat: Chat, agents: dict[int, list[int]]) -> set[int]:
    return {agent for agent, topics in agents.items() if not topics or chat.topic_id in {None, *topics}}


def _reachable(services: Collection[int]) -> dict[int, dict[int, list[int]]]:
    """The agents of each service who could be asked now, each with the topics assigned, in one reading."""
    found: dict[int, dict[int, list[int]]] = defaultdict(dict)
    topics = ArraySubquery(Assignment.objects.filter(agent=OuterRef("pk")).values("topic"))
    agents = presence.reachable_anywhere().filter(service__in=services)
    for service_id, agent_id, assigned in agents.values_list("service", "pk", topics):
        found[service_id][agent_id] = assigned
    return found


def _waited_too_long() -> Iterable[Chat]:
    return _chats([chat_id for (chat_id,) in prepared.fetch_found(_waiting_too_long, "pk")])


def _waiting_too_long() -> QuerySet[Chat]:
    """Chats that wait for longer than the service's longest wait.

    A chat that was open before waits since it came back to the queue, which is the time of its last event.
    """
    setting = "service__chat_settings__longest_wait_minutes"
    longest = ExpressionWrapper(F(setting) * Value(timedelta(minutes=1)), output_field=DurationField())
    events = (
        Message.objects.filter(chat=OuterRef("pk"), author=Message.Author.SYSTEM).exclude(event="").order_by("-seq")
    )
    waiting = Chat.objects.filter(
        state=Chat.State.WAITING, inquiry_offer="", waiting_since__lt=Now() - longest, **{f"{setting}__gt": 0}
    )
    since = Greatest("waiting_since", Subquery(events.values("created_at")[:1]))
    return waiting.annotate(since=since).filter(since__lt=Now() - longest)


def _offer(chat: Chat, offer: Chat.InquiryOffer) -> None:
    """Offers it by compare-and-set: an agent who opens the chat now, or another worker, may be faster.

    ``chat`` is no witness of what was offered before: it may have been read after another worker's offer.
    """
    not_told = Chat.objects.filter(pk=chat.pk, state=Chat.State.WAITING, inquiry_offer__in=_BEFORE[offer])
    with transaction.atomic():
        if not_told.update(inquiry_offer=offer):
            audit.record(chat.service_id, "chat.inquiry_offered", chat.subject, actor="", reason=offer.value)
            live.publish_on_commit(live.chat_topic(chat.pk), live.Touched())
