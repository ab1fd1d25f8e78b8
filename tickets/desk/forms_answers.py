"""The agents' forms for answering a customer. A refused form keeps everything that was typed."""

import re

from django import forms
from django.utils.translation import gettext_lazy as _

from helpcenter.customers import EMAIL_LENGTH_MAX, clean_email
from tickets.answering.replies import AFTER_REPLY, Reply
from tickets.fields import EmailField, RequestForm, Text, body_field, cleaned
from tickets.models import TEXT_LENGTH_MAX, Comment, CommentDraft, Ticket

CC_MAX = 10


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
