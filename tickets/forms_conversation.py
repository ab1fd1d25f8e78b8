"""Forms of the conversation between agents and customers. A refused form keeps everything that was typed."""

import re

from django import forms
from django.utils.translation import gettext_lazy as _

from helpcenter.customers import EMAIL_LENGTH_MAX, clean_email
from tickets.forms import RequestForm, Text, body_field, cleaned
from tickets.models import TEXT_LENGTH_MAX, Comment, CommentDraft, Ticket
from tickets.replies import AFTER_REPLY, Reply

CC_MAX = 10


class EmailField(forms.CharField):
    """An e-mail address that mails can be sent to."""

    def __init__(self, **options) -> None:
        super().__init__(max_length=EMAIL_LENGTH_MAX, widget=forms.EmailInput({"autocomplete": "email"}), **options)

    def clean(self, value) -> str:
        return cleaned(clean_email, super().clean(value))


class ReplyForm(RequestForm):
    """An agent's reply. The addresses in ``cc`` stand apart by commas, semicolons or spaces."""

    body = body_field(_("Reply"), rows=6)
    cc = forms.CharField(
        label=_("CC"),
        required=False,
        max_length=CC_MAX * EMAIL_LENGTH_MAX,
        widget=forms.TextInput({"autocomplete": "off", "inputmode": "email"}),
        help_text=_("E-mail addresses, separated by commas. With CC, the e-mail has no link to the inquiry."),
    )
    state = forms.ChoiceField(label=_("State after the reply"), choices=[(it.value, it.label) for it in AFTER_REPLY])

    def __init__(self, data=None, *, draft: CommentDraft | None = None) -> None:
        initial = {"body": draft.body, "cc": draft.cc, "state": draft.state} if draft else {}
        super().__init__(data, auto_id="reply-%s", initial=initial)

    def clean_cc(self) -> tuple[str, ...]:
        written = re.split(r"[\s,;]+", self.cleaned_data["cc"])
        addresses = tuple(dict.fromkeys(cleaned(clean_email, address) for address in written if address))
        if len(addresses) > CC_MAX:
            raise forms.ValidationError(_("At most 10 addresses can be in CC."))
        return addresses

    def reply(self) -> Reply:
        """The reply of a valid form."""
        data = self.cleaned_data
        return Reply(data["body"], Ticket.State(data["state"]), data["cc"], data["request_id"])


class DraftForm(forms.Form):
    """One of the two boxes of a ticket, as it stands while somebody types in it."""

    kind = forms.ChoiceField(choices=[(it.value, it.label) for it in (Comment.Kind.REPLY, Comment.Kind.INTERNAL)])
    body = Text(required=False, max_length=TEXT_LENGTH_MAX, strip=False)
    cc = forms.CharField(required=False, max_length=CC_MAX * EMAIL_LENGTH_MAX)
    state = forms.ChoiceField(required=False, choices=[(it.value, it.label) for it in AFTER_REPLY])
    request_id = forms.UUIDField()


class RequesterForm(forms.Form):
    """The address of a requester who left none."""

    email = EmailField(label=_("Requester's e-mail"))

    def __init__(self, data=None) -> None:
        super().__init__(data, auto_id="requester-%s")
        self.fields["email"].widget.attrs["autocomplete"] = "off"


class AnswerForm(RequestForm):
    """What a customer adds on the page of the inquiry."""

    body = body_field(_("Your answer"), rows=5, attrs={"autocomplete": "off"})

    def __init__(self, data=None) -> None:
        super().__init__(data, auto_id="answer-%s")


class LinkForm(forms.Form):
    """Asks for new links to the inquiries of an address."""

    email = EmailField(label=_("E-mail"))
