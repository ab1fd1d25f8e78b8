"""The page that merges a ticket into another one of its requester: it shows which, and asks first."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from agents.access import for_agents
from agents.models import Agent
from tickets import access
from tickets.models import Ticket
from tickets.requesters import is_known
from tickets.triage import merging


@require_http_methods(["GET", "HEAD", "POST"])
@for_agents
def merge(request: HttpRequest, agent: Agent, number: int) -> HttpResponse:
    ticket = access.ticket_for(agent, number)
    if request.method == "POST":
        into = access.ticket_for(agent, _number(request.POST.get("into", "")))
        merging.merge(agent, ticket, into)
        return redirect("tickets:detail", agent.service.slug, into.number)
    return render(request, "tickets/merge.html", _question(request, ticket))


def _question(request: HttpRequest, ticket: Ticket) -> dict:
    mergeable = merging.mergeable(ticket)
    choices, chosen = list(mergeable[: merging.CHOICES_MAX]), request.GET.get("into")
    part = "ask" if chosen else "choose" if choices else "none"
    return {
        "section": "tickets",
        "ticket": ticket,
        "part": f"tickets/_merge_{part}.html",
        "choices": choices,
        "into": chosen and get_object_or_404(mergeable, number=_number(chosen)),
        "is_known": ticket.requester is not None and is_known(ticket.requester),
    }


def _number(text: str) -> int:
    """The number of a ticket; 0, which no ticket has, for what is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
