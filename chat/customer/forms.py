"""The form that a customer fills in before a chat."""

from collections.abc import Collection

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from chat.conversation import messages
from chat.topics import Topic
from contiple.base.errors import Invalid
from contiple.base.texts import MESSAGE_LENGTH_MAX
from helpcenter.customers import clean_name
from helpcenter.members.tokens import Member
from helpcenter.models import PrivacyPolicy


class StartForm(forms.Form):
    """Name, e-mail, a first message, and consent to the policy text that was shown."""

    name = forms.CharField(
        label=_("Name"), max_length=80, widget=forms.TextInput(attrs={"autocomplete": "name", "dir": "auto"})
    )
    email = forms.EmailField(
        label=_("E-mail"),
        max_length=254,
        required=False,
        help_text=_("So we can reply if you get disconnected."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    message = forms.CharField(
        label=_("How can we help?"),
        required=False,
        # `clean_message` checks the length, since forms send a line break as two characters.
        widget=forms.Textarea(attrs={"rows": 3, "maxlength": MESSAGE_LENGTH_MAX, "autocomplete": "off", "dir": "auto"}),
    )
    policy = forms.IntegerField(widget=forms.HiddenInput)
    agree = forms.BooleanField(
        label=_("I have read the privacy policy and agree to it."),
        error_messages={"required": _("To start a chat, please agree to the privacy policy.")},
    )

    def __init__(self, *args, policy: PrivacyPolicy, member: Member | None = None, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.current_policy = policy
        self.member = member
        if member:  # the site has said both
            del self.fields["name"], self.fields["email"]
        self.topics: dict[str, Topic] = {}
        self.initial["policy"] = policy.pk

    def offer(self, topics: list[Topic], *, preset: Topic | None, absent: Collection[int]) -> None:
        """Lets the customer choose one of the topics, unless the page around the chat has; without any, asks nothing.

        ``absent`` are those with nobody Online.
        """
        if not topics:
            return
        names = [(str(topic.pk), _named(topic, is_absent=topic.pk in absent)) for topic in topics]
        self.fields["topic"] = forms.ChoiceField(label=_("What is it about?"), choices=[("", _("Choose…")), *names])
        if preset:
            self.fields["topic"].widget = forms.HiddenInput()
            self.initial["topic"] = str(preset.pk)
        self.topics = {str(topic.pk): topic for topic in topics}

    @property
    def topic(self) -> Topic | None:
        """The topic that was chosen; the form must be valid."""
        return self.topics.get(self.cleaned_data.get("topic", ""))

    def clean_name(self) -> str:
        try:
            return clean_name(" ".join(self.cleaned_data["name"].split()))
        except Invalid as error:
            raise ValidationError(error.text) from error

    def clean_message(self) -> str:
        text = self.cleaned_data["message"].strip()
        try:
            return messages.clean_body(text) if text else ""
        except Invalid as error:
            raise ValidationError(error.text) from error

    def clean(self) -> None:
        """Asks again for consent if a new policy was published after the form was shown."""
        if self.cleaned_data.get("policy") != self.current_policy.pk:
            self.add_error("agree", _("The privacy policy has changed. Please read it and agree again."))
            self.data = self.data.copy()
            self.data["policy"] = str(self.current_policy.pk)
            self.data.pop("agree", None)


def _named(topic: Topic, *, is_absent: bool) -> str:
    return gettext("%(topic)s – nobody is there now") % {"topic": topic} if is_absent else str(topic)
