"""The forms of Personal Information Masking: the rules, own words and patterns, a text to try them on, the record."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from agents.forms import StampedForm, all_agents
from agents.models import Service
from chat.masking import kinds
from chat.masking.concealing import conceal
from chat.masking.kinds import NAMES
from chat.masking.models import MaskingRules, OwnPattern
from chat.masking.record import Filters, Outcome
from chat.masking.rules import Action, Rule, kind_rules
from chat.masking.settings import PATTERN_FIELDS, REVEALS_PER_HOUR_MAX, pattern_stamp, rules_stamp
from contiple.base.errors import Invalid
from contiple.base.months import Month
from contiple.base.texts import MESSAGE_LENGTH_MAX, clean_text

KEEP = [("keep", _("Keep original")), ("destroy", _("Destroy at once"))]


class Group(NamedTuple):
    title: Promise
    text: Promise
    kinds: tuple[str, ...]


GROUPS = [
    Group(
        _("Cards and accounts"),
        _("Masked by default. Security codes are never needed again, so they are destroyed at once."),
        ("card", "card_code", "bank_account", "iban"),
    ),
    Group(
        _("Identity numbers"),
        _("Masked by default. Business registration numbers are public, so masking is only offered."),
        ("rrn", "frn", "passport", "driver_license", "us_ssn", "brn"),
    ),
    Group(
        _("Passwords and keys"),
        _("Masked and destroyed at once by default: anyone who reads one can use it."),
        ("secret",),
    ),
    Group(
        _("Contact"),
        _("Off by default, because support needs them."),
        ("phone", "email", "ip"),
    ),
]
# An example of each kind. A detector finds every one of them, so they can be tried on the same page.
EXAMPLES = {
    "card": "4111 1111 1111 1111",
    "card_code": _("security code 123"),
    "bank_account": _("account 110-123-456789"),
    "iban": "DE89 3704 0044 0532 0130 00",
    "rrn": "900101-1234567",
    "frn": "900101-5234567",
    "passport": _("passport M12345678"),
    "driver_license": "11-22-333333-44",
    "us_ssn": "SSN 536-90-4399",
    "brn": "123-45-67891",
    "secret": _("password: blue-Kite-42"),
    "phone": "010-1234-5678",
    "email": "name@example.com",
    "ip": "192.0.2.1",
}


class RuleRow(NamedTuple):
    name: Promise
    example: str | Promise
    action: forms.BoundField
    keep: forms.BoundField


class Sample(forms.CharField):
    """A text to try rules on; cleaned as a message would be."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            label=_("Sample text"),
            widget=forms.Textarea(attrs={"rows": 5, "autocomplete": "off"}),
            help_text=_("For example, a message as a customer would write it. It is neither saved nor logged."),
            max_length=MESSAGE_LENGTH_MAX,
            error_messages={
                "required": _("Paste a text first."),
                "max_length": _("A message has at most 4,000 characters."),
            },
            **options,
        )

    def to_python(self, value: Any) -> str:
        try:
            return clean_text(super().to_python(value))
        except Invalid as error:
            raise forms.ValidationError(error.text) from None


class SampleForm(forms.Form):
    sample = Sample()


class RulesForm(StampedForm, forms.Form):
    reveals_per_hour = forms.IntegerField(
        label=MaskingRules._meta.get_field("reveals_per_hour").verbose_name,
        min_value=1,
        max_value=REVEALS_PER_HOUR_MAX,
        help_text=_("Per agent. At the limit, the agent has to wait and admins are notified."),
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )
    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, data: Any, *, row: MaskingRules) -> None:
        super().__init__(data, initial={"reveals_per_hour": row.reveals_per_hour, "seen": rules_stamp(row)})
        self.saved = kind_rules(row)
        for kind, rule in self.saved.items():
            self.fields[f"action_{kind}"] = _action(NAMES[kind], initial=rule.action)
            self.fields[f"keep_{kind}"] = _keep(initial=rule.keep)
            # A name of its own for each of fourteen selections.
            named_by = f"id_action_{kind}-name id_keep_{kind}-label"
            self.fields[f"keep_{kind}"].widget.attrs["aria-labelledby"] = named_by

    def groups(self) -> Iterator[tuple[Group, list[RuleRow]]]:
        for group in GROUPS:
            yield group, [self._row(kind) for kind in group.kinds]

    def kinds(self) -> dict[str, Rule]:
        """Returns the rules of a valid form."""
        data = self.cleaned_data
        return {kind: Rule(data[f"action_{kind}"], data[f"keep_{kind}"]) for kind in self.saved}

    def _row(self, kind: str) -> RuleRow:
        return RuleRow(NAMES[kind], EXAMPLES[kind], self[f"action_{kind}"], self[f"keep_{kind}"])


class PatternForm(StampedForm, forms.Form):
    """A word or pattern, and the text on which it is tried. The operation says whether that is needed."""

    # Not "form" as in the row: a control of that name hides the property that browsers call so.
    kind = forms.ChoiceField(
        label=OwnPattern._meta.get_field("form").verbose_name, choices=OwnPattern.Form, widget=forms.RadioSelect
    )
    source = forms.CharField(
        label=OwnPattern._meta.get_field("source").verbose_name,
        max_length=OwnPattern._meta.get_field("source").max_length,
        help_text=_(
            "A word is found in upper or lower case, also inside other words. A pattern is a regular "
            "expression, such as <code>EMP-\\d{5}</code>."
        ),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "off", "spellcheck": "false"}),
    )
    sample = Sample()
    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, data: Any, *, own: OwnPattern | None) -> None:
        own_or_new = own or OwnPattern(action=Action.MASK)
        seen = pattern_stamp(own) if own else ""
        super().__init__(data, initial={"kind": own_or_new.form, "source": own_or_new.source, "seen": seen})
        self.fields["sample"].required = own is None
        self.fields["action"] = _action(_("When found"), initial=own_or_new.action)
        self.fields["keep"] = _keep(initial=own_or_new.keep)

    def values(self) -> dict[str, Any]:
        return {name: self.cleaned_data["kind" if name == "form" else name] for name in PATTERN_FIELDS}


def _action(label: str | Promise, *, initial: str) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, choices=Action, initial=initial, widget=forms.RadioSelect)


def _keep(*, initial: bool) -> forms.TypedChoiceField:
    return forms.TypedChoiceField(
        label=_("Original"),
        choices=KEEP,
        coerce=lambda value: value == "keep",
        initial="keep" if initial else "destroy",
    )


class RecordForm(forms.Form):
    """The filter bar of the record. Invalid filters are ignored: an old link still shows a list."""

    month = forms.ChoiceField(required=False)
    agent = forms.TypedChoiceField(required=False, coerce=int, empty_value=None)
    outcome = forms.ChoiceField(required=False, choices=[("", _("All outcomes")), *Outcome.choices])
    kind = forms.ChoiceField(required=False, choices=[("", _("All kinds")), *kinds.NAMES.items()])
    customer = forms.CharField(required=False)

    def __init__(self, data: Any, *, service: Service, months: Sequence[Month] = ()) -> None:
        super().__init__(data, auto_id="record-%s")
        self.service = service
        self.fields["month"].choices = [(str(month), month.name) for month in months]
        self.fields["agent"].choices = all_agents(service)
        labels = {"month": _("Month"), "agent": _("Agent"), "outcome": _("What happened"), "kind": _("Kind")}
        for name, label in labels.items():
            self.fields[name].widget.attrs |= {"class": "input", "aria-label": label}

    def filters(self) -> Filters:
        """Returns the filters, without the month. Masks the customer as stored names are."""
        self.is_valid()
        found = self.cleaned_data
        return Filters(
            agent=found.get("agent"),
            outcome=found.get("outcome", ""),
            kind=found.get("kind", ""),
            customer=conceal(self.service, found.get("customer", "")[:200]),
        )
