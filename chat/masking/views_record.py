"""The pages of Service Management / Personal Information Masking / Unmasking record. For admins."""

from datetime import datetime

from django.conf import settings
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_POST, require_safe

from agents.access import for_admins
from agents.models import Agent
from agents.second_factor.step_up import asks_again
from chat.masking import record as unmask_record
from chat.masking.forms import RecordForm
from chat.masking.record_export import write_file
from contiple.base.addresses import client_address
from contiple.base.months import KOREA, Month
from contiple.base.paging import Position
from contiple.base.threads import each_in_thread

RESULTS = "record-results"  # the element that the filter bar replaces


@require_safe
@for_admins
def record(request: HttpRequest, agent: Agent) -> HttpResponse:
    now = timezone.now()
    month, months = _month(request, now), unmask_record.months_with_entries(agent.service, now)
    form = RecordForm(request.GET, service=agent.service, months=sorted({*months, month, Month.of(now)}, reverse=True))
    filters = form.filters()
    entries = unmask_record.entries_of(agent.service, month, filters)
    page = unmask_record.read_page(
        entries,
        before=Position.parse(request.GET.get("before", "")),
        after=Position.parse(request.GET.get("after", "")),
    )
    context = {
        "section": "masking",
        "tab": "record",
        "form": form,
        "filters": filters,
        "filtered": any(filters),
        "month": month,
        "is_latest": month == Month.of(now),
        "another": next((it for it in months if it != month), None),
        "page": page,
        "rows": unmask_record.rows_of(agent.service, page.rows),
        "summary": unmask_record.summary_of(entries),
        "limits": unmask_record.limits_reached_lately(agent.service, now),
        "korea": KOREA,
    }
    is_part = request.htmx.target == RESULTS and not request.htmx.boosted
    return render(request, "chat/_record_results.html" if is_part else "chat/record.html", context)


@require_POST
@for_admins
@asks_again
def export(request: HttpRequest, agent: Agent) -> StreamingHttpResponse:
    """Sends the month with the filters of the query as a file. The export is on record before anything is sent."""
    month, filters = _month(request, timezone.now()), RecordForm(request.GET, service=agent.service).filters()
    unmask_record.record_export(agent, month, filters, address=client_address(request) or None)
    entries = unmask_record.entries_of(agent.service, month, filters)
    pieces = write_file(agent.service, entries, get_language() or settings.LANGUAGE_CODE)
    name = f"unmasking-{agent.service.slug}-{month}.csv"
    return StreamingHttpResponse(
        each_in_thread(pieces),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _month(request: HttpRequest, now: datetime) -> Month:
    """Returns the month of the query; this month if it is invalid or in the future."""
    this_month = Month.of(now)
    return min(Month.parse(request.GET.get("month", "")) or this_month, this_month)
