"""Customers that agents have merged: they are one person to agents, and stay apart for everybody else.

Nothing moves. Each row keeps its chats, inquiries, notes, data keys and tokens, and leads by ``merged_into`` to the one
that is kept, which never leads on. So whoever holds a token reads what was said by that token, before and after a
merge; and customers who were merged by mistake are separated again.
"""

from collections.abc import Collection

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce

from helpcenter.models import Customer


def kept_of(customer: Customer) -> Customer:
    """Returns the customer that ``customer`` was merged into, or itself."""
    return customer.merged_into or customer


def family_of(customer: Customer | int) -> QuerySet[Customer]:
    """Returns the kept customer and all that were merged into it, in the order in which they are locked."""
    pk = customer if isinstance(customer, int) else customer.pk
    kept = Customer.objects.filter(pk=pk).values(kept=Coalesce("merged_into", "pk"))[:1]
    return Customer.objects.filter(Q(pk=kept) | Q(merged_into=kept)).order_by("pk")


def ids_of_family(customer: Customer | int) -> list[int]:
    """Returns the ids of ``family_of``. One query: large tables are read by them, not by a join."""
    return list(family_of(customer).values_list("pk", flat=True))


def kept_by_member(customers: Collection[int]) -> dict[int, int]:
    """Returns the kept customer's id for each id in the families of ``customers``. One query."""
    kept = Customer.objects.filter(pk__in=customers).values(kept=Coalesce("merged_into", "pk"))
    rows = Customer.objects.filter(pk__in=kept).values_list("pk", F("pk"))
    merged = Customer.objects.filter(merged_into__in=kept).values_list("pk", "merged_into")
    return dict(rows.union(merged))
