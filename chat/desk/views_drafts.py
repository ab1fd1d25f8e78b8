"""What an agent is writing in a chat, kept while it is typed. The composer itself is in the conversation's page."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from agents.access import for_agents
from agents.chat_permission import require_chat
from agents.models import Agent
from chat import access
from chat.conversation import drafts, entries
from chat.conversation.drafts import Newer, Typed


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@for_agents
def draft(request: HttpRequest, agent: Agent, chat: int) -> HttpResponse:
    """Keeps one draft and says its stamp, or the newer one that it would replace. A GET says the agent's own ones."""
    found = access.chat_for_agent(agent, chat)
    require_chat(agent)
    if request.method != "POST":
        return JsonResponse(drafts.unsent(agent, found, entries.latest_page(found)))
    sent = request.POST
    typed = Typed(_plain(sent.get("body", "")), sent.get("seen", ""), internal=sent.get("kind") == drafts.NOTE)
    try:
        kept = drafts.keep_draft(agent, found, typed)
    except Newer as newer:
        return JsonResponse({"stamp": newer.draft.stamp, "body": newer.draft.body}, status=newer.status)
    return JsonResponse({"stamp": kept.stamp if kept else ""})


def _plain(text: str) -> str:
    """Forms send line ends of their own."""
    return text.replace("\r\n", "\n")
