"""The ticket list, and the two ways for an agent to make a ticket: by hand and from a chat."""

from functools import partial

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import trigger_client_event

from agents.access import for_agents
from agents.models import Agent
from chat.masking.concealing import conceal
from chat.models import Chat
from contiple.base.paging import Position
from helpcenter.customers import customer_for_inquiry
from helpcenter.models import Customer
from helpcenter.texts import reading_language
from tickets import access, lifecycle
from tickets.desk.forms import ChatTicketForm, NewTicketForm
from tickets.desk.forms_list import FilterForm, selected_in
from tickets.listing import listing
from tickets.models import Ticket
from tickets.models_settings import Group, TicketTarget
from tickets.triage.groups import groups_with

RESULTS = "ticket-results"  # the element that the filter bar replaces


@require_safe
@for_agents
def ticket_list(request: HttpRequest, agent: Agent) -> HttpResponse:
    form = FilterForm(request.GET, agent=agent)
    filters, tickets = form.filters(), access.tickets_for(agent)
    found = listing.narrow(tickets, agent, filters)
    shows_due = TicketTarget.objects.filter(service=agent.service).exists()
    context = {
        "section": "tickets",
        "form": form,
        "filters": filters,
        "selected": selected_in(request.GET),
        "shows_due": shows_due,
        "filtered": filters != listing.Filters(),
        "found": listing.count(found),
        "page": listing.page_of(
            found,
            before=Position.parse(request.GET.get("before", "")),
            after=Position.parse(request.GET.get("after", "")),
        ),
    } | _quick_views(agent, tickets, groups=form.groups, shows_due=shows_due)
    is_part = request.htmx.target == RESULTS and not request.htmx.boosted
    return render(request, "tickets/_results.html" if is_part else "tickets/list.html", context)


@require_safe
@for_agents
def answers(request: HttpRequest, agent: Agent) -> HttpResponse:
    """The count in the navigation, and when a ticket was last changed. Every page of the desk asks regularly."""
    newest = access.tickets_for(agent).order_by("-updated_at", "-pk").values_list("updated_at", flat=True).first()
    context = {"number": access.count_answers(agent), "latest": newest.isoformat() if newest else ""}
    return render(request, "tickets/_answers_now.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_agents
def new_ticket(request: HttpRequest, agent: Agent) -> HttpResponse:
    form = NewTicketForm(request.POST if request.method == "POST" else None, agent=agent)
    if form.is_valid():
        ticket = lifecycle.create_by_hand(agent, _draft(form), find_requester=partial(_requester, agent, form))
        return redirect("tickets:detail", agent.service.slug, ticket.number)
    return render(request, "tickets/new.html", {"section": "tickets", "form": form})


@require_http_methods(["GET", "HEAD", "POST"])
@for_agents
def create_from_chat(request: HttpRequest, agent: Agent, chat: int) -> HttpResponse:
    source = access.chat_for(agent, chat)
    ticket = lifecycle.ticket_of(source)
    form = _chat_form(request, source)
    if ticket is None and form.is_valid():
        ticket = lifecycle.create_from_chat(agent, source, **form.texts())
    return _chat_ticket(request, agent, source, ticket, form)


def _quick_views(agent: Agent, tickets: QuerySet[Ticket], *, groups: list[Group], shows_due: bool) -> dict:
    """Returns how many tickets are in each that is shown."""
    views = {"mine": tickets.filter(assignee=agent), "unassigned": tickets.filter(state=Ticket.State.UNASSIGNED)}
    if groups and groups_with(agent).exists():
        views["in_groups"] = listing.of_groups(tickets, agent, listing.MINE)
    if shows_due:
        views["overdue"] = listing.overdue(tickets)
    return {name: listing.count_all(each) for name, each in views.items()}


def _draft(form: NewTicketForm) -> lifecycle.Draft:
    data = form.cleaned_data
    return lifecycle.Draft(
        channel=Ticket.Channel.AGENT,
        subject=data["subject"],
        body=data["body"],
        assignee=data["assignee"],
        group=data["group"],
        priority=data["priority"] or Ticket.Priority.NORMAL,
        request_id=data["request_id"],
    )


def _requester(agent: Agent, form: NewTicketForm) -> Customer | None:
    name, email = form.cleaned_data["name"], form.cleaned_data["email"]
    if not name:
        return None
    return customer_for_inquiry(
        agent.service, name=conceal(agent.service, name), email=email, language=reading_language()
    )


def _chat_form(request: HttpRequest, chat: Chat) -> ChatTicketForm:
    data = request.POST if request.method == "POST" else None
    subject, said = lifecycle.suggested_subject(chat), lifecycle.first_words(chat)
    return ChatTicketForm(data, chat_id=chat.pk, subject=subject, said=said)


def _chat_ticket(
    request: HttpRequest, agent: Agent, chat: Chat, ticket: Ticket | None, form: ChatTicketForm
) -> HttpResponse:
    """The form, or the link to the chat's ticket: as a fragment for the chat dialog, else as a page."""
    context = {"section": "tickets", "chat": chat, "ticket": ticket, "form": form}
    is_part = (request.htmx and not request.htmx.boosted) or request.headers.get("X-Requested-With") == "fetch"
    if not is_part:
        if ticket and request.method == "POST":
            return redirect("tickets:detail", agent.service.slug, ticket.number)
        return render(request, "tickets/create_from_chat.html", context)
    response = render(request, "tickets/_create_from_chat.html", context)
    if ticket and request.method == "POST":
        trigger_client_event(response, "ticket-created", {"chat": chat.pk, "number": ticket.number})
    return response
