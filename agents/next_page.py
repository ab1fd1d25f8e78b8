"""Where to lead a person after a sign-in or a question: an address of this site, whatever a link or a header said."""

from urllib.parse import urlsplit

from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme


def safe_next(request: HttpRequest, default: str | None = None) -> str:
    """Returns the ``next`` that was sent along, else ``default``, which is the start page."""
    target = request.POST.get("next") or request.GET.get("next") or ""
    if target.startswith("/") and _is_ours(request, target):
        return target
    return reverse("agents:start") if default is None else default


def page_of(request: HttpRequest) -> str:
    """Returns the page on which the person is: for a form or a script's request, the one that sent it."""
    is_script = request.htmx or request.headers.get("X-Requested-With") == "fetch"  # type: ignore[attr-defined]
    if request.method in {"GET", "HEAD"} and not (is_script and not request.htmx.boosted):  # type: ignore[attr-defined]
        return request.get_full_path()
    page = request.headers.get("HX-Current-URL") or request.headers.get("Referer", "")
    if not _is_ours(request, page):
        return reverse("agents:start")
    parts = urlsplit(page)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _is_ours(request: HttpRequest, address: str) -> bool:
    return url_has_allowed_host_and_scheme(address, {request.get_host()}, require_https=request.is_secure())
