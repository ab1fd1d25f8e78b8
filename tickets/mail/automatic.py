"""Tells mails of programs from mails of people, by their headers (RFC 3834, 5).

A mail of a program is answered by nobody, and makes no ticket by itself: two programs would go on for ever.
"""

from email.message import Message

from tickets.mail.headers import raw_value, raw_values

_PRECEDENCES = {"bulk", "junk", "list", "auto_reply"}
# Only programs write these, whatever they say.
_MARKS = ("X-Autoreply", "X-Autorespond", "X-Auto-Reply-From", "X-Mail-Autoreply")
_LISTS = ("List-Id", "List-Unsubscribe", "List-Post", "List-Help")


def is_automatic(message: Message) -> bool:
    """Returns whether a program wrote the mail: an auto-reply, a bounce, a mail to a list."""
    submitted = raw_value(message, "Auto-Submitted").partition(";")[0].strip().lower()
    return (
        submitted not in ("", "no")
        or bool(_PRECEDENCES & {value.lower() for value in raw_values(message, "Precedence")})
        or any(name in message for name in (*_MARKS, *_LISTS))
        or has_null_return_path(message)
    )


def wants_no_answer(message: Message) -> bool:
    """Returns whether the mail must not be answered by a program, though a person may have written it."""
    suppressed = raw_value(message, "X-Auto-Response-Suppress").lower()
    return is_automatic(message) or suppressed not in ("", "none")


def has_null_return_path(message: Message) -> bool:
    return any(value.replace(" ", "") == "<>" for value in raw_values(message, "Return-Path"))
