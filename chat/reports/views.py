"""The page Reports → Chat. For admins."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from agents.access import for_admins
from agents.models import Agent
from chat.operating_hours import zone_of
from chat.reports import definitions
from chat.reports.export import record_export, write_file
from chat.reports.forms import ReportForm
from chat.reports.plots import plots_of
from chat.reports.report import Report, report_of
from chat.reports.tiles import tiles_of
from contiple.base.clock import database_now

RESULTS = "report"  # the element that the bar replaces


@require_safe
@for_admins
def report(request: HttpRequest, agent: Agent) -> HttpResponse:
    form, found = _asked_for(request, agent)
    columns = list(definitions.columns(found.grouping))
    context = {
        "section": "reports",
        "form": form,
        "report": found,
        "tiles": tiles_of(found),
        "plots": plots_of(found),
        "columns": columns,
        "rows": [
            (row.name, found.chats_url(row.query) if row.query else "", [it.part.shown(row.figures) for it in columns])
            for row in found.rows
        ],
        "total": [it.part.shown(found.total) for it in columns],
    }
    is_part = request.htmx.target == RESULTS and not request.htmx.boosted
    return render(request, "chat/_report.html" if is_part else "chat/report.html", context)


@require_POST
@for_admins
def export(request: HttpRequest, agent: Agent) -> HttpResponse:
    """Sends the table of the report of the query as a file; first it is on record."""
    _form, found = _asked_for(request, agent)
    record_export(agent, found)
    name = f"chat-report-{agent.service.slug}-{found.period.first}-{found.period.last}.csv"
    return HttpResponse(
        write_file(found),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _asked_for(request: HttpRequest, agent: Agent) -> tuple[ReportForm, Report]:
    now = database_now()
    form = ReportForm(request.GET, now=now, zone=zone_of(agent.service_id))
    return form, report_of(agent.service, form.period(), form.grouping(), now=now)
