"""Service Management / Contract Details. For admins."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from agents.access import for_admins
from agents.contracts import change_contract, contract_stamp, limited_agents, seats_used
from agents.forms import ContractForm
from agents.models import Agent, Contract
from contiple.base.errors import DomainError


@require_http_methods(["GET", "HEAD", "POST"])
@for_admins
def contract(request: HttpRequest, agent: Agent) -> HttpResponse:
    """Saves the contract; turning Chat off ends running chats, so it asks for confirmation first."""
    now = Contract.objects.get(service=agent.service)
    form = ContractForm(request.POST if request.method == "POST" else None, contract=now)
    confirming = form.is_valid() and now.chat and not form.cleaned_data["chat"] and "confirmed" not in request.POST
    if form.is_bound and form.is_valid() and not confirming and _saved(request, agent, form):
        return redirect("agents:contract", agent.service.slug)
    context = {
        "section": "contract",
        "form": form,
        "confirming": confirming,
        "contract": now,
        "used": seats_used(agent.service),
        "limited": limited_agents(now),
    }
    return render(request, "agents/contract.html", context)


def _saved(request: HttpRequest, agent: Agent, form: ContractForm) -> bool:
    try:
        changed = change_contract(by=agent, values=form.values(), seen=form.cleaned_data["seen"])
    except DomainError as error:
        form.accept_error(error)
        form.stamp_again(contract_stamp(Contract.objects.get(service=agent.service)))
        return False
    messages.success(request, _("Saved.") if changed else _("No changes were made."))
    return True
