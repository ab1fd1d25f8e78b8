"""Knows the devices on which a person has signed in before, so that a stranger's failures don't lock the person out.

A signed cookie names each account in a way that nobody can read. A new password, or ending all sessions, voids it.
"""

import secrets
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare, salted_hmac

from agents.models import User

KEPT_DAYS = 400  # browsers keep no cookie longer (RFC 6265bis, 5.5)
ACCOUNTS_MAX = 5  # people who share a device; the latest ones stay
BROWSERS = (
    ("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser", "Samsung Internet"), ("Whale/", "Whale"),
    ("Firefox/", "Firefox"), ("FxiOS", "Firefox"), ("Chrome/", "Chrome"), ("CriOS", "Chrome"), ("Safari/", "Safari"),
)  # fmt: skip
SYSTEMS = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("CrOS", "ChromeOS"),
    ("Macintosh", "macOS"), ("Linux", "Linux"),
)  # fmt: skip


def known_device(request: HttpRequest, user: User | None) -> str:
    """Returns this device's id if ``user`` has signed in on it before, else ``""``."""
    marks = [_mark_of(token, user) for token in _tokens(request)] if user else []
    return next(filter(None, marks), "")


def remember_device(request: HttpRequest, user: User) -> None:
    """Lets the answer to this request carry the cookie by which ``user`` is known on this device from now on."""
    others = [token for token in _tokens(request) if not _mark_of(token, user)]
    mark = secrets.token_urlsafe(16)
    request.device_tokens = [f"{mark}.{_signature(mark, user)}", *others][:ACCOUNTS_MAX]  # type: ignore[attr-defined]


def device_cookie(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware that sets the cookie of ``remember_device``."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        tokens = getattr(request, "device_tokens", None)
        if tokens:
            response.set_cookie(
                settings.DEVICE_COOKIE_NAME,
                "~".join(tokens),
                max_age=KEPT_DAYS * 24 * 3600,
                secure=settings.SECURE,
                httponly=True,
                samesite="Lax",
            )
        return response

    return middleware


def describe_device(request: HttpRequest) -> str:
    """Returns browser and system in words, such as ``"Firefox, Windows"``; ``""`` if neither is known."""
    agent = request.headers.get("User-Agent", "")
    browser = next((name for sign, name in BROWSERS if sign in agent), "")
    system = next((name for sign, name in SYSTEMS if sign in agent), "")
    return ", ".join(filter(None, (browser, system)))


def _tokens(request: HttpRequest) -> list[str]:
    return list(filter(None, request.COOKIES.get(settings.DEVICE_COOKIE_NAME, "").split("~")))[:ACCOUNTS_MAX]


def _mark_of(token: str, user: User) -> str:
    mark, _dot, signature = token.partition(".")
    return mark if constant_time_compare(signature, _signature(mark, user)) else ""


def _signature(mark: str, user: User) -> str:
    bound_to = f"{mark}:{user.pk}:{user.get_session_auth_hash()}"
    return salted_hmac("agents.devices", bound_to, algorithm="sha256").hexdigest()
