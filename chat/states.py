"""The table of a chat's states, and the one way to change them."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from chat.models import Chat
from contiple.errors import Conflict

State = Chat.State

TRANSITIONS: dict[str, set[str]] = {
    State.WAITING: {State.RINGING, State.CLOSED},
    State.RINGING: {State.ACTIVE, State.WAITING, State.CLOSED},
    State.ACTIVE: {State.WAITING, State.CLOSED},
    State.CLOSED: set(),
}


def move_chat(chat: Chat, to: str, **fields: Any) -> None:
    """Changes the state by compare-and-set and leaves ``chat`` as the row now is.

    Raises ``Conflict`` where the table does not allow it or somebody else was faster; nothing is changed then.
    """
    allowed = to in TRANSITIONS[chat.state]
    if not allowed or not Chat.objects.filter(pk=chat.pk, state=chat.state).update(state=to, **fields):
        raise Conflict(_("This chat has changed in the meantime."))
    for name, value in {"state": to, **fields}.items():
        setattr(chat, name, value)
