"""Notes on a customer: beside a conversation, and on a page of their own. For every agent of the service."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from agents.access import for_agents
from agents.changes import stamp
from agents.models import Agent
from chat import access
from chat.people import notes
from chat.people.forms import NoteForm
from contiple.base.errors import DomainError
from helpcenter.models import Customer, CustomerNote


@require_http_methods(["GET", "HEAD", "POST"])
@for_agents
def customer_notes(request: HttpRequest, agent: Agent, customer: int) -> HttpResponse:
    """All notes, and the form for another one. htmx gets the part beside a conversation."""
    found = access.customer_for_agent(agent, customer)
    form = NoteForm(request.POST if request.method == "POST" else None)
    is_added = request.method == "POST" and form.is_valid() and _added(agent, found, form)
    if request.htmx and not request.htmx.boosted:
        part = {"customer": found, "notes": notes.latest(found), "note_form": NoteForm() if is_added else form}
        return render(request, "chat/_customer_notes.html", part)
    if is_added:
        messages.success(request, _("The note was added."))
        return redirect("chat:customer_notes", agent.service.slug, found.pk)
    context = {"section": "customers", "customer": found, "notes": notes.all_of(found), "note_form": form}
    return render(request, "chat/customer_notes.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_agents
def edit_note(request: HttpRequest, agent: Agent, customer: int, note: int) -> HttpResponse:
    found = _note_to_change(agent, customer, note)
    form = NoteForm(request.POST if request.method == "POST" else None, note=found)
    if form.is_valid() and _edited(agent, found, form):
        messages.success(request, _("Saved."))
        return redirect("chat:customer_notes", agent.service.slug, customer)
    context = {"section": "customers", "customer": found.customer, "note": found, "form": form}
    return render(request, "chat/customer_note.html", context)


@require_POST
@for_agents
def remove_note(request: HttpRequest, agent: Agent, customer: int, note: int) -> HttpResponse:
    notes.remove(agent, _note_to_change(agent, customer, note))
    messages.success(request, _("The note was removed."))
    return redirect("chat:customer_notes", agent.service.slug, customer)


def _note_to_change(agent: Agent, customer: int, note: int) -> CustomerNote:
    found = access.note_for_agent(agent, customer, note)
    if not notes.may_change(agent, found):
        raise Http404
    return found


def _added(agent: Agent, customer: Customer, form: NoteForm) -> bool:
    try:
        notes.add(agent, customer, form.cleaned_data["body"], request_id=form.cleaned_data["request_id"])
    except DomainError as error:
        form.accept_error(error)
        return False
    return True


def _edited(agent: Agent, note: CustomerNote, form: NoteForm) -> bool:
    try:
        notes.edit(agent, note, form.cleaned_data["body"], seen=form.cleaned_data["seen"])
    except DomainError as error:
        form.accept_error(error)
        form.stamp_again(stamp(access.note_for_agent(agent, note.customer_id, note.pk), notes.CHANGED))
        return False
    return True
