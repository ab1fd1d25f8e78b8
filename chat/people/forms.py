"""The forms of a customer's notes and facts and of merging, and the search of Customers."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from agents.changes import stamp
from agents.forms import RefusableForm, StampedForm
from agents.models import Service
from chat.masking.concealing import conceal
from chat.people.facts import FIELDS
from chat.people.merging import REASON_LENGTH_MAX
from chat.people.notes import CHANGED, LENGTH_MAX
from helpcenter.models import Customer, CustomerNote

SEARCH_LENGTH_MAX = 200


def searched(query: Mapping[str, str], service: Service) -> str:
    """The text to search for, masked as stored names are: personal numbers are in no query either."""
    text = query.get("q", "")[:SEARCH_LENGTH_MAX].replace("\0", "").strip()
    return conceal(service, text) if text else ""


class FactsForm(StampedForm, forms.ModelForm):
    """A customer's name and e-mail address. ``helpcenter.customers`` cleans them."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False)
    name = forms.CharField(label=_("Name"), widget=forms.TextInput(attrs={"autocomplete": "off", "dir": "auto"}))
    email = forms.CharField(
        label=_("E-mail"),
        required=False,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        help_text=_("Later mails go to it. Links in mails that have left still work until they end."),
    )

    class Meta:
        model = Customer
        fields = FIELDS

    def __init__(self, data: Any = None, *, customer: Customer) -> None:
        facts = {name: getattr(customer, name) for name in FIELDS}
        super().__init__(data, initial=facts | {"seen": stamp(customer, FIELDS)})


class NoteForm(StampedForm, forms.Form):
    seen = forms.CharField(widget=forms.HiddenInput, required=False)
    body = forms.CharField(
        label=pgettext_lazy("on a customer", "Note"),
        max_length=LENGTH_MAX,
        help_text=_("Only agents see notes. Personal information is masked."),
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"}),
    )
    request_id = forms.UUIDField(widget=forms.HiddenInput, required=False)

    def __init__(self, data: Any = None, *, note: CustomerNote | None = None) -> None:
        initial = {"body": note.body if note else "", "request_id": uuid.uuid4()}
        initial["seen"] = stamp(note, CHANGED) if note else ""
        super().__init__(data, initial=initial, auto_id=f"note-{initial['request_id'].hex[:8]}-%s")


class MergeForm(RefusableForm, forms.Form):
    """Which of two customers is kept, and why they are one person. A verified one can only be kept."""

    keep = forms.TypedChoiceField(label=_("Keep"), coerce=int, widget=forms.RadioSelect)
    reason = forms.CharField(
        label=_("How do you know that this is one person?"),
        max_length=REASON_LENGTH_MAX,
        help_text=_("It stays on record. Personal information is masked."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "dir": "auto"}),
    )

    def __init__(self, data: Any = None, *, customers: Sequence[Customer]) -> None:
        verified = [customer.pk for customer in customers if customer.member]
        super().__init__(data, initial={"keep": verified[0] if verified else customers[0].pk})
        may_be_kept = [one for one in customers if one.pk in verified or not verified]
        self.fields["keep"].choices = [(one.pk, one.name) for one in may_be_kept]

    def state_of(self, customer: Customer) -> str:
        """Whether the customer is chosen to be kept, may be, or can only be merged."""
        if customer.pk not in dict(self.fields["keep"].choices):
            return "merged"
        return "kept" if str(self["keep"].value()) == str(customer.pk) else "free"
