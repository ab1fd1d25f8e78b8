"""Service Management / Canned Responses. Admins change everybody's and those of queues, each agent the own ones."""

from collections.abc import Callable
from functools import wraps
from typing import Any, BinaryIO, cast
from urllib.parse import unquote

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from agents.access import for_agents
from agents.chat_permission import may_chat
from agents.models import Agent
from chat import access
from chat.canned.forms import CannedResponseForm
from chat.canned.placeholders import PLACEHOLDERS
from chat.canned.responses import found_by, remove_response, save_response, searched
from chat.canned_response import CannedFile, CannedResponse
from chat.files import answers, canned_files
from chat.files.answers import NAME_BYTES_MAX
from chat.files.limits import limits_of
from contiple.base.errors import DomainError

RESULTS = "canned-results"  # the element that the search replaces
PAGE_SIZE = 50
SECTION = {"section": "canned"}


def for_writers(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """As ``for_agents``, but only for those who have canned responses: who may chat, and admins."""

    @for_agents
    @wraps(view)
    def guarded(request: HttpRequest, agent: Agent, *args: Any, **kwargs: Any) -> HttpResponse:
        if not (agent.is_admin or may_chat(agent)):
            raise Http404
        return view(request, agent, *args, **kwargs)

    return guarded


@require_safe
@for_writers
def responses(request: HttpRequest, agent: Agent) -> HttpResponse:
    """All that the agent may send or change; those of others are only shown."""
    query = searched(agent.service, request.GET.get("q", ""))
    found = found_by(_seen_by(agent), query).select_related("topic").prefetch_related("files")
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    rows = [(response, response.owner_id == agent.pk or agent.is_admin) for response in page]
    context = SECTION | {"q": query, "page": page, "rows": rows}
    is_part = request.htmx.target == RESULTS and not request.htmx.boosted
    return render(request, "chat/_canned_results.html" if is_part else "chat/canned.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_writers
def new_response(request: HttpRequest, agent: Agent) -> HttpResponse:
    return _page(request, agent, None)


@require_http_methods(["GET", "HEAD", "POST"])
@for_writers
def response(request: HttpRequest, agent: Agent, response: int) -> HttpResponse:
    return _page(request, agent, _changed_by(agent, response))


@require_http_methods(["GET", "HEAD", "POST"])
@for_writers
def remove(request: HttpRequest, agent: Agent, response: int) -> HttpResponse:
    """Asks first: it can't be brought back."""
    found = _changed_by(agent, response)
    if request.method != "POST":
        return render(request, "chat/remove_canned.html", SECTION | {"response": found})
    remove_response(agent, found)
    messages.success(request, _("Removed."))
    return redirect("chat:canned", agent.service.slug)


@require_POST
@for_writers
@answers.refusals_as_json
def upload(request: HttpRequest, agent: Agent) -> HttpResponse:
    """Keeps the body as a file for a response that is saved later, and says its id."""
    name = unquote(request.headers.get("X-File-Name", "")[:NAME_BYTES_MAX], errors="replace")
    file = canned_files.keep(agent, name, cast(BinaryIO, request))
    about = {"id": file.pk, "name": file.name, "size": filesizeformat(file.size)}
    return JsonResponse(about, status=201)


@require_safe
@for_writers
def file(request: HttpRequest, agent: Agent, file: int) -> HttpResponse:
    """The file itself: of a response that the agent sees, or one that is not saved yet."""
    own = Q(response__in=_seen_by(agent)) | Q(response=None, uploader=agent)
    found = get_object_or_404(CannedFile.objects.exclude(kind=""), own, pk=file)
    return answers.bytes_answer(found, found.name)


def _seen_by(agent: Agent) -> QuerySet[CannedResponse]:
    return access.canned_responses_for(agent) | access.canned_responses_changed_by(agent)


def _changed_by(agent: Agent, pk: int) -> CannedResponse:
    return get_object_or_404(access.canned_responses_changed_by(agent).select_related("topic"), pk=pk)


def _page(request: HttpRequest, agent: Agent, found: CannedResponse | None) -> HttpResponse:
    form = CannedResponseForm(request.POST if request.method == "POST" else None, agent=agent, response=found)
    if form.is_valid():
        try:
            save_response(agent, found, form.written())
        except DomainError as error:
            form.accept_error(error)
        else:
            messages.success(request, _("Saved."))
            return redirect("chat:canned", agent.service.slug)
    context: dict = SECTION | {"form": form, "response": found, "placeholders": PLACEHOLDERS.items()}
    context |= {"file": _file(agent, form), "files": limits_of(agent.service)}
    return render(request, "chat/canned_response.html", context)


def _file(agent: Agent, form: CannedResponseForm) -> CannedFile | None:
    """The file that the form names, if the agent may save it."""
    pk = form["file"].value()
    if not str(pk or "").isdecimal():
        return None
    own = Q(response__in=access.canned_responses_changed_by(agent)) | Q(response=None, uploader=agent)
    return CannedFile.objects.exclude(kind="").filter(own, pk=min(int(pk), 2**63 - 1)).first()
