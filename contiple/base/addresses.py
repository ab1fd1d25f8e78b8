"""Finds the address that a request comes from, as far as it can be trusted."""

from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """Returns the client's IP address, or ``""`` if there is none (a Unix socket without a proxy).

    ``X-Forwarded-For`` counts only behind our own proxy (``TRUST_PROXY``), and only its last entry, which that proxy
    wrote itself: the client may have invented everything before it.
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
