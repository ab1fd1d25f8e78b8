"""Chat History / Export. For admins, and agents with the permission."""

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods

from agents.access import for_agents, may_export
from agents.models import Agent
from agents.second_factor.step_up import asks_again
from chat.conversation import history
from chat.conversation.forms import HistoryForm
from chat.export.exporting import export, exports_of
from chat.export.forms import ExportForm
from chat.export.writing import CONTENT_TYPES
from chat.operating_hours import zone_of
from contiple.base.addresses import client_address
from contiple.base.errors import DomainError
from contiple.base.threads import each_in_thread

SHOWN = 20  # of the exports on record


def for_exporters(view: Any) -> Any:
    """As ``for_agents``, for those who may export."""

    @for_agents
    def guarded(request: HttpRequest, agent: Agent) -> HttpResponse:
        if not may_export(agent):
            raise Http404
        return view(request, agent)

    return guarded


@require_http_methods(["GET", "HEAD", "POST"])
@for_exporters
@asks_again
def export_chats(request: HttpRequest, agent: Agent) -> HttpResponse | StreamingHttpResponse:
    """Asks what is to be in the file; once sent, the file of the chats that the filters of the query find."""
    filters = HistoryForm(request.GET, service=agent.service)
    form = ExportForm(request.POST if request.method == "POST" else None)
    wanted = filters.filters()
    if form.is_valid():
        language = get_language() or settings.LANGUAGE_CODE
        try:
            pieces = export(agent, form.wish(wanted), language=language, address=client_address(request) or None)
        except DomainError as error:
            form.accept_error(error)
        else:
            return _file(agent, form.cleaned_data["kind"], each_in_thread(pieces))
    context = {
        "section": "chats",
        "form": form,
        "filters": filters.in_words(),
        "found": history.count(history.find(agent, wanted)),
        "exports": exports_of(agent.service)[:SHOWN] if agent.is_admin else [],
    }
    return render(request, "chat/export.html", context)


def _file(agent: Agent, kind: str, pieces: Any) -> StreamingHttpResponse:
    day = timezone.now().astimezone(zone_of(agent.service)).date()
    name = f"chats-{agent.service.slug}-{day}.{kind}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingHttpResponse(pieces, content_type=CONTENT_TYPES[kind], headers=headers)
