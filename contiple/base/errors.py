"""The errors of the domain: each is a sentence for a person and a code for a program.

Views turn them into an HTTP answer (``contiple.middleware``), consumers into an error frame. None of them carries
message text, so they may be logged.
"""

from django.utils.functional import Promise


class DomainError(Exception):
    """Something a well-behaved caller may run into. ``status`` is the HTTP answer it becomes."""

    code = "invalid"
    status = 400

    def __init__(self, text: str | Promise, *, code: str | None = None) -> None:
        super().__init__(text)
        self.text = text
        self.code = code or self.code

    def __str__(self) -> str:
        return str(self.text)


class Invalid(DomainError):
    """What was sent can't be used as it is."""


class Closed(DomainError):
    """A gate is closed: the contract, the help center or a permission does not allow it now."""

    code = "closed"
    status = 403


class Conflict(DomainError):
    """It was true when the page was drawn and is not any more: look again and repeat."""

    code = "conflict"
    status = 409


class TooMany(DomainError):
    """More than this caller may do in this time."""

    code = "too_many"
    status = 429
