"""The form with which an admin blocks the customer of a chat, or its network; and that of an agent's own alerts."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from agents.forms import RefusableForm
from chat.alerts import AlertSettings
from chat.lifecycle import blocking
from chat.models import Chat

LENGTHS = [
    ("hour", _("1 hour")),
    ("day", _("1 day")),
    ("week", _("7 days")),
    ("month", _("30 days")),
    ("ever", _("For good (customer only)")),
]


class BlockForm(RefusableForm, forms.Form):
    whom = forms.ChoiceField(
        label=_("Who is blocked"),
        help_text=_(
            "“This customer” blocks this browser’s conversation. "
            "To keep out somebody who comes back as new, block the address."
        ),
    )
    length = forms.ChoiceField(label=_("How long"), choices=LENGTHS, initial="day")
    reason = forms.CharField(
        label=_("Reason"),
        max_length=blocking.REASON_LENGTH_MAX,
        help_text=_("Only admins see it. It stays on record."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    is_spam = forms.BooleanField(
        label=_("Mark these chats as spam"),
        help_text=_("This chat and those that end now. Reports leave spam out."),
        required=False,
        initial=True,
    )

    def __init__(self, data: Any, *, chat: Chat) -> None:
        super().__init__(data)
        choices = [(blocking.CUSTOMER, _("This customer"))]
        if chat.network:
            choices.append((blocking.NETWORK, _("Everyone at the same address")))
        self.fields["whom"].choices = choices
        self.initial["whom"] = blocking.CUSTOMER


class AlertSettingsForm(forms.ModelForm):
    class Meta:
        model = AlertSettings
        fields = ["ring_sound", "message_sound", "volume", "notifications"]
