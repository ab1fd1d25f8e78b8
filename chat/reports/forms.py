"""The bar above a report: the period, and by what chats are grouped."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext_lazy as _

from chat.conversation.history import FIRST_DAY
from chat.reports.groupings import Grouping
from chat.reports.periods import DAYS_MAX, Period, last_days

OWN = "own"
PERIODS = {
    "1": _("Today"),
    "7": _("Last 7 days"),
    "30": _("Last 30 days"),
    "90": _("Last 90 days"),
    OWN: _("Own dates"),
}
DEFAULT = "7"


class ReportForm(forms.Form):
    """Invalid choices are ignored, so an old link still shows a report; the bar shows what is in force instead."""

    days = forms.ChoiceField(required=False, choices=PERIODS.items())
    since = forms.DateField(required=False, widget=forms.DateInput({"type": "date"}))
    until = forms.DateField(required=False, widget=forms.DateInput({"type": "date"}))
    by = forms.ChoiceField(required=False, choices=Grouping.choices)

    def __init__(self, data: Any, *, now: datetime, zone: ZoneInfo) -> None:
        defaults = {"days": DEFAULT, "by": Grouping.DAY.value}
        known = {"days": PERIODS, "by": Grouping.values}
        chosen = {name: value for name, value in data.items() if value in known.get(name, [value])}
        super().__init__(defaults | chosen, auto_id="report-%s")
        self.now, self.zone = now, zone
        self.is_valid()
        labels = {"days": _("Period"), "since": _("From"), "until": _("Until"), "by": _("Grouping")}
        for name, label in labels.items():
            self.fields[name].widget.attrs |= {"class": "input", "aria-label": label, "title": label}

    @property
    def is_own(self) -> bool:
        return self.cleaned_data["days"] == OWN

    def period(self) -> Period:
        """Returns the period, ``DAYS_MAX`` days at most and none that is still to come."""
        if not self.is_own:
            return last_days(int(self.cleaned_data["days"]), self.now, self.zone)
        today = self.now.astimezone(self.zone).date()
        until = _within(self.cleaned_data.get("until") or today, FIRST_DAY, today)
        since = self.cleaned_data.get("since") or until - timedelta(days=6)
        return Period(_within(since, until - timedelta(days=DAYS_MAX - 1), until), until, self.zone)

    def grouping(self) -> Grouping:
        return Grouping(self.cleaned_data["by"])


def _within(day: date, first: date, last: date) -> date:
    return min(max(day, first), last)
