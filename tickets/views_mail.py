"""Incoming e-mail, for admins: the service's address, and the mails that became no ticket."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from agents import mailboxes
from agents.access import for_admins
from agents.models import Agent
from agents.models_mailboxes import ServiceMailbox
from contiple.base.errors import DomainError
from contiple.base.paging import Position, page_of
from helpcenter.customers import EMAIL_LENGTH_MAX
from tickets.mail import unfiled


class MailboxForm(forms.Form):
    address = forms.CharField(
        label=gettext_lazy("E-mail address"),
        required=False,
        max_length=EMAIL_LENGTH_MAX,
        widget=forms.EmailInput({"autocomplete": "off"}),
        help_text=gettext_lazy("What is sent to it becomes a ticket. Leave empty to receive no e-mail."),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@for_admins
def incoming(request: HttpRequest, agent: Agent) -> HttpResponse:
    form = MailboxForm(
        request.POST if request.method == "POST" else None, initial={"address": mailboxes.address_of(agent.service)}
    )
    if request.method == "POST" and form.is_valid() and _saved(request, agent, form):
        return redirect("tickets:mail", agent.service.slug)
    page = page_of(
        unfiled.unfiled_of(agent),
        by="received_at",
        before=Position.parse(request.GET.get("before", "")),
        after=Position.parse(request.GET.get("after", "")),
    )
    mailbox = ServiceMailbox.objects.filter(service=agent.service).first()
    context = {"section": "mail", "form": form, "mailbox": mailbox, "page": page}
    return render(request, "tickets/incoming.html", context, status=400 if form.errors else 200)


@require_POST
@for_admins
def make_ticket(request: HttpRequest, agent: Agent, mail: int) -> HttpResponse:
    ticket = unfiled.make_ticket(agent, mail)
    return redirect("tickets:detail", agent.service.slug, ticket.number)


def _saved(request: HttpRequest, agent: Agent, form: MailboxForm) -> bool:
    try:
        changed = mailboxes.set_address(agent, form.cleaned_data["address"])
    except DomainError as error:
        form.add_error("address" if error.code == "address" else None, str(error))
        return False
    messages.success(request, _("Saved.") if changed else _("No changes were made."))
    return True
