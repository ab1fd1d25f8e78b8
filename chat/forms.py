"""What a customer fills in before a chat; what is looked for in Chat History and in the record of looks under masks."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from agents.models import Service
from chat import kinds, messages, past_chats
from chat.masking import conceal
from chat.models import MESSAGE_LENGTH_MAX
from chat.months import Month
from chat.unmask_record import Outcome
from contiple.errors import Invalid
from helpcenter.customers import clean_name
from helpcenter.models import PrivacyPolicy


class StartForm(forms.Form):
    """Name, e-mail, a first message, and the consent to the very policy text that was shown."""

    name = forms.CharField(label=_("Name"), max_length=80, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    email = forms.EmailField(
        label=_("E-mail"),
        max_length=254,
        required=False,
        help_text=_("So we can reply if you get disconnected."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    message = forms.CharField(
        label=_("How can we help?"),
        required=False,
        # Its length is checked by `clean_message`: forms send a line break as two characters.
        widget=forms.Textarea(attrs={"rows": 3, "maxlength": MESSAGE_LENGTH_MAX, "autocomplete": "off"}),
    )
    policy = forms.IntegerField(widget=forms.HiddenInput)
    agree = forms.BooleanField(
        label=_("I have read the privacy policy and agree to it."),
        error_messages={"required": _("To start a chat, please agree to the privacy policy.")},
    )

    def __init__(self, *args, policy: PrivacyPolicy, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.current_policy = policy
        self.initial["policy"] = policy.pk

    def clean_name(self) -> str:
        try:
            return clean_name(" ".join(self.cleaned_data["name"].split()))
        except Invalid as error:
            raise ValidationError(error.text) from error

    def clean_message(self) -> str:
        text = self.cleaned_data["message"].strip()
        try:
            return messages.clean_body(text) if text else ""
        except Invalid as error:
            raise ValidationError(error.text) from error

    def clean(self) -> None:
        """A policy that was published after the form was shown has to be read and agreed to first."""
        if self.cleaned_data.get("policy") != self.current_policy.pk:
            self.add_error("agree", _("The privacy policy has changed. Please read it and agree again."))
            self.data = self.data.copy()
            self.data["policy"] = str(self.current_policy.pk)
            self.data.pop("agree", None)


class HistoryForm(forms.Form):
    """The filter bar of Chat History. What makes no sense is no filter: an old link still shows a list."""

    q = forms.CharField(required=False)
    agent = forms.TypedChoiceField(required=False, coerce=int, empty_value=None)
    outcome = forms.ChoiceField(required=False, choices=[("", _("All results")), *past_chats.Outcome.choices])
    since = forms.DateField(required=False, widget=forms.DateInput({"type": "date"}))
    until = forms.DateField(required=False, widget=forms.DateInput({"type": "date"}))

    def __init__(self, data: Any, *, service: Service) -> None:
        super().__init__(data, auto_id="chats-%s")
        self.service = service
        self.fields["agent"].choices = _all_agents(service)
        labels = {"agent": _("Agent"), "outcome": _("Result"), "since": _("From"), "until": _("Until")}
        for name, label in labels.items():
            self.fields[name].widget.attrs |= {"class": "input", "aria-label": label, "title": label}

    def filters(self) -> dict[str, Any]:
        """The arguments of ``past_chats.narrow``. What is stored nowhere is not asked for either."""
        self.is_valid()
        found = self.cleaned_data
        return {
            "agent": found.get("agent"),
            "outcome": found.get("outcome", ""),
            "since": found.get("since"),
            "until": found.get("until"),
            "text": conceal(self.service, found.get("q", "")[: past_chats.TEXT_LENGTH_MAX]),
        }


class RecordForm(forms.Form):
    """The filter bar of the record. What makes no sense is no filter: an old link still shows a list."""

    month = forms.ChoiceField(required=False)
    agent = forms.TypedChoiceField(required=False, coerce=int, empty_value=None)
    outcome = forms.ChoiceField(required=False, choices=[("", _("All outcomes")), *Outcome.choices])
    kind = forms.ChoiceField(required=False, choices=[("", _("All kinds")), *kinds.NAMES.items()])
    customer = forms.CharField(required=False)

    def __init__(self, data: Any, *, service: Service, months: Sequence[Month] = ()) -> None:
        super().__init__(data, auto_id="record-%s")
        self.service = service
        self.fields["month"].choices = [(str(month), month.name) for month in months]
        self.fields["agent"].choices = _all_agents(service)
        labels = {"month": _("Month"), "agent": _("Agent"), "outcome": _("What happened"), "kind": _("Kind")}
        for name, label in labels.items():
            self.fields[name].widget.attrs |= {"class": "input", "aria-label": label}

    def filters(self) -> dict[str, Any]:
        """The arguments of ``unmask_record.entries_of``, without the month. What nobody stores is not asked for."""
        self.is_valid()
        found = self.cleaned_data
        return {
            "agent": found.get("agent"),
            "outcome": found.get("outcome", ""),
            "kind": found.get("kind", ""),
            "customer": conceal(self.service, found.get("customer", "")[:200]),
        }


def _all_agents(service: Service) -> list[tuple[str, Any]]:
    """Who works there or did. Reads the names now, so that no template does."""
    people = service.agents.select_related("user").order_by("user__name", "pk")
    return [("", _("All agents")), *((str(person.pk), str(person)) for person in people)]
