"""Keeps many starts from one network from starving others.

A chat's turn in the queue is the moment of its start. If the chats of one network are more than ``CROWD_FREE`` and more
than half of the queue, each further one gets its turn ``STEP`` later than the one before. So whoever comes alone goes
before the crowd, and the crowd still moves on by one chat a step: an office behind one address is served.

A network that has started ``NETWORK_STARTS`` chats in ten minutes has at most half of the seats at once, so that the
desk has room for whoever comes next. Fewer are never held back: colleagues behind one address ring as anybody does.

Whoever an agent has answered before today is known, and counts as coming alone.
"""

import math
from datetime import datetime, timedelta

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Now

from chat.abuse.puzzle import NETWORK_STARTS, NETWORK_WINDOW
from chat.access import waiting_chats
from chat.models import Chat

CROWD_FREE = 20
STEP = timedelta(minutes=1)
BEHIND_MAX = timedelta(hours=1)
KNOWN_FOR = timedelta(days=1)  # longer than a script's chats of today

_IS_HELD = Q(state__in=[Chat.State.RINGING, Chat.State.ACTIVE])


def is_known(customer_id: int | None) -> bool:
    """Returns whether an agent answered this customer more than a day ago, and no admin ended that chat."""
    if customer_id is None:
        return False
    answered = Chat.objects.filter(customer=customer_id, answered_at__lt=Now() - KNOWN_FOR)
    return answered.exclude(closed_by__in=[Chat.ClosedBy.ADMIN, Chat.ClosedBy.BLOCKED]).exists()


def turn_at(chat: Chat, now: datetime) -> datetime:
    """Returns the moment that a new chat's place in the queue goes by."""
    if not chat.network or is_known(chat.customer_id):
        return now
    waiting = waiting_chats(chat.service_id).order_by()
    own = waiting.filter(network=chat.network).count() + _ringing(chat)
    if own < CROWD_FREE or own * 2 <= waiting.count():
        return now
    return now + min((own - CROWD_FREE + 1) * STEP, BEHIND_MAX)


def in_their_shares(queue: QuerySet[Chat], seats: int) -> QuerySet[Chat]:
    """Returns the queue without the chats of crowds that are beyond their network's share of these ``seats``."""
    share = math.ceil(seats / 2)
    crowds = {network: max(share - held, 0) for network, held in _held_by_crowds(queue)}
    if not crowds:
        return queue
    kept: list[int] = []
    for network, more in crowds.items():
        kept += queue.filter(network=network).values_list("pk", flat=True)[:more]
    return queue.exclude(~Q(pk__in=kept), network__in=crowds)


def _held_by_crowds(queue: QuerySet[Chat]) -> QuerySet:
    """The networks in the queue that are crowds, and how many of their chats ring or are open."""
    waiting = queue.exclude(network="").order_by()
    of_networks = Chat.objects.filter(service__in=waiting.values("service"), network__in=waiting.values("network"))
    starts = Count("pk", filter=Q(created_at__gt=Now() - NETWORK_WINDOW))
    counted = of_networks.order_by().values("network").annotate(starts=starts, held=Count("pk", filter=_IS_HELD))
    return counted.filter(starts__gte=NETWORK_STARTS).values_list("network", "held")


def _ringing(chat: Chat) -> int:
    return Chat.objects.filter(service=chat.service_id, network=chat.network, state=Chat.State.RINGING).count()
