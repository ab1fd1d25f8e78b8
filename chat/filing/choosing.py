"""A chat's category: who may set it, as its tags; what can be chosen, and setting it."""

from typing import NamedTuple

from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from agents import audit
from agents.chat_permission import may_chat
from agents.models import Agent
from chat.categories import Tree, tree_of
from chat.models import Chat
from chat.report_sums import count_anew
from chat.routing.chat_settings import chat_settings_of
from chat.tag import ChatTag
from contiple.base.errors import Closed, Invalid


class Filing(NamedTuple):
    """What a page shows of a chat's category and tags. ``choices`` are ids and paths, empty for who may not set it."""

    category_id: int | None
    path: str
    choices: list[tuple[int, str]]
    is_required: bool
    tags: list[ChatTag]
    may_tag: bool


def filing_of(chat: Chat, agent: Agent) -> Filing:
    """Returns what ``agent`` sees and can choose. Reads the tree, the settings and the tags, once each."""
    tree = tree_of(chat.service_id)
    may = may_file(agent, chat)
    rows = tree.offered() if may else []
    if rows and chat.category_id and chat.category_id not in {row.pk for row in rows}:
        rows.append(tree.by_id[chat.category_id])
    choices = [(row.pk, tree.said(row)) for row in rows]
    is_required = bool(choices) and chat_settings_of(agent.service).category_required
    path = tree.path(chat.category_id)
    return Filing(chat.category_id, path, choices, is_required, list(chat.tags.all()), may)


def may_file(agent: Agent, chat: Chat) -> bool:
    """Whether the agent may set category and tags: an admin, and the agent who has the chat or had it at its end."""
    return agent.is_admin or (chat.agent_id == agent.pk and may_chat(agent))


@transaction.atomic
def file_chat(agent: Agent, chat_id: int, chosen: str) -> Chat:
    """Sets the category by its id as a form sends it, empty for none. It is on record. Locks the chat's row.

    Raises ``Closed`` for who may not, and ``Invalid`` (code ``category``) for one that the service doesn't offer.
    """
    chat = Chat.objects.select_for_update(no_key=True, of=("self",)).get(pk=chat_id, service=agent.service_id)
    if not may_file(agent, chat):
        raise Closed(_("Only the chat’s agent and admins set its category."))
    tree = tree_of(agent.service_id)
    category_id = _chosen(tree, chosen, chat.category_id)
    if category_id != chat.category_id:
        chat.category_id = category_id
        chat.save(update_fields=["category"])
        _record(agent, chat, tree)
        if not chat.is_open:  # a day with an open chat is not summed
            count_anew(chat.service_id, chat.created_at)
    return chat


def require_category(chat: Chat, agent: Agent) -> None:
    """Raises ``Invalid`` if the service wants a category at the end of a chat, and this one has none."""
    if chat.category_id is None and filing_of(chat, agent).is_required:
        raise Invalid(_("Choose a category before you end the chat."), code="category")


def _chosen(tree: Tree, chosen: str, present: int | None) -> int | None:
    if not chosen:
        return None
    offered = {row.pk for row in tree.offered()} | {present}
    if not (chosen.isascii() and chosen.isdecimal() and len(chosen) <= 18 and int(chosen) in offered):
        raise Invalid(_("This category is not offered any more. Choose another one."), code="category")
    return int(chosen)


def _record(agent: Agent, chat: Chat, tree: Tree) -> None:
    with translation.override(settings.LANGUAGE_CODE):
        path = tree.path(chat.category_id)
    action = "chat.filed" if path else "chat.unfiled"
    audit.record(chat.service_id, action, chat.subject, agent=agent, category=chat.category_id, path=path)
