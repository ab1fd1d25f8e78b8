"""Makes tickets findable by the words of their chats, as they are stored: masked words are never found.

The worker writes the words down a few seconds after they were said. So an index of words costs tickets something, and
nothing where messages are appended. Where something is masked, all words of the chat are forgotten in the transaction
of the mask, and written down anew afterwards, both under the chat's row lock.
"""

import contextlib
import logging
import threading
from collections.abc import Iterator
from functools import partial

from django.contrib.postgres.search import SearchVector
from django.db import connections, transaction
from django.db.models import F, Q, Value

from chat.models import Chat, Message
from contiple.base.threads import beside
from tickets.listing.models import ChatWords
from tickets.models import Ticket

EVERY_S = 5.0
ROUND_MAX = 200  # chats that are written down in a round
NEWEST = 1_000  # tickets among which a round looks for new ones
TEXT_MAX = 200_000  # code points of a chat: the database takes at most a megabyte of words
STOP_S = 4.0

log = logging.getLogger(__name__)


@contextlib.contextmanager
def following() -> Iterator[None]:
    """Runs a thread that writes words down until the block is left."""
    stop = threading.Event()
    with beside(partial(_follow, stop), stop, name="chat-words", wait_s=STOP_S):
        yield


def write_down() -> int:
    """Writes down what was said since the last time; returns for how many chats. Several workers at once do no harm."""
    newest = Ticket.objects.order_by("-pk").values("pk")[:NEWEST]
    new = Ticket.objects.filter(pk__in=newest, chat__isnull=False, chat_words=None).values_list("pk", "service")
    rows = [ChatWords(ticket_id=pk, service_id=service) for pk, service in new]
    ChatWords.objects.bulk_create(rows, ignore_conflicts=True)
    has_more = Q(rev__lt=F("ticket__chat__last_rev")) | Q(ticket__chat__state=Chat.State.CLOSED)
    due = ChatWords.objects.filter(has_more, is_settled=False).order_by("pk")
    chats = list(due.values_list("pk", "ticket__chat")[:ROUND_MAX])
    for ticket, chat in chats:
        _write_down(ticket, chat)
    return len(chats)


def forget_words(chat: Chat) -> None:
    """Forgets the words of ``chat`` until the next round. Needs the chat's row lock."""
    ChatWords.objects.filter(ticket__chat=chat).update(words=None, rev=0, is_settled=False)


@transaction.atomic
def _write_down(ticket: int, chat_id: int) -> None:
    chat = Chat.objects.select_for_update(no_key=True).get(pk=chat_id)
    said = Message.objects.filter(chat=chat, internal=False).exclude(body="").order_by("seq")
    text = "\n".join(said.values_list("body", flat=True))[-TEXT_MAX:]
    words = SearchVector(Value(text), config="simple")
    is_settled = chat.state == Chat.State.CLOSED
    ChatWords.objects.filter(pk=ticket).update(words=words, rev=chat.last_rev, is_settled=is_settled)


def _follow(stop: threading.Event) -> None:
    """Goes on until ``stop`` is set. Errors are logged, and nothing ends the thread."""
    while not stop.wait(EVERY_S):
        try:
            write_down()
        except Exception as error:  # noqa: BLE001 (an error of the database may have a text in it)
            log.warning("words of chats could not be written down: %s", type(error).__name__)
        finally:
            connections.close_all()
