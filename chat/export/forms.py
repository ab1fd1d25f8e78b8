"""The form of an export: what is in the file, and why it is made."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from agents.forms import RefusableForm
from chat.conversation.history import Filters
from chat.export.exporting import REASON_LENGTH_MAX, Wish
from contiple.base.texts import one_line, tidy_text


class ExportForm(RefusableForm, forms.Form):
    kind = forms.ChoiceField(
        label=_("File"),
        choices=[("xlsx", _("Excel (.xlsx)")), ("csv", _("CSV"))],
        initial="xlsx",
        widget=forms.RadioSelect,
    )
    rows = forms.ChoiceField(
        label=_("Rows"),
        choices=[("chats", _("One for each chat")), ("messages", _("One for each message"))],
        initial="chats",
        widget=forms.RadioSelect,
        help_text=_("Masked text stays masked."),
    )
    notes = forms.BooleanField(
        label=_("Include notes of agents"), required=False, help_text=_("Only in files with one row for each message.")
    )
    reason = forms.CharField(
        label=_("Reason"),
        max_length=REASON_LENGTH_MAX,
        help_text=_("It stays on record, with your name, the filters and the number of chats."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def clean_reason(self) -> str:
        reason = one_line(tidy_text(self.cleaned_data["reason"]), REASON_LENGTH_MAX)
        if not reason:
            raise forms.ValidationError(_("Say why you need the file."))
        return reason

    def wish(self, filters: Filters) -> Wish:
        data: dict[str, Any] = self.cleaned_data
        messages = data["rows"] == "messages"
        return Wish(filters, data["reason"], data["kind"], messages, messages and data["notes"])
