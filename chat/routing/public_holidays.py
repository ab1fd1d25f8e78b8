"""Public holidays of Korea, as a proposal: an admin chooses on which of them the service is closed."""

from collections.abc import Collection
from datetime import date, timedelta

LANGUAGES = {"en": "en_US", "ko": "ko"}
AHEAD = timedelta(days=365)


def holidays_ahead(today: date, *, language: str, without: Collection[date] = ()) -> dict[date, str]:
    """Returns the holidays of the next twelve months with their names, those in ``without`` left out."""
    import holidays

    last = today + AHEAD
    found = holidays.country_holidays("KR", years={today.year, last.year}, language=LANGUAGES.get(language, "en_US"))
    return {day: name for day, name in sorted(found.items()) if today <= day < last and day not in without}
