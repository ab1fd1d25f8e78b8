"""Chat History: the list of a service's chats. Each opens as in a ticket's Quick Menu (``views_agent.history``)."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from agents.access import for_agents
from agents.models import Agent
from chat import access
from chat.conversation.forms import HistoryForm
from chat.conversation.history import narrow, outcome_of
from contiple.base.paging import Position, page_of

RESULTS = "chats-results"  # the element that the filter bar replaces


@require_safe
@for_agents
def chats(request: HttpRequest, agent: Agent) -> HttpResponse:
    form = HistoryForm(request.GET, service=agent.service)
    filters = form.filters()
    found = narrow(access.chats_seen_by(agent), **filters).select_related("customer", "agent__user", "ticket")
    page = page_of(
        found.defer("ticket__search"),
        by="created_at",
        before=Position.parse(request.GET.get("before", "")),
        after=Position.parse(request.GET.get("after", "")),
    )
    context = {
        "section": "chats",
        "form": form,
        "filters": filters,
        "filtered": any(filters.values()),
        "page": page,
        "rows": [(chat, outcome_of(chat)) for chat in page.rows],
    }
    is_part = request.htmx.target == RESULTS and not request.htmx.boosted
    return render(request, "chat/_chats_results.html" if is_part else "chat/chats.html", context)
