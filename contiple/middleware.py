"""Rules for every answer."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.cache import add_never_cache_headers

from contiple import failures
from contiple.base.errors import DomainError
from contiple.base.waiting import say_when


def private_pages_are_not_stored(get_response):
    """Lets no cache keep pages of a signed-in person, agent or member.

    So after signing out, Back shows nothing (RFC 9111 §5.2.2.5).
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        is_agent = getattr(request, "user", None) is not None and request.user.is_authenticated
        if is_agent or any(name.startswith(settings.MEMBER_COOKIE_PREFIX) for name in request.COOKIES):
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
        if failures.is_script(request):
            answer = failures.sentence(str(error), error.status)
        else:
            answer = failures.page(request, error.text, error.status)
        return say_when(answer, error)
