"""The filter bar of Chat History."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from agents.forms import all_agents
from agents.models import Service
from chat.conversation.history import TEXT_LENGTH_MAX, Filters, Outcome
from chat.masking.concealing import conceal


class HistoryForm(forms.Form):
    """Invalid filters are ignored, so an old link still shows a list."""

    q = forms.CharField(required=False)
    agent = forms.TypedChoiceField(required=False, coerce=int, empty_value=None)
    outcome = forms.ChoiceField(required=False, choices=[("", _("All results")), *Outcome.choices])
    since = forms.DateField(required=False, widget=forms.DateInput({"type": "date"}))
    until = forms.DateField(required=False, widget=forms.DateInput({"type": "date"}))

    def __init__(self, data: Any, *, service: Service) -> None:
        super().__init__(data, auto_id="chats-%s")
        self.service = service
        self.fields["agent"].choices = all_agents(service)
        labels = {"agent": _("Agent"), "outcome": _("Result"), "since": _("From"), "until": _("Until")}
        for name, label in labels.items():
            self.fields[name].widget.attrs |= {"class": "input", "aria-label": label, "title": label}

    def filters(self) -> Filters:
        """The valid filters. The text is masked as stored names are: personal numbers are in no query either."""
        self.is_valid()
        found = self.cleaned_data
        text = found.get("q", "")[:TEXT_LENGTH_MAX]
        return Filters(
            agent=found.get("agent"),
            outcome=found.get("outcome", ""),
            since=found.get("since"),
            until=found.get("until"),
            text=conceal(self.service, text) if text else "",  # without a text, no query for the rules
        )
