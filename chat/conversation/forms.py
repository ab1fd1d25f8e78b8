"""The filter bar of Chat History."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from agents.forms import all_agents
from agents.models import Service
from chat.conversation import history as past_chats
from chat.masking.concealing import conceal


class HistoryForm(forms.Form):
    """The filter bar of Chat History. Invalid filters are ignored: an old link still shows a list."""

    q = forms.CharField(required=False)
    agent = forms.TypedChoiceField(required=False, coerce=int, empty_value=None)
    outcome = forms.ChoiceField(required=False, choices=[("", _("All results")), *past_chats.Outcome.choices])
    since = forms.DateField(required=False, widget=forms.DateInput({"type": "date"}))
    until = forms.DateField(required=False, widget=forms.DateInput({"type": "date"}))

    def __init__(self, data: Any, *, service: Service) -> None:
        super().__init__(data, auto_id="chats-%s")
        self.service = service
        self.fields["agent"].choices = all_agents(service)
        labels = {"agent": _("Agent"), "outcome": _("Result"), "since": _("From"), "until": _("Until")}
        for name, label in labels.items():
            self.fields[name].widget.attrs |= {"class": "input", "aria-label": label, "title": label}

    def filters(self) -> dict[str, Any]:
        """Returns the arguments of ``past_chats.narrow``. Personal data in the text is masked, as in what is stored."""
        self.is_valid()
        found = self.cleaned_data
        return {
            "agent": found.get("agent"),
            "outcome": found.get("outcome", ""),
            "since": found.get("since"),
            "until": found.get("until"),
            "text": conceal(self.service, found.get("q", "")[: past_chats.TEXT_LENGTH_MAX]),
        }
