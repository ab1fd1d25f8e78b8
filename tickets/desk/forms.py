"""The agents' forms for a ticket. A refused form keeps everything that was typed."""

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from agents.models import Agent
from chat.filing.tag_names import TAG_LENGTH_MAX
from chat.masking.copies import conceal_in
from contiple.base.texts import MESSAGE_LENGTH_MAX
from helpcenter.customers import EMAIL_LENGTH_MAX, NAME_LENGTH_MAX, clean_email, clean_name
from tickets import access
from tickets.copies import conceal_in_line, is_only_masked, masked_since
from tickets.fields import RequestForm, Text, body_field, cleaned, subject_field
from tickets.models import SUBJECT_LENGTH_MAX, TEXT_LENGTH_MAX, CommentDraft, Ticket
from tickets.models_settings import Group
from tickets.triage.groups import choosable


def _earlier(max_length: int) -> Text:
    """What the form showed when it was opened. Masks that have come to it since are carried over to what is sent."""
    return Text(widget=forms.HiddenInput, required=False, max_length=max_length)


class TextForm(forms.Form):
    """Subject and description. ``seen`` tells what was on the screen, so nobody overwrites words unread.

    If only masks have come meanwhile, they are put on what is sent as well.
    """

    subject = subject_field()
    body = body_field(_("Description"), required=False)
    was_subject = _earlier(SUBJECT_LENGTH_MAX)
    was_body = _earlier(TEXT_LENGTH_MAX)
    seen = forms.CharField(widget=forms.HiddenInput, required=False, max_length=64)

    def __init__(self, data=None, *, ticket: Ticket) -> None:
        self.now, self.ticket = ticket.fingerprint, ticket
        self.shown = {"was_subject": ticket.subject, "was_body": ticket.body, "seen": self.now}
        initial = {"subject": ticket.subject, "body": ticket.body, **self.shown}
        super().__init__(data, initial=initial, auto_id="text-%s")

    def clean_seen(self) -> str:
        if self.cleaned_data["seen"] not in ("", self.now) and not self._only_masks_came():
            self.data = {**self.data.dict(), **self.shown}
            raise ValidationError(
                _("Someone else changed this text in the meantime. Save again to replace it with yours.")
            )
        return self.cleaned_data["seen"]

    def clean(self) -> None:
        masked = [piece for before, now in self._before_and_now() for piece in masked_since(before, now)]
        if masked and not self.errors:
            self.cleaned_data["subject"] = conceal_in_line(self.cleaned_data["subject"], masked)
            self.cleaned_data["body"] = conceal_in(self.cleaned_data["body"], masked)

    def _only_masks_came(self) -> bool:
        return all(is_only_masked(before, now) for before, now in self._before_and_now())

    def _before_and_now(self) -> list[tuple[str, str]]:
        before = (self.cleaned_data.get("was_subject", ""), self.cleaned_data.get("was_body", ""))
        return [(before[0], self.ticket.subject), (before[1], self.ticket.body)]


class ChatTicketForm(forms.Form):
    """Subject and description of a ticket that is made from a chat. The subject is suggested by its first words.

    If those are masked after the form was opened, they are masked in what is sent as well.
    """

    subject = subject_field()
    body = body_field(_("Description"), rows=4, required=False)
    said = _earlier(MESSAGE_LENGTH_MAX)

    def __init__(self, data=None, *, chat_id: int, subject: str, said: str) -> None:
        self.said_now = said
        super().__init__(data, initial={"subject": subject, "said": said}, auto_id=f"chat-{chat_id}-ticket-%s")

    def texts(self) -> dict[str, str]:
        """Returns subject and body of a valid form."""
        masked = masked_since(self.cleaned_data["said"], self.said_now)
        subject, body = self.cleaned_data["subject"], self.cleaned_data["body"]
        return {"subject": conceal_in_line(subject, masked), "body": conceal_in(body, masked)}


class StateForm(forms.Form):
    """Shows the states that this agent may choose; ``lifecycle`` decides what is allowed."""

    state = forms.ChoiceField(label=_("State"), choices=Ticket.State.choices)

    def __init__(self, data=None, *, ticket: Ticket, agent: Agent) -> None:
        super().__init__(data, initial={"state": ticket.state}, auto_id="ticket-%s")
        if not agent.is_admin and ticket.state != Ticket.State.COMPLETED:
            shown = [choice for choice in Ticket.State.choices if choice[0] != Ticket.State.COMPLETED]
            self.fields["state"].widget.choices = shown


class PriorityForm(forms.Form):
    priority = forms.ChoiceField(label=_("Priority"), choices=Ticket.Priority.choices)

    def __init__(self, data=None, *, ticket: Ticket) -> None:
        super().__init__(data, initial={"priority": ticket.priority}, auto_id="ticket-%s")


class GroupForm(forms.Form):
    group = forms.ModelChoiceField(label=_("Group"), queryset=Group.objects.none(), required=False)

    def __init__(self, data=None, *, ticket: Ticket) -> None:
        super().__init__(data, initial={"group": ticket.group_id}, auto_id="ticket-%s")
        _offer_groups(self, choosable(ticket.service, also=ticket.group_id))


class AssigneeForm(forms.Form):
    assignee = forms.ModelChoiceField(label=_("Assignee"), queryset=Agent.objects.none(), required=False)

    def __init__(self, data=None, *, ticket: Ticket) -> None:
        super().__init__(data, initial={"assignee": ticket.assignee_id}, auto_id="ticket-%s")
        _offer_assignees(self, access.assignable(ticket.service, also=ticket.assignee_id))


class TagForm(forms.Form):
    tag = forms.CharField(
        label=_("Add a tag"),
        max_length=TAG_LENGTH_MAX,
        widget=forms.TextInput(
            {"list": "tags-in-use", "autocomplete": "off", "enterkeyhint": "done", "placeholder": _("Add a tag")}
        ),
    )

    def __init__(self, data=None) -> None:
        super().__init__(data, auto_id="ticket-%s")


class CommentForm(RequestForm):
    body = body_field(_("Internal comment"), rows=3, help_text=_("Only agents see it, never the customer."))

    def __init__(self, data=None, *, draft: CommentDraft | None = None) -> None:
        super().__init__(data, auto_id="comment-%s", initial={"body": draft.body} if draft else {})


class NewTicketForm(RequestForm):
    """A ticket that an agent writes by hand."""

    subject = subject_field()
    body = body_field(_("Description"), required=False)
    name = forms.CharField(label=_("Requester"), required=False, max_length=NAME_LENGTH_MAX)
    email = forms.CharField(
        label=_("Requester's e-mail"), required=False, max_length=EMAIL_LENGTH_MAX, widget=forms.EmailInput
    )
    assignee = forms.ModelChoiceField(label=_("Assignee"), queryset=Agent.objects.none(), required=False)
    group = forms.ModelChoiceField(label=_("Group"), queryset=Group.objects.none(), required=False)
    priority = forms.ChoiceField(
        label=_("Priority"), choices=Ticket.Priority.choices, initial=Ticket.Priority.NORMAL, required=False
    )

    def __init__(self, data=None, *, agent: Agent) -> None:
        super().__init__(data, initial={"assignee": agent.pk})
        _offer_assignees(self, access.assignable(agent.service))
        _offer_groups(self, choosable(agent.service))

    def clean_name(self) -> str:
        return cleaned(clean_name, self.cleaned_data["name"]) if self.cleaned_data["name"].strip() else ""

    def clean_email(self) -> str:
        return cleaned(clean_email, self.cleaned_data["email"])

    def clean(self) -> None:
        if self.cleaned_data.get("email") and self.cleaned_data.get("name") == "":
            self.add_error("name", _("Whose e-mail address is it? Please enter the name as well."))


def _offer_assignees(form: forms.Form, people: QuerySet[Agent]) -> None:
    """Offers ``people``, and the choice of no assignee. Reads the names now, so that no template makes a query."""
    form.fields["assignee"].queryset = people
    form.fields["assignee"].choices = [("", _("Nobody")), *((person.pk, str(person)) for person in people)]


def _offer_groups(form: forms.Form, groups: QuerySet[Group]) -> None:
    form.fields["group"].queryset = groups
    form.fields["group"].choices = [("", _("No group")), *((group.pk, str(group)) for group in groups)]
