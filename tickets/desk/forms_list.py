"""The forms of the ticket list: its filter bar, and what is done with the tickets that are selected."""

import re
from collections.abc import Mapping

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from agents.models import Agent
from chat.filing.tag_names import TAG_LENGTH_MAX
from chat.masking.concealing import conceal
from contiple.base.widgets import Select
from tickets import access
from tickets.desk.bulk import Changes, Selected
from tickets.listing import listing
from tickets.models import Ticket
from tickets.triage import groups

_LABELS = {
    "state": _("State"),
    "assignee": _("Assignee"),
    "group": _("Group"),
    "priority": _("Priority"),
    "due": _("Due"),
    "tag": _("Tag"),
}
_NONE = "none"
SELECTED = "selected"  # in the list's address: the numbers of rows that are selected in it, with dots between them


def selected_in(query: Mapping[str, str]) -> set[int]:
    """The numbers of the rows that the list's address selects. Whatever else stands there is ignored."""
    return {int(each) for each in query.get(SELECTED, "")[:500].split(".") if re.fullmatch("[0-9]{1,9}", each)}


class FilterForm(forms.Form):
    """The filter bar. Invalid filters are ignored, so an old link still shows a list."""

    q = forms.CharField(required=False)
    state = forms.ChoiceField(required=False, widget=Select, choices=[("", _("All states")), *Ticket.State.choices])
    assignee = forms.ChoiceField(required=False, widget=Select)
    group = forms.ChoiceField(required=False, widget=Select)
    priority = forms.ChoiceField(
        required=False, widget=Select, choices=[("", _("All priorities")), *Ticket.Priority.choices]
    )
    due = forms.ChoiceField(
        required=False,
        widget=Select,
        choices=[("", _("Any due time")), (listing.OVERDUE, _("Overdue")), (listing.SOONEST, _("Due first"))],
    )
    tag = forms.TypedChoiceField(required=False, coerce=int, empty_value=None, widget=Select)

    def __init__(self, data, *, agent: Agent) -> None:
        super().__init__(data, auto_id="filter-%s")
        self.service = agent.service
        self.groups = list(groups.groups_of(agent.service))
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
            *((str(group.pk), str(group)) for group in self.groups),
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
        text = found.get("q", "")[:200]
        return listing.Filters(**chosen, tag=found.get("tag"), text=conceal(self.service, text) if text else "")


class ChangesForm(forms.Form):
    """The selected tickets, each as ``number-seen``, and what is to become of them. An empty field changes nothing."""

    state = forms.ChoiceField(required=False)
    assignee = forms.ChoiceField(required=False)
    group = forms.ChoiceField(required=False)
    priority = forms.ChoiceField(required=False)
    new_tag = forms.CharField(
        required=False,
        max_length=TAG_LENGTH_MAX,
        widget=forms.TextInput({"list": "tags-to-add", "autocomplete": "off", "placeholder": _("Add a tag")}),
    )
    old_tag = forms.TypedChoiceField(required=False, coerce=int, empty_value=None)

    def __init__(self, data=None, *, agent: Agent) -> None:
        super().__init__(data, auto_id="change-%s")
        self.agent = agent
        self.people = {str(person.pk): person for person in access.assignable(agent.service)}
        self.groups = {str(group.pk): group for group in groups.choosable(agent.service)}
        self.tags = [tag for tag in access.tags_in_use(agent.service) if not tag.is_system]
        states = [it for it in Ticket.State.choices if agent.is_admin or it[0] != Ticket.State.COMPLETED]
        nobody, no_group = (listing.NOBODY, _("Nobody")), (_NONE, _("No group"))
        self._offer("state", _("State"), states)
        self._offer("assignee", _("Assignee"), [nobody, *((pk, str(it)) for pk, it in self.people.items())])
        self._offer("group", _("Group"), [no_group, *((pk, str(it)) for pk, it in self.groups.items())])
        self._offer("priority", _("Priority"), Ticket.Priority.choices)
        self._offer("old_tag", _("Remove a tag"), [(str(tag.pk), tag.label) for tag in self.tags])
        self.fields["new_tag"].widget.attrs |= {"class": "input", "aria-label": _("Add a tag")}

    def selected(self) -> list[Selected]:
        """The tickets. Raises ``ValidationError`` for values that no page has sent, and if there are none."""
        sent = dict.fromkeys(self.data.getlist("ticket"))
        if not sent:
            raise ValidationError(_("Select tickets first."))
        if not all(re.fullmatch(r"[0-9]{1,9}-[0-9]{1,18}", each) for each in sent):
            raise ValidationError(_("Select the tickets again."))
        return [Selected(*map(int, each.split("-"))) for each in sent]

    def changes(self) -> Changes:
        """What a valid form asks for. Raises ``ValidationError`` if that is nothing."""
        data = self.cleaned_data
        assignee, group = data["assignee"], data["group"]
        changes = Changes(
            state=data["state"],
            assignees=self._assignees(assignee),
            groups=(self.groups.get(group),) if group else (),
            priority=data["priority"],
            new_tag=data["new_tag"],
            old_tag=data["old_tag"],
        )
        if changes == Changes():
            raise ValidationError(_("Choose what to change first."))
        return changes

    def _assignees(self, chosen: str) -> tuple[Agent | None, ...]:
        """*Assign to me* goes before a choice that was made."""
        if "to_me" in self.data:
            return (self.agent,)
        return (self.people.get(chosen),) if chosen else ()

    def _offer(self, name: str, label, choices: list) -> None:
        self.fields[name].choices = [("", label), *choices]
        self.fields[name].widget.attrs |= {"class": "input", "aria-label": label}
