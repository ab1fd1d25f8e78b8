"""The form of Service Management / Chat."""

from typing import Any

from django import forms
from django.conf import settings
from django.core.validators import MaxValueValidator
from django.forms.models import model_to_dict
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from agents.forms import StampedForm
from chat.conversation.evaluations import MESSAGE, MESSAGE_LENGTH_MAX
from chat.routing.chat_settings import FIELDS, chat_settings_stamp
from chat.service_settings import ChatSettings
from helpcenter.access import help_center_of
from helpcenter.forms import Paragraphs
from helpcenter.policies import current_version

# The field of the satisfaction guide message in each language.
MESSAGES = {language: f"evaluation_message_{language}" for language, _name in settings.LANGUAGES}
# The page's sections: a title, and rows of fields that stand side by side.
SECTIONS = [
    (_("Assignment"), [["assign_recent_agent"]]),
    (_("Queue"), [["queue_limit", "longest_wait_minutes"]]),
    (_("Answers"), [["answer_target_minutes"]]),
    (_("Silent customers"), [["idle_reminder_minutes", "idle_close_minutes"]]),
    (_("Customers who left"), [["mail_unread"], ["mail_unread_minutes"]]),
    (
        _("Files"),
        [
            ["files_on"],
            ["file_pictures", "file_documents", "file_audio", "file_video", "file_archives"],
            ["file_size_mb", "file_count", "files_kept_days"],
        ],
    ),
    (_("Categories"), [["category_required"]]),
    (_("Current page"), [["follow_page"]]),
    (_("Satisfaction evaluation"), [["evaluation_on"], *([name] for name in MESSAGES.values())]),
]


class ChatSettingsForm(StampedForm, forms.ModelForm):
    seen = forms.CharField(widget=forms.HiddenInput, required=False)
    # The version of the privacy policy that the page showed: it is the one that is confirmed.
    seen_policy = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=0)
    follow_page = forms.BooleanField(
        label=_("Show agents which page the customer is on"),
        required=False,
        help_text=_(
            "I confirm that the privacy policy in force says so. While a chat is open, agents see the address of the "
            "customer’s page, masked; only the last one is kept. A new version of the policy switches this off."
        ),
    )

    class Meta:
        model = ChatSettings
        fields = [name for name in FIELDS if name not in {"evaluation_messages", "follow_page_policy"}]

    def __init__(self, data: Any, *, chat_settings: ChatSettings) -> None:
        initial = {**model_to_dict(chat_settings, FIELDS), "seen": chat_settings_stamp(chat_settings)}
        initial |= {name: chat_settings.evaluation_messages.get(code, "") for code, name in MESSAGES.items()}
        policy = current_version(help_center_of(chat_settings.service))
        initial |= {"seen_policy": policy, "follow_page": policy == chat_settings.follow_page_policy}
        super().__init__(data, initial=initial)
        self._add_messages()
        for name in self._meta.fields:
            for validator in ChatSettings._meta.get_field(name).validators:
                if isinstance(validator, MaxValueValidator):
                    self.fields[name].widget.attrs.setdefault("max", validator.limit_value)

    def sections(self) -> list[tuple[Any, list[list[forms.BoundField]]]]:
        """The bound fields in their sections, for the page."""
        return [(title, [[self[name] for name in row] for row in rows]) for title, rows in SECTIONS]

    def values(self) -> dict[str, Any]:
        data = self.cleaned_data
        written = {language: data[name] for language, name in MESSAGES.items() if data[name]}
        followed = (data["seen_policy"] or 0) if data["follow_page"] else None
        further = {"evaluation_messages": written, "follow_page_policy": followed}
        return {name: data[name] for name in self._meta.fields} | further

    def _add_messages(self) -> None:
        for language, language_name in settings.LANGUAGES:
            field = Paragraphs(
                rows=2,
                label=format_lazy("{} ({})", _("Satisfaction guide message"), language_name),
                required=False,
                max_length=MESSAGE_LENGTH_MAX,
            )
            field.widget.attrs |= {"placeholder": MESSAGE[language], "lang": language}
            self.fields[MESSAGES[language]] = field
