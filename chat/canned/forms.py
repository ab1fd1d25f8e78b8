"""The form of a canned response: its short name, its text in each language, whose it is, and its file."""

import re
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from agents.forms import RefusableForm
from agents.models import Agent
from chat.canned.placeholders import unknown_in
from chat.canned.responses import Written
from chat.canned_response import NAME_LENGTH_MAX, TEXT_LENGTH_MAX, CannedResponse
from chat.routing.topics import topics_of
from contiple.base.texts import tidy_text
from helpcenter.forms import Paragraphs

OWN, EVERYONE = "own", "everyone"
# One word: a blank ends what is typed after the slash.
_NAME = re.compile(r"[\w.-]+")


class CannedResponseForm(RefusableForm, forms.Form):
    name = forms.CharField(
        label=_("Short name"),
        max_length=NAME_LENGTH_MAX,
        help_text=_("One word, without blanks. Agents type it after a slash: /refund"),
        widget=forms.TextInput(attrs={"autocomplete": "off", "dir": "auto"}),
    )
    file = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1, widget=forms.HiddenInput)

    def __init__(self, data: Any, *, agent: Agent, response: CannedResponse | None = None) -> None:
        super().__init__(data)
        self.agent = agent
        for language, language_name in settings.LANGUAGES:
            field = Paragraphs(
                rows=5,
                label=format_lazy("{} ({})", _("Text"), language_name),
                max_length=TEXT_LENGTH_MAX,
                required=False,
            )
            field.widget.attrs |= {"lang": language, "dir": "auto"}
            self.fields[f"text_{language}"] = field
            self.initial[f"text_{language}"] = response.texts.get(language, "") if response else ""
        if agent.is_admin:
            self._ask_whose(response)
        if response:
            self.initial.update(name=response.name, file=response.file.pk if response.file else None)

    def texts(self) -> list[forms.BoundField]:
        return [self[f"text_{language}"] for language, _name in settings.LANGUAGES]

    def clean_name(self) -> str:
        name = tidy_text(self.cleaned_data["name"]).removeprefix("/")
        if not _NAME.fullmatch(name):
            raise ValidationError(_("Use letters, digits, dots, dashes and underscores alone."))
        return name

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        texts = {language: data.get(f"text_{language}") or "" for language, _name in settings.LANGUAGES}
        for language, text in texts.items():
            if unknown := unknown_in(text):
                said = _("There is no such name: %(names)s") % {"names": ", ".join(unknown)}
                self.add_error(f"text_{language}", ValidationError(said))
        if not any(texts.values()) and not any(f"text_{language}" in self.errors for language in texts):
            self.add_error(
                f"text_{settings.LANGUAGE_CODE}", ValidationError(_("Enter a text in one language at least."))
            )
        data["texts"] = {language: text for language, text in texts.items() if text}
        return data

    def written(self) -> Written:
        data = self.cleaned_data
        whose = data.get("whose", OWN)
        topic = next((each for each in self.topics if str(each.pk) == whose), None) if self.agent.is_admin else None
        owner = self.agent if whose == OWN else None
        return Written(name=data["name"], texts=data["texts"], owner=owner, topic=topic, file=data["file"])

    def _ask_whose(self, response: CannedResponse | None) -> None:
        """Only admins have a choice. A queue that was removed stays chosen until another one is."""
        chosen = response.topic if response else None
        self.topics = list(topics_of(self.agent.service))
        if chosen and chosen not in self.topics:
            self.topics.append(chosen)
        of_queues = [(str(topic.pk), _("Agents of %(queue)s") % {"queue": topic}) for topic in self.topics]
        choices = [(EVERYONE, _("All agents")), *of_queues, (OWN, _("Only me"))]
        self.fields["whose"] = forms.ChoiceField(label=_("For"), choices=choices)
        self.initial["whose"] = _whose(response) if response else EVERYONE


def _whose(response: CannedResponse) -> str:
    if response.owner_id is not None:
        return OWN
    return str(response.topic_id) if response.topic_id else EVERYONE
