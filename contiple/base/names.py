"""Names that are written in each language of the interface, as ``{"en": "Refunds", "ko": "환불"}``."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.text import format_lazy
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from contiple.base.texts import one_line, tidy_text

NAME_LENGTH_MAX = 40


def in_readers_language(names: Mapping[str, str], otherwise: str) -> str:
    """Returns the name in the reader's language; if there is none, in another, or ``otherwise``."""
    languages = [get_language() or "", *dict(settings.LANGUAGES)]
    return next((names[each] for each in languages if names.get(each)), otherwise)


class NamesForm(forms.Form):
    """A form with a name in each language, of which one must be written. Valid data has ``names``."""

    def __init__(self, data: Any, *, written: Mapping[str, str]) -> None:
        super().__init__(data)
        for language, language_name in settings.LANGUAGES:
            label = format_lazy("{} ({})", _("Name"), language_name)
            field = forms.CharField(label=label, max_length=NAME_LENGTH_MAX, required=False)
            self.fields[f"name_{language}"] = field
            self.initial[f"name_{language}"] = written.get(language, "")

    def names(self) -> list[forms.BoundField]:
        return [self[f"name_{language}"] for language, _name in settings.LANGUAGES]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        typed = {language: data.get(f"name_{language}") or "" for language, _name in settings.LANGUAGES}
        names = {language: one_line(tidy_text(name), NAME_LENGTH_MAX) for language, name in typed.items()}
        data["names"] = {language: name for language, name in names.items() if name}
        if not data["names"]:
            self.add_error(f"name_{settings.LANGUAGE_CODE}", ValidationError(_("Enter a name.")))
        return data
