"""The forms of two-step verification, and the answer to a question for it: a code, a passkey or the password."""

from datetime import datetime

from django import forms
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agents.forms import PASSWORD_LENGTH_MAX, RefusableForm, StampedForm
from agents.models import Service, User
from agents.models_accounts import AccountEntry
from agents.second_factor import codes, passkeys, trail
from agents.second_factor.models import NAME_LENGTH
from agents.second_factor.service_rules import FIELDS, requirement_stamp
from agents.sign_in import verify_password
from contiple.base.errors import DomainError, Invalid, TooMany


class PasskeyForm(forms.Form):
    """What a browser sends of a passkey: `passkey.js` fills both fields."""

    credential = forms.CharField(widget=forms.HiddenInput, max_length=passkeys.ANSWER_LENGTH_MAX)
    state = forms.CharField(widget=forms.HiddenInput, max_length=1_000)


class NewPasskeyForm(PasskeyForm):
    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=NAME_LENGTH,
        help_text=gettext_lazy("For example, the device that keeps it."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class NameForm(forms.Form):
    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=NAME_LENGTH, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )


class AppCodeForm(RefusableForm, forms.Form):
    code = forms.CharField(
        label=gettext_lazy("6-digit code"),
        max_length=16,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )


class ProofForm(RefusableForm, forms.Form):
    """Asks for a code, or for the password of a person without a second factor."""

    code = forms.CharField(
        label=gettext_lazy("Code"), max_length=64, widget=forms.TextInput(attrs={"autocomplete": "one-time-code"})
    )
    password = forms.CharField(
        label=gettext_lazy("Password"),
        max_length=PASSWORD_LENGTH_MAX,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, data, *, user: User) -> None:
        super().__init__(data)
        self.user = user
        self.factor = self._factor()
        self.has_passkeys = passkeys.available() and user.passkeys.exists()
        del self.fields["password" if user.second_factor else "code"]
        if user.second_factor:
            has_app = hasattr(user, "authenticator_app")
            if has_app:
                self.fields["code"].help_text = _("From your authenticator app, or a recovery code.")
            else:
                self.fields["code"].label = _("Recovery code")
        if not self.has_passkeys:
            self.fields["code" if user.second_factor else "password"].widget.attrs["autofocus"] = True

    def prove(self, request: HttpRequest, *, now: datetime) -> bool:
        """Returns whether the person has proved it. If not, the form says why."""
        try:
            return self._by_passkey(now) if "credential" in self.data else self._by_words(request, now)
        except DomainError as error:
            self.accept_error(error)
            if isinstance(error, TooMany) and self.user.second_factor:
                self.add_error(None, _("A recovery code still works."))
            return False

    def _factor(self) -> AccountEntry.Factor:
        """Returns what the answer tries to prove it by."""
        if not self.user.second_factor:
            return AccountEntry.Factor.PASSWORD
        if "credential" in self.data:
            return AccountEntry.Factor.PASSKEY
        of_app = codes.is_of_app(self.data.get("code", ""))
        return AccountEntry.Factor.APP if of_app else AccountEntry.Factor.RECOVERY_CODE

    def _by_passkey(self, now: datetime) -> bool:
        sent = PasskeyForm(self.data)
        if not (self.user.second_factor and sent.is_valid()):
            raise Invalid(_("The passkey wasn’t accepted. Try again."))
        self._errors = forms.utils.ErrorDict()  # the other fields are empty then
        self.cleaned_data = {}
        passkeys.prove(self.user, sent.cleaned_data["credential"], sent.cleaned_data["state"], now=now)
        return True

    def _by_words(self, request: HttpRequest, now: datetime) -> bool:
        if not self.is_valid():
            return False
        if self.user.second_factor:
            if codes.prove(self.user, self.cleaned_data["code"], now=now):
                trail.record(self.user, "recovery_code_used")
        else:
            self._prove_password(request, now)
        return True

    def _prove_password(self, request: HttpRequest, now: datetime) -> None:
        user = verify_password(request, email=self.user.email, password=self.cleaned_data["password"], now=now)
        if user is None:
            raise Invalid(_("The password is incorrect."), code="password")
        if user.password != self.user.password:  # hashed anew, as Django does after a change of its hashing
            update_session_auth_hash(request, user)


class ServiceRulesForm(StampedForm, forms.ModelForm):
    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = Service
        fields = FIELDS
        help_texts = {
            "second_factor": gettext_lazy("They can’t do anything else here until they have set it up."),
            "asks_again": gettext_lazy(
                "Before unmasking, exports and destroying originals: once in 10 minutes, for agents who have it set up."
            ),
        }

    def __init__(self, data, *, service: Service) -> None:
        initial = {name: getattr(service, name) for name in FIELDS}
        super().__init__(data, initial={**initial, "seen": requirement_stamp(service)}, auto_id="id_two_step_%s")

    def values(self) -> dict:
        return {name: self.cleaned_data[name] for name in FIELDS}
