"""The forms of the ticket list: its filter bar."""

from django import forms
from django.utils.translation import gettext_lazy as _

from agents.models import Agent
from chat.masking.concealing import conceal
from tickets import access, groups, listing
from tickets.models import Ticket

_LABELS = {
    "state": _("State"),
    "assignee": _("Assignee"),
    "group": _("Group"),
    "priority": _("Priority"),
    "due": _("Due"),
    "tag": _("Tag"),
}


class FilterForm(forms.Form):
    """The filter bar. Invalid filters are ignored, so an old link still shows a list."""

    q = forms.CharField(required=False)
    state = forms.ChoiceField(required=False, choices=[("", _("All states")), *Ticket.State.choices])
    assignee = forms.ChoiceField(required=False)
    group = forms.ChoiceField(required=False)
    priority = forms.ChoiceField(required=False, choices=[("", _("All priorities")), *Ticket.Priority.choices])
    due = forms.ChoiceField(
        required=False,
        choices=[("", _("Any due time")), (listing.OVERDUE, _("Overdue")), (listing.SOONEST, _("Due first"))],
    )
    tag = forms.TypedChoiceField(required=False, coerce=int, empty_value=None)

    def __init__(self, data, *, agent: Agent) -> None:
        super().__init__(data, auto_id="filter-%s")
        self.service = agent.service
        people = access.assignable(agent.service).exclude(pk=agent.pk)
        self.fields["assignee"].choices = [
            ("", _("All assignees")),
            (listing.ME, _("Me")),
            (listing.NOBODY, _("Nobody")),
            *((str(person.pk), str(person)) for person in people),
        ]
        self.fields["group"].choices = [
            ("", _("All groups")),
            (listing.MINE, _("My groups")),
            *((str(group.pk), str(group)) for group in groups.groups_of(agent.service)),
        ]
        self.fields["tag"].choices = [
            ("", _("All tags")),
            *((str(tag.pk), tag.label) for tag in access.tags_in_use(agent.service)),
        ]
        for name, label in _LABELS.items():
            self.fields[name].widget.attrs |= {"class": "input", "aria-label": label}

    def filters(self) -> listing.Filters:
        """The valid filters. The text is masked as stored texts are: personal numbers are in no query either."""
        self.is_valid()
        found = self.cleaned_data
        chosen = {name: found.get(name, "") for name in ("state", "assignee", "group", "priority", "due")}
        return listing.Filters(**chosen, tag=found.get("tag"), text=conceal(self.service, found.get("q", "")[:200]))
