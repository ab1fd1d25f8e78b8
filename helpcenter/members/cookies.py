"""Keeps a member signed in in the help center: a cookie of the service holds the token of a session."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from agents.models import Service
from helpcenter.members import sessions
from helpcenter.members.sessions import Begun


def session(request: HttpRequest, service: Service) -> Begun | None:
    """Returns the session of the browser in this service's help center, with its token."""
    token = request.COOKIES.get(_name(service), "")
    found = sessions.session_of(service, token) if token else None
    return Begun(found, token) if found else None


def entered(service: Service, token: str) -> Begun | None:
    """Begins a session in the help center for a member who comes from the chat by its token."""
    found = sessions.session_of(service, token)
    new = sessions.new_token()
    session = sessions.continued(found, token, token=new) if found else None
    return Begun(session, new) if session else None


def keep(response: HttpResponse, service: Service, token: str) -> None:
    response.set_cookie(
        _name(service),
        token,
        max_age=sessions.LASTS,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",  # a frame on another site never has it
    )


def forget(response: HttpResponse, service: Service) -> None:
    response.set_cookie(_name(service), "", max_age=0, secure=settings.SESSION_COOKIE_SECURE, httponly=True)


def _name(service: Service) -> str:
    return f"{settings.MEMBER_COOKIE_PREFIX}{service.pk}"
