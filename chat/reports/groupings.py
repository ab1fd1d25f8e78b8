"""By what a report groups chats: the key of each, and what a key is called."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from chat.reports.marks import SCALE, Mark

VERSION = 1  # of the stored sums: raise it with every change of ``KEYS_SQL`` or ``marks.MARKS_SQL``


class Grouping(TextChoices):
    DAY = "day", _("By day")
    HOUR = "hour", _("By hour of the day")
    WEEK = "week", _("By weekday and hour")
    AGENT = "agent", _("By agent")
    TOPIC = "topic", _("By queue")
    CATEGORY = "category", _("By category")
    LANGUAGE = "language", _("By language")


HOURS = 24
# The keys that are stored: what each is in SQL, of the row ``chat``; ``%(zone)s`` is the service's zone.
_LOCAL = "(chat.created_at AT TIME ZONE %(zone)s)"
KEYS_SQL: Mapping[str, str] = {
    "total": "''",
    "week": f"((date_part('isodow', {_LOCAL}) - 1) * {HOURS} + date_part('hour', {_LOCAL}))::int::text",
    "hour": f"date_part('hour', {_LOCAL})::int::text",
    "agent": "coalesce(chat.agent_id::text, '')",
    "topic": "coalesce(chat.topic_id::text, '')",
    "category": "coalesce(chat.category_id::text, '')",
    "language": "chat.language",
}
DAY_SQL = f"{_LOCAL}::date::text"


@dataclass(frozen=True)
class Stored:
    """How a grouping is read: the name of the stored one, and whether its days are the keys.

    ``below``: marks from this one on are not stored by key, nor shown. 168 hours of a week with all their times would
    be most of what is stored and read.
    """

    name: str
    by_day: bool = False
    below: int = 10 * SCALE


TOTAL = Stored("total")


STORED: Mapping[str, Stored] = {
    Grouping.DAY: Stored(TOTAL.name, by_day=True),
    Grouping.WEEK: Stored(Grouping.WEEK.value, below=Mark.FIRST_ANSWER),
}


def stored(grouping: str) -> Stored:
    return STORED.get(grouping, Stored(grouping))
