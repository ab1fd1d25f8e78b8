"""Places in a conversation, as addresses carry them."""

from django.http import QueryDict
from django.utils.translation import gettext as _

from contiple.base.errors import Invalid


def before(query: QueryDict) -> int:
    """Returns the ``before`` of a request for earlier messages. Raises ``Invalid``."""
    return number(query.get("before", ""), least=1)


def number(value: str, *, least: int = 0) -> int:
    """Reads a ``seq`` or ``rev`` of an address. Raises ``Invalid``."""
    if not (value.isdecimal() and len(value) <= 10 and least <= int(value) < 2**31):
        raise Invalid(_("This address isn't valid."))
    return int(value)
