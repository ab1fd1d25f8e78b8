"""The answers to what is too much: a page in the reader's language, or a sentence for scripts. Each is made once."""

from collections.abc import Mapping
from functools import cache

from django.http import HttpRequest, parse_cookie
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from contiple.base.errors import TOO_MUCH, Busy

SENTENCES = {
    413: _("This is too large to be sent. Shorten it and try again."),
    414: _("The address of this page is too long."),
    431: _("The browser sends too much with its request. Delete the cookies of this site and try again."),
    503: TOO_MUCH,
}


def refusal(status: int, headers: Mapping[bytes, bytes]) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """Returns headers and body of the answer to a request with these ``headers``, whose names are in lower case."""
    is_page = b"text/html" in headers.get(b"accept", b"") and b"hx-request" not in headers
    body = _body(status, _language(headers), is_page=is_page)
    lines = [
        (b"Content-Type", b"text/html; charset=utf-8" if is_page else b"text/plain; charset=utf-8"),
        (b"Content-Length", str(len(body)).encode()),
        (b"Cache-Control", b"no-store"),
        (b"X-Content-Type-Options", b"nosniff"),
        (b"Content-Security-Policy", b"default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'"),
    ]
    if status == Busy.status:
        lines.append((b"Retry-After", str(Busy.retry_after_s).encode()))
    return lines, body


def _language(headers: Mapping[bytes, bytes]) -> str:
    request = HttpRequest()
    request.COOKIES = parse_cookie(headers.get(b"cookie", b"").decode("latin1"))
    request.META["HTTP_ACCEPT_LANGUAGE"] = headers.get(b"accept-language", b"").decode("latin1")
    return translation.get_language_from_request(request)


@cache
def _body(status: int, language: str, *, is_page: bool) -> bytes:
    with translation.override(language):
        sentence = str(SENTENCES.get(status, ""))
        page = {"title": _("That didn’t work"), "text": sentence, "is_public": True, "may_retry": status == Busy.status}
        text = render_to_string("bare.html", page) if is_page else sentence
    return text.encode()
