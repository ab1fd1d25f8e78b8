"""Finds the agent with recent history with a customer."""

from datetime import datetime, timedelta

from django.db.models import F, QuerySet
from django.db.models.functions import Coalesce, Lower

from chat.rings import Ring
from chat.service_settings import ChatSettings
from helpcenter.families import kept_by_member
from helpcenter.models import Customer

RECENT_DAYS = 90  # history with a customer is recent for this long


def recent_agents(service_id: int, customers: list[int], now: datetime) -> dict[int, int]:
    """For each customer the agent who last opened a chat of theirs; empty if the service doesn't assign so.

    A customer is recognised by the e-mail too, and by those whom agents have merged with it. An e-mail
    proves nothing, but nothing depends on it: it only chooses among agents who could get the chat anyway, and shows
    nobody anything.
    """
    if not ChatSettings.objects.filter(service=service_id, assign_recent_agent=True).exists():
        return {}
    kept = kept_by_member(customers)
    rows = Customer.objects.filter(pk__in=customers)
    emails = dict(rows.exclude(email="").values_list("pk", Lower("email")))
    opened = Ring.objects.filter(
        outcome=Ring.Outcome.OPENED, ended_at__gt=now - timedelta(days=RECENT_DAYS), chat__service=service_id
    )
    whose = Coalesce("chat__customer__merged_into", "chat__customer")
    of_person = _last_agents(opened.filter(chat__customer__in=kept), whose)
    of_email = _last_agents(
        opened.annotate(email=Lower("chat__customer__email")).filter(
            chat__customer__service=service_id, email__in=set(emails.values())
        ),
        F("email"),
    )
    found = {
        customer: of_email.get(emails.get(customer)) or of_person.get(kept.get(customer)) for customer in customers
    }
    return {customer: agent_id for customer, agent_id in found.items() if agent_id}


def _last_agents(opened: QuerySet[Ring], whose: F | Coalesce) -> dict:
    return dict(
        opened.annotate(whose=whose).order_by("whose", "-ended_at").distinct("whose").values_list("whose", "agent")
    )
