"""Says how long to wait before another try."""

import math
from typing import Any

from django.http import HttpResponse
from django.utils.functional import lazystr
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from contiple.base.errors import DomainError


def try_again(seconds: float) -> Any:
    """Returns the sentence, lazy as all texts of errors are. Minutes and hours are rounded up."""
    seconds = max(1, math.ceil(seconds))
    if seconds < 60:
        words = ngettext_lazy("Try again in %(count)d second.", "Try again in %(count)d seconds.", "count")
        return _counted(words, seconds)
    minutes = math.ceil(seconds / 60)
    if minutes < 60:
        words = ngettext_lazy("Try again in %(count)d minute.", "Try again in %(count)d minutes.", "count")
        return _counted(words, minutes)
    words = ngettext_lazy("Try again in %(count)d hour.", "Try again in %(count)d hours.", "count")
    return _counted(words, math.ceil(minutes / 60))


def too_often(seconds: float) -> Any:
    """Returns the sentence for whoever did something too often."""
    return format_lazy("{} {}", _("Too many attempts."), try_again(seconds))


def say_when(answer: HttpResponse, error: DomainError) -> HttpResponse:
    """Adds to the answer when another try may succeed (RFC 9110 §10.2.3), if the error says it."""
    seconds = getattr(error, "retry_after_s", 0)
    if seconds:
        answer["Retry-After"] = str(seconds)
    return answer


class _Counted:
    """Is counted in the language in which it is read."""

    def __init__(self, words: Any, count: int) -> None:
        self.words, self.count = words, count

    def __str__(self) -> str:
        return self.words % {"count": self.count}


def _counted(words: Any, count: int) -> Any:
    return lazystr(_Counted(words, count))
