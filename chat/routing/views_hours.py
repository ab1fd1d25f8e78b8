"""Service Management / Chat / Operating hours. For admins."""

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.timezone import localdate
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from agents.access import for_admins
from agents.models import Agent
from chat.operating_hours import OperatingHours, SpecialDay
from chat.routing import opening
from chat.routing.forms_hours import HolidaysForm, HoursForm, SpecialDayForm, hours_in_words
from chat.routing.public_holidays import holidays_ahead
from contiple.base import clock
from contiple.base.errors import DomainError

OVERRIDES = {"open": True, "closed": False, "hours": None}


@require_http_methods(["GET", "HEAD", "POST"])
@for_admins
def operating_hours(request: HttpRequest, agent: Agent) -> HttpResponse:
    row = opening.hours_of(agent.service_id)
    form = HoursForm(request.POST if request.method == "POST" else None, row=row)
    if form.is_valid() and _saved(request, agent, form):
        return _back(agent)
    return _page(request, agent, {"form": form})


@require_POST
@for_admins
def set_special_day(request: HttpRequest, agent: Agent) -> HttpResponse:
    form = SpecialDayForm(request.POST, today=_today(agent))
    if form.is_valid():
        data = form.cleaned_data
        try:
            opening.set_special_day(agent, data["day"], name=data["name"], spans=data["spans"])
        except DomainError as error:
            form.accept_error(error)
        else:
            messages.success(request, _("Saved."))
            return _back(agent)
    return _page(request, agent, {"day_form": form})


@require_POST
@for_admins
def remove_special_day(request: HttpRequest, agent: Agent) -> HttpResponse:
    try:
        day = date.fromisoformat(request.POST.get("day", ""))
    except ValueError as error:
        raise Http404 from error
    opening.remove_special_day(agent, day)
    messages.success(request, _("Deleted."))
    return _back(agent)


@require_POST
@for_admins
def add_holidays(request: HttpRequest, agent: Agent) -> HttpResponse:
    form = HolidaysForm(request.POST, proposed=_proposed(agent))
    if form.is_valid() and form.chosen():
        opening.close_on(agent, form.chosen())
        messages.success(request, _("Saved."))
    return _back(agent)


@require_POST
@for_admins
def override(request: HttpRequest, agent: Agent) -> HttpResponse:
    """Opens or closes chat until the next edge of the hours, or goes back to them."""
    wish = request.POST.get("until_edge", "")
    if wish not in OVERRIDES:
        raise Http404
    try:
        opening.override_until_edge(agent, OVERRIDES[wish])
    except DomainError as error:
        messages.error(request, str(error))
    return _back(agent)


def _page(request: HttpRequest, agent: Agent, forms: dict[str, Any]) -> HttpResponse:
    row, today = opening.hours_of(agent.service_id), _today(agent)
    days = SpecialDay.objects.filter(service=agent.service, day__gte=today).order_by("day")
    context = {
        "section": "chat_settings",
        "tab": "hours",
        "form": HoursForm(None, row=row),
        "day_form": SpecialDayForm(None, today=today),
        "special_days": [(day, hours_in_words(day)) for day in days],
        "proposed": _proposed(agent),
        "now": _now(row),
        **forms,
    }
    return render(request, "chat/hours.html", context)


def _now(row: OperatingHours) -> dict[str, Any]:
    """How the service stands now, and until when; with hours that are off, nothing."""
    if not row.is_on:
        return {}
    schedule, now = opening.schedule_from(row), clock.database_now()
    return {
        "is_open": schedule.is_open(now),
        "edge": schedule.next_edge(now),
        "scheduled_edge": schedule.scheduled_edge(now),
        "is_overridden": bool(row.override_until and row.override_until > now),
    }


def _proposed(agent: Agent) -> dict[date, str]:
    known = SpecialDay.objects.filter(service=agent.service).values_list("day", flat=True)
    return holidays_ahead(_today(agent), language=get_language() or "en", without=set(known))


def _today(agent: Agent) -> date:
    return localdate(timezone=ZoneInfo(opening.hours_of(agent.service_id).zone))


def _back(agent: Agent) -> HttpResponse:
    return redirect("chat:operating_hours", agent.service.slug)


def _saved(request: HttpRequest, agent: Agent, form: HoursForm) -> bool:
    try:
        changed = opening.set_hours(agent, form.values(), seen=form.cleaned_data["seen"])
    except DomainError as error:
        form.accept_error(error)
        form.stamp_again(opening.hours_stamp(opening.hours_of(agent.service_id)))
        return False
    messages.success(request, _("Saved.") if changed else _("No changes were made."))
    return True
