"""Why a mail has not arrived, as the row keeps it: a word of ours and the server's codes.

The server's own words are never kept or logged: they repeat addresses.
"""

import re
from smtplib import SMTPResponseException
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _


class Problem(models.TextChoices):
    UNREACHABLE = "unreachable", _("The mail server can’t be reached.")
    LOGIN = "login", _("The mail server doesn’t accept our sign-in.")
    LATER = "later", _("The mail server asked us to try again later.")
    CUT = "cut", _("The connection to the mail server broke off.")
    RECIPIENT = "recipient", _("The mail server refused a recipient.")
    SENDER = "sender", _("The mail server refused our sender address.")
    CONTENT = "content", _("The mail server refused the e-mail.")
    ADDRESS = "address", _("The mail server can’t handle this kind of address.")
    BROKEN = "broken", _("The e-mail couldn’t be put together.")
    RETURNED = "returned", _("The e-mail was returned after it had been sent.")


def with_codes(problem: Problem, codes: str = "") -> str:
    """Returns what the row keeps: ``"recipient 550 5.1.1"``."""
    return f"{problem.value} {codes}".strip()


def sentence(last_error: str) -> str:
    """Returns what people read: the problem in words, and the server's codes if there are any."""
    word, _space, codes = last_error.partition(" ")
    if word not in Problem.values:
        return last_error
    label = str(Problem(word).label)
    return f"{label} ({codes})" if codes[:1].isdigit() else label


def codes_of(answer: Any) -> str:
    """Returns code and enhanced code (RFC 3463) of an answer or an error of SMTP; the type of any other error."""
    if isinstance(answer, SMTPResponseException):
        answer = (answer.smtp_code, answer.smtp_error)
    if not isinstance(answer, tuple):
        return type(answer).__name__
    code, words = answer
    words = words.decode(errors="replace") if isinstance(words, bytes) else str(words)
    enhanced = re.match(r"\s*([245]\.\d{1,3}\.\d{1,3})\b", words)
    return f"{code} {enhanced[1]}" if enhanced else str(code)
