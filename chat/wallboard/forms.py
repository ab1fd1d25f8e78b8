"""What an admin asks for who moves several chats."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from agents.forms import RefusableForm
from agents.models import Service
from chat.lifecycle.moving import MOVED_AT_ONCE, Move
from chat.routing.topics import active_topics, topic_of_key
from chat.wallboard.board import Board, offered_as
from contiple.base.texts import MESSAGE_LENGTH_MAX

QUEUE, AGENT = "queue", "agent"


class MoveForm(RefusableForm, forms.Form):
    """Chats, where they go (``agent:12``, ``queue``, ``queue:orders``), and a note that only agents read."""

    chat = forms.TypedMultipleChoiceField(
        coerce=int,
        error_messages=dict.fromkeys(["required", "invalid_choice"], _("Select the chats to move first.")),
    )
    to = forms.RegexField(
        rf"^({AGENT}:[0-9]{{1,10}}|{QUEUE}(:[-\w]{{1,40}})?)$",
        error_messages=dict.fromkeys(["required", "invalid"], _("Choose where the chats go first.")),
    )
    note = forms.CharField(required=False, max_length=MESSAGE_LENGTH_MAX)

    def __init__(self, data: Any, *, service: Service) -> None:
        super().__init__(data)
        self.service = service
        sent = data.getlist("chat")[:MOVED_AT_ONCE] if data else []
        numbers = [text for text in sent if text.isascii() and text.isdecimal() and len(text) <= 10]
        self.fields["chat"].choices = [(number, number) for number in numbers]

    def clean_to(self) -> str:
        kind, _colon, which = self.cleaned_data["to"].partition(":")
        if kind == QUEUE and which and topic_of_key(self.service, which) is None:
            raise ValidationError(_("This queue is not active any more. Choose another one."))
        return self.cleaned_data["to"]

    def move(self) -> Move:
        """Where the chats of a valid form go."""
        kind, _colon, which = self.cleaned_data["to"].partition(":")
        note = self.cleaned_data["note"]
        if kind == AGENT:
            return Move(agent_id=int(which), note=note)
        return Move(topic=topic_of_key(self.service, which), note=note)

    def target_kept(self, board: Board, queues: Sequence[tuple[str, str]]) -> tuple[str, str] | None:
        """The choice that was sent and is not offered now, which the page offers once more; ``None`` if it is offered.

        Without a name to show, nothing is chosen: what is pressed next must not move chats to somewhere else.
        """
        sent = self["to"].value()
        if sent in dict([*queues, *board.targets]):
            return None
        agents = dict(offered_as(seat.standing) for seat in board.seats)
        return (sent, agents[sent]) if sent in agents else ("", str(_("Choose…")))

    def problems(self) -> list[str]:
        return [str(error) for errors in self.errors.values() for error in errors]


def queues_offered(service: Service) -> list[tuple[str, str]]:
    """The places of a queue to which chats can be moved: each chat's own, and every active queue."""
    queues = [(f"{QUEUE}:{topic.key}", str(topic)) for topic in active_topics(service)]
    return [(QUEUE, str(_("Back to the queue"))), *queues]
