"""How long a waiting customer is likely to wait, by how fast the last hour's customers got an agent.

What counts is the time from one opened chat of a topic to the next, if the next one was waiting already: so an hour in
which nobody came is not taken for a slow one. Nothing is said before there are ``SAMPLES_MIN`` of those, or if none was
opened lately.
"""

from typing import NamedTuple, TypedDict

from chat.models import Chat
from chat.operating_hours import ClosedUntil
from chat.routing.opening import closed_for
from contiple.base import prepared

SAMPLES_MIN = 5
HOUR_S, LATELY_S = 3600, 15 * 60
WAIT_MAX_S = 2 * 3600  # whoever waited longer says nothing about now


class Pace(NamedTuple):
    """The seconds from one opened chat to the next, while others wait."""

    seconds: float

    def minutes(self, place: int) -> int:
        """Returns the wait of this place: to the minute up to ten, then to five, then to ten minutes."""
        minutes = self.seconds * place / 60
        step = 1 if minutes < 10 else 5 if minutes < 30 else 10
        return max(round(minutes / step) * step, 1)


def paces_of(service_id: int) -> dict[int | None, Pace]:
    """Returns the pace of each topic of the service in which it is known well enough."""
    rows = prepared.fetch(_PACES, [service_id])
    return {topic_id: Pace(float(seconds)) for topic_id, seconds in rows}


class Prospects(TypedDict):
    """What a waiting customer is told: the place, the likely wait if it is known, and that the service is closed."""

    place: int | None
    minutes: int | None
    closed: ClosedUntil | None


def prospects_of(chat: Chat, place: int | None) -> Prospects:
    pace = paces_of(chat.service_id).get(chat.topic_id) if place else None
    minutes = pace.minutes(place) if pace and place else None
    return Prospects(place=place, minutes=minutes, closed=closed_for(chat))


_PACES = f"""
    WITH opened AS (
        SELECT topic_id, turn_at, answered_at,
            lag(answered_at) OVER (PARTITION BY topic_id ORDER BY answered_at) AS before
        FROM chat_chat WHERE service_id = %s
            AND created_at > statement_timestamp() - interval '{HOUR_S + WAIT_MAX_S} s'
            AND answered_at > statement_timestamp() - interval '{HOUR_S} s'
    )
    SELECT topic_id, avg(extract(epoch FROM answered_at - before)) FROM opened WHERE turn_at < before
    GROUP BY topic_id HAVING count(*) >= {SAMPLES_MIN}
        AND max(answered_at) > statement_timestamp() - interval '{LATELY_S} s'
"""  # noqa: S608 - no value comes from outside
