"""Bounds of the queue: how many may wait, and when whoever waits is offered an inquiry instead.

An offer takes nothing away: the chat keeps its place, rings where somebody gets free, and may still be served.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta

from django.db import transaction
from django.db.models import DurationField, Exists, ExpressionWrapper, F, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Greatest, Now
from django.utils.translation import gettext_lazy as _

from agents import audit
from agents.models import Service
from chat.conversation import live
from chat.models import Chat, Message, Ring
from chat.routing import presence
from chat.routing.assignment import assign_waiting_chats
from contiple.base.errors import Closed
from helpcenter.models import HelpCenter

Offer = Chat.InquiryOffer


class QueueFull(Closed):
    """As many wait as may: the customer is offered the inquiry form."""

    code = "queue_full"
    status = 409


def lock_queue(service: Service) -> int:
    """The most customers that may wait in the service, 0 for any number.

    Where there is a limit, the HelpCenter's row is locked until the transaction ends, and with it every other start:
    of two at once, the second counts the first.
    """
    limited = HelpCenter.objects.filter(service=service, queue_limit__gt=0).select_for_update(no_key=True)
    return limited.values_list("queue_limit", flat=True).first() or 0


def require_place(chat: Chat, limit: int) -> None:
    """Raises ``QueueFull`` where a new chat would have to wait behind ``limit`` others.

    Call it in the transaction that made the chat and holds the queue; the error must undo it. Whether somebody has room
    is not guessed: the router runs, and what it does with the chat is looked at.
    """
    assign_waiting_chats(chat.service_id)
    waiting = Chat.objects.filter(service=chat.service_id, state=Chat.State.WAITING)
    if waiting.filter(pk=chat.pk).exists() and waiting.count() > limit:
        raise QueueFull(_("Too many customers are waiting right now."))


def offer_inquiries() -> None:
    """Offers an inquiry to whom everybody has let ring, and to whoever has waited too long. Run it every second.

    Each is told once, however many run it at once. That everybody has let it ring is told also to who has waited long.
    """
    for chat in _missed_by_everybody():
        _offer(chat, Offer.MISSED)
    for chat in _waited_too_long():
        _offer(chat, Offer.WAITED)


def _missed_by_everybody() -> Iterable[Chat]:
    """Waiting chats that rang in vain, since they were last opened, at each agent who could be asked now."""
    missed: dict[Chat, set[int]] = defaultdict(set)
    for ring in _missed_rings().select_related("chat"):
        missed[ring.chat].add(ring.agent_id)
    reachable = {service_id: _reachable(service_id) for service_id in {chat.service_id for chat in missed}}
    return [chat for chat, agents in missed.items() if reachable[chat.service_id] <= agents]


def _missed_rings() -> QuerySet[Ring]:
    opened_since = Ring.objects.filter(
        chat=OuterRef("chat"), outcome=Ring.Outcome.OPENED, started_at__gt=OuterRef("started_at")
    )
    missed = Ring.objects.filter(~Exists(opened_since), outcome=Ring.Outcome.MISSED, chat__state=Chat.State.WAITING)
    return missed.exclude(chat__inquiry_offer=Offer.MISSED)


def _reachable(service_id: int) -> set[int]:
    return set(presence.reachable_agents(service_id).values_list("pk", flat=True))


def _waited_too_long() -> QuerySet[Chat]:
    """A chat that was open before waits since it came back, which is what its last event says."""
    setting = "service__help_center__longest_wait_minutes"
    longest = ExpressionWrapper(F(setting) * Value(timedelta(minutes=1)), output_field=DurationField())
    events = Message.objects.filter(chat=OuterRef("pk")).exclude(event="").order_by("-seq")
    waiting = Chat.objects.filter(
        state=Chat.State.WAITING, inquiry_offer="", waiting_since__lt=Now() - longest, **{f"{setting}__gt": 0}
    )
    since = Greatest("waiting_since", Subquery(events.values("created_at")[:1]))
    return waiting.annotate(since=since).filter(since__lt=Now() - longest)


def _offer(chat: Chat, offer: str) -> None:
    """By compare-and-set: an agent who opens the chat now, or another worker, was faster."""
    unchanged = Chat.objects.filter(pk=chat.pk, state=Chat.State.WAITING, inquiry_offer=chat.inquiry_offer)
    with transaction.atomic():
        if unchanged.update(inquiry_offer=offer):
            audit.record(chat.service_id, "chat.inquiry_offered", chat.subject, actor="", reason=str(offer))
            live.publish_on_commit(live.chat_topic(chat.pk), live.Touched())
