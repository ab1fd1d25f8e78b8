"""Corrects what is known of a customer: the name and the e-mail address."""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from agents import audit
from agents.changes import apply_changes, refuse_outdated
from agents.models import Agent
from chat.masking.concealing import conceal
from contiple.base.errors import Conflict
from helpcenter.customers import clean_email, clean_name
from helpcenter.models import Customer

FIELDS = ("name", "email")


@transaction.atomic
def correct(agent: Agent, customer: Customer, *, name: str, email: str, seen: str = "") -> bool:
    """Sets name and e-mail of a customer of the agent's service; says whether something has changed.

    The record has which of them, not what they were. Raises ``Invalid`` (code: the field) and ``Conflict``: a verified
    member's facts come from the service's site, and a form may be outdated (``seen``). Locks the customer's row.
    """
    row = Customer.objects.select_for_update(no_key=True).get(pk=customer.pk)
    if row.member:
        raise Conflict(_("Your site vouches for this customer: change the name and e-mail there."))
    if row.merged_into_id:
        raise Conflict(_("This customer was merged. Correct the one that is kept."))
    refuse_outdated(row, FIELDS, seen)
    values = {"name": conceal(agent.service, clean_name(name)), "email": clean_email(email)}
    changed = apply_changes(row, values)
    if changed:
        audit.record(agent.service_id, "customer.corrected", f"customer:{row.pk}", agent=agent, fields=sorted(changed))
    return bool(changed)
