"""The forms of operating hours: a week, a special day, and the holidays that are proposed."""

from collections.abc import Sequence
from datetime import date, time
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from agents.forms import RefusableForm, StampedForm
from chat.operating_hours import OperatingHours, SpecialDay
from chat.routing.hours import DAY
from chat.routing.opening import hours_stamp
from contiple.base.texts import one_line

NAME_LENGTH_MAX = 60
OFFICE = [[9 * 60, 18 * 60]]  # what a day begins with that is switched on
TIMES = ("start", "end", "break_start", "break_end")
LABELS = {
    "start": _("Opens"),
    "end": _("Closes"),
    "break_start": _("Break from"),
    "break_end": _("Break until"),
}


@cache
def zones() -> list[tuple[str, str]]:
    """The names of places; the zones without one are for machines."""
    places = {"Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"}
    names = sorted(name for name in available_timezones() if name.partition("/")[0] in places)
    return [(name, name.replace("_", " ")) for name in [*names, "UTC"]]


class TimeField(forms.TimeField):
    def __init__(self, label: Any) -> None:
        widget = forms.TimeInput(format="%H:%M", attrs={"type": "time"})
        super().__init__(label=label, required=False, input_formats=["%H:%M", "%H:%M:%S"], widget=widget)


class HoursForm(StampedForm, forms.Form):
    seen = forms.CharField(widget=forms.HiddenInput, required=False)
    is_on = forms.BooleanField(
        label=_("Chat by operating hours"),
        required=False,
        help_text=_("When off, chat is always open: customers can start a chat as soon as an agent is Online."),
    )
    zone = forms.ChoiceField(
        label=_("Time zone"), choices=zones, help_text=_("The hours below are those of this zone.")
    )

    def __init__(self, data: Any, *, row: OperatingHours) -> None:
        super().__init__(data, initial={"is_on": row.is_on, "zone": row.zone, "seen": hours_stamp(row)})
        for number in range(7):
            spans = row.week[number] if row.week else []
            self.fields[f"open_{number}"] = forms.BooleanField(
                label=WEEKDAYS[number], required=False, initial=bool(spans)
            )
            _add_times(self, str(number), spans)

    def days(self) -> list[tuple[forms.BoundField, list[forms.BoundField]]]:
        """Each weekday's switch and its times, for the page."""
        return [(self[f"open_{number}"], _times(self, str(number))) for number in range(7)]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        data["week"] = [_clean_spans(self, str(number)) if data.get(f"open_{number}") else [] for number in range(7)]
        return data

    def values(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ("is_on", "zone", "week")}


class SpecialDayForm(RefusableForm, forms.Form):
    day = forms.DateField(label=_("Day"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}))
    name = forms.CharField(label=_("Name"), max_length=NAME_LENGTH_MAX, required=False)
    open_special = forms.BooleanField(
        label=_("Open on this day"), required=False, help_text=_("Otherwise it is closed all day.")
    )

    def __init__(self, data: Any, *, today: date) -> None:
        super().__init__(data)
        self.today = today
        _add_times(self, "special", [])

    def times(self) -> list[forms.BoundField]:
        return _times(self, "special")

    def clean_day(self) -> date:
        if self.cleaned_data["day"] < self.today:
            raise forms.ValidationError(_("This day is over."))
        return self.cleaned_data["day"]

    def clean_name(self) -> str:
        return one_line(self.cleaned_data["name"], NAME_LENGTH_MAX)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        data["spans"] = _clean_spans(self, "special") if data.get("open_special") else []
        return data


class HolidaysForm(forms.Form):
    """Which of the proposed holidays are special days from now on."""

    def __init__(self, data: Any, *, proposed: dict[date, str]) -> None:
        super().__init__(data)
        self.proposed = proposed
        choices = [(day.isoformat(), name) for day, name in proposed.items()]
        self.fields["days"] = forms.MultipleChoiceField(choices=choices, required=False)

    def chosen(self) -> dict[date, str]:
        days = map(date.fromisoformat, self.cleaned_data["days"])
        return {day: one_line(self.proposed[day], NAME_LENGTH_MAX) for day in days}


def hours_in_words(day: SpecialDay) -> str:
    """The day's spans, as 9:00–12:00, 13:00–18:00."""
    return ", ".join(f"{_clock(start)}–{_clock(end)}" for start, end in day.spans) or gettext("Closed all day")


def _clock(minute: int) -> str:
    return f"{minute // 60 % 24}:{minute % 60:02}"


def _add_times(form: forms.Form, key: str, spans: Sequence[Sequence[int]]) -> None:
    for name in TIMES:
        form.fields[f"{name}_{key}"] = TimeField(LABELS[name])
    spans = spans or OFFICE
    form.initial.update({f"start_{key}": _time(spans[0][0]), f"end_{key}": _time(spans[-1][1])})
    if len(spans) > 1:
        form.initial.update({f"break_start_{key}": _time(spans[0][1]), f"break_end_{key}": _time(spans[1][0])})


def _times(form: forms.Form, key: str) -> list[forms.BoundField]:
    return [form[f"{name}_{key}"] for name in TIMES]


def _time(minute: int) -> time:
    return time(minute // 60 % 24, minute % 60)


def _clean_spans(form: forms.Form, key: str) -> list[list[int]]:
    """The day's spans. An end that is not after its start is on the next day; the same time is a whole day."""
    start, end, pause, back = (_minute(form.cleaned_data.get(f"{name}_{key}")) for name in TIMES)
    if start is None or end is None:
        _refuse(form, key, "start" if start is None else "end", _("Enter a time."))
        return []
    end = end if end > start else end + DAY
    if pause is None and back is None:
        return [[start, end]]
    if pause is None or back is None:
        _refuse(form, key, "break_start" if pause is None else "break_end", _("Enter a time."))
        return []
    pause = pause if pause > start else pause + DAY
    back = back if back > pause else back + DAY
    if back >= end:
        _refuse(form, key, "break_start", _("The break must be within the hours."))
    return [[start, pause], [back, end]]


def _refuse(form: forms.Form, key: str, name: str, text: Any) -> None:
    if f"{name}_{key}" not in form.errors:
        form.add_error(f"{name}_{key}", text)


def _minute(at: time | None) -> int | None:
    return None if at is None else at.hour * 60 + at.minute
