"""What the desk tells an agent: that a chat went elsewhere without the agent's doing, or that a note names the agent.

It stays until it is dismissed, for a day at most.
"""

from collections.abc import Iterable
from datetime import timedelta

from django.db.models.functions import Now

from agents.models import Agent
from chat.alerts import DeskNotice
from chat.conversation import live
from chat.models import Chat

KEPT = timedelta(days=1)  # yesterday's chats are no news
BY_LENGTH = DeskNotice._meta.get_field("by").max_length


def tell(agents: Iterable[Agent], chat_id: int, kind: str, *, by: object = "", moved: int = 0) -> None:
    """Tells each agent, in place of what the agent was told of this chat before. The caller publishes on their topics.

    ``by`` is an agent, or a name. ``moved``: as ``DeskNotice.moved``.
    """
    DeskNotice.objects.bulk_create(
        [DeskNotice(agent=agent, chat_id=chat_id, kind=kind, by=str(by)[:BY_LENGTH], moved=moved) for agent in agents],
        update_conflicts=True,
        unique_fields=["agent", "chat"],
        update_fields=["kind", "by", "at", "moved"],
    )


def take_back(agents: Iterable[Agent], chat_id: int, kind: str) -> None:
    """Withdraws what these agents were told of the chat if it is of this kind. The caller publishes as for ``tell``."""
    DeskNotice.objects.filter(agent__in=list(agents), chat=chat_id, kind=kind).delete()


def withdraw(agent: Agent, chat: Chat) -> None:
    """The chat is the agent's (again)."""
    DeskNotice.objects.filter(agent=agent, chat=chat).delete()


def dismiss(agent: Agent, notice_id: int) -> None:
    """Removes one of the agent's own notices in every tab; nothing happens if there is none (any more)."""
    DeskNotice.objects.filter(agent=agent, pk=notice_id).delete()
    live.publish_on_commit(live.agent_topic(agent.pk), live.Touched())


def forget_old() -> None:
    DeskNotice.objects.filter(at__lt=Now() - KEPT).delete()
