"""Changes the tickets that are selected in the list, and says which of them could not be changed, and why.

Those stay selected: the list's address names them.
"""

from collections.abc import Iterable

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from agents.access import for_agents
from agents.models import Agent
from contiple.base.errors import DomainError
from tickets.desk.bulk import Account, change_tickets
from tickets.desk.forms_list import SELECTED, ChangesForm

_FILTERS = ("q", "state", "assignee", "group", "priority", "due", "tag", "before", "after")


@require_http_methods(["GET", "HEAD", "POST"])
@for_agents
def change(request: HttpRequest, agent: Agent) -> HttpResponse:
    """The fields, which the list asks for when the first ticket is selected; posted, changes the selected ones."""
    if request.method != "POST":
        return render(request, "tickets/_changes_fields.html", {"changes": ChangesForm(agent=agent)})
    form = ChangesForm(request.POST, agent=agent)
    left: Iterable[int] = ()
    try:
        selected = form.selected()
        left = [each.number for each in selected]
        if form.is_valid():
            account = change_tickets(agent, selected, form.changes())
            left = account.left
            _tell(request, account)
        else:
            messages.error(request, " ".join(str(error) for errors in form.errors.values() for error in errors))
    except ValidationError as error:
        messages.warning(request, error.message)
    except DomainError as error:
        messages.error(request, str(error))
    return redirect(_list(request, agent, left))


def _tell(request: HttpRequest, account: Account) -> None:
    if done := len(account.changed):
        text = ngettext("%(n)s ticket was changed.", "%(n)s tickets were changed.", done)
        messages.success(request, text % {"n": done})
    for reason, numbers in account.refused.items():
        named = ", ".join(f"#{number}" for number in numbers)
        messages.warning(request, _("Not changed: %(tickets)s. %(reason)s") % {"tickets": named, "reason": reason})


def _list(request: HttpRequest, agent: Agent, selected: Iterable[int]) -> str:
    """The address of the list as it was shown, with these selected."""
    shown, query = QueryDict(request.POST.get("list", "")[:1_000]), QueryDict(mutable=True)
    for name in _FILTERS:
        if value := shown.get(name):
            query[name] = value
    if numbers := ".".join(map(str, selected)):
        query[SELECTED] = numbers
    address = reverse("tickets:list", args=[agent.service.slug])
    return f"{address}?{query.urlencode()}" if query else address
