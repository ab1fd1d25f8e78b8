"""The page that merges a customer with another one: a search, then both side by side, then a reason. For every agent,
as Customers."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from agents.access import for_agents
from agents.models import Agent
from chat import access
from chat.people import comparison, merging
from chat.people.forms import MergeForm, searched
from chat.people.listing import page_for
from contiple.base.errors import DomainError
from helpcenter.customers import same_address
from helpcenter.families import kept_of
from helpcenter.models import Customer


@require_http_methods(["GET", "HEAD", "POST"])
@for_agents
def merge(request: HttpRequest, agent: Agent, customer: int) -> HttpResponse:
    """Once they are merged, sent twice or gone back to, it leads to the kept one."""
    access.require_customer_information(agent)
    found = access.customer_for_agent(agent, customer)
    chosen = (request.POST if request.method == "POST" else request.GET).get("with", "")
    other = access.customer_for_agent(agent, _number(chosen)) if chosen else None
    if _is_merged(found, other):
        return redirect("chat:customer", agent.service.slug, kept_of(found).pk)
    if other is None:
        return render(request, "chat/merge_customer.html", _choices(request, agent, found))
    return _compared(request, agent, found, other)


@require_POST
@for_agents
def separate(request: HttpRequest, agent: Agent, customer: int) -> HttpResponse:
    access.require_customer_information(agent)
    found = access.customer_for_agent(agent, customer)
    merging.separate(agent, found)
    messages.success(request, _("They are two customers again."))
    return redirect("chat:customer", agent.service.slug, found.pk)


def _is_merged(customer: Customer, other: Customer | None) -> bool:
    """Whether there is nothing left to merge: the customer is merged, with the other one if that is known."""
    if other is None or other.pk == customer.pk:
        return customer.merged_into_id is not None
    return kept_of(customer).pk == kept_of(other).pk


def _choices(request: HttpRequest, agent: Agent, customer: Customer) -> dict:
    """Whom a search finds; before one, who has the same e-mail address. For who is merged, the kept one."""
    text = searched(request.GET, agent.service)
    alike = same_address(customer).select_related("merged_into").order_by("-last_contact_at", "-pk")
    found = {kept_of(other).pk: kept_of(other) for other in (page_for(agent, text).rows if text else alike[:50])}
    choices = [other for other in found.values() if other.pk != customer.pk]
    return {
        "section": "customers",
        "part": "chat/_merge_choose.html",
        "customer": customer,
        "text": text,
        "choices": choices[: merging.CHOICES_MAX],
    }


def _compared(request: HttpRequest, agent: Agent, customer: Customer, other: Customer) -> HttpResponse:
    refusal = merging.refusal(customer, other)
    form = MergeForm(request.POST if request.method == "POST" else None, customers=[customer, other])
    if form.is_valid() and _merged(request, agent, (customer, other), form):
        return redirect("chat:customer", agent.service.slug, form.cleaned_data["keep"])
    sides = [comparison.side_of(customer), comparison.side_of(other)]
    context = {
        "section": "customers",
        "part": "chat/_merge_refused.html" if refusal else "chat/_merge_compare.html",
        "customer": customer,
        "other": other,
        "refusal": refusal,
        "columns": [(side.customer, form.state_of(side.customer)) for side in sides],
        "rows": comparison.rows_of(*sides),
        "is_blocked": any(side.block for side in sides),
        "form": form,
    }
    return render(request, "chat/merge_customer.html", context)


def _merged(request: HttpRequest, agent: Agent, pair: tuple[Customer, Customer], form: MergeForm) -> bool:
    kept, merged = pair if pair[0].pk == form.cleaned_data["keep"] else pair[::-1]
    try:
        merging.merge(agent, merged, kept, reason=form.cleaned_data["reason"])
    except DomainError as error:
        form.accept_error(error)
        return False
    messages.success(request, _("The customers were merged."))
    return True


def _number(text: str) -> int:
    """The id of a customer; 0, which none has, for what is no number."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
