"""The forms of Service Management / Ticket settings: targets, and groups of agents."""

from decimal import Decimal

from django import forms
from django.utils.translation import gettext_lazy as _

from agents.forms import RefusableForm
from agents.models import Agent, Service
from tickets import access
from tickets.models import Ticket
from tickets.models_settings import TARGET_MINUTES_MAX, Group, TicketTarget

NAME_LENGTH_MAX = 40
_NAMES = {"answer": _("First answer (hours)"), "solve": _("Solution (hours)")}


class TargetsForm(forms.Form):
    """Hours for the first answer and for the solution, for each priority. An empty field is no target."""

    def __init__(self, data=None, *, service: Service) -> None:
        super().__init__(data, auto_id="target-%s")
        known = {target.priority: target for target in TicketTarget.objects.filter(service=service)}
        for priority, label in Ticket.Priority.choices:
            for name, what in _NAMES.items():
                minutes = getattr(known.get(priority), f"{name}_minutes", None)
                self.fields[f"{priority}_{name}"] = _hours(f"{label}: {what}", minutes)

    def rows(self) -> list[tuple[str, list[tuple[str, forms.BoundField]]]]:
        """The label of each priority, and its two fields, each with what it is about."""
        return [
            (label, [(str(what), self[f"{priority}_{name}"]) for name, what in _NAMES.items()])
            for priority, label in Ticket.Priority.choices
        ]

    def minutes(self) -> dict[str, dict[str, int | None]]:
        """The targets of a valid form, by priority."""
        return {
            priority: {f"{name}_minutes": _minutes(self.cleaned_data[f"{priority}_{name}"]) for name in _NAMES}
            for priority in Ticket.Priority.values
        }


class GroupSettingsForm(RefusableForm, forms.Form):
    """A group's name, and who is in it."""

    name = forms.CharField(label=_("Name"), max_length=NAME_LENGTH_MAX)
    members = forms.ModelMultipleChoiceField(
        label=_("Agents in this group"),
        queryset=Agent.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Tickets can be given to the group as long as somebody is in it."),
    )

    def __init__(self, data=None, *, service: Service, group: Group | None = None) -> None:
        members = list(group.members.values_list("pk", flat=True)) if group else []
        super().__init__(data, initial={"name": group.name if group else "", "members": members})
        people = access.assignable(service)
        self.fields["members"].queryset = people
        self.fields["members"].choices = [(person.pk, str(person)) for person in people]


def _hours(label: str, minutes: int | None) -> forms.DecimalField:
    return forms.DecimalField(
        label=label,
        required=False,
        min_value=Decimal("0.25"),
        max_value=TARGET_MINUTES_MAX // 60,
        max_digits=6,
        decimal_places=2,
        initial=None if minutes is None else _plain(Decimal(minutes) / 60),
        widget=forms.NumberInput({"step": "0.25", "inputmode": "decimal"}),
    )


def _plain(hours: Decimal) -> str:
    """Without zeros at the end, and never as a power of ten."""
    return f"{hours.quantize(Decimal('0.01')):f}".rstrip("0").rstrip(".")


def _minutes(hours: Decimal | None) -> int | None:
    return None if hours is None else round(hours * 60)
