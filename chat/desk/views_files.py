"""An agent sends files in the own chat, and reads those of the service's chats."""

from functools import partial

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST, require_safe

from agents.access import for_agents
from agents.chat_permission import require_chat
from agents.models import Agent
from chat import access
from chat.files import answers, removing


@require_POST
@for_agents
@answers.refusals_as_json
def upload(request: HttpRequest, agent: Agent, chat: int) -> HttpResponse:
    """Sends the body as a file. Whether the chat is this agent's is checked again when its message is committed."""
    found = access.chat_for_agent(agent, chat)
    require_chat(agent)
    sent = answers.upload_of(request, found, answers.credential_of(request, agent))
    return answers.receive(request, sent, partial(answers.require_own, agent, found))


@require_safe
@for_agents
def file(request: HttpRequest, agent: Agent, file: int) -> HttpResponse:
    return answers.file_answer(access.file_for_agent(agent, file))


@require_safe
@for_agents
def thumbnail(request: HttpRequest, agent: Agent, file: int) -> HttpResponse:
    return answers.file_answer(access.file_for_agent(agent, file), thumbnail=True)


@require_POST
@for_agents
@answers.refusals_as_json
def remove(request: HttpRequest, agent: Agent, file: int) -> HttpResponse:
    """Removes the file for good. The page asks first, since it can't be undone."""
    removing.remove(agent, file)
    return HttpResponse(status=204)
