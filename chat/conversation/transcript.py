"""A chat's conversation as a text for its customer: masked as it is when the text is made, and without notes."""

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

from django.utils import translation
from django.utils.translation import gettext as _

from chat.conversation import entries
from chat.conversation.entries import Entry
from chat.conversation.evaluations import GIVEN
from chat.conversation.plain_words import in_words
from chat.conversation.rendering import event_text
from chat.models import Chat
from helpcenter.access import title_of

AT_ONCE = 500  # entries of a query
OFFSET_MAX = 14 * 60  # minutes from UTC, of the farthest zone
_INDENT = "    "


def transcript(chat: Chat, *, language: str, offset: int, length: int) -> str:
    """Returns the text in ``language``, its times ``offset`` minutes ahead of UTC.

    If it would be longer than ``length`` characters, the earliest entries are left out, and the text says so. What
    people wrote is indented, so that no line of it looks like an entry of its own.
    """
    with translation.override(language):
        parts, is_whole = _latest(chat, _zone(offset), length)
        left_out = [] if is_whole else [_("Earlier messages are left out."), ""]
        return "\n".join([*_head(chat, offset), *left_out, *parts])


def _latest(chat: Chat, zone: timezone, length: int) -> tuple[list[str], bool]:
    """Returns the last entries that fit into ``length``, oldest first, and whether these are all."""
    parts: list[str] = []
    for entry in _backwards(chat):
        part = _as_text(entry, zone)
        length -= len(part)
        if length < 0:
            return parts[::-1], False
        parts.append(part)
    return parts[::-1], True


def _backwards(chat: Chat) -> Iterator[Entry]:
    before = 2**31 - 1
    while page := entries.page_before(chat, before, notes=False, size=AT_ONCE):
        yield from reversed(page)
        before = page[0].seq


def _head(chat: Chat, offset: int) -> list[str]:
    zone = _zone(offset)
    lines = [
        title_of(chat.service, translation.get_language()),
        _("Chat with %(name)s") % {"name": chat.customer.name},
        f"{_('Started')}: {_moment(chat.created_at, zone)} ({_zone_name(offset)})",
    ]
    if chat.closed_at:
        lines.append(f"{_('Ended')}: {_moment(chat.closed_at, zone)}")
    return [*lines, ""]


def _as_text(entry: Entry, zone: timezone) -> str:
    head = event_text(entry) or entry.name
    if entry.event.startswith(GIVEN):
        head = f"{_('Evaluation')}: {head}"
    body = "".join(f"\n{_INDENT}{line}" for line in in_words(entry.body, entry.file).splitlines())
    return f"[{_moment(entry.created_at, zone)}] {head}{body}\n"


def _zone(offset: int) -> timezone:
    return timezone(timedelta(minutes=offset))


def _moment(at: datetime, zone: timezone) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"


def _zone_name(offset: int) -> str:
    return f"UTC{'-' if offset < 0 else '+'}{abs(offset) // 60:02}:{abs(offset) % 60:02}"
