"""The forms of accounts, Contract Details and Agents. Forms check the input; operations check what is allowed."""

from typing import Any

from django import forms
from django.contrib.auth import password_validation
from django.contrib.auth.forms import PasswordChangeForm, SetPasswordForm, SetPasswordMixin
from django.core.validators import MaxLengthValidator
from django.forms.models import model_to_dict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agents import contracts, membership
from agents.models import Agent, Contract, Invitation, Service, User
from contiple.base.errors import DomainError

PASSWORD_LENGTH_MAX = 1_024  # keeps hashing short


class RefusableForm(forms.BaseForm):
    """Shows an operation's error at the field that its code names, or above all fields."""

    def accept_error(self, error: DomainError) -> None:
        self.add_error(error.code if error.code in self.fields else None, error.text)


class StampedForm(RefusableForm):
    """Sends back what it showed (``seen``). After a refusal it has the new stamp, and keeps what was typed."""

    def stamp_again(self, stamp: str) -> None:
        self.data = self.data.copy()
        self.data["seen"] = stamp


class _NewPassword(SetPasswordMixin):
    """Says what is wrong with a new password under the field in which it is chosen, not under its repetition."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["new_password1"].validators.append(MaxLengthValidator(PASSWORD_LENGTH_MAX))

    def validate_password_for_user(self, user: User, password_field_name: str = "") -> None:
        super().validate_password_for_user(user, "new_password1")


class NewPasswordForm(_NewPassword, SetPasswordForm):
    pass


class OwnPasswordForm(_NewPassword, PasswordChangeForm):
    pass


class SignInForm(forms.Form):
    email = forms.EmailField(
        label=gettext_lazy("E-mail"), widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True})
    )
    password = forms.CharField(
        label=gettext_lazy("Password"),
        max_length=PASSWORD_LENGTH_MAX,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class ResetForm(forms.Form):
    email = forms.EmailField(
        label=gettext_lazy("E-mail"), widget=forms.EmailInput(attrs={"autocomplete": "email", "autofocus": True})
    )


class NewAccountForm(RefusableForm, forms.Form):
    """Asks an invited person without an account for a name and a password."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=80,
        help_text=gettext_lazy("Customers see it in chats."),
        widget=forms.TextInput(attrs={"autocomplete": "name", "autofocus": True}),
    )
    password = forms.CharField(
        label=gettext_lazy("Password"),
        max_length=PASSWORD_LENGTH_MAX,
        strip=False,
        help_text=password_validation.password_validators_help_text_html(),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, email: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.email = email

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if "password" in values:
            user = User(email=self.email, name=values.get("name", ""))
            try:
                password_validation.validate_password(values["password"], user)
            except forms.ValidationError as error:
                self.add_error("password", error)
        return values


class ContractForm(StampedForm, forms.ModelForm):
    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = Contract
        fields = contracts.FIELDS

    def __init__(self, data: Any, *, contract: Contract) -> None:
        initial = {**model_to_dict(contract, contracts.FIELDS), "seen": contracts.contract_stamp(contract)}
        super().__init__(data, initial=initial)

    def values(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in contracts.FIELDS}


class InvitationForm(RefusableForm, forms.ModelForm):
    class Meta:
        model = Invitation
        fields = ("email", "role", "chat_permission")
        widgets = {"email": forms.EmailInput(attrs={"autocomplete": "off"})}

    def __init__(self, data: Any, *, contract: Contract) -> None:
        super().__init__(data, auto_id="id_invite_%s")
        _explain_permission(self.fields["chat_permission"], contract, permitted=False)


class AgentForm(StampedForm, forms.ModelForm):
    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = Agent
        fields = membership.FIELDS
        help_texts = {
            "role": gettext_lazy("An admin also has Service Management."),
            "unmask_permission": gettext_lazy(
                "Can view the originals of masked text for 30 seconds each. Every view is recorded."
            ),
            "export_permission": gettext_lazy(
                "Can export Chat History to a file. Admins always can. Every export is recorded."
            ),
            "is_active": gettext_lazy("When off, this agent can’t open the service and frees a chat seat."),
        }

    def __init__(self, data: Any, *, member: Agent, contract: Contract) -> None:
        initial = {**model_to_dict(member, membership.FIELDS), "seen": membership.agent_stamp(member)}
        super().__init__(data, initial=initial)
        _explain_permission(self.fields["chat_permission"], contract, permitted=member.chat_permission)
        _explain_limit(self.fields["chat_limit"], contract, member.chat_limit)
        if not contract.security_service:
            self.fields["unmask_permission"].help_text = _(
                "Nobody can unmask while Security Service is off in Contract Details."
            )

    def values(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in membership.FIELDS}


def _explain_permission(field: forms.Field, contract: Contract, *, permitted: bool) -> None:
    """Says how many seats are used, or why the switch can't be turned on. The operation refuses it as well."""
    used = {"used": contracts.seats_used(contract.service_id), "seats": contract.chat_seats}
    field.help_text = _("Can go Online and answer chats. %(used)s of %(seats)s chat seats used.") % used
    if not contract.chat:
        field.help_text = _("Chat is off in Contract Details, so this can’t be turned on.")
    elif used["used"] >= used["seats"] and not permitted:
        field.help_text = _("All chat seats (%(seats)s) are in use, so this can’t be turned on.") % used
    else:
        return
    if not permitted:
        field.widget.attrs["disabled"] = True


def _explain_limit(field: forms.Field, contract: Contract, chosen: int) -> None:
    most = contract.chats_at_once
    field.widget.attrs["max"] = max(most, chosen)
    field.help_text = _("The contract allows up to %(most)s.") % {"most": most}
    if chosen > most:
        field.help_text = _("The contract limits this agent to %(most)s.") % {"most": most}


def all_agents(service: Service) -> list[tuple[str, Any]]:
    """The service's present and former agents as choices. Reads the names now, so that no template does."""
    people = service.agents.select_related("user").order_by("user__name", "pk")
    return [("", _("All agents")), *((str(person.pk), str(person)) for person in people)]
