"""Chat History: the list of a service's chats. Each links to its conversation (``chat.desk.views.history``)."""

from collections.abc import Sequence
from typing import NamedTuple

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from agents.access import for_agents, may_export
from agents.models import Agent
from chat.categories import Tree
from chat.conversation import history
from chat.conversation.forms import HistoryForm
from chat.follow_ups import FollowUp, registered
from chat.models import Chat
from contiple.base.paging import Position

RESULTS = "chats-results"  # the element that the filter bar replaces


@require_safe
@for_agents
def chats(request: HttpRequest, agent: Agent) -> HttpResponse:
    form = HistoryForm(request.GET, service=agent.service)
    filters = form.filters()
    found = history.find(agent, filters)
    page = history.page_of(
        found,
        before=Position.parse(request.GET.get("before", "")),
        after=Position.parse(request.GET.get("after", "")),
    )
    context = {
        "section": "chats",
        "form": form,
        "shown": {field.name for field in form.selects()},
        "filters": filters,
        "filtered": filters != history.Filters(),
        "found": history.count(found),
        "page": page,
        "may_export": may_export(agent),
        "rows": _rows(page.rows, form.tree),
    }
    is_part = request.htmx.target == RESULTS and not request.htmx.boosted
    return render(request, "chat/_chats_results.html" if is_part else "chat/chats.html", context)


class Row(NamedTuple):
    chat: Chat
    outcome: history.Outcome
    category: str
    made: FollowUp | None


def _rows(chats: Sequence[Chat], tree: Tree) -> list[Row]:
    made = registered().made_from(chats)
    return [Row(chat, history.outcome_of(chat), tree.path(chat.category_id), made.get(chat.pk)) for chat in chats]
