"""Finds places in one chat: messages that have a text in them, and where each day begins.

What is searched is the stored text, which is masked: nothing that is hidden is found.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec
from django.db.models import Q

from chat.models import Chat, Message

TEXT_LENGTH_MAX = 100
PLACES_MAX = 500  # more than anybody steps through
DAYS_MAX = 400  # more than a year
# An entry of the system is shown in the reader's words, and its body isn't; those of evaluations are shown as written.
_SHOWN_AS_WRITTEN = Q(event="") | Q(event__startswith="evaluat")


class Places(msgspec.Struct):
    """The places (``seq``) of the messages that were found, the newest first; ``more``: there are older ones too."""

    places: list[int]
    more: bool


class Day(msgspec.Struct):
    """A day on which something was written: its date, the place of its first message, and how many it has."""

    date: str  # ISO
    seq: int
    messages: int


def find_places(chat: Chat, text: str) -> Places:
    """Returns the newest ``PLACES_MAX`` messages and notes that contain ``text``, in capital letters or small ones."""
    if not text:
        return Places([], more=False)
    found = Message.objects.filter(_SHOWN_AS_WRITTEN, chat=chat, body__icontains=text).order_by("-seq")
    places = list(found.values_list("seq", flat=True)[: PLACES_MAX + 1])
    return Places(places[:PLACES_MAX], more=len(places) > PLACES_MAX)


def days_of(chat: Chat, zone: ZoneInfo) -> list[Day]:
    """Returns the newest ``DAYS_MAX`` days of the chat in a reader's zone, the newest first."""
    days: dict[str, Day] = {}
    moments = Message.objects.filter(chat=chat).order_by("seq").values_list("created_at", "seq")
    for moment, seq in moments:
        date = _date_of(moment, zone)
        day = days.setdefault(date, Day(date, seq, 0))
        day.messages += 1
    return list(days.values())[: -DAYS_MAX - 1 : -1]


def _date_of(moment: datetime, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).date().isoformat()
