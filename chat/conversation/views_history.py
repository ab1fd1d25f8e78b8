"""Chat History: the list of a service's chats. Each links to its conversation (``chat.desk.views.history``)."""

from collections.abc import Sequence

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from agents.access import for_agents
from agents.models import Agent
from chat.conversation.forms import HistoryForm
from chat.conversation.history import Filters, Outcome, outcome_of, page_for
from chat.follow_ups import FollowUp, registered
from chat.models import Chat
from contiple.base.paging import Position

RESULTS = "chats-results"  # the element that the filter bar replaces


@require_safe
@for_agents
def chats(request: HttpRequest, agent: Agent) -> HttpResponse:
    form = HistoryForm(request.GET, service=agent.service)
    filters = form.filters()
    page = page_for(
        agent,
        filters,
        before=Position.parse(request.GET.get("before", "")),
        after=Position.parse(request.GET.get("after", "")),
    )
    context = {
        "section": "chats",
        "form": form,
        "filters": filters,
        "filtered": filters != Filters(),
        "page": page,
        "rows": _rows(page.rows),
    }
    is_part = request.htmx.target == RESULTS and not request.htmx.boosted
    return render(request, "chat/_chats_results.html" if is_part else "chat/chats.html", context)


def _rows(chats: Sequence[Chat]) -> list[tuple[Chat, Outcome, FollowUp | None]]:
    made = registered().made_from(chats)
    return [(chat, outcome_of(chat), made.get(chat.pk)) for chat in chats]
