"""The end of a chat by its agent, with the category that the chat is filed under."""

from django.db import transaction

from agents.models import Agent
from chat.filing.choosing import file_chat, require_category
from chat.lifecycle.transitions import close_chat, lock_chat
from chat.models import Chat


@transaction.atomic
def end_chat(agent: Agent, chat_id: int, *, category: str | None = None) -> None:
    """Files the agent's chat under ``category``, as a form sends it, and ends it; both or neither.

    ``None`` leaves its category as it is. Raises what ``file_chat`` and ``close_chat`` raise, and ``Invalid`` if the
    service requires a category. A chat that has ended meanwhile is filed nevertheless.
    """
    chat = lock_chat(chat_id, agent.service)
    if category is not None:
        chat = file_chat(agent, chat_id, category)
    if chat.is_open:
        require_category(chat, agent)
    close_chat(chat_id, by=Chat.ClosedBy.AGENT, agent=agent)
