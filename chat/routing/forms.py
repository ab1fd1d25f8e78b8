"""The form of Service Management / Chat."""

from typing import Any

from django import forms
from django.core.validators import MaxValueValidator
from django.forms.models import model_to_dict
from django.utils.translation import gettext_lazy as _

from agents.forms import StampedForm
from chat.models import ChatSettings
from chat.routing.chat_settings import FIELDS, chat_settings_stamp

# The page's sections: a title, and rows of fields that stand side by side.
SECTIONS = [
    (_("Assignment"), [["assign_recent_agent"]]),
    (_("Queue"), [["queue_limit", "longest_wait_minutes"]]),
    (_("Silent customers"), [["idle_reminder_minutes", "idle_close_minutes"]]),
    (_("Customers who left"), [["mail_unread"], ["mail_unread_minutes"]]),
]


class ChatSettingsForm(StampedForm, forms.ModelForm):
    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = ChatSettings
        fields = [name for _title, rows in SECTIONS for row in rows for name in row]

    def __init__(self, data: Any, *, chat_settings: ChatSettings) -> None:
        initial = {**model_to_dict(chat_settings, FIELDS), "seen": chat_settings_stamp(chat_settings)}
        super().__init__(data, initial=initial)
        for name in self._meta.fields:
            for validator in ChatSettings._meta.get_field(name).validators:
                if isinstance(validator, MaxValueValidator):
                    self.fields[name].widget.attrs.setdefault("max", validator.limit_value)

    def sections(self) -> list[tuple[Any, list[list[forms.BoundField]]]]:
        """The bound fields in their sections, for the page."""
        return [(title, [[self[name] for name in row] for row in rows]) for title, rows in SECTIONS]

    def values(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self._meta.fields}
