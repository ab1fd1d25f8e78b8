"""Errors of the domain: each has a sentence for a person and a code for a program.

The middleware turns them into HTTP answers, sockets into error frames. None contains a message's text, so they may be
logged.
"""

import math

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

TOO_MUCH = _("There is too much to do right now. Try again in a moment.")


class DomainError(Exception):
    """Something that may happen to a well-behaved caller. ``status`` is the HTTP status of the answer."""

    code = "invalid"
    status = 400

    def __init__(self, text: str | Promise, *, code: str | None = None) -> None:
        super().__init__(text)
        self.text = text
        self.code = code or self.code

    def __str__(self) -> str:
        return str(self.text)


class Invalid(DomainError):
    """The input can't be used as it is."""


class Closed(DomainError):
    """The contract, the help center or a permission does not allow this now."""

    code = "closed"
    status = 403


class Conflict(DomainError):
    """Something changed since the page was drawn: look again and repeat."""

    code = "conflict"
    status = 409


class TooMany(DomainError):
    """The caller did this too often. Another try may succeed after ``retry_after_s`` seconds (0: nobody knows)."""

    code = "too_many"
    status = 429

    def __init__(self, text: str | Promise, *, retry_after_s: float = 0, code: str | None = None) -> None:
        super().__init__(text, code=code)
        self.retry_after_s = math.ceil(retry_after_s)


class Busy(DomainError):
    """There is more to do than this process can do in time. ``retry_after_s`` is how long to wait."""

    code = "busy"
    status = 503
    retry_after_s = 10
