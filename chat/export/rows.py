"""The rows of an export of Chat History: one for each chat, or one for each message. Every text is masked as stored.

The chats are read in parts, newest first. Nothing is held in the database between two of them, and no part costs more
than another, however many chats there are.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agents.models import Agent
from chat.categories import Tree, tree_of
from chat.conversation import history
from chat.conversation.evaluations import evaluation_of
from chat.conversation.history import ENDS, OPEN, Filters, Found, outcome_of
from chat.models import Chat, Message
from chat.operating_hours import zone_of
from contiple.base import paging

CHATS_AT_ONCE, MESSAGES_AT_ONCE = 500, 5_000

Cell = str | int | None
AUTHORS = {
    Message.Author.CUSTOMER: gettext_lazy("Customer"),
    Message.Author.AGENT: gettext_lazy("Agent"),
}


@dataclass(frozen=True)
class Content:
    """What is exported. ``notes``: what only agents see is among the messages."""

    found: Found
    zone: ZoneInfo
    tree: Tree
    messages: bool = False
    notes: bool = False

    def head(self) -> list[str]:
        return [str(name) for name in (MESSAGE_COLUMNS if self.messages else CHAT_COLUMNS)]

    def parts(self) -> Iterator[list[list[Cell]]]:
        """The rows, in parts of bounded size. Each may be asked for in another thread."""
        for chats in _chats(self.found):
            if self.messages:
                yield from _messages(self, chats)
            else:
                figures = _with_figures(self.found.chats.filter(pk__in=chats))
                yield [[cell(self, chat) for cell in CHAT_COLUMNS.values()] for chat in figures]

    def moment(self, at: datetime | None) -> str:
        """The time in the service's zone."""
        return f"{at.astimezone(self.zone):%Y-%m-%d %H:%M:%S}" if at else ""


def content_for(agent: Agent, filters: Filters, *, messages: bool = False, notes: bool = False) -> Content:
    return Content(
        found=history.find(agent, filters),
        zone=zone_of(agent.service),
        tree=tree_of(agent.service),
        messages=messages,
        notes=notes,
    )


def _chats(found: Found) -> Iterator[list[int]]:
    """The ids of the chats in parts, newest first: those that fit, of the next ``CHATS_AT_ONCE`` of ``found.among``."""
    before = None
    while True:
        among = found.among.select_related(None).prefetch_related(None).only("created_at")
        window = paging.page_of(among, by=history.BY, before=before, size=CHATS_AT_ONCE)
        fitting = found.chats.filter(pk__in=[chat.pk for chat in window.rows])
        yield list(fitting.order_by().values_list("pk", flat=True))
        before = window.older
        if before is None:
            return


def _with_figures(chats: QuerySet[Chat]) -> QuerySet[Chat]:
    spoken = Message.objects.filter(chat=OuterRef("pk"), author__in=AUTHORS, internal=False).order_by()
    # Chats of before ``first_answered_at`` was written.
    answers = spoken.filter(author=Message.Author.AGENT, event="").order_by("seq").values("created_at")
    number = spoken.exclude(body="").values("chat").annotate(number=Count("pk")).values("number")
    return (
        chats.select_related(None)
        .select_related("customer", "agent__user", "topic", "evaluation")
        .annotate(
            first_answer_at=Coalesce("first_answered_at", Subquery(answers[:1])),
            spoken=Coalesce(Subquery(number, output_field=IntegerField()), 0),
        )
        .order_by(f"-{history.BY}", "-pk")
    )


def _messages(content: Content, chats: list[int]) -> Iterator[list[list[Cell]]]:
    """The messages of these chats, by chat. Each part is a query of its own: none stays open for a slow client."""
    messages = said_in(chats, notes=content.notes).order_by("-chat_id", "seq")
    after = Q()
    while part := list(messages.filter(after)[:MESSAGES_AT_ONCE]):
        yield [[cell(content, each) for cell in MESSAGE_COLUMNS.values()] for each in part]
        last = part[-1]
        after = Q(chat__lt=last.chat_id) | Q(chat=last.chat_id, seq__gt=last.seq)


def said_in(chats: Collection[int] | QuerySet[Any, Any], *, notes: bool) -> QuerySet[Message]:
    """What people wrote in these chats, with what agents wrote to each other if ``notes``."""
    messages = Message.objects.filter(chat__in=chats, author__in=AUTHORS).exclude(body="")
    return messages if notes else messages.filter(internal=False)


def _seconds(since: datetime | None, until: datetime | None) -> int | None:
    return max(0, round((until - since).total_seconds())) if since and until else None


def _score(chat: Chat) -> int | None:
    given = evaluation_of(chat)
    return given.score if given else None


def _author(message: Message) -> str:
    if message.internal:
        return _("Note (agents only)")
    return str(AUTHORS[Message.Author(message.author)])


# Times as in the reports: waiting until an agent opens the chat for the first time, handling from then to the end.
CHAT_COLUMNS: dict[Promise, Callable[[Content, Any], Cell]] = {
    gettext_lazy("Number"): lambda _content, chat: chat.pk,
    gettext_lazy("Started"): lambda content, chat: content.moment(chat.created_at),
    gettext_lazy("Ended at"): lambda content, chat: content.moment(chat.closed_at),
    gettext_lazy("Customer"): lambda _content, chat: chat.customer.name,
    gettext_lazy("Agent"): lambda _content, chat: str(chat.agent or ""),
    gettext_lazy("Queue"): lambda _content, chat: str(chat.topic or ""),
    gettext_lazy("Category"): lambda content, chat: content.tree.path(chat.category_id),
    gettext_lazy("Language"): lambda _content, chat: chat.get_language_display(),
    gettext_lazy("Result"): lambda _content, chat: str(outcome_of(chat).label),
    gettext_lazy("Waiting (seconds)"): lambda _content, chat: _seconds(chat.created_at, chat.answered_at),
    gettext_lazy("First answer (seconds)"): lambda _content, chat: _seconds(chat.created_at, chat.first_answer_at),
    gettext_lazy("Handling time (seconds)"): lambda _content, chat: _seconds(chat.answered_at, chat.closed_at),
    gettext_lazy("Evaluation"): lambda _content, chat: _score(chat),
    gettext_lazy("How it ended"): lambda _content, chat: str(ENDS.get(chat.closed_by or OPEN, "")),
    gettext_lazy("Number of messages"): lambda _content, chat: chat.spoken,
    gettext_lazy("Tags"): lambda _content, chat: ", ".join(str(tag) for tag in chat.tags.all()),
}
MESSAGE_COLUMNS: dict[Promise, Callable[[Content, Message], Cell]] = {
    gettext_lazy("Chat"): lambda _content, message: message.chat_id,
    gettext_lazy("Time"): lambda content, message: content.moment(message.created_at),
    gettext_lazy("Author"): lambda _content, message: _author(message),
    gettext_lazy("Name"): lambda _content, message: message.name,
    gettext_lazy("Message"): lambda _content, message: message.body,
}
