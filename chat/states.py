"""The table of a chat's states, and the one way to change them."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models.expressions import Combinable
from django.utils.translation import gettext_lazy as _

from chat.models import Chat
from contiple.base.errors import Conflict

State = Chat.State

TRANSITIONS: dict[str, set[str]] = {
    State.WAITING: {State.RINGING, State.CLOSED},
    State.RINGING: {State.ACTIVE, State.WAITING, State.CLOSED},
    State.ACTIVE: {State.WAITING, State.RINGING, State.CLOSED},
    State.CLOSED: set(),
}


def move_chat(chat: Chat, to: str, **fields: Any) -> None:
    """Changes the state by compare-and-set, and ``chat`` with it.

    Raises ``Conflict`` if the table doesn't allow it or somebody else was faster; nothing is changed then. The value of
    an expression is the database's alone: ``chat`` keeps what it had.
    """
    allowed = to in TRANSITIONS[chat.state]
    if not allowed or not Chat.objects.filter(pk=chat.pk, state=chat.state).update(state=to, **fields):
        raise Conflict(_("This chat has changed in the meantime."))
    for name, value in {"state": to, **fields}.items():
        if not isinstance(value, Combinable):
            setattr(chat, name, value)


def ring_chats(rings: Iterable[tuple[int, int, datetime]]) -> None:
    """Rings many waiting chats in one statement, each ``(chat, agent, since)``. The caller has locked the chats' rows.

    Raises ``Conflict`` if one of them doesn't wait any more; the transaction must be rolled back then.
    """
    chats, agents, moments = (list(column) for column in zip(*rings, strict=True))
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE chat_chat SET state = %s, agent_id = ring.agent, ringing_since = ring.since"
            " FROM unnest(%s::bigint[], %s::bigint[], %s::timestamptz[]) AS ring (chat, agent, since)"
            " WHERE chat_chat.id = ring.chat AND chat_chat.state = %s",
            [State.RINGING, chats, agents, moments, State.WAITING],
        )
        if cursor.rowcount != len(chats):
            raise Conflict(_("This chat has changed in the meantime."))
