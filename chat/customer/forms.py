"""The form that a customer fills in before a chat."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from chat.conversation import messages
from contiple.base.errors import Invalid
from contiple.base.texts import MESSAGE_LENGTH_MAX
from helpcenter.customers import clean_name
from helpcenter.models import PrivacyPolicy


class StartForm(forms.Form):
    """Name, e-mail, a first message, and consent to the policy text that was shown."""

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
        # `clean_message` checks the length, since forms send a line break as two characters.
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
        """Asks again for consent if a new policy was published after the form was shown."""
        if self.cleaned_data.get("policy") != self.current_policy.pk:
            self.add_error("agree", _("The privacy policy has changed. Please read it and agree again."))
            self.data = self.data.copy()
            self.data["policy"] = str(self.current_policy.pk)
            self.data.pop("agree", None)
