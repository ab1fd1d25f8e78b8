"""Says who is blocked in a service. ``lifecycle.blocking`` decides it."""

from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from chat.block import Block
from contiple.base.errors import Closed

_LOCK = 0x424C4F43  # the first key of the advisory locks: "BLOC"


class Blocked(Closed):
    """An admin of the service has blocked this customer or this network."""

    code = "blocked"


def blocks_now() -> QuerySet[Block]:
    """The blocks that have not run out."""
    return Block.objects.filter(Q(until=None) | Q(until__gt=Now()))


def require_not_blocked(service_id: int, *, network: str = "", customer_id: int = 0, chat_id: int = 0) -> None:
    """Raises ``Blocked`` if the network, the customer or the chat's customer is blocked.

    In a transaction it also holds the door: a block that is made meanwhile comes afterwards, and sees what this makes.
    """
    if connection.in_atomic_block:
        _lock("pg_advisory_xact_lock_shared", service_id)
    whose = Q(pk=None)
    if network:
        whose |= Q(network=network)
    if customer_id:
        whose |= Q(customer=customer_id)
    if chat_id:
        whose |= Q(customer__chats=chat_id)
    if blocks_now().filter(whose, service=service_id).exists():
        raise Blocked(_("We can’t take your messages here at the moment."))


def close_the_door(service_id: int) -> None:
    """Waits for starts under way in the service, and lets the next ones wait, until the transaction ends."""
    _lock("pg_advisory_xact_lock", service_id)


def _lock(function: str, service_id: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s, %s)", [_LOCK, service_id % 2**31])


def block_for(service_id: int, **whose: Any) -> Block:
    """Makes the block, in place of an older one of the same."""
    Block.objects.filter(service=service_id, customer=whose.get("customer"), network=whose.get("network", "")).delete()
    return Block.objects.create(service_id=service_id, **whose)
