"""Keeps many starts from one network from starving others.

A chat's turn in the queue is the moment of its start. If the chats of one network are more than ``CROWD_FREE`` and more
than half of the queue, each further one gets its turn ``STEP`` later than the one before. So whoever comes alone goes
before the crowd, and the crowd still moves on by one chat a step: an office behind one address is served.
"""

from datetime import datetime, timedelta

from chat.access import waiting_chats
from chat.models import Chat

CROWD_FREE = 20
STEP = timedelta(minutes=1)
BEHIND_MAX = timedelta(hours=12)


def turn_at(chat: Chat, now: datetime) -> datetime:
    """Returns the moment that a new chat's place in the queue goes by."""
    if not chat.network:
        return now
    waiting = waiting_chats(chat.service_id).order_by()
    own = waiting.filter(network=chat.network).count() + _ringing(chat)
    if own < CROWD_FREE or own * 2 <= waiting.count():
        return now
    return now + min((own - CROWD_FREE + 1) * STEP, BEHIND_MAX)


def _ringing(chat: Chat) -> int:
    return Chat.objects.filter(service=chat.service_id, network=chat.network, state=Chat.State.RINGING).count()
