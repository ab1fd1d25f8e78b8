"""What agents do to masks in the comments of a ticket."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_POST

from agents.access import for_agents
from agents.models import Agent
from chat.views_masking import original, selections_of
from contiple.addresses import client_address
from tickets import access, comment_masks, unmasking


@require_POST
@for_agents
def mask(request: HttpRequest, agent: Agent, number: int) -> HttpResponse:
    """Masks a selection: a list of ``chat.masking.Selection``, as JSON."""
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
