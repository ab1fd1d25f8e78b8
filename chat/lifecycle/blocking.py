"""Blocks customers and networks, and ends many chats at once: what an admin does against abuse.

Both are on record. A block ends the open chats of whom it is about in the same act.
"""

from collections.abc import Collection
from datetime import timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import Http404
from django.utils.translation import gettext_lazy as _

from agents import audit
from agents.access import require_admin
from agents.models import Agent
from chat.abuse import blocks
from chat.access import chats_seen_by
from chat.block import Block
from chat.lifecycle.spam import mark_all_spam
from chat.lifecycle.transitions import close_chat
from chat.masking import concealing
from chat.models import Chat
from contiple.base import clock
from contiple.base.errors import Invalid
from helpcenter.families import family_of

LENGTHS = {
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(days=7),
    "month": timedelta(days=30),
    "ever": None,
}
CUSTOMER, NETWORK = "customer", "network"
REASON_LENGTH_MAX = Block._meta.get_field("reason").max_length
ENDED_AT_ONCE = 500


def block(by: Agent, chat: Chat, *, whom: str, length: str, reason: str) -> list[int]:
    """Blocks the chat's customer or its network, and ends their open chats; returns these.

    Raises ``Closed`` unless ``by`` is an admin now, ``Invalid`` for a network that isn't known or for good: addresses
    pass on to other people.
    """
    whose = _whose(chat, whom)
    if length not in LENGTHS or (whom == NETWORK and LENGTHS[length] is None):
        raise Invalid(_("Choose how long to block."), code="length")
    reason = concealing.conceal(chat.service, reason)[:REASON_LENGTH_MAX]
    lasts = LENGTHS[length]
    with transaction.atomic():
        require_admin(by)
        blocks.close_the_door(chat.service_id)
        until = clock.database_now() + lasts if lasts else None
        blocks.block_for(chat.service_id, **whose, chat=chat, reason=reason, created_by=by, until=until)
        audit.record(chat.service_id, "chat.blocked", chat.subject, agent=by, whom=whom, length=length, why=reason)
        found = list(open_chats(by).filter(_of_whom(whose)).values_list("pk", flat=True))
    return [chat_id for chat_id in found if close_chat(chat_id, by=Chat.ClosedBy.BLOCKED, admin=by)]


def unblock(by: Agent, block_id: int) -> None:
    """Lifts a block of the admin's service. Raises ``Http404`` if there is none (any more)."""
    with transaction.atomic():
        require_admin(by)
        held = blocks_of(by).select_for_update(of=("self",))  # of two at once, one lifts it
        found = held.filter(pk=block_id).first()
        if found is None:
            raise Http404
        whom = CUSTOMER if found.customer_id else NETWORK
        subject = found.chat.subject if found.chat else f"block:{found.pk}"
        audit.record(by.service_id, "chat.unblocked", subject, agent=by, whom=whom)
        found.delete()


def blocks_of(agent: Agent) -> QuerySet[Block]:
    """The blocks of the agent's service that hold now, newest first."""
    found = blocks.blocks_now().filter(service=agent.service)
    return found.select_related("customer", "chat__customer", "created_by__user").order_by("-created_at", "-pk")


def open_chats_like(agent: Agent, chat: Chat) -> QuerySet[Chat]:
    """The open chats of the same customer or the same network, oldest first."""
    same = Q(customer__in=family_of(chat.customer))
    if chat.network:
        same |= Q(network=chat.network)
    return open_chats(agent).filter(same)


def open_chats(agent: Agent) -> QuerySet[Chat]:
    return chats_seen_by(agent).exclude(state=Chat.State.CLOSED).order_by("created_at", "pk")


def end_all(by: Agent, chats: Collection[int], *, is_spam: bool = False) -> int:
    """Ends the open chats of the admin's service among these, whoever has them; returns how many.

    With ``is_spam`` they are marked as spam too.
    """
    require_admin(by)
    found = list(open_chats(by).filter(pk__in=chats).values_list("pk", flat=True)[:ENDED_AT_ONCE])
    if is_spam:
        mark_all_spam(by, found)
    return sum(close_chat(chat_id, by=Chat.ClosedBy.ADMIN, admin=by) for chat_id in found)


def _of_whom(whose: dict) -> Q:
    return Q(customer__in=family_of(whose["customer"])) if "customer" in whose else Q(**whose)


def _whose(chat: Chat, whom: str) -> dict:
    if whom == CUSTOMER:
        return {"customer": chat.customer}
    if whom == NETWORK and chat.network:
        return {"network": chat.network}
    raise Invalid(_("Choose whom to block."), code="whom")
