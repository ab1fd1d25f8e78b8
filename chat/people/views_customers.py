"""Customers: the list with its search, and a customer's page. For every agent, if the contract has the option.

Every agent of a service reads all of its chats and what was made from them, so the list shows nobody more. Opening it
is not on record; a correction is.
"""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from agents.access import for_agents
from agents.changes import stamp
from agents.models import Agent
from chat import access
from chat.abuse.blocks import blocks_of_customer
from chat.people import facts, merging, notes, past
from chat.people.forms import FactsForm, NoteForm, searched
from chat.people.listing import page_for
from contiple.base.errors import DomainError
from contiple.base.paging import Position
from helpcenter.models import Customer

RESULTS = "customers-results"  # the element that the search replaces
CONTACTS_SHOWN = 100


@require_safe
@for_agents
def customers(request: HttpRequest, agent: Agent) -> HttpResponse:
    access.require_customer_information(agent)
    text = searched(request.GET, agent.service)
    page = page_for(
        agent,
        text,
        before=Position.parse(request.GET.get("before", "")),
        after=Position.parse(request.GET.get("after", "")),
    )
    is_part = request.htmx.target == RESULTS and not request.htmx.boosted
    template = "chat/_customers_results.html" if is_part else "chat/customers.html"
    return render(request, template, {"section": "customers", "text": text, "page": page})


@require_http_methods(["GET", "HEAD", "POST"])
@for_agents
def customer(request: HttpRequest, agent: Agent, customer: int) -> HttpResponse:
    """The customer's page. A form that is sent corrects name and e-mail address."""
    access.require_customer_information(agent)
    found = access.customer_for_agent(agent, customer)
    form = FactsForm(request.POST if request.method == "POST" else None, customer=found)
    if form.is_valid() and _corrected(request, agent, found, form):
        return redirect("chat:customer", agent.service.slug, found.pk)
    contacts = past.past_of(found, most=CONTACTS_SHOWN + 1)
    context = {
        "section": "customers",
        "customer": found,
        "form": form,
        "contacts": contacts.own[:CONTACTS_SHOWN],
        "has_more": len(contacts.own) > CONTACTS_SHOWN,
        "apart": contacts.apart[:CONTACTS_SHOWN],
        "blocked": blocks_of_customer(found).first(),
        "merged": merging.merged_into(found),
        "notes": notes.latest(found),
        "note_form": NoteForm(),
    }
    return render(request, "chat/customer_page.html", context)


def _corrected(request: HttpRequest, agent: Agent, customer: Customer, form: FactsForm) -> bool:
    try:
        changed = facts.correct(agent, customer, **form.cleaned_data)
    except DomainError as error:
        form.accept_error(error)
        form.stamp_again(stamp(access.customer_for_agent(agent, customer.pk), facts.FIELDS))
        return False
    messages.success(request, _("Saved.") if changed else _("No changes were made."))
    return True
