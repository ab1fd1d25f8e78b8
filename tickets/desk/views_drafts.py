"""What an agent is writing on a ticket, kept while it is typed. The boxes themselves are on the ticket's page."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from agents.access import for_agents
from agents.models import Agent
from contiple.base.errors import Invalid
from tickets import access
from tickets.desk.forms_answers import DraftForm
from tickets.drafts import Written, drafts_of, keep_draft
from tickets.models import CommentDraft, Ticket


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@for_agents
def draft(request: HttpRequest, agent: Agent, number: int) -> HttpResponse:
    """Keeps one draft, and says its stamp. A GET says all of the agent's own on the ticket."""
    ticket = access.ticket_for(agent, number)
    if request.method == "POST":
        return _keep(agent, ticket, DraftForm(request.POST))
    return JsonResponse({kind: _said(row) for kind, row in drafts_of(agent, ticket).items()})


def _keep(agent: Agent, ticket: Ticket, form: DraftForm) -> HttpResponse:
    if not form.is_valid():
        raise Invalid(" ".join(str(error) for errors in form.errors.values() for error in errors), code="draft")
    kept = keep_draft(agent, ticket, Written(**form.cleaned_data))
    return JsonResponse({"stamp": kept.stamp if kept else ""})


def _said(row: CommentDraft) -> dict[str, str]:
    return {"stamp": row.stamp, "body": row.body, "cc": row.cc, "state": row.state}
