"""Canned responses in the composer of the agent's own chat: found while typing, counted when sent, with their files."""

import uuid
from functools import partial

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from agents.access import for_agents
from agents.chat_permission import require_chat
from agents.models import Agent
from chat import access
from chat.canned.responses import filled_for, note_used
from chat.canned_response import CannedFile
from chat.files import answers, canned_files
from contiple.base.errors import Invalid


@never_cache
@require_safe
@for_agents
def offered(request: HttpRequest, agent: Agent, chat: int) -> HttpResponse:
    """Those that fit what is typed, with their texts for this chat."""
    found = access.chat_for_agent(agent, chat)
    require_chat(agent)
    answers.require_own(agent, found)
    rows = filled_for(agent, found, request.GET.get("q", ""))
    return render(request, "chat/_canned_options.html", {"rows": rows})


@require_POST
@for_agents
def used(request: HttpRequest, agent: Agent, chat: int, response: int) -> HttpResponse:
    """A message was sent from the response. Not asked again if the answer is lost."""
    try:
        client_id = uuid.UUID(request.POST.get("client_id", ""))
    except ValueError:
        raise Invalid(_("The page sent something that can’t be read. Reload it and try again.")) from None
    note_used(agent, access.chat_for_agent(agent, chat), response, client_id)
    return HttpResponse(status=204)


@require_POST
@for_agents
@answers.refusals_as_json
def send_file(request: HttpRequest, agent: Agent, chat: int, response: int) -> HttpResponse:
    """Sends a copy of the response's file in the chat; the answer is that of an upload."""
    found = access.chat_for_agent(agent, chat)
    require_chat(agent)
    own = access.canned_responses_for(agent).filter(pk=response)
    file = get_object_or_404(CannedFile, response__in=own)
    upload = answers.upload_of(request, found, answers.credential_of(request, agent))
    admit, send = partial(answers.require_own, agent, found), partial(canned_files.send_copy, upload, file)
    return answers.placed(upload, admit, send)
