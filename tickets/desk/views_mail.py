"""Incoming e-mail, for admins: the service's address, and the mails that became no ticket."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from agents.access import for_admins
from agents.models import Agent
from agents.models_mailboxes import ServiceMailbox
from contiple.base.paging import Position, page_of
from tickets.mail import unfiled


@require_safe
@for_admins
def incoming(request: HttpRequest, agent: Agent) -> HttpResponse:
    page = page_of(
        unfiled.unfiled_of(agent),
        by="received_at",
        before=Position.parse(request.GET.get("before", "")),
        after=Position.parse(request.GET.get("after", "")),
    )
    mailbox = ServiceMailbox.objects.filter(service=agent.service).first()
    context = {"section": "mail", "mailbox": mailbox, "page": page}
    return render(request, "tickets/incoming.html", context)


@require_POST
@for_admins
def make_ticket(request: HttpRequest, agent: Agent, mail: int) -> HttpResponse:
    ticket = unfiled.make_ticket(agent, mail)
    return redirect("tickets:detail", agent.service.slug, ticket.number)


@require_POST
@for_admins
def delete(request: HttpRequest, agent: Agent, mail: int) -> HttpResponse:
    unfiled.delete(agent, mail)
    messages.success(request, _("The e-mail was deleted."))
    return redirect("tickets:mail", agent.service.slug)
