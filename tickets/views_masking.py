"""What agents do to masks in the comments of a ticket."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from agents.access import for_admins, for_agents
from agents.models import Agent
from chat.desk.views_masking import original, selections_of
from chat.masking import destroying
from contiple.base.addresses import client_address
from contiple.base.errors import Invalid
from tickets import access, comment_masks, unmasking
from tickets.models import Ticket


@require_POST
@for_agents
def mask(request: HttpRequest, agent: Agent, number: int) -> HttpResponse:
    """Masks a selection: a list of ``chat.masking.selections.Selection``, as JSON."""
    ticket = access.ticket_for(agent, number)
    return JsonResponse({"masked": comment_masks.mask_comments(agent, ticket, selections_of(request))})


@require_POST
@for_agents
def reveal(request: HttpRequest, agent: Agent, mask: int) -> HttpResponse:
    """The original, in this answer only, as plain text."""
    return original(unmasking.reveal(agent, mask, address=client_address(request) or None))


@require_POST
@for_agents
def lift(request: HttpRequest, agent: Agent, mask: int) -> HttpResponse:
    """Takes a mask off for good."""
    unmasking.lift(agent, mask, address=client_address(request) or None)
    return HttpResponse(status=204)


@require_http_methods(["GET", "HEAD", "POST"])
@for_admins
def destroy(request: HttpRequest, agent: Agent, number: int) -> HttpResponse:
    """Of this ticket, or of all that its requester has said: asked for on a page of its own, as for a chat."""
    ticket = access.ticket_for(agent, number)
    if request.method == "POST":
        _destroy(agent, ticket, request.POST.get("of"))
        messages.success(request, _("The originals were destroyed."))
        return redirect("tickets:detail", agent.service.slug, number)
    chats = destroying.chats_of(ticket.requester) if ticket.requester else 0
    return render(request, "tickets/destroy.html", {"section": "tickets", "ticket": ticket, "chats": chats})


def _destroy(admin: Agent, ticket: Ticket, of: str | None) -> None:
    if of == "ticket":
        destroying.destroy_of_ticket(admin, ticket.pk, ticket.requester_id)
    elif of == "customer" and ticket.requester:
        destroying.destroy_of_customer(admin, ticket.requester)
    else:
        raise Invalid(_("Choose what to destroy."))
