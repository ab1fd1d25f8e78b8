"""Fields that forms of agents and of customers share. A refused form keeps everything that was typed."""

import uuid
from collections.abc import Mapping

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from contiple.base.errors import DomainError
from contiple.base.texts import clean_text
from helpcenter.customers import EMAIL_LENGTH_MAX, clean_email
from tickets.models import SUBJECT_LENGTH_MAX, TEXT_LENGTH_MAX


class Text(forms.CharField):
    """A text with plain line ends and composed characters. Refuses what can't be stored.

    Its control has the direction of what is written in it.
    """

    def widget_attrs(self, widget: forms.Widget) -> dict[str, str]:
        return {**super().widget_attrs(widget), "dir": "auto"}

    def to_python(self, value) -> str:
        return cleaned(clean_text, super().to_python(value))


class EmailField(forms.CharField):
    """An e-mail address that mails can be sent to."""

    def __init__(self, **options) -> None:
        super().__init__(max_length=EMAIL_LENGTH_MAX, widget=forms.EmailInput({"autocomplete": "email"}), **options)

    def clean(self, value) -> str:
        return cleaned(clean_email, super().clean(value))


def subject_field(**options) -> Text:
    return Text(label=_("Subject"), max_length=SUBJECT_LENGTH_MAX, **options)


def body_field(label, *, rows: int = 6, attrs: Mapping[str, str] | None = None, **options) -> Text:
    widget = forms.Textarea({"rows": rows, **(attrs or {})})
    return Text(label=label, max_length=TEXT_LENGTH_MAX, widget=widget, **options)


class RequestForm(forms.Form):
    """A form with an id of its own, so that sending it twice acts once."""

    request_id = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, data=None, **kwargs) -> None:
        kwargs["initial"] = {"request_id": uuid.uuid4(), **kwargs.get("initial", {})}
        super().__init__(data, **kwargs)


def cleaned(rule, value: str) -> str:
    """Applies a rule of the domain; its ``DomainError`` becomes the form's error."""
    try:
        return rule(value)
    except DomainError as error:
        raise ValidationError(error.text, code=error.code) from None
