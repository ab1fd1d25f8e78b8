"""Rules for every answer."""

import sys
from collections.abc import Callable

from django.db import DatabaseError, InterfaceError, InternalError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _

from contiple import failures
from contiple.base.errors import Busy, DomainError


def private_pages_are_not_stored(get_response):
    """Lets no cache keep pages of a signed-in person: after signing out, Back shows nothing (RFC 9111 §5.2.2.5)."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if getattr(request, "user", None) is not None and request.user.is_authenticated:
            add_never_cache_headers(response)
        return response

    return middleware


class DomainErrorsBecomeAnswers:
    """Answers a ``DomainError`` with its status and sentence: as a page, or for htmx and scripts as plain text."""

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, DomainError):
            return None
        answer = self.answer(request, error)
        if isinstance(error, Busy):
            answer["Retry-After"] = str(error.retry_after)
        return answer

    def answer(self, request: HttpRequest, error: DomainError) -> HttpResponse:
        if failures.is_script(request):
            return failures.sentence(str(error), error.status)
        return failures.page(request, error.text, error.status)


# The database is away, or what is asked for is locked or too slow (`contiple.base.deadlines`).
UNAVAILABLE = (OperationalError, InterfaceError, InternalError)
RETRY_AFTER_S = 5


def server_error(request: HttpRequest) -> HttpResponse:
    """Answers an error that nobody has caught: 503 if the database does not serve this page now, else 500.

    Nothing here asks the database.
    """
    if not _is_unavailable(sys.exc_info()[1]):
        return failures.server_error(request)
    text = _("This can’t be opened right now. Try again in a moment.")
    if failures.is_script(request):
        response = failures.sentence(text, 503)
    else:
        context = {"text": text, "is_public": failures.is_public(request)}
        response = HttpResponse(render_to_string("500.html", context), status=503)
    response["Retry-After"] = str(RETRY_AFTER_S)
    return response


def _is_unavailable(error: BaseException | None) -> bool:
    """A database error in a transaction that had failed before comes as another one; the first one decides."""
    while isinstance(error, DatabaseError | InterfaceError):
        if isinstance(error, UNAVAILABLE):
            return True
        error = error.__context__
    return False
