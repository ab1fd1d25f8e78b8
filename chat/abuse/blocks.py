"""Says who is blocked in a service. ``lifecycle.blocking`` decides it."""

from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from chat.block import Block
from contiple.base import prepared
from contiple.base.errors import Closed
from helpcenter.families import family_of
from helpcenter.models import Customer

_LOCK = 0x424C4F43  # the first key of the advisory locks: "BLOC"


# It runs with every customer's socket. To build the query would cost more than to execute it. A block of a customer is
# one of all that are merged with it: their ids come first, so that thousands of blocks are not joined for one.
_FOUND = """
WITH asked AS (
    SELECT COALESCE(merged_into_id, id) AS kept FROM helpcenter_customer
    WHERE id = %s OR id = (SELECT customer_id FROM chat_chat WHERE id = %s)
)
SELECT FROM chat_block
WHERE service_id = %s AND (until IS NULL OR until > now())
    AND (network <> '' AND network = %s OR customer_id = ANY(ARRAY(
        SELECT id FROM helpcenter_customer JOIN asked ON id = kept OR merged_into_id = kept
    )))
LIMIT 1
"""


class Blocked(Closed):
    """An admin of the service has blocked this customer or this network."""

    code = "blocked"


def blocks_now() -> QuerySet[Block]:
    """The blocks that have not run out."""
    return Block.objects.filter(Q(until=None) | Q(until__gt=Now()))


def blocks_of_customer(customer: Customer) -> QuerySet[Block]:
    """The blocks that hold for the customer: its own, and those of customers it is merged with."""
    return blocks_now().filter(service=customer.service_id, customer__in=family_of(customer))


def require_not_blocked(service_id: int, *, network: str = "", customer_id: int = 0, chat_id: int = 0) -> None:
    """Raises ``Blocked`` if the network, the customer or the chat's customer is blocked.

    In a transaction it also holds the door: a block that is made meanwhile comes afterwards, and sees what this makes.
    """
    if connection.in_atomic_block:
        _lock("pg_advisory_xact_lock_shared", service_id)
    if prepared.fetch(_FOUND, [customer_id, chat_id, service_id, network]):
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
