"""State, assignee, group, priority and tags, on a ticket's page: each is saved at once, and can be taken back.

With htmx a refusal is shown beside its field, which has the value that is stored. Without, the page says it.
"""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from agents.access import for_agents
from agents.models import Agent
from contiple.base.errors import DomainError
from tickets import access, tags
from tickets.desk.facts import TAG, Saved, change
from tickets.desk.forms import TagForm
from tickets.desk.views_detail import FACTS, done, refused, wants_part


@require_POST
@for_agents
def set_fact(request: HttpRequest, agent: Agent, number: int, fact: str) -> HttpResponse:
    ticket = access.ticket_for(agent, number)
    try:
        saved = change(agent, ticket, fact, request.POST)
    except DomainError as error:
        if not wants_part(request):
            raise
        now = access.ticket_for(agent, number)
        return done(request, agent, now, FACTS, not_saved=fact, why=error)
    return done(request, agent, ticket, FACTS, saved=saved)


@require_POST
@for_agents
def add_tag(request: HttpRequest, agent: Agent, number: int) -> HttpResponse:
    ticket = access.ticket_for(agent, number)
    form = TagForm(request.POST)
    try:
        added = tags.add_tag(agent, ticket, form.cleaned_data["tag"] if form.is_valid() else "")
    except DomainError as error:
        if form.is_valid():
            form.add_error("tag", str(error))
        return refused(request, agent, ticket, form, status=error.status)
    return done(request, agent, ticket, FACTS, saved=Saved(TAG, added=None if "undo" in request.POST else added))


@require_POST
@for_agents
def remove_tag(request: HttpRequest, agent: Agent, number: int, tag: int) -> HttpResponse:
    ticket = access.ticket_for(agent, number)
    try:
        removed = tags.remove_tag(agent, ticket, tag)
    except DomainError as error:
        if not wants_part(request):
            raise
        return done(request, agent, access.ticket_for(agent, number), FACTS, not_saved=TAG, why=error)
    was = removed.name if removed and "undo" not in request.POST else None
    return done(request, agent, ticket, FACTS, saved=Saved(TAG, was=was))
