"""A ticket's page, and everything that agents do on it.

With htmx an act answers with the part of the page that it changed, the head and the timeline, so what is being typed
elsewhere on the page stays. Without htmx it redirects to the page.
"""

from django.db.models import Sum
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from agents.access import for_agents
from agents.models import Agent
from chat.masking import concealing
from contiple.base.errors import DomainError
from tickets import access, lifecycle
from tickets.answering import links, mails
from tickets.answering.replies import send_reply
from tickets.customer import page
from tickets.desk.acts import gathered
from tickets.desk.forms import AssigneeForm, CommentForm, GroupForm, PriorityForm, StateForm, TagForm, TextForm
from tickets.desk.forms_answers import ReplyForm, RequesterForm
from tickets.desk.timeline import deliveries_of, timeline_of
from tickets.drafts import drafts_of
from tickets.mail.shown import received_in
from tickets.models import Comment, CommentDraft, Ticket
from tickets.requesters import set_email
from tickets.triage import merging

# Parts of the page that an act replaces, by the name of their template and element.
TEXT, COMMENT, REPLY, FACTS = "text", "comment", "reply", "facts"
# A form's part, and its name in the context.
_PLACES: dict[type[Form], tuple[str, str]] = {
    TextForm: (TEXT, "text_form"),
    CommentForm: (COMMENT, "comment_form"),
    ReplyForm: (REPLY, "reply_form"),
    RequesterForm: (REPLY, "requester_form"),
    TagForm: (FACTS, "tag_form"),
}


@require_safe
@for_agents
def detail(request: HttpRequest, agent: Agent, number: int) -> HttpResponse:
    ticket = access.ticket_for(agent, number)
    context = context_of(agent, ticket) | {"menu": "history" if request.GET.get("menu") == "history" else "details"}
    is_menu = request.htmx.target == "quick-menu" and not request.htmx.boosted
    return render(request, "tickets/_quick_menu.html" if is_menu else "tickets/detail.html", context)


@require_safe
@for_agents
def changes(request: HttpRequest, agent: Agent, number: int) -> HttpResponse:
    """The page's texts, or 204 if they are still those it has ``seen``. Pages ask regularly: tickets have no socket."""
    ticket = access.ticket_for(agent, number)
    if request.GET.get("seen") == _seen_now(ticket):
        return HttpResponse(status=204)
    return render(request, "tickets/_changes.html", context_of(agent, ticket))


@require_POST
@for_agents
def edit_text(request: HttpRequest, agent: Agent, number: int) -> HttpResponse:
    ticket = access.ticket_for(agent, number)
    form = TextForm(request.POST, ticket=ticket)
    if not form.is_valid():
        return refused(request, agent, ticket, form)
    lifecycle.edit_text(agent, ticket, subject=form.cleaned_data["subject"], body=form.cleaned_data["body"])
    return done(request, agent, ticket, TEXT)


@require_POST
@for_agents
def add_comment(request: HttpRequest, agent: Agent, number: int) -> HttpResponse:
    ticket = access.ticket_for(agent, number)
    form = CommentForm(request.POST)
    if not form.is_valid():
        return refused(request, agent, ticket, form)
    lifecycle.add_comment(agent, ticket, form.cleaned_data["body"], request_id=form.cleaned_data["request_id"])
    return done(request, agent, ticket, COMMENT)


@require_POST
@for_agents
def reply(request: HttpRequest, agent: Agent, number: int) -> HttpResponse:
    ticket = access.ticket_for(agent, number)
    form = ReplyForm(request.POST)
    try:
        if form.is_valid():
            send_reply(agent, ticket, form.reply())
            return done(request, agent, ticket, REPLY)
    except DomainError as error:
        form.add_error(None, error.text)
    return refused(request, agent, ticket, form)


@require_POST
@for_agents
def requester_email(request: HttpRequest, agent: Agent, number: int) -> HttpResponse:
    ticket = access.ticket_for(agent, number)
    form = RequesterForm(request.POST)
    if not form.is_valid():
        return refused(request, agent, ticket, form)
    set_email(agent, ticket, form.cleaned_data["email"])
    return done(request, agent, ticket, REPLY)


@require_POST
@for_agents
def revoke_links(request: HttpRequest, agent: Agent, number: int) -> HttpResponse:
    ticket = access.ticket_for(agent, number)
    links.revoke_links(agent, ticket)
    return done(request, agent, ticket, FACTS)


def done(request: HttpRequest, agent: Agent, ticket: Ticket, part: str, **more: object) -> HttpResponse:
    """The part that was changed, with ``more`` for its template; without htmx, the way to the page."""
    if not wants_part(request):
        return redirect("tickets:detail", agent.service.slug, ticket.number)
    return render(request, "tickets/_changed.html", context_of(agent, ticket) | {"part": part} | more)


def wants_part(request: HttpRequest) -> bool:
    return bool(request.htmx) and not request.htmx.boosted


def refused(request: HttpRequest, agent: Agent, ticket: Ticket, form: Form, *, status: int = 400) -> HttpResponse:
    """The form with what was typed and why it is refused. With htmx the status is 200, or htmx wouldn't show it."""
    part, name = _PLACES[type(form)]
    context = context_of(agent, ticket) | {"part": part, name: form, "menu": "details"}
    if not wants_part(request):
        return render(request, "tickets/detail.html", context, status=200 if request.htmx else status)
    return render(request, "tickets/_changed.html", context)


def context_of(agent: Agent, ticket: Ticket) -> dict:
    """Everything the page shows, read now."""
    may_change_state = not ticket.merged_into_id and (agent.is_admin or ticket.state != Ticket.State.COMPLETED)
    is_reachable = mails.is_reachable(ticket)
    drafts = drafts_of(agent, ticket)
    return {
        "section": "tickets",
        "ticket": ticket,
        "seen": _seen_now(ticket),  # read before the texts: a change in between counts as not seen
        "can_mask": concealing.is_on(agent.service),
        "may_change_state": may_change_state,
        "followers": merging.followers_of(ticket),
        "merged": list(merging.merged_into(ticket)),
        "chats": merging.chats_of(ticket),
        "is_seen_by_customer": page.is_written_by_customer(ticket),
        "tags": list(ticket.tags.order_by("-is_system", "name")),
        "known_tags": [tag.name for tag in access.tags_in_use(agent.service) if not tag.is_system],
        "drafts": drafts,
        "is_reachable": is_reachable,
        "reply_template": "tickets/_reply_form.html" if is_reachable else "tickets/_no_reply.html",
        "writes_reply": is_reachable and may_change_state and drafts.keys() != {Comment.Kind.INTERNAL},
        "timeline": gathered(timeline_of(ticket)),
        "received": received_in(ticket).get(None),
    } | _forms(agent, ticket, drafts)


def _forms(agent: Agent, ticket: Ticket, drafts: dict[str, CommentDraft]) -> dict[str, Form]:
    return {
        "text_form": TextForm(ticket=ticket),
        "state_form": StateForm(ticket=ticket, agent=agent),
        "assignee_form": AssigneeForm(ticket=ticket),
        "group_form": GroupForm(ticket=ticket),
        "priority_form": PriorityForm(ticket=ticket),
        "tag_form": TagForm(),
        "comment_form": CommentForm(draft=drafts.get(Comment.Kind.INTERNAL)),
        "reply_form": ReplyForm(draft=drafts.get(Comment.Kind.REPLY)),
        "requester_form": RequesterForm(),
    }


def _seen_now(ticket: Ticket) -> str:
    """Changes with every text on the page, the state, who has the ticket, and how far replies have come.

    Revs only grow and no comment is deleted, so their sum tells a change.
    """
    family = [ticket, *merging.merged_into(ticket)]
    revs = Comment.objects.filter(ticket__in=family).aggregate(sum=Sum("rev"))["sum"] or 0
    delivered = "".join(state[0] for state in deliveries_of(ticket).values())
    texts = "-".join(each.fingerprint for each in family)
    facts = f"{ticket.state}-{ticket.priority}-{ticket.assignee_id}-{ticket.group_id}-{ticket.has_answer:d}"
    return f"{texts}-{revs}-{facts}-{delivered}"
