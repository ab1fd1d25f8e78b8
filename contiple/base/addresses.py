"""Where a request comes from, as far as it can be believed."""

from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """The IP address of the other side, ``""`` where there is none (a Unix socket without a proxy).

    ``X-Forwarded-For`` counts only behind our own proxy (``TRUST_PROXY``), and of it only the last entry, which that
    proxy wrote itself: whatever stands before it, the client may have invented.
    """
    if settings.TRUST_PROXY:
        forwarded = _address(request.META.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2])
        if forwarded:
            return forwarded
    return _address(request.META.get("REMOTE_ADDR") or "")


def _address(text: str) -> str:
    try:
        return str(ip_address(text.strip()))
    except ValueError:
        return ""
