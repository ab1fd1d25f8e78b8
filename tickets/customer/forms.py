"""The customers' forms: Contact Us, and what the page of an inquiry sends."""

from django import forms
from django.utils.translation import gettext_lazy as _

from helpcenter.customers import EMAIL_LENGTH_MAX, NAME_LENGTH_MAX, clean_email, clean_name
from helpcenter.members import sessions
from helpcenter.members.sessions import Begun
from helpcenter.models import PrivacyPolicy
from tickets.fields import EmailField, RequestForm, body_field, cleaned, subject_field


class InquiryForm(RequestForm):
    """Contact Us. ``website`` is the honeypot: people don't see it, and nothing is stored if it is filled."""

    name = forms.CharField(
        label=_("Name"), max_length=NAME_LENGTH_MAX, widget=forms.TextInput({"autocomplete": "name", "dir": "auto"})
    )
    email = forms.CharField(
        label=_("E-mail"), max_length=EMAIL_LENGTH_MAX, widget=forms.EmailInput({"autocomplete": "email"})
    )
    # Browsers must not restore these on Back: they may be masked by then. A script keeps them in the tab until sent.
    subject = subject_field(widget=forms.TextInput({"autocomplete": "off"}))
    message = body_field(_("Message"), rows=8, attrs={"autocomplete": "off"})
    website = forms.CharField(required=False, widget=forms.TextInput({"autocomplete": "off", "tabindex": "-1"}))
    policy = forms.ModelChoiceField(PrivacyPolicy.objects.none(), widget=forms.HiddenInput)
    consent = forms.BooleanField(
        label=_("I agree to the privacy policy."),
        error_messages={"required": _("Please agree to the privacy policy first.")},
    )

    def __init__(self, data=None, *, policy: PrivacyPolicy, begun: Begun | None = None) -> None:
        super().__init__(data, initial={"policy": policy.pk})
        self.begun, self.member = begun, sessions.member_of(*begun) if begun else None
        if self.member:  # what the site has said is not asked for
            del self.fields["name"]
        if self.member and self.member.email:
            del self.fields["email"]
        self.fields["policy"].queryset = PrivacyPolicy.objects.filter(
            help_center_id=policy.help_center_id, version=policy.version
        )
        if data is not None and data.get("policy") != str(policy.pk) and "policy" in self.errors:
            self._ask_again(policy)

    def clean_name(self) -> str:
        return cleaned(clean_name, self.cleaned_data["name"])

    def clean_email(self) -> str:
        return cleaned(clean_email, self.cleaned_data["email"])

    def _ask_again(self, policy: PrivacyPolicy) -> None:
        """Shows the new policy with an empty box: the one that was agreed to is not current any more."""
        self.data = {**self.data.dict(), "policy": policy.pk}
        self.data.pop("consent", None)
        self.errors.pop("policy")
        self.add_error("consent", _("The privacy policy has changed. Please read it and agree again."))


class AnswerForm(RequestForm):
    """What a customer adds on the page of the inquiry."""

    body = body_field(_("Your answer"), rows=5, attrs={"autocomplete": "off"})

    def __init__(self, data=None) -> None:
        super().__init__(data, auto_id="answer-%s")


class LinkForm(forms.Form):
    """Asks for new links to the inquiries of an address."""

    email = EmailField(label=_("E-mail"))
